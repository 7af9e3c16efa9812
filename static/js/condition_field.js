// A condition in a form: the builder of filters beside a hidden field that holds what it has made; and fields that a form asks for only while
// another one says so.
import { add, begin, draw, written } from './conditions.js';
import { onContent } from './content.js';

function start(place) {
  const input = place.querySelector('input[type="hidden"]');
  const builder = place.querySelector('[data-builder]');
  const over = place.closest('form')?.elements[place.dataset.over];
  const show = () => {
    const of = over?.value || place.dataset.of;
    begin({ place: builder, at: of ? `/${of}/` : '', known: JSON.parse(place.dataset.names || '{}'), where: input.value });
    if (!of) return builder.replaceChildren();
    if (!input.value) add();
    return draw();
  };
  const keep = () => setTimeout(() => {
    const made = written();
    const text = made ? JSON.stringify(made) : '';
    if (text === input.value) return;
    input.value = text;
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  for (const name of ['input', 'change', 'click']) builder.addEventListener(name, keep);
  // Fields of other records are others: what was asked of those is no condition of these.
  over?.addEventListener('change', () => { input.value = ''; show(); });
  show();
}

function follow(field) {
  const asked = field.closest('form')?.elements[field.dataset.askedWhen];
  if (!asked) return;
  const show = () => { field.hidden = asked.value !== field.dataset.askedAs; };
  asked.addEventListener('change', show);
  show();
}

onContent((root) => {
  root.querySelectorAll('[data-condition-field]').forEach(start);
  root.querySelectorAll('[data-asked-when]').forEach(follow);
});
