// A new field made by dragging its type to its place: onto a line of the form or a field of the screen beside it. The form of the field opens there.
const FAR = 5; // points before a press becomes a drag; less follows the link

export function newFields(page) {
  const list = page.querySelector('[data-types]');
  if (!list) return;
  const board = list.closest('[data-part]');
  const placed = board.querySelector('[data-placed]');
  let held = null;

  list.addEventListener('dragstart', (event) => event.preventDefault());
  list.addEventListener('pointerdown', (event) => {
    const link = event.target.closest('a[data-type]');
    if (!link || event.button !== 0 || event.pointerType === 'touch' || held) return;
    event.stopPropagation();
    held = { link, id: event.pointerId, x: event.clientX, y: event.clientY, moving: false, place: '' };
    window.addEventListener('pointermove', onMove);
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', done);
    window.addEventListener('keydown', onKey, true);
  });

  function onMove(event) {
    if (event.pointerId !== held.id || (!held.moving && Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR)) return;
    event.preventDefault();
    if (!held.moving) {
      held.moving = true;
      held.ghost = document.createElement('div');
      held.ghost.className = 'b-ghost';
      held.ghost.textContent = held.link.textContent;
      document.body.append(held.ghost);
      document.documentElement.classList.add('is-dragging');
    }
    held.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 10}px)`;
    aim(document.elementFromPoint(event.clientX, event.clientY), event);
  }

  /** Beside what it would come to stand, and on which side. */
  function aim(under, { clientX: x, clientY: y }) {
    unmark();
    held.place = '';
    const seen = under?.closest('[data-look] [data-field]') ?? (placed.contains(under) ? under.closest('[data-item]') : null);
    const key = seen?.dataset.field ?? seen?.dataset.item;
    if (seen && key) {
      const box = seen.getBoundingClientRect();
      const beside = seen.dataset.item !== undefined && box.width < placed.clientWidth * 0.7;
      const after = beside ? x > box.left + box.width / 2 : y > box.top + box.height / 2;
      seen.classList.add(after ? 'is-after' : 'is-before', ...(beside ? ['is-beside'] : []));
      held.place = `${after ? 'after' : 'before'}:${key}`;
    } else if (under && (placed.contains(under) || placed.parentElement.contains(under))) {
      placed.classList.add('is-over');
      held.place = 'end';
    }
  }

  function unmark() {
    for (const one of page.querySelectorAll('.is-after, .is-before, .is-over, .is-beside')) one.classList.remove('is-after', 'is-before', 'is-over', 'is-beside');
  }

  function onUp(event) {
    if (event.pointerId !== held.id) return;
    const { link, place, moving } = held;
    done();
    if (!moving) return; // a press: the link is followed
    const swallow = (click) => { click.preventDefault(); click.stopPropagation(); };
    window.addEventListener('click', swallow, true); // the end of the drag is no press of the link
    setTimeout(() => { window.removeEventListener('click', swallow, true); if (place) open(link, place); });
  }

  function open(link, place) {
    const url = new URL(link.href);
    url.searchParams.set('place', place);
    location.assign(url);
  }

  function onKey(event) {
    if (event.key !== 'Escape' || !held.moving) return;
    event.preventDefault();
    event.stopPropagation();
    done();
  }

  function done() {
    unmark();
    held.ghost?.remove();
    document.documentElement.classList.remove('is-dragging');
    held = null;
    window.removeEventListener('pointermove', onMove);
    window.removeEventListener('pointerup', onUp);
    window.removeEventListener('pointercancel', done);
    window.removeEventListener('keydown', onKey, true);
  }
}
