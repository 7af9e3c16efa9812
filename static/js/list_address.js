// The address of the list on this page, spelled out by the server: a view and the list that opens with one say what they show.
const place = document.querySelector('[data-filter]');
const PARTS = ['where', 'sort', 'columns', 'search', 'group', 'size'];

/** What the list shows, as the words of an address. */
export const listQuery = () => place?.dataset.query ?? '';

/** Goes to the list with `changes` made (null drops a part): its first page, unless it stays on the `samePage`. */
export function visitList(changes, { samePage = false } = {}) {
  const words = new URLSearchParams(listQuery());
  const after = samePage && new URLSearchParams(location.search).get('after');
  for (const [name, value] of Object.entries(changes)) if (value === null) words.delete(name); else words.set(name, value);
  if (after) words.set('after', after);
  // The last part dropped: the list as it comes, and not the view anew.
  if (!PARTS.some((name) => words.get(name))) { words.delete('view'); if (place?.hasAttribute('data-standard')) words.set('view', 'standard'); }
  const query = words.toString();
  location.assign(location.pathname + (query ? `?${query}` : ''));
}
