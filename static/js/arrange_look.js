// The screen as an arrangement would have it, drawn by the server; what it draws is looked at and not used.
import { post } from './net.js';

const WAIT = 220;

export function look(page, form) {
  const pane = page.querySelector('[data-look]');
  const box = page.querySelector('.b-look');
  const [as, record] = [box.querySelector('#look-as'), box.querySelector('#look-record')];
  const asked = { screen: 'form', in: box.querySelector('[data-in][aria-pressed="true"]').dataset.in };
  let [timer, asking] = [0, null];

  async function draw() {
    clearTimeout(timer);
    timer = 0;
    asking?.abort();
    const own = asking = new AbortController();
    const arrangement = new URLSearchParams(new FormData(form));
    arrangement.delete('csrf_token');
    const url = new URL(page.dataset.preview, location.href);
    for (const [name, value] of Object.entries({ ...asked, as: as.value, record: asked.screen === 'form' || asked.screen === 'card' ? record?.value ?? '' : '' })) if (value) url.searchParams.set(name, value);
    pane.setAttribute('aria-busy', 'true');
    const answer = await post(url, { arrangement }, { signal: own.signal, accepted: [400, 404, 422] });
    let drawn = null;
    try { drawn = answer && (answer.ok ? await answer.text() : (await answer.json()).message); } catch { /* another one is asked for already, or it was cut off */ }
    if (own !== asking || timer) return;
    pane.removeAttribute('aria-busy');
    if (drawn === null) return;
    if (answer.ok) pane.innerHTML = drawn; else refuse(drawn);
    still();
  }

  function refuse(text) {
    const line = document.createElement('p');
    line.className = 'b-notice is-warn';
    line.textContent = text;
    pane.replaceChildren(line);
  }

  /** Nothing in it leads anywhere, takes the focus or answers to a key. */
  function still() {
    for (const one of pane.querySelectorAll('a')) one.removeAttribute('href');
    for (const one of pane.querySelectorAll('input, select, textarea, button')) { one.disabled = true; one.removeAttribute('name'); }
    for (const one of pane.querySelectorAll('[data-key], [data-cell], [data-sort], [autofocus]')) for (const name of ['data-key', 'data-cell', 'data-sort', 'autofocus']) one.removeAttribute(name);
  }

  const soon = () => { pane.setAttribute('aria-busy', 'true'); clearTimeout(timer); timer = setTimeout(draw, WAIT); };
  const press = (selector, chosen) => { for (const button of box.querySelectorAll(selector)) button.setAttribute('aria-pressed', String(button === chosen)); };

  function show(screen) {
    if (asked.screen === 'card' && screen === 'form') { soon(); return; } // sections stand in both
    asked.screen = screen;
    press('[data-screen]', box.querySelector(`[data-screen="${screen}"]`));
    soon();
  }

  box.addEventListener('click', ({ target }) => {
    const button = target.closest('button[aria-pressed]');
    if (!button || pane.contains(button)) return;
    if (button.dataset.screen) { asked.screen = button.dataset.screen; press('[data-screen]', button); }
    if (button.dataset.in) { asked.in = button.dataset.in; press('[data-in]', button); }
    if (button.dataset.widthOf) { press('[data-width-of]', button); box.classList.toggle('is-narrow', button.dataset.widthOf === 'narrow'); return; }
    draw();
  });
  as.addEventListener('change', draw);
  record?.addEventListener('change', draw);
  return { show, soon };
}
