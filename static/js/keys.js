// Keys without a mouse. Single letters work where nothing is being typed, by their place on the keyboard, so that they
// are the same on the Ukrainian layout; they can be switched off in the list of keys (WCAG 2.1.4).
import * as drawer from './drawer.js';
import { make, nameOf } from './drawing.js';
import { recall, remember } from './kept.js';
import { show as showPalette } from './palette.js';
import { isOpen as railIsOpen, slide } from './rail.js';
import { rows, current, move } from './rows.js';
import { word } from './words.js';

const GO = { h: '/', a: 'account', c: 'contact', d: 'deal', i: 'interaction', p: 'product', r: 'reports', u: 'user', t: 'task', o: 'order' };
const WAIT = 1500;
let going = 0;
let single = recall('single-keys', true);

const typing = (target) => target.isContentEditable || target.closest('input:not([type="checkbox"]):not([type="radio"]), textarea, select, [contenteditable], .ts-wrapper') !== null;
const modal = () => document.querySelector('dialog[open]');
const shown = (element) => element.offsetParent !== null;
const own = (key) => [...document.querySelectorAll(`[data-key="${CSS.escape(key)}"]`)].find(shown) ?? document.querySelector(`[data-anywhere="${CSS.escape(key)}"]`);

/** The character a key means: what it types when that is a Latin letter, else what stands at its place. */
function meant(event) {
  if (/^[a-z/?]$/i.test(event.key)) return event.key.toLowerCase();
  if (/^Key[A-Z]$/.test(event.code)) return event.code[3].toLowerCase();
  if (event.code === 'Slash' && (event.key === '.' || event.key === ',')) return event.shiftKey ? '?' : '/';
  if (event.code === 'Digit7' && event.shiftKey && event.key === '?') return '?';
  return event.key;
}

const target = (key) => (GO[key]?.startsWith('/') ? GO[key] : document.querySelector(`[data-nav="${GO[key]}"]`)?.getAttribute('href'));

function create() {
  // On a phone the button of the list gives way to that of the bottom bar and is not shown.
  const button = document.querySelector('[data-key="c"]');
  if (button) { button.click(); return; }
  const menu = document.getElementById('new');
  if (menu && shown(menu)) menu.click(); else showPalette('new');
}

function inList(key) {
  const row = current();
  switch (key) {
    // On a card they are those of its list once one stands in it, till then those of the card.
    case 'j': case 'k': if (!row && own(key)) return false; move(key === 'j' ? 1 : -1); return true;
    case 'o': if (row) drawer.open(row.dataset.id); return Boolean(row);
    case 'x': row?.querySelector('[data-pick]')?.click(); return Boolean(row);
    case 'e': if (row) location.assign(`${drawer.address(row.dataset.id)}edit/`); return Boolean(row);
    default: return false;
  }
}

function letter(key) {
  if (going) {
    clearTimeout(going);
    going = 0;
    const url = target(key);
    if (url) location.assign(url);
    return true;
  }
  if (key === 'g') { going = setTimeout(() => { going = 0; }, WAIT); return true; }
  if (key === '/') { showPalette(); return true; }
  if (key === '?') { showKeys(); return true; }
  if (key === 'c') { create(); return true; }
  if (rows().length && inList(key)) return true;
  const button = own(key);
  if (button) button.click();
  return Boolean(button);
}

function escape() {
  if (railIsOpen()) slide(false);
  else if (drawer.isOpen()) drawer.close();
  else return false;
  return true;
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  const command = event.ctrlKey || event.metaKey;
  if (command && !event.altKey && !event.shiftKey && event.code === 'KeyK') { event.preventDefault(); showPalette(); return; }
  if (command || event.altKey || modal()) return;
  if (event.key === 'Escape') { if (!typing(event.target) && escape()) event.preventDefault(); return; }
  if (typing(event.target)) return;
  const free = !event.target.closest('button, a, [role="menu"], .dropdown-menu, summary');
  if (event.key === 'Enter') {
    const id = free && (drawer.isOpen() ? drawer.record() : current()?.dataset.id);
    if (id) location.assign(drawer.page(id));
  } else if (drawer.isOpen() && !event.target.closest('[role="menu"], .dropdown-menu, summary') && (event.key === 'ArrowDown' || event.key === 'ArrowUp')) {
    event.preventDefault();
    drawer.go(event.key === 'ArrowDown' ? 'next' : 'prev');
  } else if (single && letter(meant(event))) {
    event.preventDefault();
  }
});

/** The list of keys: those of everywhere, and what this screen has of its own. */
export function showKeys() {
  const dialog = document.getElementById('keys');
  if (!dialog) return;
  const list = (name) => dialog.querySelector(`[data-keys-${name}]`);
  list('list').hidden = rows().length === 0;
  const lines = list('own').querySelector('dl');
  lines.querySelectorAll('[data-found]').forEach((line) => line.remove());
  for (const button of [...document.querySelectorAll('[data-key]')].filter(shown)) {
    if (button.dataset.key !== 'c') lines.append(line([button.dataset.key.toUpperCase()], nameOf(button)));
  }
  list('own').hidden = lines.children.length === 0;
  const places = Object.keys(GO).map((key) => [key, GO[key] === '/' ? null : document.querySelector(`[data-nav="${GO[key]}"]`)]).filter(([, link]) => link);
  list('go').querySelector('dl').replaceChildren(...places.map(([key, link]) => line(['G', key.toUpperCase()], nameOf(link))));
  list('go').hidden = places.length === 0;
  dialog.showModal();
}

function line(keys, text) {
  const made = make('div', { 'data-found': true, 'data-single': true }, make('dt', {}), make('dd', {}, text));
  keys.forEach((key) => made.firstChild.append(make('kbd', {}, key), ' '));
  return made;
}

const box = document.querySelector('[data-single-keys]');
if (box) {
  box.checked = single;
  box.addEventListener('change', () => { single = box.checked; remember('single-keys', single); });
}
document.addEventListener('click', (event) => {
  const what = event.target.closest?.('[data-open]')?.dataset.open;
  if (what === 'keys' || what === 'help') showKeys();
  if (what === 'new') create();
  if (event.target.closest?.('[data-close]')) event.target.closest('dialog')?.close();
  if (event.target.closest?.('[data-back]')) { if (history.length > 1) history.back(); else location.assign('/'); }
  // A click beside a dialog closes it: the backdrop belongs to the dialog element itself.
  if (event.target.matches?.('dialog.b-palette, dialog.b-keys-dialog')) {
    const { left, right, top, bottom } = event.target.getBoundingClientRect();
    if (event.clientX < left || event.clientX > right || event.clientY < top || event.clientY > bottom) event.target.close();
  }
});
