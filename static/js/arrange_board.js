// One part of a layout: what is placed, in order, and what is left. The lines are the controls of the form; where the part is as standard they are
// shown and not sent.

const items = (list) => [...list.children].filter(({ dataset }) => dataset.item !== undefined);
const isHead = (item) => item.classList.contains('is-head');

export class Board {
  constructor(element, section) {
    this.element = element;
    this.placed = element.querySelector('[data-placed]');
    this.left = element.querySelector('[data-left]');
    this.section = section;
    this.order = new Map([...items(this.placed), ...items(this.left)].map((item, n) => [item.dataset.item, n]));
    this.usual = JSON.parse(element.dataset.usual);
    this.number = 1000;
  }

  isPlaced(item) { return this.placed.contains(item); }

  of(key) { return [...items(this.placed), ...items(this.left)].find(({ dataset }) => dataset.item === key); }

  firstLeft() { return items(this.left).find((item) => !item.hidden); }

  neighbour(item, step) {
    const all = items(item.parentElement).filter((one) => !one.hidden);
    return all[all.indexOf(item) + step];
  }

  near(item) { return this.neighbour(item, 1) ?? this.neighbour(item, -1); }

  /** A section with all that stands below it up to the next one; of anything else itself. */
  block(item) {
    if (!isHead(item)) return [item];
    const all = items(this.placed);
    const from = all.indexOf(item);
    const to = all.findIndex((one, n) => n > from && isHead(one));
    return all.slice(from, to < 0 ? undefined : to);
  }

  /** Earlier or later by one; a section with what stands in it past the next section. */
  step(item, by) {
    const block = this.block(item);
    if (isHead(item)) {
      const heads = items(this.placed).filter(isHead);
      const other = heads[heads.indexOf(item) + by];
      if (!other) return false;
      if (by < 0) other.before(...block); else this.block(other).at(-1).after(...block);
    } else {
      const other = this.neighbour(item, by);
      if (!other || (by < 0 && isHead(other) && !other.previousElementSibling)) return false;
      if (by < 0) other.before(item); else other.after(item);
    }
    this.own(true);
    return true;
  }

  takeOut(item) {
    if (!this.isPlaced(item)) return false;
    this.own(true);
    if (isHead(item)) item.remove();
    else this.left.append(item);
    this.draw();
    return true;
  }

  /** At the end, in the last section. */
  place(item) { this.put(item, null, true); return item; }

  put(item, target, after) {
    if (target && this.block(item).includes(target)) return false;
    if (!isHead(item) && this.section && this.element.dataset.part === 'row' && !items(this.placed).some(isHead)) this.addSection();
    const block = this.isPlaced(item) ? this.block(item) : [item];
    let [to, behind] = [target, after];
    // What is no section stands below one.
    if (to && !isHead(item) && isHead(to) && !to.previousElementSibling) behind = true;
    if (to && isHead(item) && !isHead(to)) to = behind ? this.block(this.headOf(to)).at(-1) : this.headOf(to);
    if (to && block.includes(to)) return false;
    if (!to) this.placed.append(...block); else if (behind) to.after(...block); else to.before(...block);
    this.own(true);
    this.draw();
    return true;
  }

  headOf(item) {
    const all = items(this.placed);
    return all.slice(0, all.indexOf(item) + 1).reverse().find(isHead) ?? item;
  }

  addSection(names = { uk: '', en: '' }) {
    const made = this.section.content.firstElementChild.cloneNode(true);
    const number = this.number += 1;
    made.querySelector('[name="row"]').value = number;
    for (const control of made.querySelectorAll('[name$="-0"]')) control.name = control.name.replace(/0$/, number);
    for (const [language, text] of Object.entries(names)) made.querySelector(`[lang="${language}"]`).value = text;
    this.placed.append(made);
    this.own(true);
    this.draw();
    return made;
  }

  /** Back to how it is where nothing is said. */
  asUsual() { this.restore({ own: false, lines: this.usual.map((one) => (typeof one === 'string' ? { key: one } : one)) }); return true; }

  /** Whether the part says something of its own: only then is it sent. */
  own(yes) {
    this.element.toggleAttribute('data-own', yes);
    this.draw();
  }

  standing(item) {
    const all = items(this.placed);
    if (this.element.dataset.part !== 'row') return { at: all.indexOf(item) + 1, all: all.length };
    if (isHead(item)) { const heads = all.filter(isHead); return { at: heads.indexOf(item) + 1, all: heads.length }; }
    const inside = this.block(this.headOf(item)).filter((one) => !isHead(one));
    return { at: inside.indexOf(item) + 1, all: inside.length, section: this.headOf(item).dataset.name };
  }

  // --- what stands there, as plain values ------------------------------------------------------------------------

  lines() {
    return items(this.placed).map((item) => {
      if (!isHead(item)) return { key: item.dataset.item, breadth: item.querySelector('select')?.value ?? '' };
      const [uk, en] = ['uk', 'en'].map((language) => item.querySelector(`[lang="${language}"]`).value);
      return { key: '', uk, en };
    });
  }

  restore({ own, lines }) {
    for (const item of items(this.placed)) { if (isHead(item)) item.remove(); else this.left.append(item); }
    for (const { key, uk, en, breadth } of lines) {
      if (!key) { this.addSection({ uk, en }); continue; }
      const item = this.of(key);
      if (!item) continue;
      const select = item.querySelector('select');
      if (select) select.value = breadth ?? '';
      this.placed.append(item);
    }
    this.own(own);
  }

  // --- how it looks ----------------------------------------------------------------------------------------------

  drawn(item) {
    const breadth = item.querySelector('select')?.value;
    item.classList.toggle('is-wide', breadth === 'wide' || (breadth === '' && item.dataset.wide !== undefined));
    item.classList.toggle('is-told', [...item.querySelectorAll('[name^="help-"]')].some(({ value }) => value));
    if (isHead(item)) {
      const named = (language) => item.querySelector(`[lang="${language}"]`).value;
      item.dataset.name = named(document.documentElement.lang) || named('uk') || named('en') || item.dataset.name;
    }
  }

  draw() {
    const own = this.element.hasAttribute('data-own');
    for (const grip of this.element.querySelectorAll('[data-grip]')) grip.hidden = false;
    for (const item of items(this.placed)) { this.sent(item, own); this.drawn(item); }
    const left = items(this.left).sort((a, b) => a.querySelector('.b-grow').textContent.localeCompare(b.querySelector('.b-grow').textContent, document.documentElement.lang));
    if (left.some((item, n) => this.left.children[n] !== item)) this.left.append(...left);
    for (const item of left) this.sent(item, false);
    this.element.querySelector('[data-count]').textContent = left.length || '';
    this.element.querySelector('[data-nothing]').hidden = left.length > 0;
    this.element.querySelector('[data-find]').hidden = left.length < 8;
    this.element.querySelector('[data-standing]').hidden = own;
    this.element.querySelector('[data-move="usual"]').hidden = !own;
    this.placed.classList.toggle('is-usual', !own);
  }

  /** What names the line is sent where the part is one's own; what may be typed in stays open, since typing makes it so. */
  sent(item, yes) {
    const placed = this.isPlaced(item);
    for (const control of item.querySelectorAll('input[name], select[name]')) {
      if (!control.name.startsWith('help-')) control.disabled = control.type === 'hidden' ? !yes : !placed;
    }
  }

  find(text) {
    const wanted = text.trim().toLocaleLowerCase();
    for (const item of items(this.left)) item.hidden = !item.dataset.name.toLocaleLowerCase().includes(wanted);
  }
}

/** All parts as plain values, to come back to. */
export function read(boards) {
  return boards.map((board) => ({ own: board.element.hasAttribute('data-own'), lines: board.lines() }));
}

export function put(boards, states) {
  boards.forEach((board, n) => board.restore(states[n]));
}
