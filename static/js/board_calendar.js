// A calendar of records: one is moved to another day by dragging, by keys and by a menu; after a move the days are taken anew from the server.
import { post, getText } from './net.js';
import { open as ask } from './sheet.js';
import { toast } from './toasts.js';
import { word } from './words.js';

const calendar = document.querySelector('[data-calendar]');
const menu = document.getElementById('day-menu');
const phone = matchMedia('(max-width: 760px)');
const canMove = calendar.hasAttribute('data-can-move');
const itemAt = (id) => calendar.querySelector(`.b-cal-item[data-id="${id}"]`);
const dayOf = (item) => item.closest('[data-day]').dataset.day;

function shifted(day, step) {
  const at = new Date(`${day}T12:00:00Z`);
  at.setUTCDate(at.getUTCDate() + step);
  return at.toISOString().slice(0, 10);
}

/** The days as they are now; the focus stays on the record, wherever it went. */
async function refresh(focus = null) {
  const html = await getText(location.pathname + location.search);
  if (html === null) return;
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const place of ['.b-cal-grid', '[data-part]', '[data-whole]']) {
    const fresh = page.querySelectorAll(place);
    document.querySelectorAll(place).forEach((one, n) => { if (fresh[n]) one.replaceWith(document.importNode(fresh[n], true)); });
  }
  sortable();
  if (focus) itemAt(focus)?.querySelector('a').focus({ preventScroll: true });
}
document.addEventListener('listChanged', (event) => { event.preventDefault(); refresh(); });
document.addEventListener('recordSaved', () => refresh());

async function move(item, day) {
  const { id, v } = item.dataset;
  const words = calendar.dataset.wordsOf;
  item.classList.add('is-saving');
  const answer = await post(`${calendar.dataset.at}/${id}${words ? `?${words}` : ''}`, { column: day, row_version: v }, { accepted: [400, 403, 404, 409, 422] });
  const told = answer && await answer.json();
  if (told?.ask) { ask(told.ask, {}, (done) => end(id, done ?? told)); return; }
  end(id, told);
}

/** What has become of a move is said, and shown. */
async function end(id, told) {
  await refresh(id);
  if (!told) return;
  const said = told.heads && !told.conflict ? told.said : told.conflict ? told.message : word('board_not_moved', { why: told.message ?? word('refused') });
  document.querySelector('[data-board-status]').textContent = said;
  if (!told.heads || told.conflict) toast({ text: said, kind: 'error' });
}

function sortable() {
  if (!canMove || !window.Sortable) return;
  for (const list of calendar.querySelectorAll('[data-items]')) {
    window.Sortable.create(list, {
      group: 'days', draggable: '.b-cal-item', filter: 'button', preventOnFilter: false, sort: false, animation: 120, delay: 240, delayOnTouchOnly: true,
      onEnd: ({ item, from, to }) => { if (from !== to) move(item, to.closest('[data-day]').dataset.day); },
    });
  }
}

let asked = null;

function offer(item) {
  asked = item;
  menu.querySelector('[name="day"]').value = dayOf(item);
  menu.showPopover();
  if (phone.matches) { menu.style.left = menu.style.top = ''; } else {
    const at = item.getBoundingClientRect();
    const { width, height } = menu.getBoundingClientRect();
    menu.style.left = `${Math.max(8, Math.min(at.left, innerWidth - width - 8))}px`;
    menu.style.top = `${at.bottom + height + 8 > innerHeight ? Math.max(8, at.top - height) : at.bottom + 4}px`;
  }
  menu.querySelector('[data-shift="1"]').focus();
}

menu.addEventListener('click', ({ target }) => {
  const step = target.closest('[data-shift]')?.dataset.shift;
  if (!step) return;
  menu.hidePopover();
  move(asked, shifted(dayOf(asked), Number(step)));
});
menu.addEventListener('submit', (event) => {
  event.preventDefault();
  const day = menu.querySelector('[name="day"]').value;
  menu.hidePopover();
  if (day && day !== dayOf(asked)) move(asked, day);
});
menu.addEventListener('toggle', ({ newState }) => {
  if (newState === 'closed' && asked?.isConnected && menu.contains(document.activeElement)) asked.querySelector('a').focus();
});

calendar.addEventListener('click', (event) => {
  const button = event.target.closest('[data-move]');
  if (button) { event.stopPropagation(); offer(button.closest('.b-cal-item')); }
});

calendar.addEventListener('keydown', (event) => {
  const item = event.target.closest('.b-cal-item');
  if (!item || !canMove || event.ctrlKey || event.metaKey || event.altKey) return;
  const step = event.shiftKey && { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 }[event.key];
  if (step) move(item, shifted(dayOf(item), step));
  else if (!event.shiftKey && event.code === 'KeyM') offer(item);
  else return;
  event.preventDefault();
  event.stopPropagation();
});

if (document.readyState === 'complete') sortable(); else addEventListener('load', sortable);
