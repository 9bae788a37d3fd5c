// Draws Vega-Lite specifications: fits them to the page's width, shows tooltips, passes clicks on, saves SVG.
import { el } from './dom.js';
import { CONFIG } from './theme.js';
import { hideTooltip, showTooltip } from './tooltip.js';

/** The views by name; tests and curious readers find them as heddle.views. */
export const views = {};
const redraws = [];
let resizing = null;

window.addEventListener('resize', () => {
  clearTimeout(resizing);
  resizing = setTimeout(() => redraws.forEach((redraw) => redraw()), 150);
});

/** Calls `redraw` when the page is put together, and when its width has changed. */
export function onResize(redraw) { redraws.push(redraw); }

/** Draws everything; called once, when all sections have their place and so a width. */
export function drawAll() { redraws.forEach((redraw) => redraw()); }

/**
 * A chart in `container`. `build(width)` returns null (nothing is drawn) or
 *   spec      Vega-Lite without a width
 *   tooltip   (datum) => rows for showTooltip(), or null
 *   click     (datum) => void
 *   passive   names of layers that the pointer goes through
 *   canvas    true for very many marks
 *   opened    (view) => void, after it was drawn
 * The result is the function that draws it again.
 */
export function chart(container, name, build) {
  const place = el('div', { class: 'chart', 'data-chart': name });
  container.append(place);
  function render() {
    if (!place.clientWidth) return;  // not on the page, or hidden
    views[name]?.finalize();
    delete views[name];
    const made = build(place.clientWidth);
    if (!made) {
      place.replaceChildren();
      return;
    }
    const { spec } = window.vegaLite.compile({
      $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
      width: place.clientWidth,
      autosize: { type: 'fit-x', contains: 'padding' },
      ...made.spec,
    }, { config: CONFIG });
    pass(spec, made.passive ?? []);
    const view = new window.vega.View(window.vega.parse(spec), { renderer: made.canvas ? 'canvas' : 'svg' });
    view.initialize(place).run();
    listen(view, made);
    views[name] = view;
    made.opened?.(view);
  }
  onResize(render);
  return render;
}

/** Marks that neither catch the pointer nor hide others from it. */
function pass(spec, names) {
  for (const mark of spec.marks ?? []) {
    if (names.some((name) => mark.name === `${name}_marks`)) mark.interactive = false;
    pass(mark, names);
  }
}

function listen(view, { tooltip, click }) {
  const datumOf = (item) => (item && item.mark.marktype !== 'group' && item.mark.role === 'mark' ? item.datum : null);
  if (tooltip) {
    view.addEventListener('pointermove', (event, item) => {
      const datum = datumOf(item);
      const rows = datum && tooltip(datum);
      if (rows) showTooltip(event, rows); else hideTooltip();
    });
    view.addEventListener('pointerout', hideTooltip);
  }
  if (click) {
    view.addEventListener('click', (event, item) => {
      const datum = datumOf(item);
      if (datum) click(datum);
    });
  }
}

/** A button that saves a chart as SVG, for papers. */
export function svgButton(name) {
  return el('button', {
    type: 'button', class: 'save', title: 'Save this chart as SVG',
    onclick: async () => {
      const svg = await views[name]?.toSVG();
      if (!svg) return;
      const link = el('a', { href: URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' })), download: `${name}.svg` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  }, 'SVG');
}

/** Labels without a superfluous digit: 10,000 and 0.25, and 1e-7 only where it must be. */
const LABEL = "datum.value != 0 && abs(datum.value) < 1e-4 ? format(datum.value, '.0e') : format(datum.value, ',.6~f')";

/** Where a decade may be labelled, from the most labels to the fewest. */
const STEPS = [[1, 1.5, 2, 3, 4, 5, 6, 8], [1, 2, 3, 5], [1, 2, 5], [1, 3], [1]];

/** Scale and axis of a position whose logarithm is drawn over a domain, with so many labels at most. */
export function logPosition([least, most], labels = 9) {
  const within = STEPS.map((steps) => ticks(least, most, steps));
  const values = within.find((list) => list.length <= labels) ?? within[within.length - 1];
  return { scale: { type: 'log', nice: false, domain: [least, most] }, axis: { values, labelExpr: LABEL } };
}

function ticks(least, most, steps) {
  const values = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.log10(most); ++power) {
    values.push(...steps.map((step) => Number((step * 10 ** power).toPrecision(3))));
  }
  return values.filter((value) => value >= least && value <= most);
}

export function linearPosition(domain, tickCount = 6) {
  return { scale: { zero: false, nice: false, domain }, axis: { tickCount, labelExpr: LABEL } };
}

/** A position channel's scale and axis: logarithmic where all values are above 0 and spread over a decade. */
export function position(values, { linear = false, labels = 9 } = {}) {
  const [least, most] = bounds(values);
  if (!linear && least > 0 && most / least > 12) return logPosition([least / 1.15, most * 1.15], labels);
  const room = (most - least) * 0.05 || Math.abs(most) * 0.1 || 1;
  return linearPosition([least >= 0 ? Math.max(0, least - room) : least - room, most + room]);
}

/** Least and most of many values (too many for Math.min's arguments). */
export function bounds(values) {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least <= most ? [least, most] : [0, 1];
}
