// The builder of conditions over fields and what they lead to, and groups of them: one at a time, in the place that `begin` names.
import { fill } from './content.js';
import { icon, make } from './drawing.js';
import { getJson } from './net.js';
import { word } from './words.js';

let builder = null;
let base = '';
let names = {};
const told = new Map();

/** What the server offers at the end of `path`. */
async function description(path) {
  const key = path.join('.');
  const url = `${base}filters?path=${encodeURIComponent(key)}`;
  if (!told.has(url)) told.set(url, getJson(url));
  const found = await told.get(url);
  if (!found) told.delete(url);
  return found;
}

// --- the condition as a tree of plain objects --------------------------------------------------------------------

function read(raw) {
  for (const mode of ['all', 'any']) if (Array.isArray(raw?.[mode])) return { mode, parts: raw[mode].map(read) };
  if (typeof raw?.field === 'string') {
    const path = raw.field.split('.');
    return { path: path.slice(0, -1), field: path.at(-1), op: raw.op, value: raw.value };
  }
  if (typeof raw?.saved === 'string') return { path: [], field: '', saved: raw.saved };
  return { raw };
}

function write(node) {
  if (node.raw) return node.raw;
  if (node.mode) {
    const parts = node.parts.map(write).filter(Boolean);
    return parts.length ? { [node.mode]: parts } : null;
  }
  if (node.saved) return { saved: node.saved };
  if (!node.field || !node.op) return null;
  const field = [...node.path, node.field].join('.');
  if (node.op === 'empty' || node.op === 'not_empty') return { field, op: node.op };
  const list = Array.isArray(node.value);
  if (node.value === undefined || node.value === null || node.value === '' || (list && (!node.value.length || node.value.some((v) => v === '' || v === null)))) return null;
  return { field, op: node.op, value: node.value };
}

let root = { mode: 'all', parts: [] };

/** Shows the condition `where` (as JSON, '' for none) in `place`; fields are those of the entity at `at`, `known` are names of records in it. */
export function begin({ place, at, known, where }) {
  [builder, base, names] = [place, at, known];
  let raw = null;
  try { raw = JSON.parse(where || 'null'); } catch { /* the server has refused it already */ }
  const node = raw ? read(raw) : { mode: 'all', parts: [] };
  root = node.mode ? node : { mode: 'all', parts: [node] };
}

/** One more condition, still empty. */
export function add() {
  root.parts.push({ path: [], field: '', op: '', value: undefined });
}

/** The condition as it stands now; null for none. */
export function written() {
  const whole = write(root);
  return whole?.all?.length === 1 ? whole.all[0] : whole;
}

// --- drawing -----------------------------------------------------------------------------------------------------

const options = (pairs, chosen) => pairs.map(([value, text]) => {
  const option = make('option', { value: String(value) }, text);
  option.selected = String(value) === String(chosen ?? '');
  return option;
});

function button(name, label, act, css = 'b-ib b-ib-s') {
  const made = make('button', { type: 'button', class: css, 'aria-label': label, title: label }, icon(name, 'b-i-s'));
  made.addEventListener('click', act);
  return made;
}

async function drawGroup(node, parent) {
  const box = make('div', { class: parent ? 'b-cond-group' : 'b-cond-root', role: 'group' });
  const mode = make('select', { class: 'form-select', 'aria-label': word('operator') }, ...options([['all', word('all_of')], ['any', word('any_of')]], node.mode));
  mode.addEventListener('change', () => { node.mode = mode.value; });
  const head = make('div', { class: 'b-cond-head' }, mode);
  if (parent) head.append(button('trash', word('drop'), () => { parent.parts.splice(parent.parts.indexOf(node), 1); draw(); }));
  box.append(head);
  for (const part of node.parts) box.append(part.mode ? await drawGroup(part, node) : part.raw ? drawRaw(part, node) : await drawLeaf(part, node));
  const add = make('div', { class: 'b-row' });
  const plus = (text, made) => {
    const one = make('button', { type: 'button', class: 'b-chip add' }, icon('plus', 'b-i-s'), text);
    one.addEventListener('click', async () => { node.parts.push(made()); await draw(); box.isConnected || builder.querySelector('.b-cond:last-of-type select')?.focus(); });
    return one;
  };
  add.append(plus(word('add_condition'), () => ({ path: [], field: '', op: '', value: undefined })));
  if (!parent) add.append(plus(word('add_group'), () => ({ mode: 'any', parts: [{ path: [], field: '', op: '', value: undefined }] })));
  box.append(add);
  return box;
}

function drawRaw(node, parent) {
  return make('div', { class: 'b-cond' }, make('p', { class: 'b-13 b-muted b-grow' }, word('condition_kept')), button('x', word('drop'), () => { parent.parts.splice(parent.parts.indexOf(node), 1); draw(); }));
}

async function drawLeaf(node, parent) {
  const box = make('div', { class: 'b-cond' });
  const here = await description(node.path);
  if (!here) return box;
  const field = here.fields.find((one) => one.key === node.field) ?? null;
  box.append(await fieldSelect(node, here));
  if (field) {
    if (!field.ops.some(([op]) => op === node.op)) { node.op = field.ops[0][0]; node.value = undefined; }
    const op = make('select', { class: 'form-select b-cond-op', 'aria-label': word('operator') }, ...options(field.ops, node.op));
    op.addEventListener('change', () => {
      if (takesMany(field, op.value) !== takesMany(field, node.op) || op.value === 'within' || node.op === 'within' || op.value === 'between' || node.op === 'between') node.value = undefined;
      node.op = op.value;
      draw();
    });
    box.append(op, editor(node, field, here));
  }
  box.append(button('x', word('drop'), () => { parent.parts.splice(parent.parts.indexOf(node), 1); draw(); }));
  return box;
}

/** Fields of where the path leads, and under "further" what leads on from there. */
async function fieldSelect(node, here) {
  const select = make('select', { class: 'form-select b-cond-field', 'aria-label': word('field') }, make('option', { value: '' }, '—'));
  const own = make('optgroup', { label: here.path.length ? here.label : word('own_fields') }, ...options(here.fields.map((one) => [one.key, one.label]), node.field));
  select.append(own);
  if (here.steps.length) select.append(make('optgroup', { label: word('further') }, ...options(here.steps.map((step) => [`>${step.key}`, `${step.label} →`]), '')));
  const saved = here.saved.map((one) => [`=${one.key}`, one.label]);
  if (node.saved && !here.saved.some((one) => one.key === node.saved)) saved.push([`=${node.saved}`, node.saved]);
  if (saved.length) select.append(make('optgroup', { label: word('saved_conditions') }, ...options(saved, node.saved ? `=${node.saved}` : '')));
  const note = here.saved.find((one) => one.key === node.saved)?.note;
  if (note) select.title = note;
  if (here.path.length) select.append(make('option', { value: '<' }, `← ${word('back')}`));
  select.addEventListener('change', () => {
    const { value } = select;
    delete node.saved;
    if (value === '<') { node.path = node.path.slice(0, -1); node.field = ''; }
    else if (value.startsWith('>')) { node.path = [...node.path, value.slice(1)]; node.field = ''; }
    else if (value.startsWith('=')) { node.saved = value.slice(1); node.field = ''; }
    else node.field = value;
    node.op = '';
    node.value = undefined;
    draw();
  });
  if (!here.path.length) return select;
  const way = [];
  for (let n = 0; n < node.path.length; n += 1) {
    const from = await description(node.path.slice(0, n));
    const step = [...(from?.steps ?? []), ...(from?.fields ?? [])].find((one) => one.key === node.path[n]);
    way.push(step?.label ?? node.path[n]);
  }
  return make('div', { class: 'b-cond-way' }, make('span', { class: 'b-12 b-faint b-cut' }, `${way.join(' → ')} →`), select);
}

/** Whether the operator compares with several values; a set is also asked whether it holds all of them. */
const takesMany = (field, op) => op === 'in' || op === 'not_in' || (op === 'contains' && ['many_to_many', 'multi_picklist'].includes(field.type));

const NUMBERS = ['integer', 'decimal', 'money', 'percent'];

function editor(node, field, here) {
  const box = make('div', { class: 'b-cond-value' });
  const label = { 'aria-label': `${field.label}: ${word('value')}` };
  if (node.op === 'empty' || node.op === 'not_empty') return box;
  if (node.op === 'within') box.append(...period(node, here.periods, label));
  else if (node.op === 'between') box.append(...pair(node, field));
  else if (field.options) box.append(choice(node, field, label));
  else if (field.lookup) box.append(lookup(node, field, label));
  else if (node.op === 'in' || node.op === 'not_in') box.append(several(node, field, label));
  else box.append(single(field, node.value, (value) => { node.value = value; }, label));
  return box;
}

function typeOf(field) {
  if (field.type === 'date') return 'date';
  if (field.type === 'moment') return 'datetime-local';
  return NUMBERS.includes(field.type) ? 'number' : 'text';
}

// A percent is kept as a fraction and shown in hundredths; the point is moved in the text, so that nothing is rounded.
function shift(text, places) {
  const [, sign, whole, , rest = ''] = /^(-?)(\d*)(\.(\d*))?$/.exec(String(text)) ?? [null, '', String(text), '', ''];
  const digits = whole + rest;
  const at = whole.length + places;
  const padded = at <= 0 ? `${'0'.repeat(1 - at)}${digits}` : digits.padEnd(at, '0');
  const cut = at <= 0 ? 1 : at;
  const tail = padded.slice(cut).replace(/0+$/, '');
  return `${sign}${padded.slice(0, cut).replace(/^0+(?=\d)/, '') || '0'}${tail ? `.${tail}` : ''}`;
}

function single(field, value, set, label) {
  const percent = field.type === 'percent';
  const shown = value === undefined || value === null ? '' : percent ? shift(value, 2) : String(value);
  const input = make('input', { class: 'form-control', type: typeOf(field), step: 'any', maxlength: 200, value: field.type === 'moment' ? shown.slice(0, 16) : shown, ...label });
  input.addEventListener('input', () => { set(input.value === '' ? undefined : percent ? shift(input.value, -2) : field.type === 'integer' ? Number(input.value) : input.value); });
  return percent ? make('span', { class: 'b-row' }, input, '%') : input;
}

function pair(node, field) {
  if (!Array.isArray(node.value)) node.value = ['', ''];
  return [0, 1].map((n) => single(field, node.value[n] === '' ? undefined : node.value[n], (value) => { node.value[n] = value ?? ''; }, { 'aria-label': `${field.label}: ${word(n ? 'to' : 'from')}` }));
}

function several(node, field, label) {
  const input = make('input', { class: 'form-control', type: 'text', maxlength: 1000, value: (node.value ?? []).join(', '), placeholder: 'a, b', ...label });
  input.addEventListener('input', () => { node.value = input.value.split(',').map((part) => part.trim()).filter(Boolean); });
  return input;
}

function period(node, periods, label) {
  const range = typeof node.value === 'string' && node.value.includes('..');
  const known = periods.some(([value]) => value === node.value);
  const pairs = [...(node.value && !known && !range ? [[node.value, node.value]] : []), ...periods, ['..', word('between_dates')]];
  if (!node.value) node.value = periods[0][0];
  const select = make('select', { class: 'form-select', ...label }, ...options(pairs, range ? '..' : node.value));
  select.addEventListener('change', () => { node.value = select.value; draw(); });
  if (!range) return [select];
  const ends = node.value.split('..');
  const inputs = [0, 1].map((n) => {
    const input = make('input', { class: 'form-control', type: 'date', value: ends[n], 'aria-label': word(n ? 'to' : 'from') });
    input.addEventListener('input', () => { ends[n] = input.value; node.value = ends.join('..'); });
    return input;
  });
  return [select, ...inputs];
}

function choice(node, field, label) {
  const many = takesMany(field, node.op);
  if (many && node.value !== undefined && !Array.isArray(node.value)) node.value = [node.value];
  const chosen = (many ? node.value ?? [] : [node.value]).map(String);
  const value = (text) => (field.type === 'boolean' ? text === 'true' : text);
  const unknown = chosen.filter((one) => one !== 'undefined' && !field.options.some(([known]) => String(known) === one)).map((one) => [one, names[field.target]?.[one] ?? one]);
  if (!many && node.value === undefined && field.options.length) { node.value = value(String(field.options[0][0])); chosen[0] = String(node.value); }
  const select = make('select', { class: 'form-select', multiple: many, 'data-tom': many, ...label });
  for (const [key, text] of [...unknown, ...field.options]) {
    const option = make('option', { value: String(key) }, text);
    option.selected = chosen.includes(String(key));
    select.append(option);
  }
  select.addEventListener('change', () => { const taken = [...select.selectedOptions].map((one) => value(one.value)); node.value = many ? taken : taken[0]; });
  return select;
}

function lookup(node, field, label) {
  const many = takesMany(field, node.op);
  if (many && node.value !== undefined && !Array.isArray(node.value)) node.value = [node.value];
  const number = (text) => (/^\d{1,10}$/.test(text) ? Number(text) : text);
  const select = make('select', { class: 'form-select', multiple: many, ...label });
  const chosen = (many ? node.value ?? [] : [node.value]).filter((one) => one !== undefined && one !== null);
  if (!many) select.append(make('option', { value: '' }));
  if (field.target === 'user' && !chosen.includes('@me')) select.append(make('option', { value: '@me' }, word('me')));
  for (const one of chosen) {
    const option = make('option', { value: String(one) }, one === '@me' ? word('me') : names[field.target]?.[one] ?? String(one));
    option.selected = true;
    select.append(option);
  }
  select.dataset.lookupUrl = field.lookup;
  select.addEventListener('change', () => {
    const taken = [...select.selectedOptions].map((one) => number(one.value)).filter((one) => one !== '');
    for (const one of select.selectedOptions) (names[field.target] ??= {})[one.value] = one.textContent;
    node.value = many ? taken : taken[0];
  });
  return select;
}

let drawing = 0;

/** Draws the condition into its place. */
export async function draw() {
  const turn = drawing += 1;
  const made = await drawGroup(root, null);
  if (turn !== drawing) return;
  fill(builder, '');
  builder.append(made);
  // Pickers come to life only inside the page.
  document.body.dispatchEvent(new CustomEvent('htmx:load', { bubbles: true }));
  builder.dispatchEvent(new CustomEvent('htmx:load', { bubbles: true }));
}
