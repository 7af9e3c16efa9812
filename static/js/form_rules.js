// Fields that belong to a record, or must be filled in, only by a rule: the server is asked while one types. A field that does not belong
// is hidden and not posted, so what the record holds in it stays as it is.
import { onContent } from './content.js';

const PAUSE = 300; // ms of quiet before the server is asked

function place(form, name) { return form.querySelector(`[data-field="${CSS.escape(name)}"]`); }

function show(field, { visible, required }) {
  field.hidden = !visible;
  const star = field.querySelector('.is-required');
  if (star) star.hidden = !required;
  const control = field.querySelector('[name]:not([type="hidden"])');
  if (required) control?.setAttribute('aria-required', 'true');
  else control?.removeAttribute('aria-required');
}

function start(form) {
  let turn = 0;
  let timer;
  const ask = async () => {
    const mine = ++turn;
    const body = new FormData(form);
    for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
    let answer;
    try {
      answer = await fetch(form.dataset.rules, { method: 'POST', body, headers: { Accept: 'application/json' }, credentials: 'same-origin' });
    } catch { return; } // the save will say what is wrong
    if (!answer.ok || mine !== turn) return;
    const { fields } = await answer.json();
    for (const [name, state] of Object.entries(fields)) {
      const field = place(form, name);
      if (field && !field.classList.contains('is-wrong')) show(field, state);
    }
  };
  for (const name of ['input', 'change']) form.addEventListener(name, () => { clearTimeout(timer); timer = setTimeout(ask, PAUSE); });
  form.addEventListener('formdata', ({ formData }) => {
    for (const field of form.querySelectorAll('[data-field][hidden]')) formData.delete(field.dataset.field);
  });
}

onContent((root) => root.querySelectorAll('form[data-rules]').forEach(start));
