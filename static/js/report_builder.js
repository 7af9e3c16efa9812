// The builder of reports: each change is asked at once, and stands in the address, so that what is shown can be kept, reloaded and sent on.
import { fill } from './content.js';
import { send } from './net.js';

const form = document.querySelector('[data-report-builder]');
const place = document.querySelector('[data-answer]');
const AFTER = 250;
let waiting = 0;
let asking = null;

/** What is asked, as the words of an address. An order by what is no longer asked for is none. */
function words() {
  const found = new URLSearchParams();
  const own = form.elements.period?.value === 'own';
  const measures = [];
  for (const [name, value] of new FormData(form)) {
    if (name === 'measure') measures.push(value);
    else if ((name === 'from' || name === 'to') && !own) continue;
    else if (value || name === 'by') found.set(name, value);
  }
  if (measures.length) found.set('measure', measures.join(','));
  const sort = found.get('sort')?.replace(/^-/, '');
  if (sort && ![found.get('by'), found.get('and_by'), ...(measures.length ? measures : ['count'])].includes(sort)) found.delete('sort');
  return found;
}

/** The orders in which the rows of the answer may stand; the chosen one stays. */
function order() {
  const told = place.querySelector('[data-orders]');
  if (!told) return;
  const select = form.elements.sort;
  const chosen = select.value;
  select.replaceChildren(...JSON.parse(told.textContent).map(([value, text]) => new Option(text, value, false, value === chosen)));
}

function ready() {
  if (form.elements.period?.value !== 'own') return true;
  return [...form.querySelectorAll('[data-own-period]')].every((day) => day.value);
}

async function ask() {
  asking?.abort();
  const own = asking = new AbortController();
  const query = words().toString();
  place.setAttribute('aria-busy', 'true');
  const answer = await send(`/reports/new/preview?${query}`, { accept: 'text/html', signal: own.signal, accepted: [400, 403, 404, 422] });
  if (own !== asking) return;
  place.removeAttribute('aria-busy');
  if (!answer) return;
  const html = await answer.text();
  if (own !== asking) return;
  fill(place, html);
  order();
  history.replaceState(null, '', `/reports/new/?${query}`);
  const kept = new URLSearchParams(query);
  kept.delete('kept');
  for (const input of document.querySelectorAll('[data-query]')) input.value = kept.toString();
  document.querySelector('[data-open-report]')?.setAttribute('href', `/report/records?${query}`);
}

function soon() {
  clearTimeout(waiting);
  if (ready()) waiting = setTimeout(ask, AFTER);
}

if (form) {
  form.addEventListener('change', (event) => {
    const { name } = event.target;
    // Other records have other fields, and other rows other orders: the form itself is drawn anew.
    if (name === 'entity') { location.assign(`/reports/new/?${new URLSearchParams({ entity: event.target.value, ...(form.elements.kept ? { kept: form.elements.kept.value } : {}) })}`); return; }
    if (event.target.closest('[data-builder]')) return; // the condition says itself what it has become
    soon();
  });
  form.addEventListener('input', (event) => { if (event.target.name === 'where') soon(); });
  form.addEventListener('submit', (event) => { event.preventDefault(); soon(); });
}
