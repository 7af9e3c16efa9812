// The rows of a record as the whole list on its card: taken once the card is there, in the place of the first of them, and anew for another order,
// filter or page. Its links lead to the card, so that they can be kept, sent and opened beside.
import { save } from './cells.js';
import { fill } from './content.js';
import { close, isOpen, open } from './drawer.js';
import { source, visitList } from './list_address.js';
import { getText } from './net.js';

const place = document.querySelector('[data-on-card]');
const status = document.querySelector('[data-card-status]');
const words = () => new URLSearchParams(location.search);
const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
let shown = null;
let asking = null;

/** How the control `element` is found again in the list that takes the place of this one. */
function again(element) {
  if (element?.dataset.sort) return `[data-sort="${CSS.escape(element.dataset.sort)}"]`;
  if (element?.rel && element.closest('.b-foot')) return `.b-foot a[rel="${element.rel}"]`;
  return element?.name === 'search' ? '[name="search"]' : '[data-grid-title]';
}

/** Until no dialog of the list that stands here is open: one that was opened meanwhile would go from under one's hands. */
async function undisturbed(signal) {
  for (let dialog; !signal.aborted && (dialog = place.querySelector('dialog[open]'));) {
    await new Promise((go) => { dialog.addEventListener('close', go, { once: true }); signal.addEventListener('abort', go, { once: true }); });
  }
}

async function load() {
  place.querySelector('dialog[open]')?.close(); // what was chosen there is what is asked for
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const [from, within] = [source(), place.contains(document.activeElement) ? document.activeElement : null];
  place.setAttribute('aria-busy', 'true');
  const html = await getText(from, { signal });
  await undisturbed(signal);
  if (signal.aborted) return;
  place.removeAttribute('aria-busy');
  if (html === null) return; // why has been said; what stood here stays
  const first = shown === null;
  shown = from;
  const found = again(within);
  fill(place, html);
  if (within || (!first && document.activeElement === document.body)) {
    const control = place.querySelector(found) ?? place.querySelector('[data-grid-title]');
    control.focus({ preventScroll: true });
    if (control.name === 'search') control.setSelectionRange(control.value.length, control.value.length);
  }
  if (!first) status.textContent = (place.querySelector('.b-foot > .b-row') ?? place.querySelector('.b-empty h2'))?.textContent ?? '';
  if (first && /^#\d+$/.test(location.hash)) open(location.hash.slice(1), 'stay');
}

async function turn(query) {
  const cell = place.querySelector('[data-editing]');
  if (cell && !await save(cell)) return; // refused: what was typed stays before one's eyes
  if (isOpen()) await close();
  if (isOpen()) return;
  const to = new URL(location.href);
  to.hash = '';
  if (query) to.searchParams.set('grid', query); else to.searchParams.delete('grid');
  if (to.href !== location.href) history.pushState({}, '', to);
  load();
}

place.addEventListener('click', (event) => {
  const link = event.target.closest('a[href]');
  if (!link || event.defaultPrevented || !plain(event)) return;
  const to = new URL(link.href);
  if (to.pathname !== location.pathname || to.searchParams.get('tab') !== words().get('tab')) return;
  event.preventDefault();
  turn(to.searchParams.get('grid') ?? '');
});
place.addEventListener('submit', (event) => {
  const search = event.target.matches('.b-list-search') ? event.target.elements.search : null;
  if (!search) return;
  event.preventDefault();
  visitList({ search: search.value || null });
});
document.addEventListener('listTurned', ({ detail }) => turn(detail ?? words().get('grid') ?? ''));
addEventListener('popstate', () => { if (source() !== shown) load(); });
// The number on the tab is that of all rows: told by the foot of the list where nothing is left out.
document.addEventListener('htmx:load', (event) => {
  const said = new URL(source(), location.href).searchParams;
  const number = event.target.dataset?.text;
  if (number === undefined || !event.target.matches('[data-foot]') || ['where', 'search', 'unread'].some((word) => said.get(word))) return;
  document.getElementById(`count-${said.get('of').split('.').at(-1)}`).textContent = number;
});
load();
