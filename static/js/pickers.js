// Choosing from many: a select with data-lookup-url asks the server as one types; data-create-url offers to make what is missing.
import { onContent } from './content.js';
import { make } from './drawing.js';
import { getJson } from './net.js';
import { open as openSheet } from './sheet.js';
import { word } from './words.js';

function option(data) {
  const line = make('div', { class: 'option' }, make('span', { class: 'b-cut' }, data.text || data.code || String(data.id)));
  if (data.code && data.code !== data.text) line.append(make('small', {}, data.code));
  return line;
}

function common(select) {
  const plugins = {};
  if (select.multiple) plugins.remove_button = { title: word('remove') };
  else if (!select.required && !select.hasAttribute('aria-required')) plugins.clear_button = { title: word('clear') };
  return {
    plugins, maxOptions: 200, hidePlaceholder: !select.multiple, placeholder: select.dataset.placeholder ?? word('choose'), selectOnTab: true, refreshThrottle: 0,
    render: {
      no_results: () => make('div', { class: 'no-results' }, word('nothing')),
      loading: () => make('div', { class: 'no-results' }, `${word('loading')}…`),
      option_create: (data) => make('div', { class: 'create' }, word('create', { name: data.input })),
    },
  };
}

function remote(select) {
  const { lookupUrl, createUrl } = select.dataset;
  const settings = common(select);
  const join = lookupUrl.includes('?') ? '&' : '?';
  let asking = null;
  return {
    ...settings,
    lookup: lookupUrl, valueField: 'id', labelField: 'text', searchField: ['text'], loadThrottle: 180, preload: 'focus', maxOptions: 50,
    render: { ...settings.render, option },
    // The server has searched; the chosen record stays among the options and must not come first when another is typed.
    score(query) { return (one) => (!query || !this.told || this.told.has(String(one.id)) ? 1 : 0); },
    shouldLoad: () => true,
    create: createUrl ? (input, done) => { openSheet(createUrl, { name: input }, done); } : false,
    createFilter: () => true,
    async load(query, done) {
      asking?.abort();
      const own = asking = new AbortController();
      const found = await getJson(`${lookupUrl}${join}q=${encodeURIComponent(query)}`, { signal: own.signal });
      this.loadedSearches = {};
      if (own !== asking) { done(); return; } // a later letter has asked again
      this.answered = query;
      this.clearOptions();
      const fitting = (Array.isArray(found) ? found : found?.results ?? []).map((one) => ({ ...one, id: String(one.id) }));
      this.told = new Set(fitting.map((one) => one.id));
      done(fitting);
    },
  };
}

/** Whether the options on show are still those of an earlier text. */
const isBehind = (picker) => Boolean(picker.settings.lookup) && picker.control_input.value !== (picker.answered ?? '');

/** Takes what fits the text typed into the picker of `select`, once the server has said what does, even if the picker has been left meanwhile. Without a text nothing changes. */
export async function chooseTyped(select) {
  const picker = select?.tomselect;
  const typed = picker?.control_input.value;
  if (!typed) return;
  const remotely = Boolean(picker.settings.lookup);
  for (let n = 0; n < 60 && remotely && picker.answered !== typed; n += 1) await new Promise((again) => { setTimeout(again, 50); });
  if (remotely && picker.answered !== typed) return;
  const option = picker.activeOption;
  if (picker.control_input.value === typed) { if (option && !option.classList.contains('create')) picker.onOptionSelect(new Event('choose'), option); }
  else if (remotely && !picker.control_input.value && picker.told.size) picker.addItem([...picker.told][0]); // leaving has emptied it
}

const choosing = new WeakMap(); // a form → the choice in it that still waits for the server

// Who types fast and presses Enter means what he typed, not what stood there before.
document.addEventListener('keydown', (event) => {
  const select = event.target.closest?.('.ts-wrapper')?.previousElementSibling;
  if (!['Enter', 'Tab'].includes(event.key) || !select?.tomselect?.isOpen || !isBehind(select.tomselect)) return;
  if (event.key === 'Tab' && select.closest('[data-editing]')) return; // the cell waits itself before it saves
  event.preventDefault();
  event.stopImmediatePropagation();
  const choice = chooseTyped(select).finally(() => { if (choosing.get(select.form) === choice) choosing.delete(select.form); });
  if (select.form) choosing.set(select.form, choice);
}, true);

// And who then sends the form means it with what he has chosen.
document.addEventListener('submit', (event) => {
  const form = event.target;
  const choice = choosing.get(form);
  if (!choice) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const { submitter } = event;
  choice.then(() => form.requestSubmit(submitter));
}, true);

function start(select) {
  if (select.tomselect || !window.TomSelect) return;
  const picker = new window.TomSelect(select, select.dataset.lookupUrl ? remote(select) : { ...common(select), ...(select.options.length < 9 && !select.multiple ? { controlInput: null } : {}) });
  // It begins to take letters a moment after it has the focus; who types at once would lose the first ones.
  picker.hook('after', 'focus', () => {
    if (!picker.wrapper.contains(document.activeElement)) return;
    picker.ignoreFocus = false;
    picker.onFocus();
  });
  // Tom Select copies the select's classes; an error mark and a description belong to what has the focus.
  for (const name of ['aria-describedby', 'aria-invalid']) if (select.hasAttribute(name)) picker.control_input.setAttribute(name, select.getAttribute(name));
  select.setAttribute('aria-hidden', 'true'); // it has given its label to the control and takes no focus
  const typed = () => picker.wrapper.classList.toggle('is-typed', picker.control_input.value !== '');
  picker.control_input.addEventListener('input', typed);
  for (const name of ['item_add', 'item_remove', 'blur', 'dropdown_close']) picker.on(name, typed);
  picker.on('change', () => select.dispatchEvent(new Event('input', { bubbles: true })));
}

onContent((root) => root.querySelectorAll('select[data-lookup-url], select[data-tom]').forEach(start));
