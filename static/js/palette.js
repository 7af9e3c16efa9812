// Ctrl+K: any screen, any action of this screen, any record by its text.
import { icon, make, nameOf } from './drawing.js';
import { getJson } from './net.js';
import { word } from './words.js';

const dialog = document.getElementById('palette');
const input = dialog?.querySelector('input');
const found = document.getElementById('found');
const PAUSE = 160;
const ENOUGH = 2;
const MOST = 8;
let options = [];
let at = 0;
let timer = 0;
let asking = null;
let mode = '';

const fold = (text) => text.toLocaleLowerCase('uk').replaceAll('ґ', 'г').replace(/[ʼ’'`]/g, '');

function fits(text, query) {
  const folded = fold(text);
  return query.split(/\s+/).every((part) => folded.includes(part));
}

function screens() {
  const links = [...document.querySelectorAll('#rail [data-nav], #favourites [data-favourite-link]')];
  return links.map((link) => ({ text: nameOf(link), url: link.getAttribute('href'), icon: link.dataset.icon || 'star' }))
    .filter((one, n, all) => all.findIndex((other) => other.url === one.url) === n);
}

function creations() {
  return [...document.querySelectorAll('[data-new]')].map((link) => ({ text: link.dataset.new ? `${word('new_records')}: ${nameOf(link)}` : nameOf(link), url: link.getAttribute('href'), press: link.dataset.post && link, icon: 'plus' }));
}

function actions() {
  const shown = [...document.querySelectorAll('[data-palette], [data-key]')].filter((one) => (one.offsetParent !== null || (one.matches('.dropdown-menu [data-palette]') && !one.closest('dialog'))) && !dialog.contains(one));
  const themes = [['light', 'sun'], ['dark', 'moon'], ['auto', 'contrast-2']].map(([name, picture]) => ({ text: word(`theme_${name}`), press: document.querySelector(`[data-set-theme="${name}"]`), icon: picture }));
  return [...shown.map((one) => ({ text: nameOf(one), press: one, icon: one.dataset.icon || 'chevron-right' })), ...creations(), ...themes.filter((one) => one.press)];
}

/** What is typed, as a new record told in one line: offered from the second word on. */
function told() {
  const said = input.value.trim();
  if (!/\S\s+\S/.test(said)) return [];
  return [...document.querySelectorAll('[data-say]')].map((link) => ({ text: `${link.dataset.say}: ${said}`, url: link.getAttribute('href') + encodeURIComponent(said), icon: 'pencil' }));
}

function line(one) {
  const id = `option-${options.length}`;
  const text = make('span', { class: 'b-cut b-grow' }, one.text);
  const element = make('div', { role: 'option', id, 'aria-selected': 'false' }, icon(one.icon || 'file-text'), text, one.label ? make('span', { class: 'b-12 b-faint' }, one.label) : null);
  element.addEventListener('click', (event) => run(one, event.ctrlKey || event.metaKey));
  element.addEventListener('mousemove', () => select(options.findIndex(([known]) => known === element)));
  options.push([element, one]);
  return element;
}

function group(title, entries) {
  if (!entries.length) return null;
  const id = `group-${title}`;
  return make('div', { role: 'group', 'aria-labelledby': id }, make('div', { id }, word(title)), ...entries.map(line));
}

function show(records, waiting = false) {
  const query = fold(input.value.trim());
  options = [];
  const match = (entries) => (query ? entries.filter((one) => fits(one.text, query)) : entries);
  const known = mode === 'new' ? [['actions', [...match(creations()), ...told()]]] : [['new_records', told()], ['screens', match(screens()).slice(0, query ? MOST : 40)], ['actions', query ? match(actions()).slice(0, MOST) : []]];
  const parts = [...(records.length ? [['records', records]] : []), ...known].map(([title, entries]) => group(title, entries)).filter(Boolean);
  if (waiting) parts.unshift(make('div', { class: 'b-wait', 'aria-hidden': 'true' }, make('span'), make('span')));
  found.replaceChildren(...(parts.length ? parts : [make('div', { class: 'b-none' }, word('nothing'))]));
  dialog.querySelector('[data-found-count]').textContent = waiting ? '' : word('found', { num: options.length });
  select(0);
}

function select(n) {
  options[at]?.[0].setAttribute('aria-selected', 'false');
  at = Math.max(0, Math.min(options.length - 1, n));
  const element = options[at]?.[0];
  element?.setAttribute('aria-selected', 'true');
  element?.scrollIntoView({ block: 'nearest' });
  input.setAttribute('aria-activedescendant', element?.id ?? '');
}

function run(one, aside) {
  if (one.url && aside) { window.open(one.url, '_blank', 'noopener'); return; }
  dialog.close();
  if (one.press) one.press.click();
  else if (one.url) location.assign(one.url);
}

async function search() {
  asking?.abort();
  const query = input.value.trim();
  if (query.length < ENOUGH || mode === 'new') { show([]); return; }
  show([], true);
  asking = new AbortController();
  const { signal } = asking;
  const answer = await getJson(`/search?q=${encodeURIComponent(query)}`, { signal });
  if (signal.aborted) return;
  const records = (answer ?? []).map((one) => ({ ...one, icon: one.icon || document.querySelector(`[data-nav="${CSS.escape(one.entity ?? '')}"]`)?.dataset.icon || 'file-text' }));
  show(records);
}

/** Opens the palette; `what` "new" offers only new records. */
export function showPalette(what = '') {
  if (!dialog || dialog.open) return;
  mode = what;
  input.value = '';
  dialog.showModal();
  show([]);
  input.focus();
}
export { showPalette as show };

if (dialog) {
  document.addEventListener('click', (event) => { if (event.target.closest?.('[data-open="palette"]')) showPalette(); });
  input.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, PAUSE); });
  input.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) { event.preventDefault(); select(at + step); }
    if (event.key === 'Enter' && !event.isComposing && options[at]) { event.preventDefault(); run(options[at][1], event.ctrlKey || event.metaKey); }
  });
  dialog.addEventListener('close', () => { asking?.abort(); clearTimeout(timer); });
}
