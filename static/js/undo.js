// What this person has just changed and may take back: for ten minutes, also when the message is gone and on the next page.
import { post } from './net.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const TIME = 10 * 60 * 1000;
const MOST = 20;
const KEY = `brama.undo.${document.documentElement.dataset.user}`;
const button = document.querySelector('[data-undo-last]');
let timer = 0;

function kept() {
  try { return (JSON.parse(sessionStorage.getItem(KEY)) ?? []).filter(({ at }) => Date.now() - at < TIME); } catch { return []; }
}

function keep(deeds) {
  try { sessionStorage.setItem(KEY, JSON.stringify(deeds.slice(-MOST))); } catch { /* forbidden or full: the message still offers it */ }
  show();
}

/** The button of the top bar stands there as long as something can be taken back. */
function show() {
  const last = kept().at(-1);
  if (!button) return;
  button.hidden = !last;
  clearTimeout(timer);
  if (!last) return;
  const told = word('undo_what', { what: last.text });
  button.setAttribute('aria-label', told);
  button.title = told;
  timer = setTimeout(show, last.at + TIME - Date.now() + 50);
}

/** Takes back the deed at `url`. Whatever the server says of it, it is not offered again. */
async function takeBack(url) {
  const answer = await post(url, {}, { accepted: [403, 404] });
  if (!answer) return;
  keep(kept().filter((one) => one.url !== url));
  if (!answer.ok) { toast({ text: (await answer.json()).message, kind: 'error' }); return; }
  if (!answer.headers.get('HX-Trigger')?.includes('toast')) toast({ text: word('undone') });
  const heard = new CustomEvent('listChanged', { bubbles: true, cancelable: true, detail: { undone: url } });
  if (document.body.dispatchEvent(heard)) location.reload();
}

function takeLastBack() {
  const last = kept().at(-1);
  if (last) takeBack(last.url);
  return Boolean(last);
}

document.addEventListener('undoable', ({ detail: { url, text } }) => keep([...kept().filter((one) => one.url !== url), { url, text, at: Date.now() }]));
document.addEventListener('undo', ({ detail }) => takeBack(detail));
button?.addEventListener('click', takeLastBack);
document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.code !== 'KeyZ') return;
  // While one types, it is the letters that are taken back.
  if (event.target.closest('input:not([type="checkbox"]):not([type="radio"]), textarea, select, [contenteditable], dialog, [data-editing]')) return;
  if (takeLastBack()) event.preventDefault();
});
show();
