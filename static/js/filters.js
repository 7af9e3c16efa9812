// The filter of a list: its conditions in a dialog, written into the address as `where`.
import { add, begin, draw, written } from './conditions.js';
import { visitList } from './list_address.js';

async function open(at) {
  const place = document.querySelector('[data-filter]');
  const dialog = document.getElementById('filter-dialog');
  const builder = dialog.querySelector('[data-builder]');
  begin({ place: builder, at: place.dataset.base, known: JSON.parse(place.dataset.names || '{}'), where: place.dataset.where });
  if (at === 'new') add();
  await draw();
  dialog.showModal();
  const lines = builder.querySelectorAll('.b-cond-root > .b-cond, .b-cond-root > .b-cond-group');
  (at === 'new' ? [...lines].at(-1) : lines[Number(at)])?.querySelector('select, input')?.focus();
}

function apply() {
  const where = written();
  visitList({ where: where ? JSON.stringify(where) : null });
}

document.addEventListener('click', (event) => {
  const at = event.target.closest?.('[data-edit-filter]')?.dataset.editFilter;
  if (at !== undefined) open(at);
});
document.addEventListener('submit', (event) => {
  if (!event.target.closest?.('#filter-dialog')) return;
  event.preventDefault();
  apply();
});
