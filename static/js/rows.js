// The rows of the list on this screen and the cursor that j and k move.

export const list = () => document.querySelector('[data-list]');
export const rows = () => [...(list()?.querySelectorAll('[data-id]') ?? [])];

/** The row of the cursor; with none, the row in which the focus stands. */
export function current() {
  const found = list()?.querySelector('[data-id].is-cursor');
  return found ?? document.activeElement?.closest?.('[data-list] [data-id]') ?? null;
}

/** Puts the cursor on `row`: marked, in sight and announced by the focus on its title. */
export function mark(row, { focus = true } = {}) {
  list()?.querySelectorAll('.is-cursor').forEach((one) => one.classList.remove('is-cursor'));
  row.classList.add('is-cursor');
  row.scrollIntoView({ block: 'nearest' });
  if (focus) (row.querySelector('a[data-drawer]') ?? row.querySelector('a') ?? row).focus({ preventScroll: true });
}

/** The record of `row` has been read: its mark goes. */
export function read(row) {
  row?.classList.remove('is-unread');
  row?.querySelector('[data-unread-mark]')?.remove();
}

/** Moves the cursor by `step` rows; at an end it stays. */
export function move(step) {
  const all = rows();
  const at = all.indexOf(current());
  const next = all[at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + step))];
  if (next) mark(next);
}

document.addEventListener('listChanged', () => list()?.querySelector('.is-cursor')?.classList.remove('is-cursor'));
