// Colours and the look of all charts: dark on white, Okabe and Ito's palette, which the colour-blind can tell apart.

export const PALETTE = ['#0072B2', '#D55E00', '#009E73', '#CC79A7', '#E69F00', '#56B4E9', '#7A6A00', '#000000'];
export const INK = '#1b1f24';
export const MUTED = '#57606a';
export const RULE = '#d8dee4';
export const DOMINATED = '#8c959f';

const FONT = 'system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif';

/** The configuration that every Vega-Lite specification gets. */
export const CONFIG = {
  background: 'white',
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: INK, titleColor: INK, labelFontSize: 11, titleFontSize: 12, titleFontWeight: 600, titlePadding: 8,
    domainColor: '#6e7781', tickColor: '#6e7781', gridColor: '#eaeef2', labelOverlap: 'greedy', labelSeparation: 4,
  },
  legend: {
    labelColor: INK, titleColor: INK, labelFontSize: 11, titleFontSize: 11, titleFontWeight: 600, symbolSize: 70,
    layout: { top: { anchor: 'start', direction: 'horizontal', margin: 24 } }, orient: 'top', direction: 'horizontal', columnPadding: 14, labelLimit: 260, offset: 8, titleOrient: 'left',
  },
  title: { color: INK, fontSize: 12, fontWeight: 600, anchor: 'start' },
  range: { category: PALETTE },
};

/** Parts of cycles and energy that have a colour of their own on every page. */
const KNOWN = {
  compute: '#0072B2', memory: '#D55E00', weight_port: '#E69F00', input_port: '#7A6A00', bandwidth: '#CC79A7',
  partial_sums: '#009E73', drain: '#56B4E9', finish: '#8c959f',
  array: '#0072B2', registers: '#56B4E9', ppu: '#009E73', cycles: '#8c959f', queues: '#CC79A7', pointers: '#7A6A00',
};
const MEMORIES = ['#D55E00', '#E69F00', '#CC79A7', '#000000'];

/** The colours of parts; `memories` are the names of memories from the outside in. */
export function coloursOf(parts, memories = []) {
  let others = 0;
  return parts.map((part) => {
    const level = memories.indexOf(part);
    if (level >= 0) return MEMORIES[level % MEMORIES.length];
    return KNOWN[part] ?? PALETTE[others++ % PALETTE.length];
  });
}
