// What matters: how much of each objective's variance an axis explains alone, and how the objective follows it.
import { bounds, chart, linearPosition, logPosition, svgButton } from './chart.js';
import { choice, el, panel } from './dom.js';
import { number, percent } from './format.js';
import { PALETTE } from './theme.js';
import { conditionalMeans, isFullGrid, mainEffects } from './sensitivity.js';

const OTHERS = 'interactions';

/** Objectives are compared by ratios where all values allow it. */
function measureOf(model, points, name) {
  const log = points.every((point) => point[name] > 0);
  return { log, value: (point) => (log ? Math.log(point[name]) : point[name]) };
}

const withValues = (model, network, name) => model.inNetwork(model.done, network).filter((point) => typeof point[name] === 'number');

const networksShown = (model, state) => (state.get('network') === '' ? model.networks : [state.get('network')]);

/** Shares by objective and axis: of each network, then the mean over the networks. */
function shares(model, networks) {
  const rows = [];
  const mean = (values) => values.reduce((sum, value) => sum + (value ?? 0), 0) / values.length;
  for (const { name } of model.objectives) {
    const found = networks.map((network) => {
      const points = withValues(model, network, name);
      return mainEffects(points, model.designAxes, measureOf(model, points, name).value);
    }).filter(({ effects }) => effects.some((effect) => effect !== null));
    if (!found.length) continue;
    model.designAxes.forEach((axis, i) => rows.push({ objective: name, axis: axis.name, share: mean(found.map(({ effects }) => effects[i])) }));
    if (found.every(({ rest }) => rest !== null)) rows.push({ objective: name, axis: OTHERS, share: mean(found.map(({ rest }) => rest)) });
  }
  return rows;
}

const grid = (model) => model.networks.every((network) => isFullGrid(model.inNetwork(model.done, network), model.designAxes));

export function sensitivity(model, state) {
  const many = model.networks.length > 1;
  const made = panel('sensitivity', 'Sensitivity',
    'Share of an objective’s variance (of its logarithm, where all values are above 0) that each axis explains alone, ' +
    `from all finished points${many ? ', per network and then averaged' : ''}. ${grid(model) ? 'What is left is due to axes acting together.'
      : 'These are not all combinations: shares overlap, and need not add up to 100 %.'}`);
  made.tools.append(svgButton('sensitivity'));
  const heat = el('div', {});
  const trends = el('div', { class: 'trends' });
  made.body.append(heat, trends);
  const drawHeat = chart(heat, 'sensitivity', () => heatMap(shares(model, networksShown(model, state))));
  state.on(['network'], drawHeat);
  const names = model.objectives.map(({ name }) => name);
  const pick = choice('choose-trend', 'Geometric means of', names.map((name) => ({ value: name, text: name.replace(/_/g, ' ') })),
    state.get('trend'), (trend) => state.set({ trend }));
  const explanation = el('span', { class: 'explanation' },
    ` at each value of an axis, over all finished points, relative to the mean of all${many ? ' of the network' : ''}.`);
  const legend = many ? el('p', { class: 'legend' }, model.networks.map((network, i) => el('span', {},
    el('i', { style: `background: ${PALETTE[i % PALETTE.length]}` }), network))) : '';
  trends.append(el('p', { class: 'lead' }, pick, explanation), legend);
  const plots = el('div', { class: 'grid' });
  trends.append(plots);
  const draws = model.designAxes.map((axis) => chart(plots, `trend-${axis.name}`, () => trend(model, state, axis)));
  state.on(['network', 'trend'], () => draws.forEach((draw) => draw()));
  return made.section;
}

function heatMap(rows) {
  if (!rows.length) return null;
  const objectives = [...new Set(rows.map((row) => row.objective))];
  const axes = [...new Set(rows.map((row) => row.axis))];
  const values = rows.map((row) => ({ ...row, text: percent(row.share, row.share < 0.0995 ? 1 : 2) }));
  return {
    spec: {
      height: objectives.length * 34, data: { values },
      encoding: {
        y: { field: 'objective', type: 'nominal', sort: objectives, title: null, axis: { domain: false, ticks: false, labelPadding: 6 } },
        x: { field: 'axis', type: 'nominal', sort: axes, title: null, axis: { orient: 'top', domain: false, ticks: false, labelAngle: 0, labelLimit: 120 } },
      },
      layer: [
        {
          name: 'cells', mark: { type: 'rect', stroke: 'white', strokeWidth: 2 },
          encoding: { color: { field: 'share', type: 'quantitative', scale: { scheme: 'blues', domain: [0, 1] }, legend: null } },
        },
        {
          mark: { type: 'text', fontSize: 12 },
          encoding: { text: { field: 'text' }, color: { condition: { test: 'datum.share > 0.55', value: 'white' }, value: '#1b1f24' } },
        },
      ],
    },
    tooltip: (row) => [['', `${row.objective} by ${row.axis}`], ['variance explained', percent(row.share)]],
  };
}

/** Conditional means of the objective, one line for each network. */
function trend(model, state, axis) {
  const name = state.get('trend');
  const networks = networksShown(model, state);
  const lines = (along) => networks.flatMap((network) => {
    const points = withValues(model, network, name);
    if (!points.length) return [];
    const { log, value } = measureOf(model, points, name);
    const all = points.reduce((sum, point) => sum + value(point), 0) / points.length;
    return conditionalMeans(points, along.name, along.values, value).map(({ key, count, mean }) => ({
      key, count, network, ratio: log ? Math.exp(mean - all) : mean / (all || 1),
    }));
  });
  const values = lines(axis);
  if (!values.length) return null;
  // The same scale for all axes, so that their slopes compare.
  const [least, most] = bounds(model.designAxes.flatMap((other) => lines(other).map((row) => row.ratio)));
  const log = least > 0;
  const colour = networks.length > 1
    ? { color: { field: 'network', type: 'nominal', legend: null, scale: { domain: model.networks, range: model.networks.map((_, i) => PALETTE[i % PALETTE.length]) } } }
    : {};
  return {
    spec: {
      height: 130, data: { values },
      mark: { type: 'line', point: { size: 32 }, ...(networks.length > 1 ? {} : { color: PALETTE[0] }) },
      encoding: {
        x: { field: 'key', type: 'ordinal', sort: axis.values.map(String), title: axis.name, scale: { domain: axis.values.map(String) }, axis: { labelAngle: axis.values.some((value) => String(value).length > 6) ? -30 : 0, labelLimit: 80 } },
        y: {
          field: 'ratio', type: 'quantitative', title: '× mean',
          ...(log ? logPosition([least / 1.1, most * 1.1], 5) : linearPosition([least, most], 4)),
        },
        ...colour,
      },
    },
    tooltip: (row) => row.key !== undefined && [
      ['', `${axis.name} ${row.key}`], ...(row.network ? [['network', row.network]] : []),
      [`${name} to its mean`, `× ${number(row.ratio, 3)}`], ['points', number(row.count)],
    ],
  };
}
