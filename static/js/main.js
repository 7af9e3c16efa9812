// What every page runs. Screens with more of their own add a module in the template's block `tail`.
import './net.js';
import './theme.js';
import './density.js';
import './rail.js';
import './confirm.js';
import './forms.js';
import './condition_field.js';
import './form_rules.js';
import './pickers.js';
import './rich_text.js';
import './drawer.js';
import './keys.js';
import './palette.js';
import './sheet.js';
import './record.js';
import './print.js';
import './timer.js';
import './undo.js';
import './narrow.js';
import './notices.js';
import { onContent } from './content.js';
import { showFlashed } from './toasts.js';

onContent((root) => {
  // Style attributes are forbidden; widths set by a script are not.
  for (const bar of root.querySelectorAll('[data-width]')) bar.style.width = `${Math.max(0, Math.min(100, Number(bar.dataset.width) || 0))}%`;
});
showFlashed();
