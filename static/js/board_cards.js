// The columns of a board and their cards: cards come when a column comes into view; heads and cards are put in place of what others or one's own move changed.
import { fill } from './content.js';
import { getText } from './net.js';

export const board = document.querySelector('[data-board]');
export const columns = () => [...board.querySelectorAll('[data-column]')];
export const columnAt = (key) => columns().find((one) => one.dataset.column === String(key)) ?? null;
export const placeOf = (column) => column.querySelector('[data-cards]');
export const columnOf = (card) => card.closest('[data-column]');
export const cardsOf = (column) => [...column.querySelectorAll('.b-card[data-id]')];
export const cardAt = (id) => board.querySelector(`.b-card[data-id="${id}"]`);
export const linkOf = (card) => card?.querySelector('a[data-drawer]') ?? card?.querySelector('a, button');
export const isLoaded = (column) => !placeOf(column).hasAttribute('aria-busy');

export function say(text) {
  document.querySelector('[data-board-status]').textContent = text;
}

/** A card of its markup. */
export function made(html) {
  const held = document.createElement('ol');
  fill(held, html);
  return held.firstElementChild;
}

/** The figures of the columns and of the whole, as an answer tells them. */
export function putHeads({ heads = {}, whole }) {
  for (const [key, html] of Object.entries(heads)) {
    const head = columnAt(key)?.querySelector('[data-head]');
    if (head && head.innerHTML !== html) head.innerHTML = html;
  }
  if (whole !== undefined) document.querySelectorAll('[data-whole]').forEach((one) => { one.textContent = whole; });
}

/** Puts a card into a column, at its head or before another card. */
export function place(card, column, before = undefined) {
  const list = placeOf(column);
  list.querySelectorAll('.is-waiting').forEach((one) => one.remove());
  list.insertBefore(card, before === undefined ? list.firstElementChild : before);
}

/** Does what changes a column without moving the cards under the eyes: what is read stays where it is. */
export function quietly(column, change) {
  const list = placeOf(column);
  const edge = list.getBoundingClientRect().top;
  const held = [...list.children].find((one) => one.getBoundingClientRect().bottom > edge);
  const before = held?.getBoundingClientRect().top;
  const scrolled = list.scrollTop > 0;
  change();
  if (held?.isConnected && held.parentElement === list && scrolled) list.scrollTop += held.getBoundingClientRect().top - before;
}

// --- cards page by page --------------------------------------------------------------------------------------------

const turns = new WeakMap(); // what was asked for first may come last: only the newest answer is shown

export async function load(column) {
  const list = placeOf(column);
  sight.unobserve(list);
  const turn = (turns.get(column) ?? 0) + 1;
  turns.set(column, turn);
  const html = await getText(list.dataset.cards);
  if (html === null || turns.get(column) !== turn) return;
  fill(list, html);
  list.removeAttribute('aria-busy');
  list.querySelectorAll('[data-more]').forEach((button) => further.observe(button));
}

export async function more(button) {
  if (button.disabled) return;
  button.disabled = true;
  further.unobserve(button);
  const html = await getText(button.dataset.more);
  if (html === null) { button.disabled = false; return; }
  const row = button.closest('li');
  const held = document.createElement('ol');
  fill(held, html);
  const had = document.activeElement === button;
  const known = new Set(cardsOf(columnOf(row)).map((one) => one.dataset.id));
  const cards = [...held.children].filter((one) => !known.has(one.dataset.id)); // one that was moved here by hand comes again where it stands
  row.replaceWith(...cards);
  if (had) linkOf(cards[0])?.focus({ preventScroll: true });
  cards.forEach((card) => card.querySelectorAll('[data-more]').forEach((next) => further.observe(next)));
}

const sight = new IntersectionObserver((seen) => seen.forEach((one) => { if (one.isIntersecting) load(columnOf(one.target)); }), { root: board, rootMargin: '0px 300px' });
const further = new IntersectionObserver((seen) => seen.forEach((one) => { if (one.isIntersecting) more(one.target); }), { root: board, rootMargin: '200px' });
columns().forEach((column) => sight.observe(placeOf(column)));

/** The page anew, its columns where they are scrolled to. */
export async function refresh() {
  const left = board.scrollLeft;
  const html = await getText(location.pathname + location.search);
  if (html === null) return;
  const page = new DOMParser().parseFromString(html, 'text/html');
  const fresh = [...page.querySelectorAll('[data-board] [data-column]')];
  if (fresh.map((one) => one.dataset.column).join() !== columns().map((one) => one.dataset.column).join()) { location.reload(); return; }
  page.querySelectorAll('[data-whole]').forEach((one, n) => { document.querySelectorAll('[data-whole]')[n].textContent = one.textContent; });
  await Promise.all(columns().map(async (column, n) => {
    column.querySelector('[data-head]').innerHTML = fresh[n].querySelector('[data-head]').innerHTML;
    if (!isLoaded(column)) return;
    const { scrollTop } = placeOf(column);
    await load(column);
    placeOf(column).scrollTop = scrollTop;
  }));
  board.scrollLeft = left;
}
document.addEventListener('listChanged', (event) => { event.preventDefault(); refresh(); });
document.addEventListener('recordSaved', refresh);
