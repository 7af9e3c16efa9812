// One question before what can't be taken back: data-confirm="…" on a button, a link, a form or an htmx element.
import { word } from './words.js';

const ASKS = '[hx-get], [hx-post], [hx-put], [hx-patch], [hx-delete]';

/** Asks; resolves to true when the person goes on. */
export function ask(text, { button = word('ok'), more = '' } = {}) {
  const dialog = document.getElementById('question');
  document.getElementById('question-text').textContent = text || word('sure');
  const small = document.getElementById('question-more');
  small.textContent = more;
  small.hidden = !more;
  dialog.querySelector('button[value="yes"]').textContent = button;
  dialog.returnValue = 'no';
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener('close', () => resolve(dialog.returnValue === 'yes'), { once: true }));
}

const about = (element) => [element.dataset.confirm, { button: element.dataset.confirmButton, more: element.dataset.confirmMore }];
const agreed = new WeakSet();

async function hold(event, element, go) {
  if (agreed.delete(element)) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  if (await ask(...about(element))) { agreed.add(element); go(); }
}

document.addEventListener('click', (event) => {
  const element = event.target.closest?.('[data-confirm]:not(form)');
  if (element && !element.matches(ASKS)) hold(event, element, () => element.click());
}, true);
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (form.dataset.confirm && !form.matches(ASKS)) hold(event, form, () => form.requestSubmit(event.submitter));
}, true);
document.addEventListener('htmx:confirm', (event) => {
  const { elt, issueRequest } = event.detail;
  if (!elt.dataset.confirm) return;
  event.preventDefault();
  ask(...about(elt)).then((yes) => { if (yes) issueRequest(true); });
});
