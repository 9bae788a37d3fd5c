// Stacked bars, one for each layer: energy by the part that used it, cycles by what the array did in them.
import { chart, linearPosition, svgButton } from './chart.js';
import { el, panel } from './dom.js';
import { percent, quantity, scaleOf, titled } from './format.js';
import { layersOf } from './model.js';
import { CYCLES, ENERGY, nameOf, partsOf } from './parts.js';
import { coloursOf } from './theme.js';

/** Pixels of a bar with its gap, of few and of many layers. */
const ROW = 19;
const NARROW_ROW = 13;
const MANY = 25;
/** Above so many layers the bars scroll inside their panel. */
const MOST_IN_FULL = 90;

export const energyBars = (model, state) => bars(model, state, ENERGY);

export const cycleBars = (model, state) => bars(model, state, CYCLES);

function bars(model, state, what) {
  const made = panel(what.id, what.title, what.explanation);
  made.tools.append(svgButton(what.id));
  const scroller = el('div', { class: 'scroller' });
  made.body.append(scroller);
  const detailsNow = () => model.details(model.byKey.get(state.get('point')));
  const render = chart(scroller, what.id, () => build(detailsNow(), what));
  const refresh = () => {
    const details = detailsNow();
    made.section.hidden = details === null;
    scroller.classList.toggle('tall', (details?.layers.length ?? 0) > MOST_IN_FULL);
    render();
  };
  state.on(['point'], refresh);
  refresh();
  return made.section;
}

function build(details, what) {
  if (!details || !details.layers.length) return null;
  const layers = layersOf(details);
  const parts = partsOf(details, what).map(([part]) => part);
  const sums = layers.map((layer) => Object.values(what.partsOf(layer)).reduce((sum, value) => sum + value, 0));
  const scale = scaleOf([Math.max(...sums)], what.unit);
  const values = layers.flatMap((layer, i) => parts
    .map((part, rank) => ({ layer: layer.name, part: nameOf(part, what), rank, value: what.partsOf(layer)[part] ?? 0, total: sums[i], op: layer.op }))
    .filter(({ value }) => value > 0)
    .map((row) => ({ ...row, shown: row.value * scale.factor })));
  const tall = layers.length > MANY;
  return {
    spec: {
      name: 'bars', data: { values }, height: layers.length * (tall ? NARROW_ROW : ROW),
      mark: { type: 'bar', height: { band: 0.78 } },
      encoding: {
        y: {
          field: 'layer', type: 'nominal', sort: null, title: null,
          scale: { domain: layers.map((layer) => layer.name) },
          axis: { labelLimit: 150, labelFontSize: tall ? 10 : 11, ticks: false, domain: false, labelPadding: 6, labelOverlap: false },
        },
        x: {
          field: 'shown', type: 'quantitative', title: titled(what.axis, scale.unit),
          axis: { ...linearPosition([0, 1]).axis, orient: tall ? 'top' : 'bottom' },
        },
        color: {
          field: 'part', type: 'nominal', sort: null,
          scale: { domain: parts.map((part) => nameOf(part, what)), range: coloursOf(parts, details.memories.map((memory) => memory.name)) },
          legend: { title: null, symbolType: 'square', columns: 4 },
        },
        order: { field: 'rank' },
      },
    },
    tooltip: (row) => row.layer !== undefined && [
      ['', row.layer], ['operation', row.op], [row.part, `${quantity(row.value, what.unit)} (${percent(row.value / row.total)})`],
      ['all parts', quantity(row.total, what.unit)],
    ],
  };
}
