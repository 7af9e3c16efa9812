// New content on the page, whoever brought it: the page itself, htmx, the drawer, the sheet.
const readers = [];

/** Calls `reader(root)` for the page now and for every part that comes later. */
export function onContent(reader) {
  readers.push(reader);
  reader(document);
}

/** Puts answered markup into `place` and brings it to life. */
export function fill(place, html) {
  place.innerHTML = html;
  window.htmx?.process(place);
  readers.forEach((reader) => reader(place));
}

document.addEventListener('htmx:load', (event) => { if (event.target !== document.body) readers.forEach((reader) => reader(event.target)); });
