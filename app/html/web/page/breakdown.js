// Where the energy and the cycles of all layers of the selected point go.
import { chart, svgButton } from './chart.js';
import { el, panel } from './dom.js';
import { percent, quantity } from './format.js';
import { CYCLES, ENERGY, nameOf, partsOf } from './parts.js';
import { coloursOf, INK } from './theme.js';

export function breakdown(model, state) {
  const made = panel('breakdown', 'Where energy and cycles go', 'All layers of the point together.');
  const detailsNow = () => model.details(model.byKey.get(state.get('point')));
  const parts = [ENERGY, CYCLES].map((what) => {
    const heading = el('h3', {});
    const name = `breakdown-${what.id}`;
    const place = el('div', {}, el('div', { class: 'text-heading' }, heading, svgButton(name)));
    made.body.append(place);
    return { what, heading, draw: chart(place, name, () => build(detailsNow(), what)) };
  });
  const refresh = () => {
    const details = detailsNow();
    made.section.hidden = details === null;
    for (const { what, heading, draw } of parts) {
      const total = details ? partsOf(details, what).reduce((sum, [, value]) => sum + value, 0) : 0;
      heading.textContent = what === CYCLES ? quantity(total, what.unit) : `Energy ${quantity(total, what.unit)}`;
      draw();
    }
  };
  state.on(['point'], refresh);
  refresh();
  return made.section;
}

function build(details, what) {
  if (!details) return null;
  const parts = partsOf(details, what);
  const total = parts.reduce((sum, [, value]) => sum + value, 0);
  if (!total) return null;
  const colours = coloursOf(parts.map(([part]) => part), details.memories.map((memory) => memory.name));
  const values = parts.map(([part, value], i) => ({
    part: nameOf(part, what), value, share: value / total, colour: colours[i], text: `${quantity(value, what.unit, 3)}, ${percent(value / total)}`,
  })).sort((a, b) => b.value - a.value);
  return {
    spec: {
      height: values.length * 24, data: { values },
      encoding: {
        y: { field: 'part', type: 'nominal', sort: null, title: null, axis: { domain: false, ticks: false, labelPadding: 6, minExtent: 104 } },
        x: { field: 'share', type: 'quantitative', title: null, axis: null, scale: { domain: [0, Math.min(1.6, 1.6 * values[0].share)] } },
      },
      layer: [
        { name: 'parts', mark: { type: 'bar', height: { band: 0.7 } }, encoding: { color: { field: 'colour', type: 'nominal', scale: null } } },
        { mark: { type: 'text', align: 'left', dx: 5, fontSize: 11, color: INK }, encoding: { text: { field: 'text' } } },
      ],
    },
    tooltip: (row) => [['', row.part], ['sum of all layers', quantity(row.value, what.unit)], ['share', percent(row.share)]],
  };
}
