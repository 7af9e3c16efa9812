// The lines of a layout come plain, with what arranges them without scripts. Here each becomes the one that scripts work with, made of the template of its
// part. This runs while the page is read, before any module: drafts of forms and the arranging find every control in its place.
{
  const safe = (text) => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

  for (const part of document.querySelectorAll('[data-part]')) {
    const whole = part.querySelector('template[data-whole]').innerHTML;
    const own = part.dataset.own !== undefined;
    for (const plain of part.querySelectorAll('[data-plain]')) {
      const placed = plain.closest('[data-placed]') !== null;
      const [name, type] = [...plain.querySelectorAll('.b-grow > *')].map((one) => one.textContent);
      const { item: key, plain: n, uk = '', en = '', wide } = plain.dataset;
      const values = { key, n, uk, en, name: name ?? plain.querySelector('.b-grow').textContent, type: type ?? '', at: placed ? n : '900' };
      const made = document.createElement('template');
      made.innerHTML = whole.replace(/~(\w+)~/g, (_, word) => safe(values[word]));
      const line = made.content.querySelector('li');
      if (wide !== undefined) { line.dataset.wide = ''; line.classList.add('is-wide'); }
      if (!type) line.querySelector('.b-grow > .b-faint')?.remove();
      if (placed) for (const control of line.querySelectorAll(own ? ':disabled' : 'select')) control.disabled = false;
      plain.replaceWith(line);
    }
  }
}
