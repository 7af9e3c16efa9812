// The sentences that scripts show: data blocks written by the templates in the reader's language.
const words = {};

function read() {
  for (const block of document.querySelectorAll('script[data-words]:not([data-read])')) {
    Object.assign(words, JSON.parse(block.textContent));
    block.dataset.read = '';
  }
}

/** The sentence `key` with its `%(name)s` places filled; the key itself when no template wrote it. */
export function word(key, places = {}) {
  if (!(key in words)) read();
  return (words[key] ?? key).replace(/%\((\w+)\)s/g, (_, name) => places[name] ?? '');
}
