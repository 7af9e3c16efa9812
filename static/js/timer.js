// A running timer in the top bar counts on, and what is marked as a post is posted instead of followed.
import { make } from './drawing.js';

const SECOND = 1000;

function count() {
  for (const place of document.querySelectorAll('[data-since]')) {
    const seconds = Math.max(0, Math.floor((Date.now() - Date.parse(place.dataset.since)) / SECOND));
    const two = (number) => String(number).padStart(2, '0');
    place.textContent = `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  }
}

document.addEventListener('click', (event) => {
  const link = event.target.closest?.('a[data-post]');
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  const token = document.querySelector('meta[name="csrf-token"]').content;
  const field = (name, value) => make('input', { type: 'hidden', name, value });
  const form = make('form', { method: 'post', action: link.dataset.post, hidden: true }, field('csrf_token', token), field('from', location.pathname));
  document.body.append(form);
  form.submit();
});

if (document.querySelector('[data-since]')) {
  count();
  setInterval(count, SECOND);
}
