// A sheet of paper says when it was printed, in the reader's own words.
document.addEventListener('click', (event) => { if (event.target.closest?.('[data-print]')) print(); });

addEventListener('beforeprint', () => {
  const now = new Date().toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
  for (const place of document.querySelectorAll('[data-printed]')) place.textContent = now;
});
