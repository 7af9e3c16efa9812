// The rail on a phone, and favourites: entries and filtered lists that this person keeps on top in this browser, and his starred views.
import { icon, make } from './drawing.js';
import { recall, remember } from './kept.js';
import { getJson, post } from './net.js';
import { word } from './words.js';

const rail = document.getElementById('rail');
const shelf = `favourites.${document.documentElement.dataset.user}`;
const views = `starred.${document.documentElement.dataset.user}`;
// What is starred stands on the server; the browser keeps a copy, so that the rail is whole at once.
const starred = () => recall(views, []);
const favourites = () => [...starred(), ...recall(shelf, []).filter((one) => !starred().some((view) => view.url === one.url))];

/** Opens or closes the rail of the phone. */
export function slide(open) {
  if (!rail) return;
  rail.classList.toggle('is-open', open);
  document.querySelectorAll('[data-open="rail"]').forEach((button) => button.setAttribute('aria-expanded', String(open)));
  if (open) rail.querySelector('a')?.focus();
}

export const isOpen = () => rail?.classList.contains('is-open') ?? false;

async function toggle(url, label, picture) {
  const view = starred().find((one) => one.url === url);
  if (view) { await star(url, view.view, false); return; }
  const kept = recall(shelf, []);
  const rest = kept.filter((one) => one.url !== url);
  remember(shelf, rest.length < kept.length ? rest : [...kept, { url, label, icon: picture }].slice(-12));
  draw();
}

async function star(url, name, on) {
  const answer = await post(`${new URL(url, location.href).pathname}views/${encodeURIComponent(name)}`, { starred: on ? '1' : '0' });
  if (!answer) return;
  remember(views, (await answer.json()).starred);
  draw();
}

function pin(url, label, picture, on) {
  const button = make('button', { type: 'button', class: 'b-pin', 'aria-pressed': String(on), 'aria-label': `${word(on ? 'unpin' : 'pin')}: ${label}` }, icon(on ? 'star-filled' : 'star', 'b-i-s'));
  button.addEventListener('click', () => toggle(url, label, picture));
  return button;
}

/** The address of this page; of a list that shows a view as it was kept, the view's. */
function place() {
  const view = document.querySelector('[data-favourite-view]')?.dataset.favouriteView;
  return view ? `${location.pathname}?view=${encodeURIComponent(view)}` : location.pathname + location.search;
}

function draw() {
  if (!rail) return;
  const kept = favourites();
  const section = document.getElementById('favourites');
  const here = place();
  section.hidden = kept.length === 0;
  section.querySelector('ul').replaceChildren(...kept.map(({ url, label, icon: picture }) => {
    const entry = [...rail.querySelectorAll('[data-nav]')].find((link) => link.getAttribute('href') === url);
    const text = entry ? entry.textContent.trim() : label;
    const link = make('a', { href: url, title: text, 'data-favourite-link': true, 'aria-current': url === here ? 'page' : null }, icon(picture || 'star'), make('span', {}, text));
    return make('li', {}, link, pin(url, text, picture, true));
  }));
  for (const link of rail.querySelectorAll('[data-nav]')) {
    link.parentElement.querySelector('.b-pin')?.remove();
    const url = link.getAttribute('href');
    link.after(pin(url, link.textContent.trim(), link.dataset.icon, kept.some((one) => one.url === url)));
  }
  for (const button of document.querySelectorAll('[data-favourite]')) {
    const on = kept.some((one) => one.url === here);
    button.setAttribute('aria-pressed', String(on));
    button.setAttribute('aria-label', word(on ? 'unpin' : 'pin'));
    button.replaceChildren(icon(on ? 'star-filled' : 'star'));
  }
}

document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-open="rail"]')) slide(!isOpen());
  else if (isOpen() && (!event.target.closest?.('#rail') || event.target.closest('a'))) slide(false);
  const button = event.target.closest?.('[data-favourite]');
  if (button?.dataset.favouriteView) star(place(), button.dataset.favouriteView, button.getAttribute('aria-pressed') !== 'true');
  else if (button) toggle(place(), button.dataset.favourite, 'star');
});

const told = document.querySelector('script[data-starred]');
if (told) remember(views, JSON.parse(told.textContent));
draw();
// Another device may have starred something since; lists bring it with them.
if (rail && !told && !sessionStorage.getItem(views)) {
  sessionStorage.setItem(views, '1');
  getJson('/views/starred').then((found) => { if (found) { remember(views, found); draw(); } });
}
