// The forms of data set-up: a key proposed from the English name, options of a list, fields put into a formula, what a roll-up needs.
import { onContent } from './content.js';

const LATIN = Object.fromEntries(
  'а:a б:b в:v г:h ґ:g д:d е:e є:ie ж:zh з:z и:y і:i ї:i й:i к:k л:l м:m н:n о:o п:p р:r с:s т:t у:u ф:f х:kh ц:ts ч:ch ш:sh щ:shch ь: ю:iu я:ia \': ’: ʼ:'
    .split(' ').map((pair) => pair.split(':')),
);

/** As crm/admin_views/configuration/keys.py proposes it. */
function proposed(name) {
  const latin = [...name.toLowerCase()].map((letter) => LATIN[letter] ?? letter).join('');
  return latin.replace(/[^a-z0-9]+/g, '_').replace(/^[0-9_]+|_+$/g, '').slice(0, 48).replace(/_+$/, '');
}

function keys(form) {
  const [from, key] = [form.querySelector('[data-key-from]'), form.querySelector('[data-key]')];
  if (!from || !key) return;
  let own = key.value !== '' && key.value !== proposed(from.value);
  const propose = () => { if (!own) key.value = proposed(from.value); };
  propose(); // somebody may have typed before this script came
  from.addEventListener('input', propose);
  key.addEventListener('input', () => { own = key.value !== ''; });
}

// --- options of a list -------------------------------------------------------------------------------------------

/** The names of the controls carry the number of their row; the order in which rows stand is the order of the options. */
function fresh(list) {
  const row = list.lastElementChild.cloneNode(true);
  const number = Math.max(-1, ...[...list.querySelectorAll('[name="opt"]')].map((one) => Number(one.value))) + 1;
  const old = row.querySelector('[name="opt"]').value;
  row.querySelector('[name="opt"]').value = number;
  for (const control of row.querySelectorAll(`[name$="-${old}"]`)) {
    control.name = control.name.replace(/\d+$/, number);
    if (control.type !== 'checkbox') control.value = control.dataset.usual ?? '';
    control.removeAttribute('aria-invalid');
  }
  for (const gone of row.querySelectorAll('.form-check, .b-wrong, a[data-known]')) gone.remove();
  for (const count of row.querySelectorAll('[data-known]')) count.textContent = '';
  row.classList.remove('is-retired');
  swatch(row);
  return row;
}

function swatch(row) {
  const tag = row.querySelector('[data-swatch]');
  const colour = (row.querySelector('[data-colour]') ?? row.querySelector('select')).value;
  tag.className = `b-tag${colour ? ` is-${colour}` : ''}`;
  const named = (language) => row.querySelector(`input[lang="${language}"]`).value;
  tag.textContent = named(document.documentElement.lang) || named('uk') || named('en') || '…';
}

function options(form) {
  const list = form.querySelector('[data-options]');
  if (!list) return;
  if (window.Sortable) window.Sortable.create(list, { handle: '.b-grip', animation: 120, onEnd: () => form.dispatchEvent(new Event('input', { bubbles: true })) });
  for (const row of list.querySelectorAll('.b-option')) swatch(row);  // a colour may have been chosen before this script came
  list.addEventListener('input', ({ target }) => { const row = target.closest('.b-option'); if (row) swatch(row); });
  form.addEventListener('click', (event) => {
    const button = event.target.closest('[data-option-step]');
    if (!button) return;
    const row = button.closest('.b-option');
    const what = button.dataset.optionStep;
    if ((what === 'add' || what === 'drop') && !list.children.length) return;
    if (what === 'drop' && list.children.length === 1) return;
    event.preventDefault();
    if (what === 'add') { const made = fresh(list); list.append(made); made.querySelector('[lang="uk"]').focus(); }
    if (what === 'drop') { (row.nextElementSibling ?? row.previousElementSibling).querySelector('[lang="uk"]').focus(); row.remove(); }
    if (what === 'up' && row.previousElementSibling) { row.previousElementSibling.before(row); button.focus(); }
    if (what === 'down' && row.nextElementSibling) { row.nextElementSibling.after(row); button.focus(); }
    form.dispatchEvent(new Event('input', { bubbles: true }));
  });
  const other = form.querySelector('[data-list]');
  other?.addEventListener('change', () => { form.querySelector('[data-own-list]').hidden = other.value !== ''; });
}

// --- formulas and roll-ups ---------------------------------------------------------------------------------------

function formulas(form) {
  const text = form.querySelector('[data-formula]');
  if (!text) return;
  form.addEventListener('click', ({ target }) => {
    const name = target.closest('[data-put]')?.dataset.put;
    if (!name) return;
    const before = text.value.slice(0, text.selectionStart);
    text.setRangeText(before && !/[\s(]$/.test(before) ? ` ${name}` : name, text.selectionStart, text.selectionEnd, 'end');
    text.focus();
    text.dispatchEvent(new Event('input', { bubbles: true }));
  });
}

function rollups(form) {
  const part = form.querySelector('[data-rollup]');
  if (!part) return;
  const [of, how] = [part.querySelector('#of'), part.querySelector('#function')];
  const show = () => {
    for (const box of part.querySelectorAll('[data-unless]')) box.hidden = !how.value || how.value === box.dataset.unless;
    for (const box of part.querySelectorAll('[data-only]')) box.hidden = how.value !== box.dataset.only;
    for (const group of part.querySelectorAll('optgroup')) group.hidden = group.disabled = group.dataset.of !== of.value.split('.')[0];
  };
  for (const one of [of, how]) one.addEventListener('change', show);
  show();
}

onContent((root) => {
  for (const form of root.querySelectorAll('form[data-builder]:not([data-built])')) {
    form.dataset.built = '';
    for (const part of [keys, options, formulas, rollups]) part(form);
  }
});
