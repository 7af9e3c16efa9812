// Cells of the grid: the one that has the focus, a range of them, and the form of one edited where it stands.
import { fill } from './content.js';
import { getText, send } from './net.js';
import { chooseTyped } from './pickers.js';
import { read } from './rows.js';
import { word } from './words.js';

export const grid = () => document.querySelector('[data-list]');
export const base = () => grid().dataset.base;
const table = () => grid()?.querySelector('table');
const heads = () => [...table().tHead.rows[0].cells];
const bodyRows = () => [...table().tBodies[0].rows];

/** The key of the field a cell shows, and whether it may be edited. */
export const fieldOf = (cell) => heads()[cell.cellIndex]?.dataset.field ?? null;
export const editable = (cell) => heads()[cell.cellIndex]?.hasAttribute('data-editable') ?? false;
export const rowOf = (id) => table()?.querySelector(`tbody tr[data-id="${id}"]`) ?? null;
export const cellOf = (id, key) => rowOf(id)?.cells[heads().findIndex((head) => head.dataset.field === key)] ?? null;
const isCell = (cell) => Boolean(cell && fieldOf(cell));

export function say(text) {
  const place = document.querySelector('[data-grid-status]');
  if (place) place.textContent = text;
}

/** The list's own words, so that an answer brings the cells of the shown columns. */
export function withColumns(url) {
  const keys = heads().map((head) => head.dataset.field).filter(Boolean).join(',');
  return `${url}?columns=${encodeURIComponent(keys)}`;
}

/** Puts answered rows in place. */
export function applyRows(rows, { flash = true } = {}) {
  for (const row of rows ?? []) {
    const line = rowOf(row.id);
    if (!line) continue;
    line.dataset.v = row.row_version;
    read(line); // whoever changes a record knows it
    for (const [key, html] of Object.entries(row.cells)) {
      const cell = cellOf(row.id, key);
      if (!cell || cell.hasAttribute('data-editing')) continue;
      if (flash && cell.innerHTML !== html) { cell.classList.remove('is-saved'); void cell.offsetWidth; cell.classList.add('is-saved'); }
      cell.classList.remove('is-bad');
      cell.removeAttribute('title');
      cell.innerHTML = html;
    }
  }
  document.body.dispatchEvent(new CustomEvent('listCounted', { bubbles: true }));
}

// --- focus and range -------------------------------------------------------------------------------------------

const HINT = { width: 280, height: 88 };
let anchor = null;
let point = null;

export const active = () => (point?.isConnected ? point : null);

function paint() {
  table().querySelectorAll('.is-cell, .is-range').forEach((cell) => cell.classList.remove('is-cell', 'is-range'));
  const cells = range();
  if (cells.length > 1 || cells[0]?.length > 1) cells.flat().forEach((cell) => cell.classList.add('is-range'));
  active()?.classList.add('is-cell');
}

/** Moves the focus to `cell`; with `extend` the range grows from where it began. */
export function focus(cell, { extend = false } = {}) {
  if (!isCell(cell)) return;
  point = cell;
  if (!extend || !anchor?.isConnected) anchor = cell;
  cell.tabIndex = -1;
  cell.focus({ preventScroll: true });
  cell.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  paint();
}

export function forgetRange() {
  anchor = point = null;
  if (table()) paint();
}

/** The chosen cells as rows of cells. */
export function range() {
  if (!active() || !anchor?.isConnected) return [];
  const rows = bodyRows();
  const [top, bottom] = [anchor, point].map((cell) => rows.indexOf(cell.parentElement)).sort((a, b) => a - b);
  const [left, right] = [anchor, point].map((cell) => cell.cellIndex).sort((a, b) => a - b);
  return rows.slice(top, bottom + 1).map((row) => [...row.cells].slice(left, right + 1).filter(isCell));
}

/** The cell `down` rows and `right` columns from `cell`, null outside the grid. */
export function neighbour(cell, down, right) {
  const row = bodyRows()[bodyRows().indexOf(cell.parentElement) + down];
  const found = row?.cells[cell.cellIndex + right];
  return isCell(found) ? found : null;
}

// --- editing ---------------------------------------------------------------------------------------------------

const editing = () => table()?.querySelector('[data-editing]') ?? null;
let before = '';
let began = '';
let saving = false;

const value = (form) => new FormData(form).getAll('value').map((one) => (one instanceof File ? `${one.name}:${one.size}` : one)).join('\u0000');

// What is typed while the form of a cell is on its way goes into the form, none of it to the keys of the screen.
let opening = null;

document.addEventListener('keydown', (event) => {
  if (!opening || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.('dialog')) return;
  if (event.key === 'Escape') opening = null;
  else if (event.key === 'Enter' || event.key === 'Tab') opening.then = event.key === 'Enter' ? 'save' : event.shiftKey ? 'back' : 'on';
  else if (event.key === 'Backspace') opening.text = (opening.text ?? '').slice(0, -1);
  else if (event.key.length === 1) opening.text = (opening.text ?? '') + event.key;
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

/** Opens the form of a cell. */
export async function edit(cell) {
  if (!isCell(cell) || cell.hasAttribute('data-editing') || saving) return;
  if (!editable(cell)) { say(word('not_editable')); return; }
  if (editing() && !await save(editing())) return;
  focus(cell);
  const id = cell.parentElement.dataset.id;
  const own = opening = { text: null, then: null };
  const html = await getText(`${base()}${id}/cell/${fieldOf(cell)}`);
  if (opening !== own) return; // another cell was chosen meanwhile, or Esc was pressed
  opening = null;
  if (html === null || active() !== cell) return;
  before = cell.innerHTML;
  cell.setAttribute('data-editing', '');
  cell.classList.add('b-edit');
  fill(cell, html);
  const form = cell.querySelector('form');
  turn(form, cell);
  began = value(form);
  const input = control(form);
  take(input, own.text === null);
  if (own.text !== null && input?.matches('input:not([type="date"]):not([type="datetime-local"]), textarea')) {
    input.value = own.text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  }
  if (own.then) saveAnd(cell, own.then === 'save' ? null : nextEditable(cell, own.then === 'on' ? 1 : -1));
}

/** What hangs from the cell goes where there is room for it. */
function turn(form, cell) {
  const [own, all] = [cell.getBoundingClientRect(), grid().getBoundingClientRect()];
  form.classList.toggle('is-end', own.left + HINT.width > all.right);
  form.classList.toggle('is-up', own.bottom + HINT.height > Math.min(all.bottom, innerHeight) && own.top - all.top > HINT.height);
}

const control = (form) => form.querySelector('.ts-control input') ?? form.querySelector('[name="value"]');

function take(input, choose) {
  input?.focus();
  if (choose && input?.select && input.matches('input[type="text"], textarea')) input.select();
}

function leave(cell, html) {
  cell.removeAttribute('data-editing');
  cell.classList.remove('b-edit');
  if (html !== null) cell.innerHTML = html;
}

export function cancel(cell = editing()) {
  if (!cell) return;
  leave(cell, before);
  focus(cell);
}

/** Saves the open cell. True when it closed; what was refused stays open with what was typed. */
export async function save(cell) {
  const form = cell.querySelector('[data-cell-form]');
  if (!form || saving) return !form;
  const forced = form.querySelector('.b-theirs') !== null;
  if (!forced && value(form) === began && !form.querySelector('.is-error')) { leave(cell, before); return true; }
  saving = true;
  const answer = await send(withColumns(form.action), { method: 'POST', body: new FormData(form), accepted: [409, 422] });
  saving = false;
  if (!answer) return false;
  if (!answer.ok) {
    fill(cell, await answer.text());
    turn(cell.querySelector('form'), cell);
    say(word('cell_refused', { why: cell.querySelector('.is-error')?.firstChild?.textContent ?? '' }));
    take(control(cell.querySelector('form')), true);
    return false;
  }
  const saved = await answer.json();
  leave(cell, saved.value);
  applyRows(saved.rows);
  say(word('saved_cell'));
  return true;
}

async function saveAnd(cell, next) {
  await chooseTyped(cell.querySelector('select'));
  if (!await save(cell)) return;
  if (next) edit(next); else focus(cell);
}

function nextEditable(cell, step) {
  for (let found = neighbour(cell, 0, step); found; found = neighbour(found, 0, step)) if (editable(found)) return found;
  const line = neighbour(cell, step, 0)?.parentElement;
  const cells = line ? [...line.cells].filter((one) => isCell(one) && editable(one)) : [];
  return (step > 0 ? cells[0] : cells.at(-1)) ?? null;
}

document.addEventListener('keydown', (event) => {
  const cell = event.target.closest?.('[data-list] [data-editing]');
  if (!cell) return;
  const opened = cell.querySelector('.ts-wrapper.dropdown-active') !== null;
  if (event.key === 'Escape') { event.preventDefault(); event.stopPropagation(); if (!opened) cancel(cell); }
  else if (event.key === 'Tab') { event.preventDefault(); event.stopPropagation(); saveAnd(cell, nextEditable(cell, event.shiftKey ? -1 : 1)); }
  else if (event.key === 'Enter' && !opened && (!event.target.matches('textarea, [contenteditable]') || event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    event.stopPropagation();
    saveAnd(cell, null);
  }
}, true);
document.addEventListener('submit', (event) => {
  const cell = event.target.closest('[data-list] [data-editing]');
  if (cell) { event.preventDefault(); event.stopImmediatePropagation(); saveAnd(cell, null); }
}, true);
document.addEventListener('click', (event) => {
  const cell = event.target.closest('[data-list] [data-editing]');
  if (!cell || !event.target.closest('[data-cell-cancel]')) return;
  cancel(cell);
  // What stands here now is the other's: the row is taken anew.
  document.body.dispatchEvent(new CustomEvent('listChanged', { bubbles: true, cancelable: true }));
});
document.addEventListener('pointerdown', (event) => {
  const cell = editing();
  // A click elsewhere saves, as leaving with Tab does; a click into a picker's list is not elsewhere.
  if (cell && !event.target.closest('[data-editing], .ts-dropdown, dialog, #toasts')) save(cell);
});
addEventListener('beforeunload', (event) => {
  const form = editing()?.querySelector('[data-cell-form]');
  if (form && value(form) !== began) event.preventDefault();
});
