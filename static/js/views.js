// Views of a list: the dialog that names one, and the widths of columns that go with what is kept.
import { drawnWidths, forgetWidths } from './columns.js';

const dialog = document.getElementById('view-dialog');

function open(name) {
  const form = dialog.querySelector('form');
  const head = dialog.querySelector('h2');
  head.textContent = name ? head.dataset.rename : head.dataset.keep;
  form.action = dialog.dataset.base + (name ? `/${encodeURIComponent(name)}` : '');
  // A new name alone changes nothing of what is shown.
  for (const input of form.querySelectorAll('[name="query"], [name="widths"]')) input.disabled = Boolean(name);
  dialog.querySelector('[data-keep-help]').hidden = Boolean(name);
  form.elements.name.value = name ? dialog.dataset.own : '';
  dialog.showModal();
  form.elements.name.select();
}

if (dialog) {
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-view-dialog]');
    if (button) open(button.dataset.viewDialog);
  });
  document.addEventListener('submit', (event) => {
    const widths = event.target.matches?.('[data-view-form]') ? event.target.querySelector('[name="widths"]') : null;
    if (!widths || widths.disabled || event.defaultPrevented) return;
    widths.value = JSON.stringify(drawnWidths());
    forgetWidths();
  });
}
