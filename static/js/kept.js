// What this browser remembers. Storage may be forbidden or full: then nothing is remembered, and nothing breaks.

export function recall(name, fallback = null) {
  try { return JSON.parse(localStorage.getItem(`brama.${name}`)) ?? fallback; } catch { return fallback; }
}

export function remember(name, value) {
  try { localStorage.setItem(`brama.${name}`, JSON.stringify(value)); } catch { /* forbidden or full */ }
}

/** A word that boot.js reads before the page is drawn, kept without quotes. */
export function rememberWord(name, value) {
  try { localStorage.setItem(`brama.${name}`, value); } catch { /* forbidden or full */ }
}
