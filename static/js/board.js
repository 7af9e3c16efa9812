// A board: the cards of a column come when it comes into view; a card is moved by dragging, by keys and by a menu, and goes back with a sentence when it may not.
import {
  board, cardAt, cardsOf, columnAt, columnOf, columns, isLoaded, linkOf, load, made, more, place, placeOf, putHeads, refresh, say,
} from './board_cards.js';
import { post } from './net.js';
import { open as ask } from './sheet.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const menu = document.getElementById('board-menu');
const phone = matchMedia('(max-width: 760px)');
const canMove = board.hasAttribute('data-can-move');

// --- moving ----------------------------------------------------------------------------------------------------

/** Gives the record of a card the value of `column`; `back` puts the card where it was. */
async function move(card, column, back) {
  const focused = card.contains(document.activeElement);
  const unseen = !isLoaded(column); // its cards are still on their way, as they were before the move
  card.classList.add('is-saving');
  board.toggleAttribute('data-moving', true);
  const words = board.dataset.wordsOf;
  const answer = await post(`${board.dataset.at}/${card.dataset.id}${words ? `?${words}` : ''}`, { column: column.dataset.column, row_version: card.dataset.v }, { accepted: [400, 403, 404, 409, 422] });
  const told = answer ? await answer.json() : null;
  if (told?.ask) {
    ask(told.ask, {}, (done) => settle(card, done?.card === undefined ? { message: told.message } : done, { column, back, focused: true, unseen }));
    return;
  }
  settle(card, told && { ...told, status: answer.status }, { column, back, focused, unseen });
}

/** What has become of a move: done, met by somebody else's, or refused. */
async function settle(card, told, { column, back, focused, unseen }) {
  card.classList.remove('is-saving');
  board.removeAttribute('data-moving');
  if (!told || told.conflict || told.heads === undefined) {
    back();
    if (focused) linkOf(card)?.focus();
    if (!told) return;
    if (told.conflict) putHeads(told);
    const why = told.conflict ? told.message : word('board_not_moved', { why: told.message ?? word('refused') });
    const open = told.status === 422 && { url: `${board.dataset.base}${card.dataset.id}/`, link: word('open') };
    toast({ text: why, kind: 'error', ...open });
    say(why);
    if (told.conflict) stand(card, told, columnAt(told.column), focused);
    else if (told.status === 400 || told.status === 404) refresh();
    return;
  }
  putHeads(told);
  say(told.said);
  if (unseen) { await load(column); card = cardAt(card.dataset.id) ?? card; }
  stand(card, told, column, focused);
  if (phone.matches) reveal(column);
}

/** Shows a card anew where it stands now; without one it has left the board. */
function stand(card, told, column, focused) {
  const all = [card, ...board.querySelectorAll(`.b-card[data-id="${card.dataset.id}"]`)]; // meanwhile its column may have come, with it
  const fresh = told.card && column ? made(told.card) : null;
  const here = fresh && all.find((one) => one.isConnected && columnOf(one) === column);
  if (here) here.replaceWith(fresh);
  else if (fresh && isLoaded(column)) place(fresh, column);
  all.forEach((one) => one.remove());
  if (!fresh) return;
  fresh.classList.add(told.conflict ? 'is-news' : 'is-saved');
  if (focused || document.activeElement === document.body) linkOf(fresh)?.focus({ preventScroll: true });
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
