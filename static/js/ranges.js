// Ranges from and to a spreadsheet: copy, paste and fill-down, checked by the server as a whole, errors at their cells.
import { active, applyRows, base, cellOf, editable, fieldOf, neighbour, range, say, withColumns } from './cells.js';
import { send } from './net.js';
import { toast } from './toasts.js';
import { word } from './words.js';

/** The rows of tab-separated text, quoted cells with line breaks and doubled quotes included. */
export function parse(text) {
  const rows = [[]];
  let cell = '';
  let quoted = false;
  const clean = text.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  for (let at = 0; at < clean.length; at += 1) {
    const sign = clean[at];
    if (quoted) {
      if (sign === '"' && clean[at + 1] === '"') { cell += '"'; at += 1; }
      else if (sign === '"') quoted = false;
      else cell += sign;
    } else if (sign === '"' && cell === '') quoted = true;
    else if (sign === '\t') { rows.at(-1).push(cell); cell = ''; }
    else if (sign === '\n') { rows.at(-1).push(cell); cell = ''; rows.push([]); }
    else cell += sign;
  }
  rows.at(-1).push(cell);
  return rows;
}

const json = (value) => new Blob([JSON.stringify(value)], { type: 'application/json' });

function marks(errors) {
  for (const { id, field, text, why } of errors) {
    const cell = cellOf(id, field);
    if (!cell) continue;
    cell.classList.add('is-bad');
    cell.title = why;
    cell.textContent = text;
    const told = document.createElement('span');
    told.className = 'b-hidden';
    told.textContent = ` ${why}`;
    cell.append(told);
  }
}

function keep(errors) {
  return errors.map((error) => ({ ...error, cell: cellOf(error.id, error.field) })).filter(({ cell }) => cell && !cell.classList.contains('is-bad'))
    .map(({ cell }) => { const html = cell.innerHTML; return () => { if (cell.classList.contains('is-bad')) { cell.classList.remove('is-bad'); cell.removeAttribute('title'); cell.innerHTML = html; } }; });
}

let undoMarks = [];

/** Takes the marks of the last refused range away; the stored values stand again. */
export function clearMarks() {
  undoMarks.forEach((undo) => undo());
  undoMarks = [];
}

async function submit(body) {
  const answer = await send(withColumns(`${base()}paste`), { method: 'POST', body: json(body), accepted: [409, 422] });
  if (!answer) return;
  const told = await answer.json();
  clearMarks();
  applyRows(told.rows);
  if (told.errors?.length) {
    undoMarks = keep(told.errors);
    marks(told.errors);
    cellOf(told.errors[0].id, told.errors[0].field)?.scrollIntoView({ block: 'nearest' });
  }
  if (!answer.ok) {
    const action = told.good ? [word('save_good'), () => submit({ ...body, partial: true })] : undefined;
    toast({ text: told.message, kind: 'error', action });
    say(told.message);
  }
}

function paste(event) {
  const from = active();
  if (!from || event.target.closest('input, textarea, select, [contenteditable], dialog')) return;
  const text = event.clipboardData?.getData('text/plain') ?? '';
  if (!text) return;
  event.preventDefault();
  let rows = parse(text);
  const target = range();
  // One value into a chosen range goes into all of its cells.
  if (rows.length === 1 && rows[0].length === 1 && target.flat().length > 1) rows = target.map((line) => line.map(() => rows[0][0]));
  const start = target[0]?.[0] ?? from;
  const width = Math.max(...rows.map((row) => row.length));
  const cells = [];
  for (let right = 0; right < width; right += 1) cells.push(neighbour(start, 0, right));
  if (cells.some((cell) => !cell || !editable(cell))) { toast({ text: word('paste_columns'), kind: 'error' }); return; }
  const lines = rows.map((values, down) => ({ row: neighbour(start, down, 0)?.parentElement, values }));
  const fit = lines.filter(({ row }) => row);
  if (fit.length < lines.length) toast({ text: word('paste_outside', { num: lines.length - fit.length }), kind: 'info' });
  submit({
    columns: cells.map(fieldOf), partial: false,
    rows: fit.map(({ row, values }) => ({ id: Number(row.dataset.id), row_version: Number(row.dataset.v), values })),
  });
}

function copy(event) {
  const cells = range();
  if (!cells.length || event.target.closest('input, textarea, select, [contenteditable]') || String(getSelection())) return;
  event.preventDefault();
  const plain = (cell) => {
    const time = cell.querySelector('time');
    const list = cell.querySelector('[data-text]');
    if (list) return list.dataset.text;
    if (time) return time.dateTime.length === 10 ? time.dateTime : time.title || time.textContent;
    const copy = cell.cloneNode(true);
    copy.querySelectorAll('[aria-hidden="true"], .b-unit, .b-quick-bar, [data-unread-mark]').forEach((part) => part.remove());
    return copy.textContent.trim().replace(/\u00a0/g, ' ');
  };
  const quote = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  event.clipboardData.setData('text/plain', cells.map((row) => row.map((cell) => quote(plain(cell))).join('\t')).join('\n'));
}

async function fillDown() {
  let cells = range();
  if (!cells.length) return;
  // As in a spreadsheet: a range takes its first row, a single cell the one above it.
  if (cells.length === 1) {
    const above = cells[0].map((cell) => neighbour(cell, -1, 0));
    if (above.some((cell) => !cell)) return;
    cells = [above, ...cells];
  }
  if (cells[0].some((cell) => !editable(cell))) { toast({ text: word('paste_columns'), kind: 'error' }); return; }
  const id = (row) => Number(row[0].parentElement.dataset.id);
  const body = json({ source: id(cells[0]), fields: cells[0].map(fieldOf), ids: cells.slice(1).map(id) });
  const answer = await send(withColumns(`${base()}fill`), { method: 'POST', body });
  if (!answer) return;
  applyRows((await answer.json()).rows);
  say(word('filled'));
}

document.addEventListener('paste', paste);
document.addEventListener('copy', copy);
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.code === 'KeyD' && active() && !event.target.closest('input, textarea, select, dialog')) {
    event.preventDefault();
    fillDown();
  }
});
