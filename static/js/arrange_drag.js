// Dragging with mouse, pen and finger: lines of an arrangement, and the fields of the preview, which stand for their lines.
const FAR = 5; // points before a press becomes a drag
const EDGE = 48;
const BUSY = 'input, select, textarea, summary, a, button:not([data-grip]), .b-tile-in';

export function dragging(page, { boards, drop }) {
  let held = null;

  const visible = () => boards.filter(({ element }) => !element.hidden);
  /** The line for what lies under the pointer, and its part. */
  function found(element) {
    if (!element) return null;
    const board = visible().find(({ element: own }) => own.contains(element));
    const item = element.closest('[data-item]');
    if (board && item) return { board, item };
    const field = element.closest('[data-look] [data-field]');
    const shown = field && visible()[0];
    const line = shown?.of(field.dataset.field);
    return line ? { board: shown, item: line, seen: field } : null;
  }

  page.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || held || event.target.closest(BUSY)) return;
    const grip = event.target.closest('[data-grip]');
    if (event.pointerType === 'touch' && !grip) return; // a finger elsewhere scrolls
    const start = found(event.target);
    if (!start) return;
    held = { ...start, x: event.clientX, y: event.clientY, id: event.pointerId, moving: false };
    if (!grip) event.preventDefault(); // no selection of text
    window.addEventListener('pointermove', onMove);
    window.addEventListener('pointerup', onUp);
    window.addEventListener('pointercancel', cancel);
    window.addEventListener('keydown', onKey, true);
  });

  function begin(event) {
    held.moving = true;
    const ghost = document.createElement('div');
    ghost.className = 'b-ghost';
    ghost.textContent = held.item.dataset.name;
    document.body.append(ghost);
    held.ghost = ghost;
    held.item.classList.add('is-held');
    document.documentElement.classList.add('is-dragging');
    held.board.element.classList.add('is-target');
    scroll(event);
  }

  function onMove(event) {
    if (event.pointerId !== held.id) return;
    if (!held.moving && Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
    event.preventDefault();
    if (!held.moving) begin(event);
    held.ghost.style.transform = `translate(${event.clientX + 12}px, ${event.clientY + 10}px)`;
    [held.px, held.py] = [event.clientX, event.clientY];
    aim();
  }

  function aim() {
    unmark();
    const under = document.elementFromPoint(held.px, held.py);
    held.target = null;
    if (!under) return;
    const over = found(under);
    if (over && over.board === held.board && held.board.isPlaced(over.item)) {
      const box = (over.seen ?? over.item).getBoundingClientRect();
      const beside = (over.seen ?? over.item).matches('th') || (!over.seen && over.item.classList.contains('is-field') && box.width < held.board.placed.clientWidth * 0.7);
      const after = beside ? held.px > box.left + box.width / 2 : held.py > box.top + box.height / 2;
      held.target = [over.item, after];
      (over.seen ?? over.item).classList.add(after ? 'is-after' : 'is-before', ...(beside ? ['is-beside'] : []));
    } else if (held.board.left.parentElement.contains(under) && !held.item.classList.contains('is-head')) {
      held.target = ['left', true];
      held.board.left.parentElement.classList.add('is-over');
    } else if (held.board.placed.contains(under) || (held.board.placed.parentElement.contains(under) && !held.board.left.parentElement.contains(under))) {
      held.target = [null, true];
      held.board.placed.classList.add('is-over');
    }
  }

  function unmark() {
    for (const one of page.querySelectorAll('.is-after, .is-before, .is-over, .is-beside')) one.classList.remove('is-after', 'is-before', 'is-over', 'is-beside');
  }

  /** What is dragged to an edge draws the list along. */
  function scroll() {
    if (!held?.moving) return;
    for (const box of [held.board.element.closest('.b-arrange-body'), page.querySelector('[data-look]'), document.scrollingElement]) {
      const edge = box === document.scrollingElement ? { top: 0, bottom: innerHeight, left: 0, right: innerWidth } : box.getBoundingClientRect();
      if (held.px < edge.left || held.px > edge.right) continue;
      if (held.py > edge.top - EDGE && held.py < edge.top + EDGE) box.scrollTop -= 9;
      if (held.py > edge.bottom - EDGE && held.py < edge.bottom + EDGE) box.scrollTop += 9;
    }
    requestAnimationFrame(scroll);
  }

  function onUp(event) {
    if (event.pointerId !== held.id) return;
    const { board, item, target, moving } = held;
    done();
    if (moving && target) drop(board, item, target[0], target[1]);
  }

  function onKey(event) {
    if (event.key !== 'Escape' || !held.moving) return;
    event.preventDefault();
    event.stopPropagation();
    done();
  }

  const cancel = () => done();

  function done() {
    unmark();
    held.ghost?.remove();
    held.item.classList.remove('is-held');
    held.board.element.classList.remove('is-target');
    document.documentElement.classList.remove('is-dragging');
    held = null;
    window.removeEventListener('pointermove', onMove);
    window.removeEventListener('pointerup', onUp);
    window.removeEventListener('pointercancel', cancel);
    window.removeEventListener('keydown', onKey, true);
  }
}
