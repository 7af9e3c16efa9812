// Runs before the first paint, so that nothing flashes: theme, density and rail as they were left.
// A signed-in person's own choice comes with the page; this browser remembers the rest.
(() => {
  const root = document.documentElement;
  const kept = (name) => { try { return localStorage.getItem(`brama.${name}`); } catch { return null; } };
  root.dataset.theme ||= kept('theme') || 'auto';
  root.dataset.density ||= kept('density') || 'comfortable';
  if (kept('rail') === 'icons') root.dataset.rail = 'icons';
  const dark = root.dataset.theme === 'dark' || (root.dataset.theme !== 'light' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.dataset.bsTheme = dark ? 'dark' : 'light';
})();
