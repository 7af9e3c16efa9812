// Light, dark or as the system: kept with the person when signed in, and in this browser for the pages before.
import { rememberWord } from './kept.js';
import { post } from './net.js';

const root = document.documentElement;
const system = matchMedia('(prefers-color-scheme: dark)');

/** "light" or "dark": what is on the screen now. */
export const shown = () => root.dataset.bsTheme;

function apply() {
  const { theme } = root.dataset;
  const wanted = theme === 'dark' || (theme !== 'light' && system.matches) ? 'dark' : 'light';
  if (wanted !== root.dataset.bsTheme) {
    root.dataset.bsTheme = wanted;
    document.dispatchEvent(new CustomEvent('theme', { detail: wanted }));
  }
  for (const item of document.querySelectorAll('[data-set-theme]')) item.setAttribute('aria-checked', String(item.dataset.setTheme === theme));
}

/** Chooses "light", "dark" or "auto". */
export function choose(theme) {
  root.dataset.theme = theme;
  rememberWord('theme', theme);
  apply();
  if (root.dataset.user) post('/profile/look', { theme });
}

system.addEventListener('change', apply);
document.addEventListener('click', (event) => {
  const item = event.target.closest?.('[data-set-theme]');
  if (item) choose(item.dataset.setTheme);
  else if (event.target.closest?.('[data-turn-theme]')) choose(shown() === 'dark' ? 'light' : 'dark');
});
apply();
