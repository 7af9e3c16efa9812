// The layout of a kind of records: fields, columns and tabs arranged by dragging, by buttons and by keys, and the screen as it will be beside them.
import { Board, read, put } from './arrange_board.js';
import { dragging } from './arrange_drag.js';
import { look } from './arrange_look.js';
import { newFields } from './arrange_types.js';

const page = document.querySelector('[data-arrange]');
const form = page.querySelector('form');
const words = JSON.parse(page.dataset.words);
const told = form.querySelector('[data-told]');
const back = form.querySelector('[data-take-back]');
const parts = [...form.querySelectorAll('[data-part]')].map((element) => new Board(element, form.querySelector('[data-new-section]')));
const history = [];
const kept = form.elements.arranged; // the arrangement, for the draft of the form
const first = JSON.stringify(read(parts));
let now = read(parts);

const boardOf = (element) => parts.find(({ element: own }) => own.contains(element));
const say = (text) => { told.textContent = ''; requestAnimationFrame(() => { told.textContent = text; }); };
const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name] ?? '');

function note() {
  const text = JSON.stringify(now);
  kept.value = text === first ? '' : text;
  form.dispatchEvent(new Event('input', { bubbles: true }));
}

/** Where a thing stands now, in words. */
function place(board, item) {
  const name = item.dataset.name;
  if (!board.isPlaced(item)) return fill(words.out, { name });
  const { at, all, section } = board.standing(item);
  return fill(section ? words.within : words.place, { name, at, all, section });
}

/** Keeps what stood before, so that it can be taken back, and draws the screen anew. */
function changed(board, text) {
  const next = read(parts);
  if (JSON.stringify(next) === JSON.stringify(now)) { if (text) say(text); return; }
  history.push(now);
  now = next;
  back.disabled = false;
  if (text) say(text);
  note();
  if (board) screen.show(board.element.dataset.screen);
}

function takeBack() {
  if (!history.length) return false;
  now = history.pop();
  put(parts, now);
  back.disabled = !history.length;
  say(words.back);
  note();
  return true;
}

const MOVES = {
  up: (board, item) => board.step(item, -1), down: (board, item) => board.step(item, 1), drop: (board, item) => board.takeOut(item),
  put: (board, item) => board.place(item), usual: (board) => board.asUsual(), head: (board) => board.addSection(),
};

function move(board, item, what) {
  const after = item && what === 'drop' ? board.near(item) : item;
  const done = MOVES[what](board, item);
  const moved = done instanceof Element ? done : item;
  changed(board, moved ? (done ? place(board, moved) : fill(words.edge, { name: moved.dataset.name })) : words.standard);
  if (what === 'head') { moved.querySelector('input[lang]').focus(); return; }
  const next = what === 'drop' || what === 'put' ? (after ?? board.element) : null;
  if (what === 'put') (board.firstLeft() ?? moved).querySelector('[data-move="put"], [data-grip]')?.focus();
  else if (next) next.querySelector('[data-grip]')?.focus();
}

form.addEventListener('click', (event) => {
  const button = event.target.closest('[data-move]');
  if (!button) return;
  event.preventDefault();
  const item = button.closest('[data-item]');
  const open = item?.querySelector('details')?.open;
  move(boardOf(button), item, button.dataset.move);
  if (item?.isConnected && (button.dataset.move === 'up' || button.dataset.move === 'down')) button.focus();
  if (open && button.dataset.move === 'drop') item.querySelector('details').open = false;
});

form.addEventListener('keydown', (event) => {
  const held = event.target.closest('[data-grip]');
  if (!held || event.ctrlKey || event.metaKey || event.altKey) return;
  const item = held.closest('[data-item]');
  const board = boardOf(held);
  const placed = board.isPlaced(item);
  const step = { ArrowUp: 'up', ArrowLeft: 'up', ArrowDown: 'down', ArrowRight: 'down', Delete: 'drop', Backspace: 'drop' }[event.key];
  if (placed && step) { event.preventDefault(); move(board, item, step); if (step !== 'drop') held.focus(); return; }
  if (!placed && ['Enter', ' ', 'ArrowRight'].includes(event.key)) {
    event.preventDefault();
    changed(board, place(board, board.place(item)));
    held.focus(); // it goes on from there with the arrows
    return;
  }
  if (!placed && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) { event.preventDefault(); board.neighbour(item, event.key === 'ArrowDown' ? 1 : -1)?.querySelector('[data-grip]').focus(); }
});

form.addEventListener('change', ({ target }) => {
  const board = boardOf(target);
  const item = target.closest('[data-item]');
  if (item && board.isPlaced(item) && target.matches('select, input[lang]')) {
    board.own(true);
    board.drawn(item);
    changed(board, '');
  } else screen.soon();
});
form.addEventListener('input', ({ target }) => { if (target.matches?.('[data-find]')) boardOf(target).find(target.value); else screen.soon(); });

document.addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.code !== 'KeyZ') return;
  if (event.target.closest('input, textarea, select') || !takeBack()) return;
  event.preventDefault(); // what was published before waits for its turn
}, true);
back.addEventListener('click', takeBack);

// --- one part at a time --------------------------------------------------------------------------------------------

const shown = [...form.querySelectorAll('[data-show]')];

function showPart(name) {
  for (const button of shown) button.setAttribute('aria-pressed', String(button.dataset.show === name));
  for (const box of form.querySelectorAll('[data-part], [data-with]')) box.hidden = (box.dataset.part ?? box.dataset.with) !== name;
  const board = parts.find(({ element }) => element.dataset.part === name);
  const drawn = board?.element.dataset.screen ?? form.querySelector(`[data-with="${name}"][data-screen]`)?.dataset.screen;
  if (drawn) screen.show(drawn);
  try { sessionStorage.setItem('brama.arranged', name); } catch { /* forbidden: the first part then */ }
}

for (const button of shown) button.addEventListener('click', () => showPart(button.dataset.show));

const screen = look(page, form);
for (const hidden of page.querySelectorAll('.only-lively')) hidden.hidden = false;
for (const plain of page.querySelectorAll('.only-plain')) plain.hidden = true;
page.classList.add('is-lively');
for (const board of parts) board.draw();
if (kept.value) try { put(parts, JSON.parse(kept.value)); now = read(parts); } catch { kept.value = ''; }
dragging(page, {
  boards: parts,
  drop(board, item, target, after) {
    const done = target === 'left' ? board.takeOut(item) : board.put(item, target, after);
    if (done) changed(board, place(board, item));
    item.querySelector('[data-grip]').focus({ preventScroll: true });
  },
});
newFields(page);
const wrong = form.querySelector('[aria-invalid="true"], .b-wrong');
let begin = wrong?.closest('[data-part], [data-with]')?.dataset ?? {};
try { begin = begin.part || begin.with ? begin : { part: sessionStorage.getItem('brama.arranged') }; } catch { /* forbidden */ }
const wanted = begin.part ?? begin.with;
showPart(shown.some(({ dataset }) => dataset.show === wanted) ? wanted : 'row');
