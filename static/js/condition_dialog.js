// Conditions of a form of rules: each is made in one dialog, goes back into its hidden field, and the server says it in words.
import { add, begin, draw, written } from './conditions.js';

const dialog = document.getElementById('condition-dialog');
const builder = dialog?.querySelector('[data-builder]');
let asked = null;

/** Puts the condition into its field and lets the server draw the form anew. */
function put(where) {
  const { form } = asked;
  asked.value = where ? JSON.stringify(where) : '';
  asked.dispatchEvent(new Event('input', { bubbles: true }));
  dialog.close();
  form.querySelector('[data-draw]').click();
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
  const asker = event.target.closest?.('[data-condition]');
  if (asker && dialog) ask(asker);
  if (event.target.closest?.('[data-no-condition]')) put(null);
});
dialog?.addEventListener('submit', (event) => { event.preventDefault(); put(written()); });
