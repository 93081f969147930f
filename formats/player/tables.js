// tables.js - the page tables of a process as a tree, each entry decoded: the
// lines of the report `tables`.

const MAX_ENTRIES = 128; // of one table, until asked for more

const tables = {
  closed: new Set(),
  whole: new Set(), // tables shown to their end

  // Bits as words; those that a step has set are marked, those that it has
  // cleared follow, struck through (by the style: they are no text).
  bits(text, before = text) {
    const had = new Set(before.split(' ')), has = new Set(text.split(' '));
    const bits = [...has].filter((b) => b).flatMap((b) => [' ', had.has(b) ? b : el('ins', null, b)]);
    const lost = [...had].filter((b) => b && !has.has(b));
    return lost.length ? [...bits, el('span', { class: 'lost', 'data-lost': lost.join(' ') })] : bits;
  },

  names(state, e) {
    const n = e[ENTRY.number], text = state.string(e[ENTRY.text]);
    switch (e[ENTRY.kind]) {
    case KIND_FILE: return 'file page ' + n;
    case KIND_SWAP: return 'swap area ' + text + ' slot ' + n;
    default: return null;
    }
  },

  // "frame 0x00123 present write": a table, a frame, a large page
  target(state, e, old) {
    const other = this.names(state, e), depth = state.depth(e);
    if (other)
      return [el('span', { class: 'swap' }, other)];
    const levels = state.data.format.levels, pfn = e[ENTRY.number];
    const word = e[ENTRY.kind] === KIND_TABLE ? levels[depth + 1][0] + ' table in frame '
      : (e[ENTRY.kind] === KIND_LARGE ? 'large page of ' + 2 ** (levels[depth][1] - 10) + 'K, ' : '') + 'frame ';
    const named = old && !this.names(state, old);
    return [word,
      el('button', { class: 'link' + (named && old[ENTRY.number] !== pfn ? ' other' : ''), 'data-pfn': pfn, click: (ev) => { ev.preventDefault(); frames.take(pfn); } }, pfnText(pfn)),
      e[ENTRY.kind] !== KIND_TABLE && pfn === state.data.zero ? ' (zero)' : '',
      ...this.bits(state.string(e[ENTRY.text]), named ? state.string(old[ENTRY.text]) : undefined)];
  },

  line(state, e, old) {
    const depth = state.depth(e), format = state.data.format;
    const [name, shift, bits] = format.levels[depth], va = state.address(e);
    const index = Math.floor(va / 2 ** shift) % 2 ** bits;
    const raw = format.digits > 8 ? e[ENTRY.high].toString(16).padStart(8, '0') + e[ENTRY.low].toString(16).padStart(8, '0')
      : e[ENTRY.low].toString(16).padStart(8, '0');
    return [el('b', null, name + '[' + index + ']'), ' ' + hex(va),
      el('span', { class: 'raw' }, ' at ' + hex(e[ENTRY.at]) + ' = 0x' + raw), ' ', ...this.target(state, e, old)];
  },

  // Entries in preorder -> nested lists
  tree(state, entries, changes) {
    const top = { children: [] }, path = [top];
    for (const e of entries) {
      const node = { e, old: changes.get(e[ENTRY.mm] + ':' + e[ENTRY.page]), gone: false, children: [] };
      node.gone = !state.entry.has(e[ENTRY.mm] + ':' + e[ENTRY.page]);
      path.length = state.depth(e) + 1;
      path[path.length - 1].children.push(node);
      path.push(node);
    }
    return top.children;
  },

  touched(node) { return node.old !== undefined || node.gone || node.children.some((c) => this.touched(c)); },

  element(state, node, only) {
    const [cls, sign] = node.gone ? ['gone', '−'] : change(node.old);
    const line = this.line(state, node.e, node.gone ? null : node.old);
    const key = node.e[ENTRY.mm] + ':' + node.e[ENTRY.page];
    if (node.e[ENTRY.kind] !== KIND_TABLE)
      return el('div', { class: 'entry ' + cls, role: 'treeitem', 'data-key': key }, signCell('span', sign), el('span', { class: 'text' }, ...line));
    return el('details', {
      class: cls, open: this.touched(node) || !this.closed.has(key), role: 'treeitem', 'data-key': key,
      toggle: (ev) => this.closed[ev.target.open ? 'delete' : 'add'](key),
    }, el('summary', { class: cls }, signCell('span', sign), el('span', { class: 'text' }, ...line)),
    el('div', { role: 'group', class: 'group' }, ...this.group(state, node.children, key, only)));
  },

  group(state, nodes, key, only) {
    const shown = only ? nodes.filter((n) => this.touched(n)) : nodes;
    return upTo(MAX_ENTRIES, shown.map((n) => this.element(state, n, only)), this.whole.has(key),
      () => { this.whole.add(key); this.show(state); });
  },

  show(state) {
    const mm = spaces.mm(state), format = state.data.format;
    if (!mm) {
      fill($('tables'), el('p', { class: 'empty' }, word('no_tables')));
      return;
    }
    const changes = state.changes('entry'), only = $('only-changed').checked;
    const gone = [...changes].filter(([key, old]) => old && old[ENTRY.mm] === mm && !state.entry.has(key)).map(([, old]) => old);
    const entries = state.entriesOf(mm).concat(gone).sort((a, b) => a[ENTRY.page] - b[ENTRY.page]);
    const record = state.mm.get(mm), nodes = this.tree(state, entries, changes);
    const rows = this.group(state, nodes, 'root ' + mm, only);
    if (only && !rows.length)
      rows.push(el('p', { class: 'empty' }, word('same_words')));
    if (format.kernel < format.entries && !only)
      rows.push(el('div', { class: 'entry kernel' }, signCell('span', ' '), format.levels[0][0] + '[' + format.kernel + '-' + (format.entries - 1) + '] ' + word('kernel_part')));
    fill($('tables'), el('div', { id: 'root' }, format.name + ': ' + format.levels[0][0] + ' table in frame ',
      el('button', { class: 'link', 'data-pfn': record[MM.pgd], click: () => frames.take(record[MM.pgd]) }, pfnText(record[MM.pgd])),
      ', ' + record[MM.ptes] + ' last-level tables'),
    el('div', { role: 'tree', 'aria-label': word('tables') }, ...rows));
    reveal($('tables'), $('tables').querySelector('.entry.new, .entry.mod, .entry.gone, summary.new, summary.mod'));
  },

  // Show the entry that maps this page.
  find(state, entry) {
    const key = entry[ENTRY.mm] + ':' + entry[ENTRY.page];
    this.closed.clear();
    this.whole.clear();
    $('only-changed').checked = false;
    this.show(state);
    if (!$('tables').querySelector('[data-key="' + key + '"]')) {
      state.entriesOf(entry[ENTRY.mm]).forEach((e) => this.whole.add(e[ENTRY.mm] + ':' + e[ENTRY.page]));
      this.show(state);
    }
    const e = $('tables').querySelector('[data-key="' + key + '"]');
    reveal($('tables'), e);
    e.classList.add('found');
  },
};
