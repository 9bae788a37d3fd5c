// Points of the front that were simulated again: what the analytical model said against what the machine did.
import { chart, position, svgButton } from './chart.js';
import { el, panel } from './dom.js';
import { number, percent, quantity, scaleOf, titled } from './format.js';
import { PALETTE, RULE } from './theme.js';

export function refined(model, state) {
  const made = panel('refined', 'Analytical against simulated',
    'Points of the front, worked out from their loop nests and then run on the machine. On the grey line both agree.');
  const grid = el('div', { class: 'grid wide' });
  made.body.append(grid);
  const rows = model.data.refined;
  const names = model.objectives.map(({ name }) => name).filter((name) => rows.some((row) => isPair(row, name)));
  for (const name of names) {
    const cell = el('div', {}, el('div', { class: 'text-heading' }, el('h3', {}, name.replace(/_/g, ' ')), svgButton(`refined-${name}`)),
      el('p', { class: 'totals' }, agreement(model, name)));
    grid.append(cell);
    chart(cell, `refined-${name}`, () => scatter(model, state, name));
  }
  return made.section;
}

const isPair = (row, name) => typeof row.analytical?.[name] === 'number' && typeof row.simulated?.[name] === 'number';

function agreement(model, name) {
  const rows = model.data.refined.filter((row) => isPair(row, name));
  const differences = rows.map((row) => (row.analytical[name] === row.simulated[name] ? 0
    : Math.abs(row.simulated[name] / row.analytical[name] - 1)));
  const order = model.data.order?.[name];
  const kept = order ? ` ${number(order.kept)} of ${number(order.pairs)} pairs keep their order.` : '';
  return `${number(rows.length)} points, greatest difference ${percent(Math.max(...differences), 2)}.${kept}`;
}

function scatter(model, state, name) {
  const rows = model.data.refined.filter((row) => isPair(row, name));
  const all = rows.flatMap((row) => [row.analytical[name], row.simulated[name]]);
  const unit = scaleOf(all, model.unit(name));
  const values = rows.map((row) => ({
    key: row.key, x: row.analytical[name] * unit.factor, y: row.simulated[name] * unit.factor,
    from: row.analytical[name], to: row.simulated[name], fidelity: row.fidelity ?? 'simulated',
  }));
  const place = position(all.map((value) => value * unit.factor));
  const [least, most] = place.scale.domain;
  const axis = (field, title) => ({
    field, type: 'quantitative', title: `${title} ${titled(name, unit.unit)}`, ...place,
  });
  const axes = { x: axis('x', 'analytical'), y: axis('y', 'simulated') };
  return {
    spec: {
      height: 240,
      layer: [
        { data: { values: [{ x: least, y: least }, { x: most, y: most }] }, mark: { type: 'line', color: RULE, strokeWidth: 2 }, encoding: axes },
        { name: 'pairs', data: { values }, mark: { type: 'point', filled: true, size: 50, opacity: 0.8, color: PALETTE[0], cursor: 'pointer' }, encoding: axes },
      ],
    },
    tooltip: (row) => row.key !== undefined && [
      ['', model.byKey.has(row.key) ? model.label(model.byKey.get(row.key)) : row.key],
      ['analytical', quantity(row.from, model.unit(name))], [row.fidelity, quantity(row.to, model.unit(name))],
      ['difference', percent(row.to / row.from - 1, 2)],
    ],
    click: (row) => model.byKey.has(row.key) && state.set({ point: row.key }),
  };
}
