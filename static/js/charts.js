// Charts of reports: bars in the colours of outcomes, drawn as SVG, drawn anew when the theme or the width changes.
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const TONES = { won: '--b-won', lost: '--b-lost', open: '--b-open-fill' };
const ROW = 30, BAR = 10;

function options(data, narrow) {
  const font = { fontFamily: css('--tblr-font-sans-serif') || 'sans-serif', fontSize: 12, color: css('--b-muted') };
  const line = { lineStyle: { color: css('--b-line') } };
  const categories = {
    type: 'category', data: data.marks ?? data.names, inverse: !data.upright, axisTick: { show: false }, axisLine: line,
    axisLabel: { ...font, color: css('--b-text'), width: data.upright ? undefined : narrow ? 96 : 180, overflow: 'truncate', interval: data.upright ? 'auto' : 0, hideOverlap: true },
  };
  const values = { type: 'value', minInterval: data.beside ? 0 : 1, axisLabel: { ...font, show: data.upright }, splitLine: { show: data.upright, ...line } };
  const last = data.series.length - 1;
  return {
    animation: false, textStyle: font, aria: { enabled: false },
    grid: { left: data.upright ? 8 : 12, right: data.upright ? 8 : 72, top: data.upright ? 28 : 4, bottom: 4, containLabel: true },
    xAxis: data.upright ? categories : values, yAxis: data.upright ? values : categories,
    series: data.series.map((one, n) => ({
      name: one.name, type: 'bar', stack: data.beside ? undefined : 'all', barMaxWidth: data.upright ? 26 : data.beside ? 10 : 16, barGap: 0, data: one.values, itemStyle: { color: css(TONES[one.tone]) },
      ...(n === last && data.note ? {
        label: { show: !(narrow && data.upright), position: data.upright ? 'top' : 'right', ...font, formatter: (point) => data.note.texts[point.dataIndex] },
      } : {}),
    })),
    tooltip: {
      trigger: 'axis', renderMode: 'richText', axisPointer: { type: 'shadow' }, backgroundColor: css('--b-ink'), borderWidth: 0, textStyle: { ...font, color: css('--b-on-ink') },
      formatter: (points) => {
        const at = points[0].dataIndex;
        const lines = [data.names[at], ...data.series.map((one) => `${one.name}: ${one.texts[at]}`)];
        if (data.note) lines.push(`${data.note.name}: ${data.note.texts[at]}`);
        return lines.join('\n');
      },
    },
  };
}

function draw(place) {
  const data = JSON.parse(document.getElementById(place.dataset.chart).textContent);
  if (!data.upright) place.style.height = `${Math.max(120, data.names.length * (data.beside ? BAR * data.series.length + 14 : ROW) + 16)}px`;
  const chart = window.echarts.init(place, null, { renderer: 'svg' });
  const show = () => chart.setOption(options(data, place.clientWidth < 520), true);
  show();
  new ResizeObserver(() => { chart.resize(); show(); }).observe(place);
  new MutationObserver(show).observe(document.documentElement, { attributes: true, attributeFilter: ['data-bs-theme'] });
}

if (window.echarts) for (const place of document.querySelectorAll('[data-chart]')) draw(place);

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
