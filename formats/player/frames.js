// frames.js - physical memory: all of it, a window of frames, one frame.

const COLUMNS = 32, ROWS = 10, WINDOW = COLUMNS * ROWS;
const OVERVIEW_CELL = 3; // pixels

// A letter for each owner: colour is not the only sign.
const LETTERS = { hole: '', boot: 'b', free: '·', pcp: 'p', slab: 's', table: 't', kernel: 'k', anon: 'a', file: 'f', swapcache: 'w', other: 'o' };
const PAGE_FLAGS = { 1: 'referenced', 2: 'uptodate', 3: 'dirty', 4: 'lru', 5: 'active', 6: 'slab', 7: 'reserved', 8: 'private', 9: 'writeback', 10: 'compound', 11: 'swapcache', 12: 'reclaim', 13: 'swapbacked', 14: 'unevictable', 15: 'mlocked', 16: 'table', 17: 'pcp', 18: 'kernel', 19: 'ksm' };

const frames = {
  from: 0,       // first frame of the window
  pfn: 0,        // chosen
  following: true,
  cells: [],
  owners: null, before: null,
  changed: new Set(),

  build(state) {
    for (let r = 0; r < ROWS; r++) {
      const row = [];
      for (let c = 0; c < COLUMNS; c++)
        row.push(el('span', { role: 'gridcell' }));
      this.cells.push(...row);
      $('grid').append(el('div', { role: 'row' }, el('span', { class: 'pfn', role: 'rowheader' }), ...row));
    }
    $('grid').addEventListener('click', (e) => this.clicked(e));
    $('grid').addEventListener('mouseover', (e) => this.hover(e));
    $('grid').addEventListener('keydown', (e) => this.key(e));
    $('overview').addEventListener('click', (e) => this.jump(state, e));
    $('legend').append(...Object.keys(LETTERS).map((name) =>
      el('span', { 'data-owner': name }, el('i', { class: 'cell ' + name, 'aria-hidden': 'true' }, LETTERS[name]), el('span', null))));
  },

  name(pfn) { return OWNERS[this.owners[pfn]]; },

  // ---- what changed ----

  look(state) {
    this.before = null;
    if (state.at > 0) {
      state.backward();
      this.before = state.owners();
      state.forward();
    }
    this.owners = state.owners();
    this.changed = new Set(state.changes('frame').keys());
    if (this.before)
      this.owners.forEach((o, pfn) => { if (o !== this.before[pfn]) this.changed.add(pfn); });
  },

  // A step may touch many: go where frames come into use or change hands; what
  // only moves between free and per-CPU lists comes last.
  mostTelling(state) {
    const inUse = [...this.changed].filter((pfn) => this.owners[pfn] >= OWNER_RECORDS).sort((a, b) => a - b);
    const fresh = inUse.filter((pfn) => this.before && this.before[pfn] !== this.owners[pfn]);
    const user = (pfn) => ['anon', 'file'].includes(this.name(pfn));
    const rest = [...this.changed].sort((a, b) => a - b);
    const first = this.pfn || state.frame.keys().next().value;
    return fresh.find(user) ?? inUse.find(user) ?? fresh[0] ?? inUse[0] ?? rest[0] ?? first;
  },

  show(state) {
    this.look(state);
    const telling = this.mostTelling(state);
    if (this.following && telling !== undefined) {
      this.pfn = telling;
      this.place();
    }
    this.draw(state);
  },

  place() {
    const row = Math.floor(this.pfn / COLUMNS);
    const from = this.from / COLUMNS;
    if (row < from || row >= from + ROWS)
      this.from = Math.max(0, row - Math.floor(ROWS / 2)) * COLUMNS;
  },

  draw(state) {
    this.drawOverview(state);
    this.drawGrid(state);
    this.drawFrame(state);
    for (const span of $('legend').children)
      span.lastChild.textContent = word('o_' + span.dataset.owner);
  },

  // ---- overview ----

  perCell(state) {
    const canvas = $('overview');
    const cells = Math.floor(canvas.width / OVERVIEW_CELL) * Math.floor(canvas.height / OVERVIEW_CELL);
    return Math.max(1, 2 ** Math.ceil(Math.log2(state.data.frames / cells)));
  },

  // The rarest owner of a cell's frames gives its colour: one page table among
  // seven free frames must not vanish.
  cellOwner(from, to) {
    let best = OWNER_HOLE;
    const rank = [0, 2, 1, 3, 5, 6, 9, 7, 10, 8, 11];
    for (let pfn = from; pfn < to; pfn++)
      if (rank[this.owners[pfn]] > rank[best])
        best = this.owners[pfn];
    return best;
  },

  drawOverview(state) {
    const canvas = $('overview'), g = canvas.getContext('2d'), per = this.perCell(state);
    const columns = Math.floor(canvas.width / OVERVIEW_CELL), style = getComputedStyle(document.documentElement);
    const colours = OWNERS.map((name) => style.getPropertyValue('--' + name).trim());
    const changed = new Set([...this.changed].map((pfn) => Math.floor(pfn / per)));
    const at = (cell) => [cell % columns * OVERVIEW_CELL, Math.floor(cell / columns) * OVERVIEW_CELL];
    g.clearRect(0, 0, canvas.width, canvas.height);
    for (let cell = 0; cell * per < state.data.frames; cell++) {
      g.fillStyle = colours[this.cellOwner(cell * per, Math.min(state.data.frames, (cell + 1) * per))];
      g.fillRect(...at(cell), OVERVIEW_CELL, OVERVIEW_CELL);
    }
    g.fillStyle = style.getPropertyValue('--text').trim();
    for (const cell of changed)
      g.fillRect(at(cell)[0] + 1, at(cell)[1] + 1, 1, 1);
    g.strokeStyle = g.fillStyle;
    const first = at(Math.floor(this.from / per)), last = at(Math.floor(Math.min(state.data.frames - 1, this.from + WINDOW - 1) / per));
    const wide = first[1] === last[1];
    g.strokeRect(wide ? first[0] + 0.5 : 0.5, first[1] + 0.5, wide ? last[0] - first[0] + OVERVIEW_CELL : canvas.width - 1, last[1] - first[1] + OVERVIEW_CELL);
    canvas.title = word('overview') + ': ' + per + ' × ' + 2 ** state.data.page_shift / 1024 + ' KiB';
  },

  jump(state, e) {
    const canvas = $('overview'), box = canvas.getBoundingClientRect();
    const x = Math.floor((e.clientX - box.left) / box.width * canvas.width / OVERVIEW_CELL);
    const y = Math.floor((e.clientY - box.top) / box.height * canvas.height / OVERVIEW_CELL);
    const pfn = (y * Math.floor(canvas.width / OVERVIEW_CELL) + x) * this.perCell(state);
    this.take(Math.min(state.data.frames - 1, pfn));
  },

  // ---- window ----

  drawGrid(state) {
    const rows = $('grid').children;
    for (let r = 0; r < ROWS; r++) {
      const pfn = this.from + r * COLUMNS;
      rows[r].firstChild.textContent = pfn < state.data.frames ? pfnText(pfn) : '';
    }
    this.cells.forEach((cell, i) => {
      const pfn = this.from + i, there = pfn < state.data.frames;
      const name = there ? this.name(pfn) : 'hole';
      cell.className = 'cell ' + name + (there && this.changed.has(pfn) ? ' changed' : '');
      cell.textContent = LETTERS[name];
      cell.dataset.pfn = there ? pfn : '';
      cell.tabIndex = pfn === this.pfn ? 0 : -1;
      cell.setAttribute('aria-selected', String(pfn === this.pfn));
      cell.setAttribute('aria-label', there ? pfnText(pfn) + ' ' + word('o_' + name) : '');
    });
  },

  take(pfn) {
    this.pfn = pfn;
    this.following = false;
    $('follow-frames').checked = false;
    this.place();
    this.draw(player.state);
  },

  clicked(e) {
    if (e.target.dataset.pfn)
      this.take(Number(e.target.dataset.pfn));
  },

  hover(e) {
    if (e.target.dataset.pfn)
      e.target.title = pfnText(Number(e.target.dataset.pfn)) + ' ' + word('o_' + this.name(Number(e.target.dataset.pfn)));
  },

  key(e) {
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -COLUMNS, ArrowDown: COLUMNS }[e.key];
    if (!step)
      return;
    e.preventDefault();
    e.stopPropagation();
    this.take(Math.max(0, Math.min(player.state.data.frames - 1, this.pfn + step)));
    const cell = this.cells[this.pfn - this.from];
    if (cell)
      cell.focus();
  },

  // ---- one frame ----

  flagNames(flags) {
    return Object.entries(PAGE_FLAGS).filter(([bit]) => Math.floor(flags / 2 ** bit) % 2).map(([, name]) => name).join(' ') || '0';
  },

  // What it holds, in words.
  content(state, f) {
    switch (OWNERS[OWNER_RECORDS + f[FRAME.owner]]) {
    case 'slab': return state.string(f[FRAME.who]);
    case 'file': return state.string(f[FRAME.who]) + ' +' + hex(f[FRAME.index] * 2 ** state.data.page_shift, 1);
    case 'anon': return 'anon_vma ' + f[FRAME.who];
    case 'table': return state.data.format.levels[Math.min(f[FRAME.who], state.data.format.levels.length - 1)][0] + ', ' + (state.pidsOf(f[FRAME.private]).join(', ') || 'init_mm');
    default: return '';
    }
  },

  fields(f, old) {
    return ['count', 'mapcount', 'flags', 'index', 'private'].map((name) => {
      const show = (r) => name === 'flags' ? this.flagNames(r[FRAME.flags]) : name === 'index' ? hex(r[FRAME.index], 1) : String(r[FRAME[name]]);
      const was = old && show(old) !== show(f) ? el('span', { class: 'was' }, ' (' + word('now_was') + ' ' + show(old) + ')') : '';
      return el('div', { class: was ? 'mod' : '' }, el('span', { class: 'label' }, name + ' '), el('span', { 'data-field': name }, show(f)), was);
    });
  },

  mappers(state) {
    const entries = state.mappersOf(this.pfn);
    const links = entries.flatMap((e) => state.pidsOf(e[ENTRY.mm]).map((pid) =>
      el('button', { class: 'link', click: () => { spaces.take(pid); tables.find(state, e); } }, pid + ':' + hex(state.address(e)))));
    return el('div', { id: 'mappers' }, el('span', { class: 'label' }, word('mapped_by') + ' '),
      ...(links.length ? links.flatMap((l) => [l, ' ']) : [word('nobody')]));
  },

  drawFrame(state) {
    const f = state.frame.get(this.pfn), name = this.name(this.pfn), list = f ? null : state.listOf(this.pfn);
    const before = this.before ? OWNERS[this.before[this.pfn]] : name;
    const rows = [el('div', { id: 'frame-title' }, el('i', { class: 'cell ' + name, 'aria-hidden': 'true' }, LETTERS[name]), ' ',
      el('b', null, word('frame') + ' ' + pfnText(this.pfn)), ' ' + word('o_' + name) + ' ',
      f ? el('span', { class: 'name' }, this.content(state, f)) : '',
      before !== name ? el('span', { class: 'was' }, ' (' + word('now_was') + ' ' + word('o_' + before) + ')') : '')];
    if (list)
      rows.push(el('div', null, word(list.pcp ? 'on_pcp' : 'in_block', { o: list.order, pfn: pfnText(list.head), zone: state.data.zones[list.zone][0], type: state.data.types[list.type] })));
    else if (f)
      rows.push(el('div', { class: 'fields' }, ...this.fields(f, state.changes('frame').get(this.pfn))), this.mappers(state));
    else
      rows.push(el('div', null, word('never')), this.mappers(state));
    fill($('frame'), ...rows);
  },
};
