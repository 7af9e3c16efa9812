// The import screen: a file chosen or dropped, panels of columns, tabs of a trial, rows marked together, and the mark that a mapping was changed since it was tried.
import { onContent } from './content.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const MEGABYTE = 1024 * 1024;

function sizeWords(size) {
  return size < MEGABYTE ? word('kilobytes', { num: Math.max(1, Math.round(size / 1024)) }) : word('megabytes', { num: (Math.round(size / MEGABYTE * 10) / 10).toLocaleString(document.documentElement.lang) });
}

/** Shows which file is chosen; one that is too large is refused before a byte of it is sent. */
function chosen(form, input) {
  const [file] = input.files;
  const tooLarge = file && file.size > Number(form.dataset.limit);
  input.setCustomValidity(tooLarge ? word('too_large') : '');
  if (tooLarge) toast({ text: word('too_large'), kind: 'error', once: 'too-large' });
  if (!file) return;
  form.querySelector('[data-file-name]').textContent = file.name;
  form.querySelector('[data-file-size]').textContent = sizeWords(file.size);
  form.querySelector('[data-dropzone]').classList.add('is-full');
}

function startUpload(form) {
  const input = form.querySelector('input[name="file"]');
  const zone = form.querySelector('[data-dropzone]');
  input.addEventListener('change', () => chosen(form, input));
  const over = (on) => zone.classList.toggle('is-over', on);
  for (const name of ['dragenter', 'dragover']) zone.addEventListener(name, (event) => { event.preventDefault(); over(true); });
  for (const name of ['dragleave', 'drop']) zone.addEventListener(name, (event) => { event.preventDefault(); over(false); });
  zone.addEventListener('drop', (event) => {
    if (!event.dataTransfer.files.length) return;
    input.files = event.dataTransfer.files;
    chosen(form, input);
  });
  form.addEventListener('submit', () => {
    const button = form.querySelector('button[data-busy]');
    button.textContent = button.dataset.busy;
    setTimeout(() => { button.disabled = true; });
  });
  if (input.files.length) chosen(form, input); // a browser keeps the choice over "back"
}

/** A text file into the text area it belongs to. */
async function intoText(input) {
  const [file] = input.files;
  if (!file || file.size > MEGABYTE) { if (file) toast({ text: word('too_large'), kind: 'error' }); return; }
  document.getElementById(input.dataset.into).value = await file.text();
}

function turn(button, open) {
  const panel = document.getElementById(button.getAttribute('aria-controls'));
  button.setAttribute('aria-expanded', String(open));
  panel.hidden = !open;
  opened[open ? 'add' : 'delete'](button.dataset.panel);
  return panel;
}

const opened = new Set(); // panels stay open when the form is drawn anew

function openPanel(number) {
  const button = document.querySelector(`[data-panel="${number}"]`);
  if (!button) { document.getElementById(`to-${number}`)?.focus(); return; }
  const panel = turn(button, true);
  button.scrollIntoView({ block: 'center' });
  (panel.querySelector('select, input:not([type="hidden"])') ?? button).focus();
}

function choose(tab) {
  for (const one of tab.parentElement.querySelectorAll('[role="tab"]')) {
    const now = one === tab;
    one.setAttribute('aria-selected', String(now));
    one.tabIndex = now ? 0 : -1;
    document.getElementById(one.getAttribute('aria-controls')).hidden = !now;
  }
}

document.addEventListener('click', (event) => {
  const panel = event.target.closest?.('[data-panel]');
  if (panel) turn(panel, panel.getAttribute('aria-expanded') !== 'true');
  const open = event.target.closest?.('[data-open-panel]');
  if (open) openPanel(open.dataset.openPanel);
  const tab = event.target.closest?.('[data-tabs] [role="tab"]');
  if (tab) choose(tab);
});
document.addEventListener('keydown', (event) => {
  const tab = event.target.closest?.('[data-tabs] [role="tab"]');
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!tab || !step) return;
  event.preventDefault();
  const all = [...tab.parentElement.querySelectorAll('[role="tab"]')];
  const next = all[(all.indexOf(tab) + step + all.length) % all.length];
  choose(next);
  next.focus();
});
document.addEventListener('change', (event) => {
  if (event.target.matches?.('[data-into]')) intoText(event.target);
  if (event.target.matches?.('[data-mark-all]')) event.target.form.querySelectorAll('[name="mark"]').forEach((one) => { one.checked = event.target.checked; });
});
for (const name of ['input', 'change']) {
  document.addEventListener(name, (event) => {
    if (event.target.closest?.('[data-import-form]') && !event.target.matches('[name="yaml"]')) event.target.closest('[data-import]').classList.add('is-stale');
  });
}
// What an earlier attempt got wrong is no news when another is made.
document.addEventListener('htmx:beforeRequest', (event) => {
  if (event.target.closest?.('[data-import]')) document.getElementById('import-fault').replaceChildren();
});
// The form is drawn anew around whoever works in it: nothing moves under his hands.
const places = new Map();
document.addEventListener('htmx:beforeSwap', (event) => {
  if (event.detail.target?.id !== 'mapping') return;
  for (const one of [document.scrollingElement, ...document.querySelectorAll('.b-import .b-scroll')]) places.set(one, one.scrollTop);
});
document.addEventListener('htmx:afterSettle', () => {
  for (const [one, top] of places) one.scrollTop = top;
  places.clear();
});
document.addEventListener('htmx:afterSwap', (event) => {
  if (event.detail.target?.id === 'import-fault') event.detail.target.scrollIntoView({ block: 'nearest' });
});

onContent((root) => {
  root.querySelectorAll('form[data-upload]').forEach(startUpload);
  root.querySelectorAll('[data-panel]').forEach((button) => { if (opened.has(button.dataset.panel)) turn(button, true); });
});
