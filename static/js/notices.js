// The bell: how many notices are unread, asked for after the page and now and then while it is looked at.
import { getJson } from './net.js';

const bell = document.querySelector('[data-notices]');
const EVERY = 60_000;
let asked = 0;

async function count() {
  if (document.hidden || Date.now() - asked < EVERY) return;
  asked = Date.now();
  const told = await getJson('/notices/unread');
  if (!told) return;
  const { unread } = told;
  if (unread) bell.dataset.n = unread > 99 ? '99+' : String(unread); else delete bell.dataset.n;
  bell.setAttribute('aria-label', unread ? bell.dataset.unread.replace('%(num)s', String(unread)) : bell.dataset.word);
}

if (bell) {
  count();
  setInterval(count, EVERY);
  document.addEventListener('visibilitychange', count);
}
