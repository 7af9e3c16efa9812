// The address of the list on this page, spelled out by the server: a view and the list that opens with one say what they show. A list that
// stands on a card has its words in one word of the card's address.
const place = () => document.querySelector('[data-filter]');
const card = () => document.querySelector('[data-on-card]');
const PARTS = ['where', 'sort', 'columns', 'search', 'group', 'size', 'unread'];

/** What the list shows, as the words of an address. */
export const listQuery = () => place()?.dataset.query ?? '';

/** The address of the entity's list without words. */
export const listBase = () => place()?.dataset.base ?? location.pathname;

/** Where the list comes from as it stands. */
export function source() {
  const { of, listBase: base } = card()?.dataset ?? {};
  if (!of) return location.pathname + location.search;
  const words = new URLSearchParams(location.search).get('grid');
  return `${base}?of=${of}${words ? `&${words}` : ''}`;
}

/** Takes the list anew: on a card in its place, else with its page. */
export function reload() {
  if (card()) document.dispatchEvent(new CustomEvent('listTurned', { detail: null }));
  else location.reload();
}

/** Goes to the list with `changes` made (null drops a part): its first page, unless it stays on the `samePage`. */
export function visitList(changes, { samePage = false } = {}) {
  const words = new URLSearchParams(listQuery());
  const after = samePage && new URL(source(), location.href).searchParams.get('after');
  for (const [name, value] of Object.entries(changes)) if (value === null) words.delete(name); else words.set(name, value);
  if (after) words.set('after', after);
  if (card()) {
    words.delete('of');
    document.dispatchEvent(new CustomEvent('listTurned', { detail: words.toString() }));
    return;
  }
  // The last part dropped: the list as it comes, and not the view anew.
  if (!PARTS.some((name) => words.get(name))) { words.delete('view'); if (place()?.hasAttribute('data-standard')) words.set('view', 'standard'); }
  const query = words.toString();
  location.assign(location.pathname + (query ? `?${query}` : ''));
}
