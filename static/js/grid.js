// The list as a grid: cells by keyboard and mouse, sorting, quick actions, and a new look at the rows after a change.
import { active, cancel, edit, editable, fieldOf, focus, forgetRange, grid, neighbour } from './cells.js';
import { setWidths } from './columns.js';
import { openGroups, reopen } from './groups.js';
import { listQuery, reload, source, visitList } from './list_address.js';
import { getText } from './net.js';
import { clearMarks } from './ranges.js';
import { any, clear, update } from './selection.js';

const FROM_THE_TOP = ['money', 'decimal', 'integer', 'percent', 'duration', 'date', 'moment']; // asked for largest and newest first
const STEPS = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
const inControl = (target) => target.closest('input, textarea, select, [contenteditable], .ts-wrapper, dialog, .dropdown-menu');
const drawerOpen = () => document.getElementById('drawer')?.hidden === false;
const wide = matchMedia('(min-width: 761px)');

/** In a cell one types in, a click on what it refers to chooses the cell; the arrow beside it, Enter and a click with Ctrl lead there. */
function isForCell(event, cell) {
  const link = event.target.closest('a');
  if (!link) return !event.target.closest('button, input');
  return wide.matches && link.matches('.b-ref') && editable(cell) && event.detail > 0 && !event.ctrlKey && !event.metaKey;
}

document.addEventListener('click', (event) => {
  const cell = event.target.closest?.('[data-list] tbody td');
  if (!cell || !fieldOf(cell) || cell.hasAttribute('data-editing') || !isForCell(event, cell)) return;
  if (event.target.closest('a')) event.preventDefault();
  if (!drawerOpen()) focus(cell, { extend: event.shiftKey });
});
document.addEventListener('mousedown', (event) => {
  if (event.shiftKey && event.target.closest?.('[data-list] tbody td')) event.preventDefault();
});
document.addEventListener('dblclick', (event) => {
  const cell = event.target.closest?.('[data-list] tbody td');
  if (cell && fieldOf(cell) && isForCell(event, cell)) edit(cell);
});
document.addEventListener('keydown', (event) => {
  const cell = active();
  if (!cell || event.defaultPrevented || inControl(event.target) || event.altKey) return;
  const step = STEPS[event.key];
  if (step && !drawerOpen() && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    focus(neighbour(cell, ...step), { extend: event.shiftKey });
  } else if (event.key === 'F2') {
    event.preventDefault();
    edit(cell);
  } else if (event.key === 'Escape' && !any()) {
    event.preventDefault();
    clearMarks();
    cancel();
    forgetRange();
    cell.blur();
  }
}, true);

// With no cell chosen F2 takes the first that can be edited in the row of the cursor.
document.addEventListener('keydown', (event) => {
  if (event.key !== 'F2' || event.defaultPrevented || inControl(event.target)) return;
  const row = document.querySelector('[data-list] tr.is-cursor') ?? grid()?.querySelector('tbody tr');
  const cell = row && [...row.cells].find((one) => fieldOf(one) && editable(one));
  if (cell) { event.preventDefault(); edit(cell); }
});

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-sort]');
  if (!link || !event.shiftKey) return;
  event.preventDefault();
  const keys = (new URLSearchParams(listQuery()).get('sort') ?? '').split(',').filter(Boolean);
  // One more key, then the other way round, then without it.
  const key = link.dataset.sort;
  const first = FROM_THE_TOP.includes(link.closest('th').dataset.type) ? `-${key}` : key;
  const at = keys.findIndex((one) => one.replace('-', '') === key);
  if (at < 0) keys.push(first);
  else if (keys[at] === first || keys.length === 1) keys[at] = keys[at].startsWith('-') ? key : `-${key}`;
  else keys.splice(at, 1);
  visitList({ sort: keys.slice(-4).join(',') });
}, true);
document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-sort-sheet]')) document.getElementById('sort-dialog').showModal();
});

const quickBar = () => document.querySelector('[data-quick]');
document.addEventListener('mouseover', (event) => {
  const quick = quickBar();
  const row = event.target.closest?.('[data-list] tbody tr[data-id]');
  if (!quick || !row || quick.parentElement?.parentElement === row || row.querySelector('[data-editing]')) return;
  const address = `${grid().dataset.base}${row.dataset.id}/`;
  quick.querySelector('[data-quick-open]').href = address;
  const change = quick.querySelector('[data-quick-edit]');
  if (change) change.href = `${address}edit/`;
  quick.hidden = false;
  row.querySelector('.pk')?.append(quick);
});
// A text that does not fit is told in full to whoever points at it.
document.addEventListener('mouseover', (event) => {
  const cell = event.target.closest?.('[data-list] tbody td');
  if (!cell || cell.classList.contains('is-bad') || cell.querySelector('form')) return;
  const text = [cell, ...cell.querySelectorAll('.b-cut, .b-tag')].some((part) => part.scrollWidth > part.clientWidth) ? cell.innerText.trim() : '';
  if (text && !cell.title) cell.title = text.split('\n').at(-1);
  else if (!text) cell.removeAttribute('title');
});
let leads = null; // out of the page while no cell has it
document.addEventListener('mouseover', (event) => {
  const cell = event.target.closest?.('[data-list] tbody td');
  leads = document.querySelector('[data-go]') ?? leads;
  if (!leads || !cell || leads.parentElement === cell) return;
  const link = cell.hasAttribute('data-editing') || !editable(cell) ? null : cell.querySelector('a.b-ref');
  leads.hidden = !link;
  if (!link) { leads.remove(); return; }
  leads.href = link.href;
  leads.target = link.target;
  cell.append(leads);
});

/** Takes the rows of this address anew and keeps what the person stands on. */
async function refresh() {
  const html = await getText(source());
  if (html === null) return;
  const page = new DOMParser().parseFromString(html, 'text/html');
  const [now, then] = [document, page].map((where) => where.querySelector('[data-list] tbody'));
  if (!now || !then) { reload(); return; }
  const open = openGroups();
  const quick = quickBar();
  leads?.remove();
  if (quick) { quick.hidden = true; grid().after(quick); }
  clear();
  forgetRange();
  now.replaceWith(document.adoptNode(then));
  const [foot, newFoot] = [document, page].map((where) => where.querySelector('[data-list] ~ .b-foot'));
  if (foot && newFoot) foot.replaceWith(document.adoptNode(newFoot));
  setWidths();
  update();
  reopen(open);
  document.body.dispatchEvent(new CustomEvent('listCounted', { bubbles: true }));
}

document.addEventListener('listChanged', (event) => {
  if (!document.querySelector('[data-list]')) { if (document.querySelector('[data-filter]')) reload(); return; }
  event.preventDefault();
  refresh();
});
document.addEventListener('recordSaved', () => { if (grid()) refresh(); });
