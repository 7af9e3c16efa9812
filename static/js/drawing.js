// Elements made by scripts. Text is always set as text, never as markup.

/** An icon of the sprite. */
export function icon(name, css = '') {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('class', `b-i ${css}`.trim());
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  use.setAttribute('href', `${document.documentElement.dataset.icons}#${name}`);
  svg.append(use);
  return svg;
}

/** An element with attributes and children; `null` children are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== null && value !== false) element.setAttribute(name, value === true ? '' : value);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** What an element is called: its label for assistive technology, else its text without keys. */
export function nameOf(element) {
  const label = element.getAttribute('aria-label');
  if (label) return label;
  const copy = element.cloneNode(true);
  copy.querySelectorAll('kbd, .b-n, .b-hidden').forEach((part) => part.remove());
  return copy.textContent.trim().replace(/\s+/g, ' ');
}
