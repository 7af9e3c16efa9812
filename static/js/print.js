// A sheet of paper says when it was printed, in the reader's own words. Parts of the page that are still to come are waited for.
async function printed(coming) {
  await Promise.all(coming);
  print();
}

/** What the page still waits for. */
function awaited() {
  const coming = [];
  document.dispatchEvent(new CustomEvent('printing', { detail: coming }));
  return coming;
}

document.addEventListener('click', (event) => { if (event.target.closest?.('[data-print]')) printed(awaited()); });
document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() !== 'p' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  const coming = awaited();
  if (!coming.length) return;
  event.preventDefault();
  printed(coming);
});

addEventListener('beforeprint', () => {
  const now = new Date().toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
  for (const place of document.querySelectorAll('[data-printed]')) place.textContent = now;
});
