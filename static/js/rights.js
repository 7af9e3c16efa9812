// The matrix of a role: rules of an entity unfold below its row.
import './condition_dialog.js';
import { fill } from './content.js';
import { getText, post } from './net.js';

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

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('[data-unfold]');
  if (link && !event.ctrlKey && !event.metaKey) { event.preventDefault(); unfold(link); }
});
document.addEventListener('keydown', (event) => {
  const link = event.target.closest?.('[data-unfold]');
  if (link && event.key === ' ') { event.preventDefault(); unfold(link); }
});
// Several kinds of record changed are checked and saved together: saving one alone would drop what is typed into the others.
const together = document.querySelector('[data-together]');
const changed = () => [...document.querySelectorAll('[data-rules][data-changed]')];

/** Marks the rows that are changed, and says which they are as soon as they are several. What was rehearsed is no longer what stands there. */
function count() {
  const forms = changed();
  const rows = forms.map((form) => form.closest('tbody'));
  document.querySelectorAll('.b-matrix .is-changed').forEach((row) => { if (!rows.includes(row)) row.classList.remove('is-changed'); });
  rows.forEach((row) => row.classList.add('is-changed'));
  if (!together) return;
  together.hidden = forms.length < 2;
  together.querySelector('[data-together-answer]').replaceChildren();
  together.querySelector('[data-together-names]').textContent = rows.map((row) => row.querySelector('.b-unfold').textContent.trim()).join(', ');
}

async function send(step) {
  const place = together.querySelector('[data-together-answer]');
  const values = new URLSearchParams({ step, checked: place.querySelector('[name="checked"]')?.value ?? '' });
  for (const form of changed()) values.append(`part-${form.dataset.kind}`, new URLSearchParams(new FormData(form)).toString());
  const answer = await post(together.dataset.together, values, { accept: 'text/html' });
  if (!answer) return;
  const next = answer.headers.get('HX-Redirect');
  if (next) { location.assign(next); return; }
  fill(place, await answer.text());
  place.querySelector('[data-focus-first]')?.focus();
}

document.addEventListener('submit', (event) => {
  if (!event.target.matches?.('[data-rules]') || event.submitter?.value !== 'check' || changed().length < 2) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  send('check');
}, true);
document.addEventListener('click', (event) => {
  if (event.target.closest?.('[data-together-check]')) send('check');
  if (event.target.closest?.('[data-together-save]')) send('save');
});
for (const name of ['input', 'change']) {
  document.addEventListener(name, (event) => {
    const form = event.target.closest?.('[data-rules]');
    if (form) { form.dataset.changed = ''; count(); }
  });
}
document.addEventListener('htmx:load', count);

// What was rehearsed is no longer what stands in the form.
document.addEventListener('input', (event) => { event.target.closest?.('[data-rules]')?.querySelector('[data-rehearsal]')?.remove(); });
// What the others get shows grey in each of them, so the form is drawn anew.
document.addEventListener('change', (event) => {
  const { target } = event;
  if (target.matches?.('[data-rules] input[name^="rest-"]')) target.form.requestSubmit(target.form.querySelector('[data-draw]'));
});
