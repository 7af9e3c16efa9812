// Quick create: a short form over what one is doing. It closes with the record made, and the question behind it goes on.
import { fill } from './content.js';
import { ask } from './confirm.js';
import { nameOf } from './drawing.js';
import { dirtyWithin, forget } from './forms.js';
import { getText, send } from './net.js';
import { word } from './words.js';

const dialog = document.getElementById('sheet');
const body = document.getElementById('sheet-body');
let finish = null;

function end(made) {
  const form = body.querySelector('form');
  if (form) forget(form);
  dialog.close();
  body.replaceChildren();
  finish?.(made ? { ...made, id: String(made.id) } : undefined);
  finish = null;
}

function show(html) {
  fill(body, html);
  const head = body.querySelector('h1, h2, legend');
  document.getElementById('sheet-head').textContent = head ? nameOf(head) : word('create_new');
  body.querySelector('[data-focus-first], .is-invalid, input:not([type="hidden"]), select, textarea')?.focus();
}

/** Opens the form at `url` with `values` filled in; `done({id, text})` after it was saved, `done()` when it was closed. */
export async function open(url, values, done) {
  const query = new URLSearchParams({ drawer: '1', ...values });
  const html = await getText(`${url}${url.includes('?') ? '&' : '?'}${query}`);
  if (html === null) { done(); return; }
  finish = done;
  if (!dialog.open) dialog.showModal(); // it gives the focus to its first button, then the form takes it
  show(html);
}

async function close() {
  if (!dirtyWithin(body) || await ask(word('leave'), { button: word('discard') })) end(null);
}

async function submit(event) {
  const form = event.target;
  if (event.defaultPrevented || form.matches('[hx-post]')) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const button = event.submitter;
  if (button) button.disabled = true;
  const answer = await send(form.action, { method: 'POST', body: new FormData(form, button), accept: 'text/html', accepted: [400, 409, 422] });
  if (button) button.disabled = false;
  if (!answer || !finish) return; // refused with a toast, or closed by the event `created`
  const type = answer.headers.get('Content-Type') ?? '';
  if (type.startsWith('application/json')) { const made = await answer.json(); if (made.id) end(made); }
  else if (type.startsWith('text/html')) show(await answer.text());
}

if (dialog) {
  body.addEventListener('submit', submit);
  dialog.addEventListener('cancel', (event) => { if (event.target === dialog) { event.preventDefault(); close(); } });
  dialog.querySelector('[data-close]').addEventListener('click', (event) => { event.stopPropagation(); close(); });
  document.addEventListener('created', (event) => { if (dialog.open) end(event.detail); });
}
