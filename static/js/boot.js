// Runs before the first paint, so that nothing flashes: theme, density and rail as they were left; and nothing pressed early is lost.
// A signed-in person's own choice comes with the page; this browser remembers the rest.
(() => {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(`brama.${name}`); } catch { return null; } };
  root.dataset.theme ||= kept('theme') || 'auto';
  root.dataset.density ||= kept('density') || 'comfortable';
  if (kept('rail') === 'icons') root.dataset.rail = 'icons';
  const dark = root.dataset.theme === 'dark' || (root.dataset.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.bsTheme = dark ? 'dark' : 'light';

  // What works by scripts alone and is pressed before they are here is pressed again, the last of it, once they are. Links and forms need no scripts.
  const BY_SCRIPT = 'button[type="button"], :is(a, button)[data-confirm], form[data-restore] button';
  let pressed = null;
  const keep = (event) => {
    const element = event.target.closest?.(BY_SCRIPT);
    if (!element) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    pressed = element;
  };
  document.addEventListener('click', keep, true);
  // Modules and deferred scripts have run by then; what they in turn do when the document is there comes before the next task.
  document.addEventListener('DOMContentLoaded', () => setTimeout(() => {
    document.removeEventListener('click', keep, true);
    if (pressed?.isConnected) pressed.click();
  }));
})();
