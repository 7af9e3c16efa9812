// Which rows are chosen: ticked ones, or explicitly all that match; and what can be done with them.
import { ask } from './confirm.js';
import { fill, onContent } from './content.js';
import { applyRows, base, grid } from './cells.js';
import { getText, post, send } from './net.js';
import { word } from './words.js';

const selbar = () => document.querySelector('[data-selbar]');
const boxes = () => [...(grid()?.querySelectorAll('tbody [data-pick]') ?? [])];
const chosen = () => boxes().filter((box) => box.checked).map((box) => box.closest('tr').dataset.id);
const foot = () => grid()?.querySelector('[data-foot]');
let everything = false;
let last = null;

const counted = () => ({ number: Number(foot()?.dataset.count ?? 0), text: foot()?.dataset.text ?? '' });

export function update() {
  const bar = selbar();
  if (!bar) return;
  const ids = chosen();
  if (!ids.length) everything = false;
  boxes().forEach((box) => box.closest('tr').classList.toggle('is-sel', box.checked));
  const head = grid()?.querySelector('[data-pick-all]');
  if (head) { head.checked = ids.length > 0 && ids.length === boxes().length; head.indeterminate = ids.length > 0 && !head.checked; }
  bar.hidden = !ids.length;
  bar.querySelector('[data-selected-count]').textContent = everything ? word('selected_all', { num: counted().text }) : word('selected', { num: ids.length });
  const more = bar.querySelector('[data-select-matching]');
  more.hidden = everything || !ids.length || ids.length < boxes().length || counted().number <= ids.length;
  more.textContent = word('select_matching', { num: counted().text });
  const merge = bar.querySelector('[data-merge-selected]');
  if (merge) {
    merge.hidden = everything || ids.length < 2 || ids.length > Number(merge.dataset.mergeSelected);
    merge.href = `${base()}merge?ids=${ids.join(',')}`;
  }
  const link = bar.querySelector('[data-export-selected]');
  if (link) link.href = exportUrl(link, ids);
  addUp(ids);
}

// What the chosen add up to, asked of the server once one has stopped choosing: amounts of two currencies are not added here either.
const PAUSE = 300;
let adding = 0;
let asking = null;

function addUp(ids) {
  const place = selbar().querySelector('[data-selected-sum]');
  const key = grid()?.querySelector('thead [data-type="money"]')?.dataset.field;
  clearTimeout(adding);
  asking?.abort();
  place.textContent = '';
  if (!key || everything || ids.length < 2) return;
  adding = setTimeout(async () => {
    const own = asking = new AbortController();
    const query = new URLSearchParams({ columns: key, where: JSON.stringify({ field: 'id', op: 'in', value: ids.map(Number) }) });
    const html = await getText(`${base()}count?${query}`, { signal: own.signal });
    if (html === null || own.signal.aborted) return;
    const row = new DOMParser().parseFromString(`<table>${html}</table>`, 'text/html');
    const sums = [...row.querySelectorAll('.b-total')].map((total) => total.textContent);
    if (sums.length) place.textContent = ` · ${sums.join(' · ')}`;
  }, PAUSE);
}

function exportUrl(link, ids) {
  const url = new URL(link.dataset.all ??= link.getAttribute('href'), location.href);
  if (!everything) {
    url.searchParams.set('where', JSON.stringify({ field: 'id', op: 'in', value: ids.map(Number) }));
    url.searchParams.delete('search');
  }
  return url.pathname + url.search;
}

export function clear() {
  boxes().forEach((box) => { box.checked = false; });
  everything = false;
  update();
}

export const any = () => chosen().length > 0;

/** The address and the words of an action on the chosen. */
function request(action) {
  const values = everything ? { all: '1' } : { ids: chosen().join(',') };
  return { url: `${base()}${action}${everything ? `?${grid().dataset.query}` : ''}`, values };
}

const bulkDialog = () => document.getElementById('bulk-dialog');

async function openBulk(field = '', action = 'bulk') {
  const { url, values } = request(action);
  const query = new URLSearchParams({ ...values, ...(field ? { field } : {}) });
  // Many numbers do not fit into an address: they are posted, which changes nothing before `step=apply`.
  const html = query.toString().length < 4000
    ? await getText(`${url}${url.includes('?') ? '&' : '?'}${query}`)
    : await (await post(url, { ...values, ...(field ? { field } : {}) }, { accept: 'text/html' }))?.text();
  if (html === null || html === undefined) return;
  const dialog = bulkDialog();
  fill(dialog, html);
  if (!dialog.open) dialog.showModal();
  (dialog.querySelector('#bulk-value') ?? dialog.querySelector('#bulk-field'))?.focus();
}

async function submitBulk(event) {
  event.preventDefault();
  const form = event.target;
  const dialog = bulkDialog();
  const answer = await send(form.action, { method: 'POST', body: new FormData(form, event.submitter), accept: 'text/html', accepted: [422] });
  if (!answer) return;
  if ((answer.headers.get('Content-Type') ?? '').startsWith('application/json')) {
    const done = await answer.json();
    dialog.close();
    applyRows(done.rows);
    clear();
  } else {
    fill(dialog, await answer.text());
    dialog.querySelector('.b-preview, [aria-invalid]')?.scrollIntoView({ block: 'nearest' });
  }
}

async function remove() {
  const number = everything ? counted().text : String(chosen().length);
  if (!await ask(word('remove_sure', { num: number }), { button: word('remove') })) return;
  const { url, values } = request('remove');
  if (await post(url, values)) clear();
}

function tick(event) {
  const box = event.target;
  if (event.shiftKey && last?.isConnected && last !== box) {
    const all = boxes();
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((one) => { one.checked = box.checked; });
  }
  last = box;
  everything = false;
  update();
}

// On a phone a long touch chooses a row, and while any is chosen a touch chooses one more.
const phone = matchMedia('(max-width: 760px)');
const LONG = 500;
let touching = 0;
let chose = false;

function touch(event) {
  const row = event.target.closest?.('[data-list] tbody tr[data-id]');
  chose = false;
  if (!row || !phone.matches || event.pointerType === 'mouse') return;
  touching = setTimeout(() => { chose = true; row.querySelector('[data-pick]').click(); }, LONG);
}

function chooseMore(event) {
  const row = event.target.closest?.('[data-list] tbody tr[data-id]');
  if (!row || !phone.matches || event.target.matches('[data-pick]')) return;
  if (!chose && !any()) return;
  event.preventDefault();
  event.stopPropagation();
  if (!chose) row.querySelector('[data-pick]').click();
  chose = false;
}

document.addEventListener('pointerdown', touch);
for (const name of ['pointerup', 'pointercancel', 'pointermove']) document.addEventListener(name, (event) => { if (name !== 'pointermove' || Math.hypot(event.movementX, event.movementY) > 4) clearTimeout(touching); });
document.addEventListener('contextmenu', (event) => { if (phone.matches && event.target.closest?.('[data-list] tbody tr[data-id]') && event.pointerType === 'touch') event.preventDefault(); });
document.addEventListener('click', chooseMore, true);
document.addEventListener('click', (event) => {
  if (event.target.matches?.('[data-list] [data-pick]')) tick(event);
  if (event.target.matches?.('[data-list] [data-pick-all]')) { boxes().forEach((box) => { box.checked = event.target.checked; }); everything = false; update(); }
  const pressed = (what) => event.target.closest?.(`[data-selbar] ${what}`);
  if (pressed('[data-select-matching]')) { everything = true; update(); }
  if (pressed('[data-bulk]')) openBulk();
  if (pressed('[data-with-chosen]')) openBulk('', pressed('[data-with-chosen]').dataset.withChosen);
  if (pressed('[data-remove-selected]')) remove();
  if (pressed('[data-unselect]')) clear();
});
document.addEventListener('submit', (event) => { if (event.target.closest?.('#bulk-dialog')) submitBulk(event); });
document.addEventListener('change', (event) => { if (event.target.matches?.('#bulk-dialog [data-bulk-field]')) openBulk(event.target.value); });
document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.defaultPrevented && any() && !document.querySelector('dialog[open], [data-editing]') && !event.target.closest('input[type="search"]')) {
    event.preventDefault();
    clear();
  }
}, true);
document.addEventListener('htmx:afterSwap', update);
onContent((root) => { if (root.querySelector('[data-list]')) update(); }); // a browser keeps ticks over a reload
