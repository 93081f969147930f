// state.js - the machine's state at every step, from differences.
//
// A section is a Map from key to record. Going forward applies a step and
// remembers what it replaced; going back puts that back. So a step costs what
// it changes, in either direction.
//
//   step n ──apply──► step n+1        undo[n+1]: [section, key, record before]
//          ◄──undo───
//
// Records, as formats/player_*.c writes them, one below the other and by column;
// in a column, each number is the difference to the one above:

const TASK = { pid: 0, comm: 1, zombie: 2, parent: 3, mm: 4, min: 5, maj: 6 };
const MM = { serial: 0, pgd: 1, ptes: 2, total: 3, file: 4, anon: 5, swap: 6, locked: 7, users: 8 };
const AREA = { mm: 0, start: 1, end: 2, flags: 3, line: 4 };
const ENTRY = { mm: 0, page: 1, high: 2, low: 3, at: 4, kind: 5, number: 6, text: 7 };
const KIND_TABLE = 0, KIND_FRAME = 1, KIND_LARGE = 2, KIND_FILE = 3, KIND_SWAP = 4;
const FRAME = { pfn: 0, owner: 1, count: 2, mapcount: 3, flags: 4, who: 5, index: 6, private: 7 };
const CACHE = { id: 0, name: 1, age: 2, active: 3, total: 4, size: 5, perslab: 6, pages: 7, activeSlabs: 8, slabs: 9 };
const SLAB = { cache: 0, pfn: 1, objects: 2 };
const COUNTER = { key: 0, name: 1, value: 2 };

// numbers in the key
const KEYS_OF = { task: 1, mm: 1, area: 2, entry: 2, frame: 1, cache: 1, slab: 2, counter: 1 };

// How a frame is used; the first four follow from ranges and lists.
const OWNERS = ['hole', 'boot', 'free', 'pcp', 'other', 'slab', 'table', 'kernel', 'anon', 'file', 'swapcache'];
const OWNER_HOLE = 0, OWNER_BOOT = 1, OWNER_FREE = 2, OWNER_PCP = 3, OWNER_RECORDS = 4;

// [5, [1, 3], -2] -> 5 6 7 8 6
function column(differences) {
  const result = [];
  let last = 0;
  for (const d of differences)
    for (let [by, times] = Array.isArray(d) ? d : [d, 1]; times; times--)
      result.push(last += by);
  return result;
}

// Columns -> rows
function rows(columns) {
  if (!columns)
    return [];
  const numbers = columns.map(column);
  return numbers[0].map((_, i) => numbers.map((c) => c[i]));
}

class State {
  constructor(data) {
    this.data = data;
    this.at = -1; // nothing yet: step 0 brings everything
    this.undo = [];
    for (const name in KEYS_OF)
      this[name] = new Map();
    this.listsOfZone = (data.orders + 1) * data.types.length;
    this.lists = Array.from({ length: data.zones.length * this.listsOfZone }, () => []);
  }

  string(number) { return this.data.strings[number]; }

  go(step) {
    while (this.at < step)
      this.forward();
    while (this.at > step)
      this.backward();
  }

  forward() {
    const d = this.data.steps[++this.at].d;
    const undo = { records: [], lists: [] };
    for (const name in KEYS_OF) {
      this.remove(name, d['-' + name], undo.records);
      this.put(name, d[name], undo.records);
    }
    for (const [number, from, gone, ...pfns] of d.list || [])
      undo.lists.push([number, from, pfns.length, this.lists[number].splice(from, gone, ...pfns)]);
    this.undo[this.at] = undo;
  }

  backward() {
    const undo = this.undo[this.at--];
    for (const [name, key, old] of undo.records.slice().reverse()) {
      if (old)
        this[name].set(key, old);
      else
        this[name].delete(key);
    }
    for (const [number, from, gone, pfns] of undo.lists)
      this.lists[number].splice(from, gone, ...pfns);
  }

  key(name, row) { return KEYS_OF[name] > 1 ? row[0] + ':' + row[1] : row[0]; }

  put(name, columns, undo) {
    const map = this[name];
    for (const row of rows(columns)) {
      const key = this.key(name, row);
      undo.push([name, key, map.get(key)]);
      map.set(key, row);
    }
  }

  remove(name, columns, undo) {
    const map = this[name];
    for (const row of rows(columns)) {
      const key = this.key(name, row);
      undo.push([name, key, map.get(key)]);
      map.delete(key);
    }
  }

  // What this step did to a section: Map from key to the record before it
  // (null: there was none). Nothing counts as changed in the first step.
  changes(name) {
    const result = new Map();
    if (this.at > 0)
      for (const [section, key, old] of this.undo[this.at].records)
        if (section === name)
          result.set(key, old || null);
    return result;
  }

  // number of a list -> by how many blocks it grew
  listChanges() {
    const result = new Map();
    if (this.at > 0)
      for (const [number, , came, gone] of this.undo[this.at].lists)
        result.set(number, came - gone.length);
    return result;
  }

  // ---- processes ----

  tasks() { return [...this.task.values()].sort((a, b) => a[TASK.pid] - b[TASK.pid]); }

  pidsOf(mm) { return this.tasks().filter((t) => t[TASK.mm] === mm).map((t) => t[TASK.pid]); }

  areasOf(mm) {
    return [...this.area.values()].filter((a) => a[AREA.mm] === mm)
      .sort((a, b) => a[AREA.start] - b[AREA.start]);
  }

  entriesOf(mm) {
    return [...this.entry.values()].filter((e) => e[ENTRY.mm] === mm)
      .sort((a, b) => a[ENTRY.page] - b[ENTRY.page]);
  }

  depth(entry) { return entry[ENTRY.page] % 8; }

  address(entry) { return Math.floor(entry[ENTRY.page] / 8) * 2 ** this.data.page_shift; }

  // How many frames an entry maps: 1, those of a large page, 0.
  framesOf(e) {
    if (e[ENTRY.kind] === KIND_FRAME)
      return 1;
    return e[ENTRY.kind] === KIND_LARGE ? 2 ** (this.data.format.levels[this.depth(e)][1] - this.data.page_shift) : 0;
  }

  // Entries that map this frame.
  mappersOf(pfn) {
    return [...this.entry.values()].filter((e) => pfn >= e[ENTRY.number] && pfn < e[ENTRY.number] + this.framesOf(e));
  }

  // ---- frames ----

  listName(number) {
    const types = this.data.types.length;
    const zone = Math.floor(number / this.listsOfZone);
    const order = Math.floor(number % this.listsOfZone / types);
    return { zone, order, type: number % types, pcp: order === this.data.orders };
  }

  owners() {
    const data = this.data, map = new Uint8Array(data.frames);
    for (let i = 0; i < data.ram.length; i += 2)
      map.fill(OWNER_BOOT, data.ram[i], data.ram[i + 1]);
    this.lists.forEach((list, number) => {
      const { order, pcp } = this.listName(number);
      for (const pfn of list)
        map.fill(pcp ? OWNER_PCP : OWNER_FREE, pfn, pfn + (pcp ? 1 : 2 ** order));
    });
    for (const f of this.frame.values())
      map[f[FRAME.pfn]] = OWNER_RECORDS + f[FRAME.owner];
    return map;
  }

  // The list on which a frame is, and the block's first one; null: on none.
  listOf(pfn) {
    for (let number = 0; number < this.lists.length; number++) {
      const name = this.listName(number);
      const size = name.pcp ? 1 : 2 ** name.order;
      const head = this.lists[number].find((p) => p <= pfn && pfn < p + size);
      if (head !== undefined)
        return { ...name, head };
    }
    return null;
  }
}
