// view.js - small things that all panes use. Text of the trace reaches the page
// through textContent only.

const $ = (id) => document.getElementById(id);

// An element: el('td', {class: 'x'}, 'text', another element ...)
function el(tag, attributes, ...children) {
  const e = document.createElement(tag);
  for (const name in attributes || {}) {
    const value = attributes[name];
    if (typeof value === 'function')
      e.addEventListener(name, value);
    else if (value !== undefined && value !== false)
      e.setAttribute(name, value === true ? '' : value);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

// New children, at the place to which the old ones were scrolled.
function fill(parent, ...children) {
  const { scrollTop, scrollLeft } = parent;
  parent.replaceChildren(...children);
  parent.scrollTop = scrollTop;
  parent.scrollLeft = scrollLeft;
}

// Scroll it into view inside its pane, never the page.
function reveal(pane, e) {
  if (!e)
    return;
  const p = pane.getBoundingClientRect(), r = e.getBoundingClientRect();
  if (r.top < p.top || r.bottom > p.bottom)
    pane.scrollTop += r.top - p.top - (p.height - r.height) / 2;
}

const hex = (n, digits = 8) => '0x' + n.toString(16).padStart(digits, '0');
const pfnText = (pfn) => hex(pfn, 5);
const signed = (n) => (n > 0 ? '+' : '−') + Math.abs(n).toLocaleString('en');

// How something changed: [class, sign]; the sign is the second channel.
function change(old) {
  if (old === undefined)
    return ['', ' '];
  return old === null ? ['new', '+'] : ['mod', '~'];
}

function signCell(tag, sign) {
  return el(tag, { class: 'sign', 'aria-hidden': 'true' }, sign);
}

// Rows up to a number; the rest behind a button.
function upTo(max, rows, chosen, again) {
  if (chosen || rows.length <= max)
    return rows;
  const rest = rows.slice(max).filter((r) => r.matches('.new, .mod, .gone'));
  const hidden = rows.length - max - rest.length;
  const more = hidden ? [el('button', { class: 'more', click: again }, word('more', { n: hidden.toLocaleString('en') }))] : [];
  return [...rows.slice(0, max), ...rest, ...more];
}
