// Parts of a page that come after it, each from an address of its own (`data-part`): two at a time, in their order. What is answered goes into the part's
// [data-answer]; of one that does not come it is said so in its place, with the way to ask again.
import { fill } from './content.js';
import { signedOut } from './net.js';

const AT_ONCE = 2;
const told = document.querySelector('[data-parts-told]');
const trouble = document.getElementById('part-trouble');
const [asked, open, waiting, readers] = [new Set(), new Set(), [], []]; // `open`: asked for and neither come nor failed
let under = 0;
let asking = new AbortController();

/** Asks for what belongs into `part`, once. */
export function ask(part) {
  if (asked.has(part)) return;
  asked.add(part);
  open.add(part);
  part.setAttribute('aria-busy', 'true');
  waiting.push(part);
  next();
}

function next() {
  while (under < AT_ONCE && waiting.length) {
    under += 1;
    bring(waiting.shift(), asking.signal);
  }
  if (under || !asked.size) return;
  if (told) told.textContent = document.querySelector('[data-part] [data-ask-again]') ? told.dataset.trouble : told.dataset.here;
  for (const ready of readers.splice(0)) ready();
}

async function bring(part, signal) {
  let answer = null;
  let text = '';
  try {
    answer = await fetch(part.dataset.part, { headers: { Accept: 'text/html', 'HX-Request': 'true' }, credentials: 'same-origin', signal });
    text = await answer.text();
  } catch { answer = null; /* no way to the server, or nobody waits for it any more */ }
  if (signal.aborted) return;
  under -= 1;
  open.delete(part);
  part.removeAttribute('aria-busy');
  const out = answer?.status === 401 || (answer?.redirected && new URL(answer.url).pathname === '/sign-in');
  if (out) signedOut();
  if (answer?.ok && !out) show(part, text);
  else if (answer && !out && answer.status < 500 && part.matches('[data-unless-hidden]')) part.remove();
  else fail(part, answer && !out && answer.status < 500 ? text : '');
  next();
}

function show(part, html) {
  const place = part.querySelector('[data-answer]');
  const within = place.contains(document.activeElement);
  fill(place, html);
  if (within) (part.querySelector('h2[tabindex]') ?? part).focus({ preventScroll: true }); // what had the focus is no longer there
}

/** `why` is the server's sentence; without one it is said that the part could not be counted. */
function fail(part, why) {
  const line = trouble?.content.cloneNode(true);
  if (!line) return;
  if (why) line.querySelector('[data-why]').textContent = why;
  part.querySelector('.b-wait')?.setAttribute('hidden', '');
  part.querySelector('[data-answer]').prepend(line);
}

function again(part) {
  part.querySelector('h2[tabindex]')?.focus({ preventScroll: true });
  part.querySelector('.b-part-trouble').remove();
  part.querySelector('.b-wait')?.removeAttribute('hidden');
  asked.delete(part);
  if (told) told.textContent = '';
  ask(part);
}

/** The page is about to be another one: what was asked for it needs no answer, and nothing more is asked. */
function stop() {
  asking.abort();
  asking = new AbortController();
  [under, waiting.length] = [0, 0];
}

/** Until all that is asked for has come, or has not. */
export function allHere() {
  return under ? new Promise((ready) => { readers.push(ready); }) : Promise.resolve();
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-ask-again]');
  if (button) again(button.closest('[data-part]'));
  const link = event.target.closest?.('a[href]');
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || link.target || link.hasAttribute('download')) return;
  const to = new URL(link.href);
  if (to.origin === location.origin && to.pathname === location.pathname && to.search !== location.search) stop();
});
document.addEventListener('submit', (event) => { if (!event.defaultPrevented && event.target.method === 'get') stop(); });
addEventListener('pagehide', stop);
addEventListener('pageshow', (event) => {
  if (!event.persisted) return;
  for (const part of open) asked.delete(part);
  [...open].forEach(ask);
});
document.addEventListener('printing', ({ detail }) => { if (under) detail.push(allHere()); });

const first = location.hash.slice(1);
for (const part of [...document.querySelectorAll('.b-part[data-part]')].sort((a, b) => (b.id === first) - (a.id === first))) ask(part);
