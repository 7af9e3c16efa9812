// A long list is narrowed by what is typed above it; a short one needs no such box.
import { onContent } from './content.js';

const FEW = 40;
const items = (box) => [...document.querySelectorAll(box.dataset.narrow)];
const bare = (text) => text.toLocaleLowerCase().trim();

/** Shows the box above a list that has become long, and hides it above a short one. */
export function offer(root = document) {
  for (const box of root.querySelectorAll('input[data-narrow]')) {
    box.value = '';
    box.hidden = items(box).length <= FEW;
  }
}

/** What holds none of what is sought goes, and a section with it in which nothing is left. */
function narrow(box) {
  const wanted = bare(box.value);
  const within = new Set();
  for (const one of items(box)) {
    const named = one.querySelector('label, dt, b, .b-cut') ?? one;
    one.hidden = wanted !== '' && !bare(named.textContent).includes(wanted);
    const section = one.closest('fieldset, section, table');
    if (section) within.add(section);
  }
  for (const section of within) {
    const left = [...section.querySelectorAll(box.dataset.narrow)].some((one) => !one.hidden);
    section.classList.toggle('is-narrowed-away', !left);
  }
}

document.addEventListener('input', (event) => {
  if (!event.target.matches?.('input[data-narrow]')) return;
  event.stopPropagation(); // what is sought is no edit
  narrow(event.target);
}, true);
document.addEventListener('keydown', (event) => { if (event.key === 'Enter' && event.target.matches?.('input[data-narrow]')) event.preventDefault(); }, true);
onContent(offer);
