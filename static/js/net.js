// Requests of our own scripts and what is common with those of htmx: the token, an ended session, refusals as toasts.
import { toast } from './toasts.js';
import { word } from './words.js';

const token = () => document.querySelector('meta[name="csrf-token"]')?.content ?? '';

/** Fires the events that an answer names in HX-Trigger. */
function trigger(answer) {
  const header = answer.headers.get('HX-Trigger');
  if (!header) return false;
  let events;
  try { events = JSON.parse(header); } catch { events = Object.fromEntries(header.split(',').map((name) => [name.trim(), {}])); }
  for (const [name, detail] of Object.entries(events)) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
  return 'toast' in events;
}

/** Says that the session has ended, once, with the way back. What was typed stays on the page. */
export function signedOut() {
  const next = encodeURIComponent(location.pathname + location.search);
  toast({ text: word('signed_out'), kind: 'error', url: `/sign-in?next=${next}`, link: word('sign_in'), once: 'signed-out' });
}

/** A request to our own server. Resolves to the answer, or to null after a toast has told why there is none. */
export async function send(url, { method = 'GET', body = null, accept = 'application/json', signal, accepted = [] } = {}) {
  const headers = { Accept: accept };
  if (accept.startsWith('text/html')) headers['HX-Request'] = 'true';
  if (method !== 'GET') headers['X-CSRFToken'] = token();
  let answer;
  try {
    answer = await fetch(url, { method, body, headers, signal, credentials: 'same-origin' });
  } catch (fault) {
    tell(fault);
    return null;
  }
  if (answer.status === 401 || (answer.redirected && new URL(answer.url).pathname === '/sign-in')) { signedOut(); return null; }
  const told = trigger(answer);
  if (answer.ok || accepted.includes(answer.status)) return answer;
  if (!told) toast({ text: await sentence(answer), kind: 'error' });
  return null;
}

async function sentence(answer) {
  const type = answer.headers.get('Content-Type') ?? '';
  if (type.startsWith('application/json')) return (await answer.json()).message ?? word('refused');
  if (type.startsWith('text/plain')) return answer.text();
  answer.body?.cancel(); // what nobody reads would keep the connection
  return word('refused');
}

function tell(fault) {
  if (fault.name !== 'AbortError') toast({ text: word('failed'), kind: 'error', once: 'failed' });
}

/** What an answer holds, or null when it was cut off on its way. */
async function read(answer, form) {
  try {
    return answer && await answer[form]();
  } catch (fault) {
    tell(fault);
    return null;
  }
}

export async function getJson(url, options = {}) {
  return read(await send(url, options), 'json');
}

export async function getText(url, options = {}) {
  return read(await send(url, { ...options, accept: 'text/html' }), 'text');
}

/** Posts `values` (an object, FormData or URLSearchParams). */
export function post(url, values = {}, options = {}) {
  const body = values instanceof FormData || values instanceof URLSearchParams ? values : new URLSearchParams(values);
  return send(url, { ...options, method: 'POST', body });
}

document.addEventListener('htmx:configRequest', (event) => {
  if (event.detail.verb !== 'get') event.detail.headers['X-CSRFToken'] = token();
});
document.addEventListener('htmx:beforeOnLoad', (event) => {
  const { xhr } = event.detail;
  if (xhr.status !== 401 && new URL(xhr.responseURL || location.href, location.href).pathname !== '/sign-in') return;
  if (location.pathname === '/sign-in') return;
  event.preventDefault();
  signedOut();
});
document.addEventListener('htmx:sendError', () => toast({ text: word('failed'), kind: 'error', once: 'failed' }));
document.addEventListener('htmx:responseError', ({ detail: { xhr } }) => {
  if (!xhr.getResponseHeader('HX-Trigger')?.includes('toast')) toast({ text: word('refused'), kind: 'error' });
});

let asked = 0;
// On the bar itself: a class of the body would have the browser work out the style of the whole page anew.
const busy = (step) => { asked = Math.max(0, asked + step); document.querySelector('.b-progress').classList.toggle('is-busy', asked > 0); };
document.addEventListener('htmx:beforeRequest', () => busy(1));
document.addEventListener('htmx:afterRequest', () => busy(-1));
