// A dashboard: panels are asked for when they come into view; one that its reader may not see leaves no sign. Arranged by dragging, and by buttons without it.
import { post } from './net.js';
import { ask } from './parts.js';

const panels = () => document.querySelectorAll('.b-panel[data-part]');
const sight = new IntersectionObserver((seen) => {
  for (const one of seen) if (one.isIntersecting) { sight.unobserve(one.target); ask(one.target); }
}, { rootMargin: '200px' });
for (const panel of panels()) sight.observe(panel);
addEventListener('beforeprint', () => panels().forEach(ask));
document.addEventListener('printing', () => panels().forEach(ask), { capture: true }); // before it is asked for what one has to wait

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
