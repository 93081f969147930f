// main.js - the controls, the keys, and one function that shows a step.

const SPEEDS = [0.5, 1, 2, 4, 8];

const player = { data: null, state: null, timer: 0 };

function show() {
  const { state, data } = player, last = data.steps.length - 1, s = data.steps[state.at];
  $('slider').value = state.at;
  $('slider').setAttribute('aria-valuetext', word('event') + ' ' + s.event);
  $('position').textContent = word('event') + ' ' + s.event + ' / ' + data.steps[last].event;
  $('first').disabled = $('back').disabled = state.at === 0;
  $('next').disabled = $('last').disabled = state.at === last;
  $('marks').value = String(data.marks.findLastIndex((m) => m[1] === state.at));
  trace.show(state);
  showStep(state);
  frames.show(state);
  spaces.show(state);
  tables.show(state);
  lists.show(state);
  document.body.dataset.step = state.at;
}

function go(step) {
  player.state.go(Math.max(0, Math.min(player.data.steps.length - 1, step)));
  try {
    history.replaceState(null, '', '#' + player.state.at);
  } catch {
    // a page without a location of its own: no address to keep
  }
  show();
}

const move = (by) => go(player.state.at + by);

function mark(direction) {
  const at = player.state.at, marks = player.data.marks.map((m) => m[1]);
  const to = direction > 0 ? marks.find((s) => s > at) : marks.findLast((s) => s < at);
  if (to !== undefined)
    go(to);
}

// ---- playing ----

function showPlaying() {
  $('play').textContent = word(player.timer ? 'stop' : 'start');
  $('play').setAttribute('aria-pressed', String(player.timer !== 0));
}

function pause() {
  clearInterval(player.timer);
  player.timer = 0;
  showPlaying();
}

function play() {
  if (player.timer) {
    pause();
    return;
  }
  player.timer = setInterval(() => {
    move(1);
    if (player.state.at === player.data.steps.length - 1)
      pause();
  }, 1000 / Number($('speed').value));
  showPlaying();
}

// ---- words ----

function translate() {
  document.documentElement.lang = language ? 'ja' : 'en';
  $('language').textContent = language ? 'English' : '日本語';
  for (const [attribute, target] of [['text', null], ['label', 'aria-label'], ['title', 'title'], ['placeholder', 'placeholder']])
    for (const e of document.querySelectorAll('[data-' + attribute + ']')) {
      if (target)
        e.setAttribute(target, word(e.dataset[attribute]));
      else
        e.textContent = word(e.dataset.text);
      if (attribute === 'title')
        e.setAttribute('aria-label', word(e.dataset.title));
    }
  showPlaying();
  $('key-table').replaceChildren(...KEYS.map(([keys, ...words]) =>
    el('tr', null, el('th', null, keys), el('td', null, words[language]))));
  const { data } = player;
  const none = el('option', { value: '-1' }, data.marks.length ? word('marks') + ' …' : word('no_marks'));
  $('marks').replaceChildren(none, ...data.marks.map(([name], i) => el('option', { value: i }, name)));
  $('marks').disabled = !data.marks.length;
  $('banner').hidden = !data.stopped;
  $('banner').textContent = data.stopped ? word('stopped_' + data.stopped) : '';
}

function speak(number) {
  language = number;
  translate();
  show();
}

// ---- keys ----

const KEY_ACTIONS = {
  ArrowRight: () => move(1), n: () => move(1),
  ArrowLeft: () => move(-1), p: () => move(-1),
  Home: () => go(0), End: () => go(player.data.steps.length - 1),
  PageDown: () => move(10), PageUp: () => move(-10),
  ' ': play,
  m: () => mark(1), M: () => mark(-1),
  '/': () => $('search').focus(),
  b: () => lists.take('buddy'), s: () => lists.take('slab'), c: () => lists.take('counters'),
  l: () => speak(1 - language),
  '?': () => $('help-box').showModal(),
};

// Keys of a field, a list or an open box are theirs; a space or Enter on a
// button presses it.
function pressed(e) {
  const inField = e.target.matches('input[type=search], select, dialog, dialog *');
  if (e.ctrlKey || e.altKey || e.metaKey || inField || (e.key === ' ' && e.target.matches('button, summary, input')))
    return;
  const task = /^[1-9]$/.test(e.key) && player.state.tasks()[Number(e.key) - 1];
  const action = task ? () => spaces.take(task[TASK.pid]) : KEY_ACTIONS[e.key];
  if (!action)
    return;
  e.preventDefault();
  action();
}

function search(e) {
  if (e.key === 'Escape')
    e.target.blur();
  if (e.key !== 'Enter')
    return;
  const current = $('trace').querySelector('.hit');
  const row = trace.search(e.target.value, current ? Number(current.dataset.row) : player.data.steps[player.state.at].row);
  e.target.setCustomValidity(row < 0 ? word('not_found') : '');
  e.target.reportValidity();
  if (current)
    current.classList.remove('hit');
  if (row < 0)
    return;
  go(trace.stepOfRow[row]);
  trace.rows[row].classList.add('hit');
  reveal($('trace'), trace.rows[row]);
}

// ---- begin ----

function connect() {
  const clicks = {
    first: () => go(0), back: () => move(-1), play, next: () => move(1),
    last: () => go(player.data.steps.length - 1),
    language: () => speak(1 - language), help: () => $('help-box').showModal(),
  };
  for (const id in clicks)
    $(id).addEventListener('click', clicks[id]);
  $('slider').addEventListener('input', (e) => go(Number(e.target.value)));
  $('marks').addEventListener('change', (e) => { if (e.target.value >= 0) go(player.data.marks[e.target.value][1]); });
  $('speed').addEventListener('change', () => { if (player.timer) { pause(); play(); } });
  $('search').addEventListener('keydown', search);
  $('follow').addEventListener('change', (e) => { spaces.following = e.target.checked; show(); });
  $('follow-frames').addEventListener('change', (e) => { frames.following = e.target.checked; show(); });
  $('only-changed').addEventListener('change', show);
  document.addEventListener('keydown', pressed);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show);
  addEventListener('hashchange', () => go(Number(location.hash.slice(1)) || 0));
}

function begin() {
  const data = player.data = JSON.parse($('data').textContent);
  player.state = new State(data);
  language = data.lang === 'ja' ? 1 : 0;
  document.title = data.trace + ' - mmemu';
  $('title').replaceChildren(data.trace, el('small', null, data.machine));
  document.body.classList.toggle('kernel-only', !data.steps.some((s) => s.d.task));
  $('slider').max = data.steps.length - 1;
  $('speed').replaceChildren(...SPEEDS.map((s) => el('option', { value: s, selected: s === 2 }, s + '/s')));
  trace.build(data);
  frames.build(player.state);
  lists.build();
  translate();
  connect();
  go(Number(location.hash.slice(1)) || 0);
}

begin();
