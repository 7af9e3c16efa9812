// A record beside its list. The address keeps it (#12), the arrows move within what is filtered.
import { fill } from './content.js';
import { ask } from './confirm.js';
import { dirtyWithin, forget } from './forms.js';
import { getText } from './net.js';
import { list, mark, read, rows } from './rows.js';
import { word } from './words.js';

const drawer = document.getElementById('drawer');
const body = document.getElementById('drawer-body');
let shown = null;
let asking = null;
let opener = null;

export const isOpen = () => Boolean(drawer) && !drawer.hidden;
/** The number of the record that is shown; it need not stand on this page of the list. */
export const record = () => shown;
const row = () => rows().find((one) => one.dataset.id === shown) ?? null;

/** The page of a record of this list. */
export function address(id) {
  return `${list()?.dataset.base ?? location.pathname}${id}/`;
}

/** The whole page of a record, which keeps the list it was opened in. */
export function page(id) {
  const query = list()?.dataset.query;
  return list() ? `${address(id)}?within=list${query ? `&${query}` : ''}` : address(id);
}

function skeleton() {
  body.innerHTML = '<div class="b-wait" aria-hidden="true"><span></span><span></span><span></span><span></span><span></span><span></span></div>';
  body.setAttribute('aria-busy', 'true');
}

function paint(id) {
  rows().forEach((one) => one.classList.toggle('is-open', one.dataset.id === id));
  const root = body.querySelector('[data-title], [data-url], [data-next]');
  const open = rows().find((one) => one.dataset.id === id);
  drawer.querySelector('#drawer-title').textContent = root?.dataset.title ?? open?.querySelector('a')?.textContent.trim() ?? '';
  drawer.querySelector('[data-drawer-position]').textContent = root?.dataset.position ? `· ${root.dataset.position}` : '';
  drawer.querySelector('[data-drawer-page]').href = list() ? page(id) : root?.dataset.url || address(id);
  for (const way of ['prev', 'next']) drawer.querySelector(`[data-drawer-go="${way}"]`).disabled = !neighbour(way);
}

function neighbour(way) {
  const told = body.querySelector('[data-prev], [data-next]')?.dataset[way];
  if (told) return told;
  const all = rows();
  const at = all.findIndex((one) => one.dataset.id === shown);
  return at < 0 ? null : all[at + (way === 'next' ? 1 : -1)]?.dataset.id ?? null;
}

async function leaves() {
  const form = dirtyWithin(body);
  if (!form) return true;
  if (!await ask(word('leave'), { button: word('discard') })) return false;
  forget(form);
  return true;
}

/** Shows the record `id`; `keep` says what becomes of the address: "push", "replace" or "stay". */
export async function open(id, keep = isOpen() ? 'replace' : 'push') {
  if (!drawer || !/^\d{1,18}$/.test(id) || !await leaves()) return;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  if (!isOpen()) opener = document.activeElement;
  shown = id;
  drawer.hidden = false;
  drawer.querySelector('#drawer-title').textContent = '';
  const slow = setTimeout(skeleton, 120);
  if (keep === 'push') history.pushState({ drawer: id }, '', `#${id}`);
  else if (keep === 'replace') history.replaceState({ drawer: id }, '', `#${id}`);
  const query = list()?.dataset.query;
  const html = await getText(`${address(id)}?drawer=1${query ? `&${query}` : ''}`, { signal });
  clearTimeout(slow);
  if (signal.aborted) return;
  body.removeAttribute('aria-busy');
  if (html === null) { hide(); return; }
  fill(body, html);
  body.scrollTop = 0;
  paint(id);
  const open = row();
  if (open) { read(open); mark(open, { focus: false }); }
  if (keep !== 'replace') body.focus({ preventScroll: true });
}

export function go(way) {
  const id = neighbour(way);
  if (id) open(id);
}

function hide() {
  asking?.abort();
  drawer.hidden = true;
  body.replaceChildren();
  rows().forEach((one) => one.classList.remove('is-open'));
  shown = null;
  if (location.hash) history.replaceState({}, '', location.pathname + location.search);
  if (opener?.isConnected) opener.focus({ preventScroll: true });
  opener = null;
}

export async function close() {
  if (isOpen() && await leaves()) hide();
}

const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;
const phone = matchMedia('(max-width: 760px)');

function fromRow(event) {
  const found = event.target.closest('[data-list] [data-id]');
  if (!found || event.defaultPrevented || !plain(event)) return null;
  if (event.target.closest('a[data-drawer]')) return found;
  // On a phone a row is one thing to touch; what it refers to is linked on its card.
  if (phone.matches && event.target.closest('a.b-ref')) return found;
  // Elsewhere in a row a click is for its cells; with the drawer open, or on a phone, it chooses the record.
  if (event.target.closest('a, button, input, select, textarea, label, .b-edit, [data-editing]') || getSelection().toString()) return null;
  return phone.matches || isOpen() ? found : null;
}

if (drawer) {
  document.addEventListener('click', (event) => {
    const found = event.target.closest ? fromRow(event) : null;
    if (found && list().dataset.base) { event.preventDefault(); open(found.dataset.id); }
  });
  drawer.addEventListener('click', (event) => {
    const way = event.target.closest('[data-drawer-go]')?.dataset.drawerGo;
    if (way) go(way);
    if (event.target.closest('[data-drawer-close]')) close();
  });
  document.addEventListener('closeDrawer', () => { if (isOpen()) hide(); });
  addEventListener('popstate', () => {
    const id = location.hash.slice(1);
    if (/^\d+$/.test(id) && list()) open(id, 'stay');
    else if (isOpen()) close();
  });
  if (list() && /^#\d+$/.test(location.hash)) open(location.hash.slice(1), 'stay');
}
