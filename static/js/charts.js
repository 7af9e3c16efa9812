// Charts of reports: bars, lines and shares in colours that mean the same everywhere, drawn as SVG, drawn anew when the theme or the width changes.
import { onContent } from './content.js';

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const TONES = { won: '--b-won', lost: '--b-lost', open: '--b-open-fill', whole: '--b-line-2' };
const colour = (tone) => css(TONES[tone] ?? `--b-${tone}`);
const ROW = 30, BAR = 10;
const SYMBOLS = ['circle', 'rect', 'triangle', 'diamond', 'roundRect', 'pin', 'arrow', 'emptyCircle'];

const font = () => ({ fontFamily: css('--tblr-font-sans-serif') || 'sans-serif', fontSize: 12, color: css('--b-muted') });
const common = (several) => ({
  // What is told by colour is told by a pattern too, where several stand side by side.
  animation: false, textStyle: font(), aria: { enabled: several, label: { enabled: false }, decal: { show: several } },
});
const bubble = () => ({ renderMode: 'richText', backgroundColor: css('--b-ink'), borderWidth: 0, textStyle: { ...font(), color: css('--b-on-ink') } });

function shares(data, narrow) {
  const [one] = data.series;
  const slices = one.values.map((value, n) => ({ value, name: data.names[n], itemStyle: { color: colour(`s${n + 1}`) } }));
  return {
    ...common(true),
    legend: { type: 'scroll', orient: narrow ? 'horizontal' : 'vertical', [narrow ? 'bottom' : 'right']: 0, textStyle: { ...font(), width: narrow ? 120 : 190, overflow: 'truncate' }, itemWidth: 12, itemHeight: 12 },
    series: [{
      type: 'pie', radius: ['46%', '74%'], center: narrow ? ['50%', '42%'] : ['36%', '50%'], data: slices, itemStyle: { borderColor: css('--b-surface'), borderWidth: 2 },
      label: { ...font(), formatter: (point) => (point.percent >= 4 ? `${Math.round(point.percent)} %` : '') }, labelLine: { length: 6, length2: 4 },
    }],
    tooltip: { ...bubble(), trigger: 'item', formatter: (point) => `${point.name}\n${one.name}: ${one.texts[point.dataIndex]} (${point.percent} %)` },
  };
}

/** A number and a fraction as their axis says them. */
const short = (value) => new Intl.NumberFormat(document.documentElement.lang, { notation: 'compact', maximumFractionDigits: 1 }).format(value);
const percent = (value) => new Intl.NumberFormat(document.documentElement.lang, { style: 'percent', maximumFractionDigits: 1 }).format(value);

/** As much room as the longest of the texts beside bars takes, in pixels: a figure that is cut would be another figure. */
const room = (texts) => 14 + 7 * Math.max(4, ...texts.map((text) => text.length));

function axes(data, narrow) {
  const line = { lineStyle: { color: css('--b-line') } };
  const categories = {
    type: 'category', data: data.marks ?? data.names, inverse: !data.upright, axisTick: { show: false }, axisLine: line,
    axisLabel: { ...font(), color: css('--b-text'), width: data.upright ? (data.marks ? undefined : 90) : narrow ? 96 : 180, overflow: 'truncate', interval: data.upright ? 'auto' : 0, hideOverlap: true },
  };
  const values = { type: 'value', minInterval: data.beside || data.rates ? 0 : 1, axisLabel: { ...font(), show: data.upright, formatter: data.rates ? percent : short }, splitLine: { show: data.upright, ...line } };
  const last = data.series.length - 1;
  const isLine = data.kind === 'line';
  return {
    ...common(!isLine && data.series.length > 1 && data.series[0].tone.startsWith('s')),
    grid: { left: data.upright ? 8 : 12, right: data.upright ? 8 : room(data.note?.texts ?? []), top: data.upright ? 28 : 4, bottom: 4, containLabel: true },
    xAxis: data.upright ? categories : values, yAxis: data.upright ? values : categories,
    series: data.series.map((one, n) => ({
      name: one.name, data: one.values, itemStyle: { color: colour(one.tone) },
      ...(isLine ? {
        type: 'line', symbol: SYMBOLS[n], symbolSize: data.names.length > 40 ? 0 : 7, lineStyle: { color: colour(one.tone), width: 2, type: n % 2 ? 'dashed' : 'solid' }, connectNulls: false,
      } : {
        type: 'bar', stack: data.beside ? undefined : 'all', barMaxWidth: data.upright ? 26 : data.beside ? 10 : 16, barGap: 0,
      }),
      ...(n === (data.beside ? 0 : last) && data.note ? {
        label: { show: !(narrow && data.upright), position: data.upright ? 'top' : 'right', ...font(), formatter: (point) => data.note.texts[point.dataIndex] },
      } : {}),
    })),
    tooltip: {
      ...bubble(), trigger: 'axis', axisPointer: { type: isLine ? 'line' : 'shadow' },
      formatter: (points) => {
        const at = points[0].dataIndex;
        const lines = [data.names[at], ...data.series.map((one) => `${one.name}: ${one.texts[at]}`)];
        if (data.note) lines.push(`${data.note.name}: ${data.note.texts[at]}`);
        return lines.join('\n');
      },
    },
  };
}

const options = (data, narrow) => (data.kind === 'share' ? shares : axes)(data, narrow);

// On paper charts are as wide as the sheet and in light colours, whatever the screen is.
const PAPER = 680;
const drawn = new Set();
let printing = false;
let theme = '';
addEventListener('beforeprint', () => {
  [printing, theme] = [true, document.documentElement.dataset.bsTheme ?? ''];
  document.documentElement.dataset.bsTheme = 'light';
  for (const show of drawn) show();
});
addEventListener('afterprint', () => {
  printing = false;
  if (theme) document.documentElement.dataset.bsTheme = theme;
  for (const show of drawn) show();
});

function draw(place) {
  place.dataset.drawn = '';
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  if (!data.upright && data.kind !== 'share') place.style.height = `${Math.max(120, data.names.length * (data.beside ? BAR * data.series.length + 14 : ROW) + 16)}px`;
  const chart = window.echarts.init(place, null, { renderer: 'svg' });
  const show = () => {
    chart.resize(printing ? { width: PAPER } : undefined);
    chart.setOption(options(data, !printing && place.clientWidth < 520), true);
  };
  drawn.add(show);
  show();
  const sized = new ResizeObserver(() => { if (place.isConnected) show(); else end(); });
  const themed = new MutationObserver(() => { if (place.isConnected) show(); else end(); });
  const end = () => { sized.disconnect(); themed.disconnect(); drawn.delete(show); chart.dispose(); };
  sized.observe(place);
  themed.observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] });
}

onContent((root) => {
  if (window.echarts) for (const place of root.querySelectorAll('[data-chart]:not([data-drawn])')) draw(place);
});

// A chosen parameter shows at once; a period of one's own when both of its days are there.
for (const form of document.querySelectorAll('[data-report-form]')) {
  const send = () => {
    for (const field of form.elements) if (field.name && field.name !== 'by' && (!field.value || (field.matches('[data-own-period]') && form.elements.period?.value !== 'own'))) field.disabled = true; // a short address
    form.requestSubmit();
  };
  form.addEventListener('change', (event) => {
    if (event.target.matches('[data-own-period]')) {
      if ([...form.querySelectorAll('[data-own-period]')].every((day) => day.value)) send();
    } else if (event.target.matches('select') && event.target.name && event.target.value !== 'own') {
      send();
    }
  });
}
