// Reports kept: the dialog that names one. What the builder shows by now goes with it.
const dialog = document.getElementById('keep-dialog');

function open(name) {
  const form = dialog.querySelector('form');
  const head = dialog.querySelector('h2');
  head.textContent = name ? head.dataset.rename : head.dataset.keep;
  form.action = `/reports/kept${name ? `/${encodeURIComponent(name)}` : ''}`;
  // A new name alone changes nothing of what is asked.
  for (const input of form.querySelectorAll('[name="query"], [name="report"]')) input.disabled = Boolean(name);
  dialog.querySelector('[data-keep-help]').hidden = Boolean(name);
  form.elements.name.value = name ? dialog.dataset.own : '';
  dialog.showModal();
  form.elements.name.select();
}

if (dialog) {
  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-keep-report]');
    if (button) open(button.dataset.keepReport);
  });
}
