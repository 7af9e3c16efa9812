// A list in groups: a head opens its rows and closes them again, page after page.
import { fill } from './content.js';
import { getText } from './net.js';
import { update } from './selection.js';

const LAST = '.b-group, [data-foot]';

/** The rows that stand under a head. */
function inside(head) {
  const found = [];
  for (let row = head.nextElementSibling; row && !row.matches(LAST); row = row.nextElementSibling) found.push(row);
  return found;
}

async function rowsAt(url) {
  const html = await getText(url);
  if (html === null) return null;
  const place = document.createElement('tbody');
  fill(place, html);
  return [...place.children];
}

async function toggle(button) {
  const head = button.closest('tr');
  if (button.getAttribute('aria-expanded') === 'true') {
    inside(head).forEach((row) => row.remove());
    button.setAttribute('aria-expanded', 'false');
    update();
    return;
  }
  const rows = await rowsAt(button.dataset.groupOpen);
  if (!rows || button.getAttribute('aria-expanded') === 'true') return;
  head.after(...rows);
  button.setAttribute('aria-expanded', 'true');
  update();
}

async function more(button) {
  button.disabled = true;
  const rows = await rowsAt(button.dataset.groupMore);
  if (!rows) { button.disabled = false; return; }
  const row = button.closest('tr');
  row.after(...rows);
  rows.find((one) => one.dataset.id)?.querySelector('a')?.focus({ preventScroll: true });
  row.remove();
  update();
}

/** Which groups stand open, to be opened again after the rows were taken anew. */
export const openGroups = () => [...document.querySelectorAll('[data-group-open][aria-expanded="true"]')].map((button) => button.dataset.groupOpen);
export async function reopen(urls) {
  for (const button of document.querySelectorAll('[data-group-open]')) if (urls.includes(button.dataset.groupOpen)) await toggle(button);
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-group-open]');
  if (button) toggle(button);
  const next = event.target.closest?.('[data-group-more]');
  if (next) more(next);
});
