// trace.js - the trace's text, and what this step did.

// A line's statement, and its comment with the blanks in front; a # in quotes
// begins none.
function parts(text) {
  const [, statement, comment] = /^((?:"(?:\\.|[^"\\])*"|[^"#])*)(.*)$/s.exec(text);
  const blanks = comment ? /\s*$/.exec(statement)[0] : '';
  return [statement.slice(0, statement.length - blanks.length), blanks + comment];
}

const trace = {
  rows: [],
  stepOfRow: [],

  // A row leads to the step that did it; a mark, a report, a comment to the
  // step before.
  build(data) {
    let step = 0;
    const byRow = new Map(data.steps.map((s, i) => [s.row, i]));
    this.rows = data.rows.map((text, row) => {
      step = byRow.get(row) || step;
      this.stepOfRow[row] = step;
      const [statement, comment] = parts(text);
      return el('li', { 'data-row': row, class: /^mark /.test(text) ? 'mark' : '' }, statement, comment ? el('span', { class: 'comment' }, comment) : '');
    });
    $('trace').style.setProperty('--digits', String(data.first_row + data.rows.length).length);
    $('trace').style.counterReset = 'row ' + data.first_row;
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
    if (state.data.steps[state.at].line) {
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
    ...(shown.length ? shown.map(([key, text]) => el('div', null, el('dt', null, word(key)), el('dd', null, text)))
      : [el('dt', null, word('nothing'))]));
}

// ---- in words ----

const MAX_LINES = 300;
let wholeStory = -1; // the step whose story is shown to its end

// The text of a line in the page's language: a pattern, its holes filled.
function lineText(state, number) {
  const [en, ja, ...rest] = state.data.lines[number];
  const numbers = Array.isArray(rest[0]) ? rest[language] : rest;
  let next = 0;
  return state.string(language ? ja : en).replaceAll('\x01', () => numbers[next++]);
}

// "  do_wp_page(address=0x20000000)": as deep as it is indented, the function's
// name in bold; "  . told" is no call.
function storyLine(text) {
  const [, indent, call, rest] = /^( *)(\w+(?=\())?(.*)$/s.exec(text);
  const e = el('li', { class: call ? '' : 'told' }, call ? el('b', null, call) : '', rest);
  e.style.setProperty('--depth', indent.length / 2);
  return e;
}

// A part of the pane that stays open or closed from step to step.
const openParts = { story: true, said: false };

function part(state, name, element) {
  const step = state.data.steps[state.at], lines = step[name] || [], rest = step[name + '_more'];
  if (!lines.length)
    return '';
  const more = () => { wholeStory = state.at; showStep(state); };
  return el('details', { open: openParts[name], toggle: (e) => { openParts[name] = e.target.open; } },
    el('summary', null, word(name)),
    el('ol', { class: name, id: name }, ...upTo(MAX_LINES, lines.map(element), wholeStory === state.at, more)),
    rest ? el('p', { class: 'empty' }, word('more_lines', { n: rest.toLocaleString('en'), line: step.line })) : '');
}

function showStep(state) {
  const s = state.data.steps[state.at];
  const [statement, comment] = s.line ? parts(state.data.rows[s.row]) : [word('boot'), ''];
  const line = (number) => lineText(state, number);
  fill($('step'),
    el('p', { class: 'statement' }, statement),
    comment ? el('p', { class: 'remark' }, comment.replace(/^[\s#]+/, '')) : '',
    s.outcome ? el('p', { class: 'outcome' }, el('span', { class: 'label' }, word('outcome') + ' '), el('code', { id: 'outcome' }, s.outcome)) : '',
    el('h3', null, word('changed')), summary(state),
    part(state, 'said', (n) => el('li', null, line(n).trim())),
    part(state, 'story', (n) => storyLine(line(n))));
  $('step').scrollTop = 0;
}
