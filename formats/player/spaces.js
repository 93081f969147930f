// spaces.js - processes and their areas.

const spaces = {
  pid: null,     // chosen
  following: true,

  // The process whose event it is, as long as that is followed; else the chosen
  // one, as long as it lives.
  choose(state) {
    const tasks = state.tasks();
    const actor = state.data.steps[state.at].pid;
    const child = tasks.find((t) => !this.known(state, t[TASK.pid]));
    if (this.following && tasks.some((t) => t[TASK.pid] === actor && t[TASK.mm]))
      this.pid = actor;
    else if (this.following && child && child[TASK.mm])
      this.pid = child[TASK.pid];
    if (!tasks.some((t) => t[TASK.pid] === this.pid))
      this.pid = tasks.length ? tasks[0][TASK.pid] : null;
  },

  known(state, pid) { return state.changes('task').get(pid) !== null; },

  mm(state) {
    const task = state.task.get(this.pid);
    return task ? task[TASK.mm] : 0;
  },

  show(state) {
    this.choose(state);
    const tasks = state.tasks(), changes = state.changes('task');
    fill($('processes'), ...(tasks.length ? tasks.map((t) => this.button(state, t, changes))
      : [el('span', { class: 'empty' }, word('none'))]));
    this.showProcess(state);
    this.showAreas(state);
  },

  button(state, t, changes) {
    const [cls, sign] = change(changes.get(t[TASK.pid]));
    const pid = t[TASK.pid];
    const name = state.string(t[TASK.comm]);
    return el('button', {
      role: 'radio', 'aria-checked': String(pid === this.pid), class: cls, 'data-pid': pid,
      click: () => this.take(pid),
    }, sign.trim() + ' ' + pid + (name ? ' ' + name : '') + (t[TASK.zombie] ? ' (' + word('zombie') + ')' : ''));
  },

  take(pid) {
    this.pid = pid;
    this.following = false;
    $('follow').checked = false;
    show();
  },

  showProcess(state) {
    const t = state.task.get(this.pid), mm = state.mm.get(this.mm(state));
    if (!t) {
      fill($('process'));
      return;
    }
    const old = state.changes('task').get(this.pid), oldMm = state.changes('mm').get(this.mm(state));
    const item = (name, value, before) => el('span', { class: before !== undefined && before !== value ? 'mod' : '', 'data-name': name }, name + ' ' + value);
    const rss = (m) => m[MM.file] + m[MM.anon];
    const items = [
      item('min_flt', t[TASK.min], old ? old[TASK.min] : undefined),
      item('maj_flt', t[TASK.maj], old ? old[TASK.maj] : undefined)];
    if (mm)
      items.push(
        item('rss', rss(mm), oldMm ? rss(oldMm) : undefined),
        item('anon', mm[MM.anon], oldMm ? oldMm[MM.anon] : undefined),
        item('file', mm[MM.file], oldMm ? oldMm[MM.file] : undefined),
        item('swap', mm[MM.swap], oldMm ? oldMm[MM.swap] : undefined),
        item('total_vm', mm[MM.total], oldMm ? oldMm[MM.total] : undefined));
    if (t[TASK.parent])
      items.unshift(el('span', null, word('parent') + ' ' + t[TASK.parent]));
    const sharers = mm ? state.pidsOf(t[TASK.mm]).filter((pid) => pid !== this.pid) : [];
    if (sharers.length)
      items.push(el('span', null, word('shares') + ' ' + sharers.join(', ')));
    fill($('process'), ...items);
  },

  // ---- areas ----

  pagesIn(entries, state, area) {
    return entries.filter((e) => state.address(e) >= area[AREA.start] && state.address(e) < area[AREA.end])
      .reduce((n, e) => n + state.framesOf(e), 0);
  },

  showAreas(state) {
    const mm = this.mm(state), areas = state.areasOf(mm), changes = state.changes('area');
    const entries = state.entriesOf(mm);
    const rows = areas.map((a) => this.row(state, a, change(changes.get(a[AREA.mm] + ':' + a[AREA.start])), this.pagesIn(entries, state, a)));
    for (const [key, old] of changes)
      if (old && old[AREA.mm] === mm && !state.area.has(key))
        rows.push(this.row(state, old, ['gone', '−'], 0));
    if (!rows.length && this.pid !== null)
      rows.push(el('tr', null, el('td', { class: 'empty' }, word(mm ? 'no_areas' : 'no_space'))));
    fill($('areas'), ...rows);
    reveal($('areas').parentElement, $('areas').querySelector('.new, .mod'));
  },

  row(state, a, [cls, sign], pages) {
    const line = state.string(a[AREA.line]);
    const parts = /^(\S+)( \S+)( .*?)( +\S.*)?$/.exec(line.slice(0, 49)) || [line, line];
    const name = line.slice(49);
    return el('tr', { class: cls, 'data-start': hex(a[AREA.start]) }, signCell('td', sign),
      el('td', { class: 'line' }, el('b', null, parts[1]), line.slice(parts[1].length, 49 ) , el('span', { class: 'name', title: name }, name)),
      el('td', { class: 'number', title: word('mapped_pages') }, pages ? String(pages) : ''));
  },
};
