// Views of a list: the dialog that names one, and the widths of columns that go with what is kept.
import { drawnWidths, forgetWidths } from './columns.js';
import { naming } from './naming.js';

const dialog = document.getElementById('view-dialog');

if (dialog) {
  const open = naming(dialog, dialog.dataset.base, ['query', 'widths']);
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
