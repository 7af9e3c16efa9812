// A board: the cards of a column come when it comes into view; a card is moved by dragging, by keys and by a menu, and goes back with a sentence when it may not.
import { fill } from './content.js';
import { getText, post } from './net.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const board = document.querySelector('[data-board]');
const menu = document.getElementById('board-menu');
const phone = matchMedia('(max-width: 760px)');
const columns = () => [...board.querySelectorAll('[data-column]')];
const placeOf = (column) => column.querySelector('[data-cards]');
const columnOf = (card) => card.closest('[data-column]');
const cardsOf = (column) => [...column.querySelectorAll('.b-card[data-id]')];
const linkOf = (card) => card?.querySelector('a[data-drawer]') ?? card?.querySelector('a, button');
const canMove = board.hasAttribute('data-can-move');

function say(text) {
  document.querySelector('[data-board-status]').textContent = text;
}

// --- cards -----------------------------------------------------------------------------------------------------

const turns = new WeakMap(); // what was asked for first may come last: only the newest answer is shown

async function load(column) {
  const place = placeOf(column);
  sight.unobserve(place);
  const turn = (turns.get(column) ?? 0) + 1;
  turns.set(column, turn);
  const html = await getText(place.dataset.cards);
  if (html === null || turns.get(column) !== turn) return;
  fill(place, html);
  place.removeAttribute('aria-busy');
  place.querySelectorAll('[data-more]').forEach((button) => further.observe(button));
}

async function more(button) {
  if (button.disabled) return;
  button.disabled = true;
  further.unobserve(button);
  const html = await getText(button.dataset.more);
  if (html === null) { button.disabled = false; return; }
  const row = button.closest('li');
  const held = document.createElement('ol');
  fill(held, html);
  const had = document.activeElement === button;
  const cards = [...held.children];
  row.replaceWith(...cards);
  if (had) linkOf(cards[0])?.focus({ preventScroll: true });
  cards.forEach((card) => card.querySelectorAll('[data-more]').forEach((next) => further.observe(next)));
}

const sight = new IntersectionObserver((seen) => seen.forEach((one) => { if (one.isIntersecting) load(columnOf(one.target)); }), { root: board, rootMargin: '0px 300px' });
const further = new IntersectionObserver((seen) => seen.forEach((one) => { if (one.isIntersecting) more(one.target); }), { root: board, rootMargin: '200px' });
columns().forEach((column) => sight.observe(placeOf(column)));

/** The page anew, its columns where they are scrolled to. */
async function refresh() {
  const left = board.scrollLeft;
  const html = await getText(location.pathname + location.search);
  if (html === null) return;
  const page = new DOMParser().parseFromString(html, 'text/html');
  const fresh = [...page.querySelectorAll('[data-board] [data-column]')];
  if (fresh.map((one) => one.dataset.column).join() !== columns().map((one) => one.dataset.column).join()) { location.reload(); return; }
  page.querySelectorAll('[data-whole]').forEach((one, n) => { document.querySelectorAll('[data-whole]')[n].textContent = one.textContent; });
  await Promise.all(columns().map((column, n) => {
    column.querySelector('[data-head]').innerHTML = fresh[n].querySelector('[data-head]').innerHTML;
    return placeOf(column).hasAttribute('aria-busy') ? null : load(column);
  }));
  board.scrollLeft = left;
}
document.addEventListener('listChanged', (event) => { event.preventDefault(); refresh(); });
document.addEventListener('recordSaved', refresh);

// --- moving ----------------------------------------------------------------------------------------------------

function place(card, column, before = undefined) {
  const list = placeOf(column);
  list.querySelectorAll('.is-waiting').forEach((one) => one.remove());
  list.insertBefore(card, before === undefined ? list.firstElementChild : before);
}

/** Gives the record of a card the value of `column`; `back` puts the card where it was. */
async function move(card, column, back) {
  const focused = card.contains(document.activeElement);
  const unseen = placeOf(column).hasAttribute('aria-busy'); // its cards are still on their way, as they were before the move
  card.classList.add('is-saving');
  const words = board.dataset.wordsOf;
  const answer = await post(`${board.dataset.at}/${card.dataset.id}${words ? `?${words}` : ''}`, { column: column.dataset.column, row_version: card.dataset.v }, { accepted: [400, 403, 404, 409, 422] });
  card.classList.remove('is-saving');
  if (!answer?.ok) {
    back();
    if (focused) linkOf(card)?.focus();
    if (!answer) return;
    const why = word('board_not_moved', { why: (await answer.json()).message ?? word('refused') });
    toast({ text: why, kind: 'error', url: answer.status === 422 ? `${board.dataset.base}${card.dataset.id}/edit/` : undefined, link: answer.status === 422 ? word('open') : undefined });
    say(why);
    if (answer.status === 409 || answer.status === 404) refresh();
    return;
  }
  const told = await answer.json();
  for (const [key, html] of Object.entries(told.heads)) {
    const head = board.querySelector(`[data-column="${key}"] [data-head]`);
    if (head) head.innerHTML = html;
  }
  document.querySelectorAll('[data-whole]').forEach((one) => { one.textContent = told.whole; });
  say(told.said);
  if (told.card === null) { card.remove(); return; }
  if (unseen) { await load(column); card = cardsOf(column).find((one) => one.dataset.id === card.dataset.id) ?? card; }
  const held = document.createElement('ol');
  fill(held, told.card);
  const fresh = held.firstElementChild;
  card.replaceWith(fresh);
  fresh.classList.add('is-saved');
  if (focused || document.activeElement === document.body) linkOf(fresh)?.focus({ preventScroll: true });
  if (phone.matches) reveal(column);
}

/** Brings a column into view, on a phone into the middle: there it is the only one that is seen whole. */
function reveal(column) {
  const { left, right } = board.getBoundingClientRect();
  const at = column.getBoundingClientRect();
  if (phone.matches) board.scrollLeft += (at.left + at.right - left - right) / 2;
  else column.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}

/** Moves a card to the head of a column. */
function send(card, column) {
  const from = columnOf(card);
  if (from === column) return;
  const next = card.nextElementSibling;
  place(card, column);
  reveal(column);
  move(card, column, () => place(card, from, next?.isConnected && next.parentElement === placeOf(from) ? next : null));
}

function shift(card, step) {
  const all = columns();
  let at = all.indexOf(columnOf(card)) + step;
  while (all[at] && !all[at].hasAttribute('data-takes')) at += step;
  if (all[at]) send(card, all[at]); else say(word('board_last'));
}

if (canMove && window.Sortable) {
  for (const column of columns()) {
    let next = null;
    window.Sortable.create(placeOf(column), {
      group: { name: 'board', put: column.hasAttribute('data-takes') }, draggable: '.b-card[data-id]', filter: 'button', preventOnFilter: false, sort: false, animation: 120,
      delay: 240, delayOnTouchOnly: true, touchStartThreshold: 6, scroll: true, bubbleScroll: true,
      onStart: ({ item }) => { next = item.nextElementSibling; document.body.classList.add('is-dragging'); },
      onEnd: ({ item, from, to }) => {
        document.body.classList.remove('is-dragging');
        if (from === to) return;
        to.querySelectorAll('.is-waiting').forEach((one) => one.remove());
        move(item, columnOf(to), () => from.insertBefore(item, next?.isConnected && next.parentElement === from ? next : null));
      },
    });
  }
}

// --- the menu --------------------------------------------------------------------------------------------------

let asked = null;

function offer(card) {
  asked = card;
  const here = columnOf(card);
  menu.querySelector('[data-targets]').replaceChildren(...columns().filter((one) => one.hasAttribute('data-takes') || one === here).map((column) => {
    const button = document.createElement('button');
    Object.assign(button, { type: 'button', textContent: column.dataset.label });
    button.setAttribute('role', 'menuitemradio');
    button.setAttribute('aria-checked', String(column === here));
    button.dataset.to = column.dataset.column;
    if (column.dataset.within) { const note = document.createElement('small'); note.textContent = column.dataset.within; button.append(note); }
    return button;
  }));
  menu.showPopover();
  if (!phone.matches) {
    const at = card.querySelector('[data-move]').getBoundingClientRect();
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.right - width, innerWidth - width - 8))}px`;
    menu.style.top = `${at.bottom + height + 8 > innerHeight ? Math.max(8, at.top - height) : at.bottom + 4}px`;
  } else {
    menu.style.left = menu.style.top = '';
  }
  menu.querySelector('[aria-checked="true"]')?.focus();
}

menu.addEventListener('toggle', ({ newState }) => {
  asked?.querySelector('[data-move]')?.setAttribute('aria-expanded', String(newState === 'open'));
  if (newState === 'closed' && asked && menu.contains(document.activeElement)) linkOf(asked)?.focus();
});
menu.addEventListener('click', ({ target }) => {
  const to = target.closest('[data-to]')?.dataset.to;
  if (to === undefined) return;
  const card = asked;
  menu.hidePopover();
  linkOf(card)?.focus({ preventScroll: true });
  send(card, board.querySelector(`[data-column="${to}"]`));
});
menu.addEventListener('keydown', (event) => {
  const all = [...menu.querySelectorAll('button')];
  const at = all.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  event.stopPropagation();
  all.at(next % all.length)?.focus();
});

// --- mouse and keys --------------------------------------------------------------------------------------------

board.addEventListener('click', (event) => {
  const button = event.target.closest('[data-more]');
  if (button) more(button);
  const card = event.target.closest('.b-card[data-id]');
  if (!card) return;
  if (event.target.closest('[data-move]')) { event.stopPropagation(); offer(card); return; }
  if (!event.target.closest('a, button') && !getSelection().toString()) card.querySelector('a[data-drawer]')?.click();
});

board.addEventListener('keydown', (event) => {
  const card = event.target.closest('.b-card[data-id]');
  if (!card || event.ctrlKey || event.metaKey || event.altKey || event.target.closest('[data-editing]')) return;
  const across = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const along = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  if (event.shiftKey && across && canMove) shift(card, across);
  else if (!event.shiftKey && (across || along)) go(card, across, along);
  else if (!event.shiftKey && event.code === 'KeyM' && canMove) offer(card);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

function go(card, across, along) {
  const all = columns();
  const here = cardsOf(columnOf(card));
  let next = along ? here[here.indexOf(card) + along] : null;
  for (let at = all.indexOf(columnOf(card)) + (across ?? 0); across && all[at] && !next; at += across) {
    const there = cardsOf(all[at]);
    next = there[Math.min(here.indexOf(card), there.length - 1)];
  }
  if (!next) return;
  linkOf(next)?.focus({ preventScroll: true });
  next.scrollIntoView({ block: 'nearest', inline: 'nearest' });
}
