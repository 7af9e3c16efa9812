// Comfortable rows of 36 px or compact ones of 30; the rail with words or with icons only.
import { rememberWord } from './kept.js';
import { post } from './net.js';
import { word } from './words.js';

const root = document.documentElement;

function showDensity() {
  for (const item of document.querySelectorAll('[data-set-density]')) item.setAttribute('aria-checked', String(item.dataset.setDensity === root.dataset.density));
}

function showFold() {
  const folded = root.dataset.rail === 'icons';
  for (const button of document.querySelectorAll('[data-fold]')) {
    button.setAttribute('aria-expanded', String(!folded));
    button.setAttribute('aria-label', word(folded ? 'unfold' : 'fold'));
    button.title = word(folded ? 'unfold' : 'fold');
  }
}

document.addEventListener('click', (event) => {
  const item = event.target.closest?.('[data-set-density]');
  if (item) {
    root.dataset.density = item.dataset.setDensity;
    rememberWord('density', root.dataset.density);
    showDensity();
    if (root.dataset.user) post('/profile/look', { density: root.dataset.density });
  } else if (event.target.closest?.('[data-fold]')) {
    if (root.dataset.rail === 'icons') delete root.dataset.rail; else root.dataset.rail = 'icons';
    rememberWord('rail', root.dataset.rail ?? 'words');
    showFold();
  }
});
showDensity();
showFold();
