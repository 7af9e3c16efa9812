// Reports kept: the dialog that names one. What the builder shows by now goes with it.
import { naming } from './naming.js';

const dialog = document.getElementById('keep-dialog');

if (dialog) {
  const open = naming(dialog, '/reports/kept', ['query', 'report']);
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-keep-report]');
    if (button) open(button.dataset.keepReport);
  });
}
