// trace.js - the trace's text, and what this step did.

const trace = {
  rows: [],
  stepOfRow: [],

  // A row leads to the step that did it; a mark, a report, a comment to the
  // step before.
  build(data) {
    let step = 0;
    const byRow = new Map(data.steps.map((s, i) => [s.row, i]));
    this.rows = data.rows.map((text, row) => {
      step = row > 0 && byRow.has(row) ? byRow.get(row) : step;
      this.stepOfRow[row] = step;
      const comment = /^\s*(#|$)/.test(text);
      return el('li', { 'data-row': row, class: comment ? 'comment' : /^mark /.test(text) ? 'mark' : '' }, text);
    });
    $('trace').style.setProperty('--digits', String(data.rows.length).length);
    $('trace').replaceChildren(...this.rows);
    $('trace').addEventListener('click', (e) => {
      const li = e.target.closest('li');
      if (li && !String(getSelection()))
        go(this.stepOfRow[li.dataset.row]);
    });
  },

  show(state) {
    const row = state.data.steps[state.at].row;
    for (const li of $('trace').querySelectorAll('[aria-current]'))
      li.removeAttribute('aria-current');
    if (state.at || row) {
      this.rows[row].setAttribute('aria-current', 'step');
      reveal($('trace'), this.rows[row]);
    } else {
      $('trace').scrollTop = 0;
    }
  },

  // The next row with the text, from the current one on and round.
  search(text, at) {
    const rows = this.rows, wanted = text.toLowerCase();
    for (let i = 1; wanted && i <= rows.length; i++) {
      const row = (at + i) % rows.length;
      if (rows[row].textContent.toLowerCase().includes(wanted))
        return row;
    }
    return -1;
  },
};

// ---- this step ----

// "+2 ~1 −3" of a section
function counts(state, name) {
  const n = { '+': 0, '~': 0, '−': 0 };
  for (const [key, old] of state.changes(name))
    n[!old ? '+' : state[name].has(key) ? '~' : '−']++;
  return Object.entries(n).filter(([, v]) => v).map(([sign, v]) => sign + v).join(' ');
}

function summary(state) {
  const parts = [['task', 'tasks'], ['area', 'areas'], ['entry', 'entries'], ['frame', 'frames'],
    ['cache', 'caches'], ['slab', 'slabs'], ['counter', 'counters']]
    .map(([section, key]) => ['add_' + key, counts(state, section)]);
  const lists = state.listChanges().size;
  parts.splice(4, 0, ['add_lists', lists ? '~' + lists : '']);
  const shown = parts.filter(([, text]) => text);
  return el('dl', { class: 'summary', id: 'summary' },
    ...(shown.length ? shown.flatMap(([key, text]) => [el('dt', null, word(key)), el('dd', null, text)])
      : [el('dt', null, word('nothing'))]));
}

function showStep(state) {
  const s = state.data.steps[state.at];
  const text = state.at || s.row ? state.data.rows[s.row] : word('boot');
  fill($('step'),
    el('p', { class: 'statement' }, text),
    s.outcome ? el('p', { class: 'outcome' }, el('span', { class: 'label' }, word('outcome') + ' '), el('code', { id: 'outcome' }, s.outcome)) : null ?? '',
    el('h3', null, word('changed')), summary(state));
  $('step').scrollTop = 0;
}
