// A record's card and form: fields edited where they stand, choices that depend on another choice, removal and taking back.
import { fill, onContent } from './content.js';
import { getText, post, send } from './net.js';
import { toast } from './toasts.js';

const WAITING = 'brama.toast';

/** The card anew, in place: a rule may have changed more than the field that was saved. */
async function refresh(inside) {
  const root = inside.closest('[data-record]');
  const inDrawer = root.dataset.url !== undefined;
  const html = await getText(inDrawer ? `${root.dataset.url}?drawer=1` : location.href);
  if (html === null) return;
  const fresh = new DOMParser().parseFromString(html, 'text/html');
  const pairs = inDrawer
    ? [[root, fresh.querySelector('[data-record]')]]
    : ['.b-head', '.b-stage-wrap', '.b-course', '#facts', '.b-side'].map((part) => [document.querySelector(part), fresh.querySelector(part)]);
  for (const [old, made] of pairs) if (old && made) fill(old, made.innerHTML);
  const now = fresh.querySelector('[data-record]');
  if (now) root.dataset.version = now.dataset.version;
  if (inDrawer) return;
  for (const value of fresh.querySelectorAll('dd[data-cell] [data-value]')) {
    const cell = value.closest('dd').dataset.cell;
    const shown = [...root.querySelectorAll('dd[data-cell]')].find((one) => one.dataset.cell === cell);
    if (shown && !shown.querySelector('form')) shown.querySelector('[data-value]').innerHTML = value.innerHTML;
  }
}

const read = (form) => new FormData(form).getAll('value').map((one) => (one instanceof File ? `${one.name}:${one.size}` : one)).join('\u0000');

async function edit(cell) {
  if (cell.querySelector('form')) return;
  const html = await getText(cell.dataset.cell);
  if (html === null) return;
  const stood = [...cell.childNodes];
  const back = (focus = true) => {
    cell.classList.remove('is-editing');
    cell.replaceChildren(...stood);
    if (focus) cell.querySelector('[data-edit-cell]').focus();
  };
  const outside = (event) => {
    const form = cell.querySelector('form');
    if (!form || cell.contains(event.target) || event.target.closest('.ts-dropdown, dialog, #toasts')) return;
    // A click elsewhere saves what was changed, as it does in a list.
    if (read(form) === began) { end(); back(false); } else form.requestSubmit();
  };
  const end = () => { cell.onkeydown = cell.onsubmit = cell.onclick = null; document.removeEventListener('pointerdown', outside); };
  let began = '';
  const show = (markup, first = false) => {
    fill(cell, markup);
    cell.classList.add('is-editing');
    if (first) began = read(cell.querySelector('form'));
    const input = cell.querySelector('.ts-control input') ?? cell.querySelector('input:not([type="hidden"]), select, textarea');
    input?.focus();
    if (input?.select) input.select();
  };
  show(html, true);
  const choosing = () => cell.querySelector('.ts-wrapper.dropdown-active') !== null;
  cell.onkeydown = (event) => {
    if (event.key === 'Escape' && !choosing()) { event.preventDefault(); event.stopPropagation(); end(); back(); }
    if (event.key === 'Enter' && !choosing() && (event.ctrlKey || event.metaKey || event.target.matches('input, select'))) { event.preventDefault(); cell.querySelector('form').requestSubmit(); }
  };
  cell.onclick = (event) => {
    if (!event.target.closest('[data-cell-cancel]')) return;
    const collided = cell.querySelector('.b-theirs') !== null;
    end();
    back();
    if (collided) refresh(cell);
  };
  document.addEventListener('pointerdown', outside);
  cell.onsubmit = async (event) => {
    event.preventDefault();
    event.stopPropagation();
    const answer = await send(cell.dataset.cell, { method: 'POST', body: new FormData(event.target), accept: 'text/html', accepted: [409, 422] });
    if (!answer) return;
    const markup = await answer.text();
    if (!answer.ok) { show(markup); return; }
    end();
    back(cell.contains(document.activeElement));
    cell.querySelector('[data-value]').innerHTML = markup;
    refresh(cell);
  };
}

/** Of the choices that belong to something, only those of what is chosen. */
function narrow(select) {
  const above = select.form?.elements[select.dataset.dependsOn];
  if (!above) return;
  const apply = () => {
    for (const option of select.options) option.hidden = option.disabled = Boolean(option.dataset.parent && above.value && !option.dataset.parent.split(' ').includes(above.value));
    if (select.selectedOptions[0]?.disabled) {
      const free = [...select.options].filter((option) => !option.disabled);
      select.value = (free.find((option) => !option.value) ?? free[0])?.value ?? '';
    }
  };
  above.addEventListener('change', apply);
  apply();
}

async function remove(button) {
  const answer = await post(button.dataset.removeUrl, { ids: button.dataset.remove });
  if (!answer) return;
  const events = JSON.parse(answer.headers.get('HX-Trigger') ?? '{}');
  try { if (events.toast) sessionStorage.setItem(WAITING, JSON.stringify(events.toast)); } catch { /* the page says it all the same */ }
  location.assign(button.dataset.listUrl);
}

async function takeBack(form) {
  const answer = await post(form.action, new FormData(form));
  if (!answer) return;
  const { url } = await answer.json();
  const row = form.closest('tr');
  row.classList.add('is-back');
  form.replaceWith(Object.assign(document.createElement('a'), { href: url, className: 'b-accent b-strong', textContent: form.dataset.linkText }));
}

document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-edit-cell]');
  if (button) edit(button.closest('[data-cell]'));
  const removing = event.target.closest?.('[data-remove]');
  if (removing && !event.defaultPrevented) remove(removing);
});
document.addEventListener('dblclick', (event) => {
  const cell = event.target.closest?.('dd[data-cell]');
  if (cell && !event.target.closest('a, form')) { getSelection()?.removeAllRanges(); edit(cell); }
});
document.addEventListener('submit', (event) => {
  if (!event.target.matches?.('form[data-restore]')) return;
  event.preventDefault();
  takeBack(event.target);
});
onContent((root) => root.querySelectorAll('select[data-depends-on]').forEach(narrow));
try {
  const waiting = sessionStorage.getItem(WAITING);
  if (waiting) { sessionStorage.removeItem(WAITING); toast(JSON.parse(waiting)); }
} catch { /* no storage */ }
