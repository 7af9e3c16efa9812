// A dashboard: panels are asked for when they come into view; one that its reader may not see leaves no sign. Arranged by dragging, and by buttons without it.
import { fill } from './content.js';
import { post } from './net.js';

async function load(panel) {
  sight.unobserve(panel);
  let answer = null;
  try {
    answer = await fetch(panel.dataset.panel, { headers: { Accept: 'text/html', 'HX-Request': 'true' }, credentials: 'same-origin' });
  } catch { /* no way to the server: the skeleton stays, the link leads to the whole */ }
  panel.removeAttribute('aria-busy');
  if (!answer) return;
  if (answer.ok) fill(panel.querySelector('[data-answer]'), await answer.text());
  else if (answer.status < 500 && answer.status !== 401) panel.remove();
  else panel.querySelector('.b-wait')?.remove();
}

const sight = new IntersectionObserver((seen) => { for (const one of seen) if (one.isIntersecting) load(one.target); }, { rootMargin: '200px' });
for (const panel of document.querySelectorAll('[data-panel]')) sight.observe(panel);
addEventListener('beforeprint', () => document.querySelectorAll('[data-panel][aria-busy]').forEach(load));

const arranged = document.querySelector('[data-arrange]');
if (arranged) {
  if (window.Sortable) {
    window.Sortable.create(arranged, {
      handle: '.b-grip', animation: 120,
      async onEnd({ oldIndex, newIndex }) {
        if (oldIndex === newIndex) return;
        const order = [...arranged.querySelectorAll('[data-place]')].map((one) => one.dataset.place).join(',');
        await post('/dashboard/order', { seen: arranged.dataset.seen, order }, { accept: 'text/html' });
        location.reload();
      },
    });
  }
  // What is chosen is kept at once; a title when it is left.
  arranged.addEventListener('change', (event) => event.target.closest('[data-at-once]')?.requestSubmit());
  document.documentElement.dataset.scripts = '';
}
