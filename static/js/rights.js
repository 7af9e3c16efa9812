// The matrix of a role: rules of an entity unfold below its row; conditions are made in a dialog and go back into the form.
import { add, begin, draw, written } from './conditions.js';
import { fill } from './content.js';
import { getText } from './net.js';

const dialog = document.getElementById('condition-dialog');
const builder = dialog?.querySelector('[data-builder]');
let asked = null;

async function unfold(link) {
  const row = document.getElementById(link.dataset.unfold);
  const open = row.hidden;
  if (open && !row.querySelector('form')) {
    const part = await getText(link.href);
    if (part === null) return;
    fill(row.firstElementChild, part);
  }
  row.hidden = !open;
  link.setAttribute('aria-expanded', String(open));
}

/** Puts the condition into its field and lets the server say it in words. */
function put(where) {
  asked.value = where ? JSON.stringify(where) : '';
  const { form } = asked;
  dialog.close();
  form.requestSubmit(form.querySelector('[value="draw"]'));
}

async function ask(button) {
  asked = button.closest('form').elements[button.dataset.condition];
  begin({ place: builder, at: asked.form.dataset.base, known: JSON.parse(asked.dataset.names || '{}'), where: asked.value });
  if (!asked.value) add();
  await draw();
  dialog.showModal();
  builder.querySelector('.b-cond select, .b-cond input')?.focus();
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-unfold]');
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); unfold(link); }
  const asker = event.target.closest?.('[data-condition]');
  if (asker && dialog) ask(asker);
  if (event.target.closest?.('[data-no-condition]')) put(null);
});
document.addEventListener('keydown', (event) => {
  const link = event.target.closest?.('[data-unfold]');
  if (link && event.key === ' ') { event.preventDefault(); unfold(link); }
});
// What was rehearsed is no longer what stands in the form.
document.addEventListener('input', (event) => { event.target.closest?.('[data-rules]')?.querySelector('[data-rehearsal]')?.remove(); });
// What the others get shows grey in each of them, so the form is drawn anew.
document.addEventListener('change', (event) => {
  const { target } = event;
  if (target.matches?.('[data-rules] input[name^="rest-"]')) target.form.requestSubmit(target.form.querySelector('[value="draw"]'));
});
dialog?.addEventListener('submit', (event) => { event.preventDefault(); put(written()); });
