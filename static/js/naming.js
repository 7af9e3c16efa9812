// The dialog that names something kept, anew or by another name. What is shown by now (`shown`: names of inputs) goes with what is kept anew alone.

export function naming(dialog, base, shown) {
  return (name) => {
    const form = dialog.querySelector('form');
    const head = dialog.querySelector('h2');
    head.textContent = name ? head.dataset.rename : head.dataset.keep;
    form.action = base + (name ? `/${encodeURIComponent(name)}` : '');
    // A new name alone changes nothing of what is shown.
    for (const input of form.querySelectorAll(shown.map((one) => `[name="${one}"]`).join(', '))) input.disabled = Boolean(name);
    dialog.querySelector('[data-keep-help]').hidden = Boolean(name);
    form.elements.name.value = name ? dialog.dataset.own : '';
    dialog.showModal();
    form.elements.name.select();
  };
}
