// What others do to the cards of an open board: asked for every few seconds while it is looked at, and put in place without moving what is read.
import { board, cardAt, cardsOf, columnAt, columnOf, columns, isLoaded, linkOf, made, place, placeOf, putHeads, quietly, refresh, say } from './board_cards.js';
import { signedOut } from './net.js';
import { word } from './words.js';

const EVERY = 5000;
const AFTER_A_FAULT = 30_000;
const MOST = 300;
let since = board.dataset.atMoment;
let waits = 0;
let asking = false;

const busy = () => document.hidden || asking || document.body.classList.contains('is-dragging') || board.hasAttribute('data-moving');

/** The cards on the screen and those next to them first: what is far from sight is told when it comes near. */
function shown() {
  const cards = columns().flatMap((column) => {
    const { top, bottom } = placeOf(column).getBoundingClientRect();
    const far = (card) => { const at = card.getBoundingClientRect(); return Math.max(0, top - at.bottom, at.top - bottom); };
    const all = cardsOf(column);
    return all.length > 40 ? all.map((card) => [far(card), card]).sort((a, b) => a[0] - b[0]).slice(0, 40).map(([, card]) => card) : all;
  });
  return cards.slice(0, MOST).map((card) => `${card.dataset.id}.${card.dataset.v}`).join();
}

async function hear() {
  if (busy() || Date.now() < waits) return;
  asking = true;
  try {
    const words = board.dataset.wordsOf;
    const answer = await fetch(`${board.dataset.at}/news?${words ? `${words}&` : ''}${new URLSearchParams({ shown: shown(), since })}`, {
      headers: { Accept: 'application/json' }, credentials: 'same-origin',
    });
    if (answer.status === 401) { waits = Infinity; signedOut(); return; }
    if (!answer.ok) { waits = Date.now() + AFTER_A_FAULT; return; }
    const told = await answer.json();
    if (board.hasAttribute('data-moving') || document.body.classList.contains('is-dragging')) return; // it is asked again after the move
    since = told.at;
    if (told.anew) { await refresh(); return; }
    apply(told);
  } catch {
    waits = Date.now() + AFTER_A_FAULT;
  } finally {
    asking = false;
  }
}

function apply({ cards = [], gone = [], heads, whole }) {
  putHeads({ heads, whole });
  const sentences = [];
  for (const id of gone) {
    const card = cardAt(id);
    if (!card) continue;
    sentences.push(word('board_gone', { name: card.dataset.name }));
    quietly(columnOf(card), () => card.remove());
  }
  for (const told of cards) {
    const sentence = put(told);
    if (sentence) sentences.push(sentence);
  }
  if (sentences.length) say(sentences.join(' '));
}

/** Puts a card where it stands now; what is to be said of it. */
function put({ id, column: key, html, before, after }) {
  const old = cardAt(id);
  const column = columnAt(key);
  const from = old && columnOf(old);
  const had = old?.contains(document.activeElement) ?? false;
  const fresh = made(html);
  if (old && from === column) {
    quietly(column, () => old.replaceWith(fresh));
  } else {
    if (old) quietly(from, () => old.remove());
    if (!column || !isLoaded(column) || !stands(fresh, column, before, after)) return old ? moved(fresh, column) : '';
  }
  fresh.classList.add('is-news');
  if (had) linkOf(fresh)?.focus({ preventScroll: true });
  return from === column ? '' : old ? moved(fresh, column) : word('board_came', { name: fresh.dataset.name });
}

const moved = (card, column) => word(column ? 'board_here_now' : 'board_gone', { name: card.dataset.name, column: column?.dataset.label });

/** Puts a card between its neighbours; false where neither is loaded yet: it comes with their page. */
function stands(card, column, before, after) {
  const [next, last] = [before, after].map((id) => id && cardsOf(column).find((one) => one.dataset.id === String(id)));
  if (!next && !last && cardsOf(column).length) return false;
  quietly(column, () => (last ? last.after(card) : place(card, column, next ?? undefined)));
  return true;
}

setInterval(hear, EVERY);
document.addEventListener('visibilitychange', hear);
