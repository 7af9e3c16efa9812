// The columns of a list: which, in which order (by buttons and by dragging), and how wide each is on this device.
import { base, grid } from './cells.js';
import { onContent } from './content.js';
import { icon, make } from './drawing.js';
import { recall, remember } from './kept.js';
import { offer } from './narrow.js';
import { listBase, listQuery, visitList } from './list_address.js';
import { getJson, post } from './net.js';
import { word } from './words.js';

const choice = () => document.getElementById('columns-dialog');
const lines = () => choice().querySelector('[data-column-list]');
let standard = [];

function line({ key, label, shown }) {
  const box = make('input', { type: 'checkbox', class: 'form-check-input', id: `column-${key}`, value: key });
  box.checked = shown;
  const button = (name, step, text) => {
    const made = make('button', { type: 'button', class: 'b-ib b-ib-s', 'aria-label': `${text}: ${label}` }, icon(name, 'b-i-s'));
    made.addEventListener('click', () => {
      const own = made.closest('li');
      const other = step < 0 ? own.previousElementSibling : own.nextElementSibling;
      if (other) { if (step < 0) other.before(own); else other.after(own); made.focus(); }
    });
    return made;
  };
  return make('li', {}, icon('grip-vertical', 'b-grip'), box, make('label', { class: 'b-grow b-cut', for: box.id }, label), button('arrow-up', -1, word('earlier')), button('arrow-down', 1, word('later')));
}

async function open() {
  const told = await getJson(`${listBase()}columns?${listQuery()}`);
  if (!told) return;
  standard = told.standard;
  const place = lines();
  place.replaceChildren(...told.columns.map(line));
  if (window.Sortable) window.Sortable.create(place, { handle: '.b-grip', animation: 120 });
  offer(choice());
  choice().showModal();
  (choice().querySelector('[data-narrow]:not([hidden])') ?? place.querySelector('input'))?.focus();
}

async function go(keys) {
  await post(`${listBase()}columns`, { columns: keys.join(',') });
  visitList({ columns: keys.join(',') || null }, { samePage: true });
}

document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-columns]')) open();
  if (event.target.closest?.('[data-standard-columns]')) go([]);
});
document.addEventListener('submit', (event) => {
  if (!event.target.closest?.('#columns-dialog')) return;
  event.preventDefault();
  const keys = [...lines().querySelectorAll('input:checked')].map((box) => box.value);
  if (keys.length) go(keys.join() === standard.join() ? [] : keys);
});

// --- order by dragging a head ----------------------------------------------------------------------------------

onContent((root) => {
  const headRow = root.querySelector('[data-list] thead tr');
  if (!headRow || !window.Sortable) return;
  window.Sortable.create(headRow, {
    draggable: 'th[data-field]:not(.pk)', filter: '.b-widen', preventOnFilter: false, delay: 120, animation: 120,
    onEnd: ({ oldIndex, newIndex }) => { if (oldIndex !== newIndex) go([...headRow.querySelectorAll('th[data-field]')].map((head) => head.dataset.field)); },
  });
});

// --- widths ----------------------------------------------------------------------------------------------------

const NARROWEST = 56;
// In a view widths are drawn for that view alone, and are its own once it is saved.
function shelf() {
  const view = document.querySelector('[data-filter]')?.dataset.view;
  return `widths${grid() ? base() : ''}${view ? `?view=${view}` : ''}`;
}
const kept = () => recall(shelf(), {});
const column = (head) => grid().querySelectorAll('colgroup col')[head.cellIndex];

/** The columns' widths as they are drawn by hand or kept in the view: field → pixels. */
export function drawnWidths() {
  if (!grid()) return {};
  const drawn = kept();
  const heads = [...grid().querySelectorAll('thead th[data-field]')].map((head) => head.dataset.field);
  const own = JSON.parse(document.querySelector('[data-filter]')?.dataset.widths || '{}');
  return Object.fromEntries(heads.map((key) => [key, drawn[key] ?? own[key]]).filter(([, width]) => width));
}

/** Forgets what was drawn: the view has it now. */
export function forgetWidths() { remember(shelf(), {}); }

export function setWidths() {
  if (!grid()) return;
  const widths = kept();
  for (const head of grid().querySelectorAll('thead th[data-field]')) {
    const width = widths[head.dataset.field];
    if (width) column(head).style.width = `${width}px`;
    if (!head.querySelector('.b-widen')) head.append(make('span', { class: 'b-widen', 'aria-hidden': 'true' }));
  }
  fit();
}

/** The table is as wide as its columns; what the window has beyond that is shared out among them. */
function fit() {
  const table = grid().querySelector('table');
  const wide = [...table.querySelectorAll('colgroup col')].reduce((sum, col) => sum + (parseInt(col.style.width, 10) || Number(col.getAttribute('width'))), 0);
  table.setAttribute('width', String(wide));
}

document.addEventListener('pointerdown', (event) => {
  const handle = event.target.closest?.('.b-widen');
  if (!handle) return;
  event.preventDefault();
  const head = handle.closest('th');
  const start = event.clientX;
  const width = head.offsetWidth;
  handle.setPointerCapture(event.pointerId);
  // What all columns have now stays when one is drawn wider, else the others would give way.
  for (const one of grid().querySelectorAll('thead th')) column(one).style.width = `${one.offsetWidth}px`;
  const move = (now) => { column(head).style.width = `${Math.max(NARROWEST, Math.round(width + now.clientX - start))}px`; fit(); };
  const end = () => {
    handle.removeEventListener('pointermove', move);
    const drawn = [...grid().querySelectorAll('thead th[data-field]')].map((one) => [one.dataset.field, one.offsetWidth]);
    remember(shelf(), { ...kept(), ...Object.fromEntries(drawn) });
  };
  handle.addEventListener('pointermove', move);
  handle.addEventListener('pointerup', end, { once: true });
});
document.addEventListener('dblclick', (event) => {
  const head = event.target.closest?.('.b-widen')?.closest('th');
  if (!head) return;
  const { [head.dataset.field]: _, ...others } = kept();
  remember(shelf(), others);
  column(head).style.width = '';
  fit();
});
document.addEventListener('click', (event) => { if (event.target.closest?.('.b-widen')) event.preventDefault(); }, true);
onContent((root) => { if (root.querySelector('[data-list]')) setWidths(); });
