// Long forms: what is unsaved is marked, leaving asks once, Ctrl+S saves, and nothing typed is lost: a draft stays in this
// tab under its address and its person until it is saved.
import { onContent } from './content.js';
import { ask } from './confirm.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const PREFIX = 'brama.draft:';
const user = document.documentElement.dataset.user;
const first = new WeakMap();
const sending = new WeakSet();
const SECRET = 'input[type="password"], input[type="file"], input[name="csrf_token"], input[type="submit"], input[type="button"], button, [data-no-draft]';

const controls = (form) => [...form.elements].filter((one) => one.name && !one.matches(SECRET) && !one.disabled);
const isBox = (one) => one.type === 'checkbox' || one.type === 'radio';

function read(form) {
  return controls(form).map((one) => {
    if (isBox(one)) return [one.name, one.value, one.checked];
    if (one.tagName === 'SELECT') return [one.name, [...one.selectedOptions].map((o) => [o.value, o.textContent])];
    return [one.name, one.value];
  });
}

function write(form, values) {
  const left = controls(form);
  for (const [name, value, checked] of values) {
    const at = left.findIndex((one) => one.name === name && (!isBox(one) || one.value === value));
    if (at < 0) continue;
    const [one] = left.splice(at, 1);
    if (isBox(one)) one.checked = checked;
    else if (one.tagName === 'SELECT') choose(one, value);
    else one.value = value;
  }
}

function choose(select, chosen) {
  for (const [value, text] of chosen) {
    if (![...select.options].some((option) => option.value === value)) select.add(new Option(text, value));
  }
  for (const option of select.options) option.selected = chosen.some(([value]) => value === option.value);
}

const key = (form) => `${PREFIX}${location.pathname}${location.search.includes('drawer=1') ? '?drawer' : ''}#${form.dataset.edit || form.getAttribute('action') || ''}`;
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

function drafts() {
  try {
    return Object.keys(sessionStorage).filter((name) => name.startsWith(PREFIX)).map((name) => [name, JSON.parse(sessionStorage.getItem(name))]);
  } catch { return []; }
}

function keep(name, draft) {
  try { if (draft) sessionStorage.setItem(name, JSON.stringify(draft)); else sessionStorage.removeItem(name); } catch { /* forbidden or full */ }
}

/** What became of the drafts since the last page: saved ones go; those met by a refusal or an ended session stay. */
function settle() {
  const refused = document.querySelector('[data-status]') !== null;
  for (const [name, draft] of drafts()) {
    if (!user) keep(name, { ...draft, parted: true });
    else if (draft.user !== user) keep(name, null);
    else if (refused) keep(name, { ...draft, sent: false });
    else if (draft.sent && !draft.parted && !document.querySelector('form[data-edit] .is-invalid, .b-errors')) keep(name, null);
  }
}

const isDirty = (form) => first.has(form) && !same(first.get(form), read(form));

/** The first unsaved form inside `place`, or null. */
export function dirtyWithin(place) {
  return [...place.querySelectorAll('form[data-edit].is-dirty')].find((form) => !sending.has(form)) ?? null;
}

/** Takes the form as it stands for saved: no question, no draft. */
export function forget(form) {
  first.set(form, read(form));
  form.classList.remove('is-dirty');
  keep(key(form), null);
}

const soon = new Map(); // forms whose draft will be kept in a moment

const later = (form) => { unnoticed(form); soon.set(form, setTimeout(notice, 250, form)); };

function unnoticed(form) {
  clearTimeout(soon.get(form));
  soon.delete(form);
}

function notice(form) {
  soon.delete(form);
  const dirty = isDirty(form);
  form.classList.toggle('is-dirty', dirty);
  keep(key(form), dirty ? { user, values: read(form) } : null);
}

function restore(form) {
  const draft = JSON.parse(sessionStorage.getItem(key(form)) ?? 'null');
  if (!draft || draft.user !== user || same(draft.values, read(form))) return;
  const stored = read(form);
  write(form, draft.values);
  if (same(stored, read(form))) return;
  keep(key(form), { user, values: read(form) });
  const discard = async () => {
    if (!await ask(word('discard_question'), { button: word('discard') })) return;
    forget(form);
    location.reload();
  };
  toast({ text: word('restored'), kind: 'info', action: [word('discard'), discard], once: 'restored' });
}

function begin(form) {
  if (first.has(form)) return;
  first.set(form, read(form));
  try { restore(form); } catch { /* no storage: nothing to put back */ }
  form.classList.toggle('is-dirty', isDirty(form) || form.querySelector('.is-invalid') !== null);
  const changed = () => { form.classList.toggle('is-dirty', isDirty(form)); later(form); };
  form.addEventListener('input', changed);
  form.addEventListener('change', changed);
  form.addEventListener('submit', (event) => {
    if (event.defaultPrevented) return;
    unnoticed(form);
    if (sending.has(form)) { event.preventDefault(); return; }
    sending.add(form);
    keep(key(form), { user, values: read(form), sent: true });
    // An answer that is no page (a file, a refused network) leaves this one usable.
    setTimeout(() => sending.delete(form), 8000);
  });
  form.addEventListener('htmx:afterRequest', (event) => { sending.delete(form); if (event.detail.successful) forget(form); });
}

/** The focus goes to `target`; once something is chosen there, to where the form says typing goes on. */
function beginTyping(target) {
  (target.tomselect ?? target).focus();
  const after = target.dataset.then && document.getElementById(target.dataset.then);
  if (after) target.tomselect?.on('item_add', () => setTimeout(() => (after.tomselect ?? after).focus()));
}

settle();
onContent((root) => {
  const found = [...root.querySelectorAll('form[data-edit]')];
  if (root.matches?.('form[data-edit]')) found.push(root);
  found.forEach(begin);
  const target = root.querySelector('[data-focus-first]') ?? (root === document ? root.querySelector('form[data-edit] [autofocus]') : null);
  // Pickers are made of their selects in the same turn.
  if (target) queueMicrotask(() => beginTyping(target));
});

addEventListener('beforeunload', (event) => { if (dirtyWithin(document)) event.preventDefault(); });
addEventListener('pageshow', (event) => { if (event.persisted) document.querySelectorAll('form[data-edit]').forEach((form) => sending.delete(form)); });
document.addEventListener('keydown', (event) => {
  const command = event.ctrlKey || event.metaKey;
  if (!command || event.altKey || (event.code !== 'KeyS' && event.key !== 'Enter')) return;
  const form = event.target.closest?.('form[data-edit]') ?? document.querySelector('dialog[open] form[data-edit], #drawer:not([hidden]) form[data-edit], form[data-edit]');
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
});
document.addEventListener('submit', (event) => {
  if (!event.target.matches('[data-sign-out]')) return;
  [...soon.keys()].forEach(unnoticed); // what was typed last would come back after the others have gone
  drafts().forEach(([name]) => keep(name, null));
});
document.addEventListener('click', (event) => {
  const button = event.target.closest?.('[data-tick]');
  const boxes = button?.closest('[data-ticked]').querySelectorAll('input[type="checkbox"]:not(:disabled)') ?? [];
  for (const box of boxes) box.checked = button.dataset.tick === 'all';
});
