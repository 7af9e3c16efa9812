// Short messages below the page. A success goes by itself, an error stays until it is closed; undo waits longer.
import { icon, make } from './drawing.js';
import { word } from './words.js';

const ICONS = { success: 'circle-check', error: 'alert-circle', info: 'info-circle' };
const STAY = { plain: 5000, acting: 20000 };
const MOST = 4;

/** Shows {text, kind, undo_url, url, link, action: [label, function], once}. `once` names a message that is not shown twice at a time. */
export function toast({ text, kind = 'success', undo_url: undo, url, link, action, once }) {
  const place = document.getElementById('toasts');
  if (!place || !text || (once && place.querySelector(`[data-once="${once}"]`))) return null;
  const close = make('button', { type: 'button', class: 'b-close', 'aria-label': word('close') }, icon('x'));
  const box = make('div', { class: `b-toast is-${kind}`, role: kind === 'error' ? 'alert' : null, 'data-once': once ?? null },
    icon(ICONS[kind] ?? ICONS.info), make('p', {}, text),
    url ? make('a', { href: url }, link || word('open')) : null,
    undo ? make('button', { type: 'button', 'data-undo': undo }, icon('arrow-back-up'), word('undo')) : null,
    action ? make('button', { type: 'button', 'data-act': true }, action[0]) : null, close);
  close.addEventListener('click', () => leave(box));
  box.querySelector('[data-act]')?.addEventListener('click', () => { leave(box); action[1](); });
  box.querySelector('[data-undo]')?.addEventListener('click', () => { leave(box); document.dispatchEvent(new CustomEvent('undo', { detail: undo })); });
  if (undo) document.dispatchEvent(new CustomEvent('undoable', { detail: { url: undo, text } }));
  raise(place);
  place.append(box);
  while (place.querySelectorAll('.b-toast').length > MOST) place.querySelector('.b-toast').remove();
  if (kind !== 'error') goLater(box, undo || url || action ? STAY.acting : STAY.plain);
  return box;
}

function raise(place) {
  // Above an open dialog: the last one shown of the top layer is the topmost.
  if (!place.showPopover) return;
  if (place.matches(':popover-open')) place.hidePopover();
  place.showPopover();
}

function leave(box) {
  box.remove();
}

function goLater(box, stay) {
  let timer = setTimeout(leave, stay, box);
  const wait = () => clearTimeout(timer);
  const go = () => { clearTimeout(timer); timer = setTimeout(leave, stay / 2, box); };
  box.addEventListener('mouseenter', wait);
  box.addEventListener('focusin', wait);
  box.addEventListener('mouseleave', go);
  box.addEventListener('focusout', go);
}

document.addEventListener('toast', (event) => toast(event.detail));

/** Messages that came with the page; the category is "success" or "error", or "success undo=/undo/…". */
export function showFlashed() {
  for (const line of document.querySelectorAll('[data-flash]')) {
    const [kind, ...rest] = line.dataset.flash.split(' ');
    const undo = rest.find((part) => part.startsWith('undo='))?.slice(5);
    toast({ text: line.textContent, kind: kind === 'error' || kind === 'danger' ? 'error' : kind === 'info' ? 'info' : 'success', undo_url: undo });
    line.remove();
  }
}
