// Text with headings, lists and links: an editor over a textarea that holds its HTML. The server cleans whatever is posted;
// here only the same few elements are put on the page, so that nothing pasted or stored runs before.
import { onContent } from './content.js';
import { icon, make } from './drawing.js';
import { word } from './words.js';

const KEPT = new Set(['P', 'H2', 'H3', 'UL', 'OL', 'LI', 'BLOCKQUOTE', 'PRE', 'BR', 'STRONG', 'B', 'EM', 'I', 'U', 'S', 'CODE', 'A']);
const AS = { DIV: 'P', H1: 'H2', H4: 'H3', H5: 'H3', H6: 'H3' };
const DROPPED = new Set(['SCRIPT', 'STYLE', 'TEMPLATE', 'IFRAME', 'OBJECT', 'TITLE', 'HEAD', 'SVG', 'MATH']);
const SCHEME = /^(https?:|mailto:|tel:|\/)/i;
const TOOLS = [
  ['bold', 'b', 'B', 'Ctrl+B'], ['italic', 'i', 'I', 'Ctrl+I'], ['heading', null, 'H'], ['bullets', null, null], ['numbers', null, '1.'], ['quote', null, '”'], ['link', null, null], ['plain', null, 'T'],
];
const COMMANDS = { bold: ['bold'], italic: ['italic'], bullets: ['insertUnorderedList'], numbers: ['insertOrderedList'] };
const BLOCKS = { heading: 'h2', quote: 'blockquote' };

/** The children of `from` with nothing but our elements in them. */
function copied(from) {
  const made = document.createDocumentFragment();
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) { made.append(node.data); continue; }
    if (node.nodeType !== Node.ELEMENT_NODE || DROPPED.has(node.nodeName.toUpperCase())) continue;
    const name = AS[node.nodeName] ?? node.nodeName;
    const inner = copied(node);
    if (!KEPT.has(name)) { made.append(inner); continue; }
    const element = document.createElement(name);
    const href = name === 'A' ? node.getAttribute('href')?.trim() ?? '' : '';
    if (SCHEME.test(href)) element.setAttribute('href', href);
    element.append(inner);
    made.append(element);
  }
  return made;
}

// A document of its own runs no script and loads no picture; styles in it would be complaints to the console.
const STYLED = /<style[\s\S]*?<\/style>|\s(style|on\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)/gi;
const parsed = (html) => copied(new DOMParser().parseFromString(html.replace(STYLED, ' '), 'text/html').body);

const asHtml = (fragment) => { const box = make('div'); box.append(fragment); return box.innerHTML; };

function written(editor) {
  if (!editor.textContent.trim()) return '';
  const html = asHtml(copied(editor));
  return /<[a-z]/i.test(html) ? html : `<p>${html}</p>`;
}

const run = (command, value = null) => document.execCommand(command, false, value);

const blockOf = (editor) => {
  let at = getSelection().anchorNode;
  while (at && at !== editor && !/^(P|H2|H3|BLOCKQUOTE|PRE|LI)$/.test(at.nodeName)) at = at.parentNode;
  return at === editor ? '' : at?.nodeName.toLowerCase() ?? '';
};

function apply(editor, name) {
  if (COMMANDS[name]) run(...COMMANDS[name]);
  else if (BLOCKS[name]) run('formatBlock', blockOf(editor) === BLOCKS[name] || getSelection().anchorNode?.parentElement?.closest(BLOCKS[name]) ? 'p' : BLOCKS[name]);
  else if (name === 'plain') { run('removeFormat'); run('unlink'); run('formatBlock', 'p'); }
}

function marks(editor, buttons) {
  const here = getSelection().anchorNode;
  if (!here || !editor.contains(here)) return;
  const near = here.nodeType === Node.TEXT_NODE ? here.parentElement : here;
  const within = (selector) => near.closest(selector) !== null && editor.contains(near.closest(selector)) && near.closest(selector) !== editor;
  const on = { bold: within('b, strong'), italic: within('i, em'), heading: within('h2, h3'), bullets: near.closest('ul, ol')?.matches('ul') && within('ul'), numbers: near.closest('ul, ol')?.matches('ol') && within('ol'), quote: within('blockquote'), link: within('a') };
  for (const [name, button] of buttons) if (name in on) button.setAttribute('aria-pressed', String(Boolean(on[name])));
}

/** The line in which the address of a link is typed; it comes and goes under the buttons. */
function linkLine(editor, done) {
  const address = make('input', { class: 'form-control', type: 'url', inputmode: 'url', maxlength: 2000, 'aria-label': word('rich_address'), placeholder: 'https://', 'data-no-draft': true });
  const put = make('button', { type: 'button', class: 'btn btn-sm btn-primary' }, word('rich_put'));
  const line = make('div', { class: 'b-rich-link', hidden: true }, address, put);
  let range = null;
  const close = () => { line.hidden = true; editor.focus(); if (range) { getSelection().removeAllRanges(); getSelection().addRange(range); } };
  const take = () => {
    const href = address.value.trim();
    close();
    if (!href) run('unlink');
    else {
      const whole = SCHEME.test(href) ? href : `https://${href}`;
      if (getSelection().isCollapsed) run('insertHTML', asHtml(make('a', { href: whole }, href)));
      else run('createLink', whole);
    }
    done();
  };
  put.addEventListener('click', take);
  address.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Enter') take(); else close();
  });
  const open = () => {
    range = getSelection().rangeCount && editor.contains(getSelection().anchorNode) ? getSelection().getRangeAt(0).cloneRange() : null;
    address.value = getSelection().anchorNode?.parentElement?.closest('a')?.getAttribute('href') ?? '';
    line.hidden = false;
    address.focus();
  };
  return { line, open };
}

function start(area) {
  if (area.dataset.rich === 'on') return;
  area.dataset.rich = 'on';
  const editor = make('div', {
    class: 'form-control b-rich b-rich-editor', contenteditable: 'true', role: 'textbox', 'aria-multiline': 'true', 'aria-label': area.dataset.label,
    'aria-describedby': area.getAttribute('aria-describedby'), 'aria-invalid': area.getAttribute('aria-invalid'), 'aria-required': area.getAttribute('aria-required'),
  });
  if (area.classList.contains('is-invalid')) editor.classList.add('is-invalid');
  editor.append(parsed(area.value));
  run('defaultParagraphSeparator', 'p');
  const buttons = new Map();
  const changed = () => {
    area.value = written(editor);
    area.dispatchEvent(new Event('input', { bubbles: true }));
    marks(editor, buttons);
  };
  const link = linkLine(editor, changed);
  const bar = make('div', { class: 'b-rich-bar', role: 'toolbar', 'aria-label': `${word('rich_tools')}: ${area.dataset.label}` });
  for (const [name, tag, sign, keys] of TOOLS) {
    const label = word(`rich_${name}`);
    const face = sign === null ? icon(name === 'bullets' ? 'list' : 'link', 'b-i-s') : make(tag ?? 'span', { 'aria-hidden': 'true' }, sign);
    const button = make('button', { type: 'button', class: 'b-ib b-ib-s', 'aria-label': label, title: keys ? `${label} (${keys})` : label, tabindex: buttons.size ? '-1' : '0', 'aria-pressed': name === 'plain' ? null : 'false' }, face);
    button.addEventListener('mousedown', (event) => event.preventDefault()); // the selection stays where it is
    button.addEventListener('click', () => {
      if (name === 'link') { link.open(); return; }
      editor.focus();
      apply(editor, name);
      changed();
    });
    buttons.set(name, button);
    bar.append(button);
  }
  bar.addEventListener('keydown', (event) => {
    const all = [...buttons.values()];
    const at = all.indexOf(event.target);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) return;
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    for (const one of all) one.tabIndex = one === next ? 0 : -1;
    next.focus();
  });
  editor.addEventListener('input', changed);
  for (const name of ['keyup', 'pointerup', 'focus']) editor.addEventListener(name, () => marks(editor, buttons));
  editor.addEventListener('paste', (event) => {
    event.preventDefault();
    const html = event.clipboardData.getData('text/html');
    if (html) run('insertHTML', asHtml(parsed(html)));
    else run('insertText', event.clipboardData.getData('text/plain'));
  });
  editor.addEventListener('drop', (event) => event.preventDefault());
  area.classList.add('visually-hidden');
  area.tabIndex = -1;
  area.setAttribute('aria-hidden', 'true');
  area.addEventListener('focus', () => editor.focus()); // its label and the form's list of errors lead to it
  area.before(make('div', { class: 'b-rich-box' }, bar, link.line, editor));
}

onContent((root) => root.querySelectorAll('textarea[data-rich]').forEach(start));
