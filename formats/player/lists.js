// lists.js - buddy lists, slab caches, counters: three views of one pane. The
// arrows stay the steps' even here; b, s and c lead from one to another.

const TABS = ['buddy', 'slab', 'counters'];
const MAX_BLOCKS = 256;

const lists = {
  tab: 'buddy',
  list: null,   // number of the chosen list, or the lists of all types
  cache: null,  // name of the chosen cache
  whole: false,

  build() {
    for (const name of TABS)
      $('tab-' + name).addEventListener('click', () => this.take(name));
  },

  take(name) {
    this.tab = name;
    this.show(player.state);
  },

  show(state) {
    for (const name of TABS)
      $('tab-' + name).setAttribute('aria-selected', String(name === this.tab));
    $('lists').setAttribute('aria-labelledby', 'tab-' + this.tab);
    fill($('lists'), ...this[this.tab](state));
  },

  // ---- buddy ----

  numbers(state, zone, order, type) {
    const types = state.data.types.length;
    const first = zone * state.listsOfZone + order * types;
    return type === null ? Array.from({ length: types }, (_, t) => first + t) : [first + type];
  },

  cell(state, zone, order, type, changes) {
    const numbers = this.numbers(state, zone, order, type);
    const sum = numbers.reduce((n, i) => n + state.lists[i].length, 0);
    const grown = numbers.reduce((n, i) => n + (changes.get(i) || 0), 0);
    const touched = numbers.some((i) => changes.has(i));
    const key = numbers.join();
    return el('td', { class: 'number' + (touched ? ' mod' : '') + (sum ? '' : ' zero'), 'data-count': sum },
      el('button', { 'aria-pressed': String(key === this.list), click: () => { this.list = key; this.whole = false; this.show(state); } }, String(sum)),
      grown ? el('sup', null, signed(grown)) : '');
  },

  row(state, zone, type, changes, heading) {
    const cells = [];
    for (let order = 0; order <= state.data.orders; order++)
      cells.push(this.cell(state, zone, order, type, changes));
    return el('tr', { class: type === null ? 'zone' : 'type', 'data-zone': state.data.zones[zone][0], 'data-type': type === null ? '' : state.data.types[type] },
      el('th', { scope: 'row' }, heading), ...cells);
  },

  buddy(state) {
    const changes = state.listChanges(), rows = [];
    state.data.zones.forEach(([name], zone) => {
      if (!name)
        return;
      rows.push(this.row(state, zone, null, changes, name));
      state.data.types.forEach((type, t) => {
        const first = zone * state.listsOfZone;
        const used = Array.from({ length: state.data.orders + 1 }, (_, o) => first + o * state.data.types.length + t)
          .some((i) => state.lists[i].length || changes.has(i));
        if (used)
          rows.push(this.row(state, zone, t, changes, type));
      });
    });
    const orders = Array.from({ length: state.data.orders }, (_, o) => el('th', { scope: 'col' }, String(o)));
    return [el('table', { id: 'buddy' }, el('colgroup', null, el('col', { class: 'heading' }), el('col', { span: state.data.orders }), el('col', { class: 'pcp' })),
      el('thead', null, el('tr', null, el('th', null, word('order')), ...orders, el('th', { scope: 'col', title: word('o_pcp') }, 'pcp'))),
      el('tbody', null, ...rows)), this.blocks(state, changes)];
  },

  blocks(state, changes) {
    if (!this.list)
      return el('p', { class: 'empty' }, word('choose_list'));
    const numbers = this.list.split(',').map(Number), name = state.listName(numbers[0]);
    const zone = state.data.zones[name.zone][0];
    const type = numbers.length > 1 ? word('all_types') : state.data.types[name.type];
    const items = numbers.flatMap((i) => state.lists[i]).map((pfn) =>
      el('button', { class: 'link' + (frames.changed.has(pfn) ? ' mod' : ''), click: () => frames.take(pfn) }, pfnText(pfn)));
    return el('div', { id: 'blocks' },
      el('p', null, name.pcp ? word('on_pcp', { zone, type }) : word('blocks', { o: name.order, zone, type })),
      el('p', { class: 'pfns' }, ...(items.length ? upTo(MAX_BLOCKS, items, this.whole, () => { this.whole = true; this.show(state); }).flatMap((i) => [i, ' ']) : [word('empty')])));
  },

  // ---- slab ----

  slab(state) {
    const changes = state.changes('cache');
    const caches = [...state.cache.values()].sort((a, b) => b[CACHE.age] - a[CACHE.age]);
    const number = (c, old, field) => el('td', { class: 'number' + (old && old[field] !== c[field] ? ' mod' : ''), 'data-field': field },
      String(c[field]), old && old[field] !== c[field] ? el('sup', null, signed(c[field] - old[field])) : '');
    // there are a hundred caches: what changed comes first, empty ones last
    const order = (c) => changes.has(c[CACHE.id]) || state.string(c[CACHE.name]) === this.cache ? 0 : c[CACHE.total] ? 1 : 2;
    const rows = caches.map((c, i) => [order(c), i, c]).sort((a, b) => a[0] - b[0] || a[1] - b[1]).map(([, , c]) => {
      const old = changes.get(c[CACHE.id]), name = state.string(c[CACHE.name]);
      const [cls, sign] = change(old);
      return el('tr', { class: cls, 'data-name': name }, signCell('td', sign),
        el('th', { scope: 'row' }, el('button', { class: 'link', 'aria-pressed': String(name === this.cache), click: () => { this.cache = name; this.show(state); } }, name)),
        ...[CACHE.active, CACHE.total, CACHE.size, CACHE.activeSlabs, CACHE.slabs].map((field) => number(c, old, field)));
    });
    return [this.objects(state), el('table', { id: 'slabs' },
      el('thead', null, el('tr', null, ...['', 'cache', 'active', 'total', 'size'].map((k) => el('th', { scope: 'col' }, k && word(k))),
        el('th', { colspan: '2', scope: 'col' }, word('slabs') + ' (' + word('active') + ', ' + word('total') + ')'))),
      el('tbody', null, ...rows))];
  },

  objects(state) {
    const cache = [...state.cache.values()].find((c) => state.string(c[CACHE.name]) === this.cache);
    if (!cache)
      return el('p', { class: 'empty' }, word('choose_cache'));
    const slabs = [...state.slab.values()].filter((s) => s[SLAB.cache] === cache[CACHE.id]).sort((a, b) => a[SLAB.pfn] - b[SLAB.pfn]);
    const changes = state.changes('slab');
    const rows = slabs.map((s) => {
      const [cls] = change(changes.get(s[SLAB.cache] + ':' + s[SLAB.pfn]));
      return el('div', { class: 'slab-row ' + cls },
        el('button', { class: 'link', click: () => frames.take(s[SLAB.pfn]) }, pfnText(s[SLAB.pfn])),
        el('span', { class: 'objects' }, ...this.objectCells(state.string(s[SLAB.objects]))));
    });
    const key = (letter, name) => el('span', null, el('i', { class: 'object ' + letter, 'aria-hidden': 'true' }, OBJECTS[letter]), ' ' + word(name) + '  ');
    return el('div', { id: 'objects' },
      el('p', null, el('b', null, this.cache), ' ' + cache[CACHE.size] + ' ' + word('bytes') + '  ', key('u', 'in_use'), key('c', 'cached'), key('f', 'free_object')),
      ...upTo(24, rows, false, () => {}));
  },

  objectCells(runs) {
    return [...runs.matchAll(/([ucf])(\d+)/g)].flatMap(([, state, n]) =>
      Array.from({ length: Number(n) }, () => el('i', { class: 'object ' + state }, OBJECTS[state])));
  },

  // ---- counters ----

  counters(state) {
    const changes = state.changes('counter');
    const table = (id, from, to, unit) => el('table', { id, class: 'counters' }, el('caption', null, id), el('tbody', null,
      ...[...state.counter.values()].filter((c) => c[COUNTER.key] >= from && c[COUNTER.key] < to)
        .sort((a, b) => a[COUNTER.key] - b[COUNTER.key]).map((c) => {
          const old = changes.get(c[COUNTER.key]), [cls, sign] = change(old), name = state.string(c[COUNTER.name]);
          return el('tr', { class: cls, 'data-name': name }, signCell('td', sign), el('th', { scope: 'row' }, name),
            el('td', { class: 'number' }, String(c[COUNTER.value])), el('td', { class: 'unit' }, unit(name)),
            el('td', { class: 'number' }, old ? signed(c[COUNTER.value] - old[COUNTER.value]) : ''));
        })));
    return [el('div', { class: 'two' }, table('meminfo', 0, 1000, () => 'kB'), table('vmstat', 1000, Infinity, () => ''))];
  },
};

const OBJECTS = { u: '■', c: '▣', f: '□' };
