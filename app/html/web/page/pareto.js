// Two objectives against each other, the front of each network as a line of steps; a click selects a point.
import { chart, position, svgButton } from './chart.js';
import { choice, panel } from './dom.js';
import { quantity, scaleOf, titled } from './format.js';
import { front, step } from './front.js';
import { DOMINATED, INK, PALETTE } from './theme.js';

const FRONT = 'on the front';
const DOMINATED_POINT = 'dominated';
const OVER_BUDGET = 'over budget';
const BRUSHED_OUT = 'outside the brushes';

export function pareto(model, state) {
  const made = panel('pareto', 'Pareto front',
    'Large dots: on the front of all objectives. Steps: what no point beats in the two that are shown. Hover for a ' +
    'configuration, click to select it.');
  made.tools.append(...choices(model, state), svgButton('pareto'));
  const ring = { draw: () => {} };  // marks the selected point in the view that is open
  const render = chart(made.body, 'pareto', (width) => build(model, state, width, ring));
  state.on(['point'], () => ring.draw());
  state.on(['x', 'y', 'network', 'scale', 'brushed'], render);
  return made.section;
}

function choices(model, state) {
  const objectives = model.objectives.map((objective) => objective.name);
  const options = model.resultColumns().map((name) => ({
    value: name, text: name.replace(/_/g, ' '), group: objectives.includes(name) ? 'objectives' : 'other results',
  }));
  const made = [
    choice('choose-x', 'x', options, state.get('x'), (x) => state.set({ x })),
    choice('choose-y', 'y', options, state.get('y'), (y) => state.set({ y })),
    choice('choose-scale', 'axes', [{ value: 'auto', text: 'automatic' }, { value: 'linear', text: 'linear' }],
      state.get('scale'), (scale) => state.set({ scale })),
  ];
  if (model.networks.length > 1) {
    const networks = [{ value: '', text: 'all' }, ...model.networks.map((name) => ({ value: name, text: name }))];
    made.push(choice('choose-network', 'network', networks, state.get('network'), (network) => state.set({ network })));
  }
  state.on(['x', 'y', 'network', 'scale'], () => {
    for (const label of made) {
      const select = label.querySelector('select');
      select.value = state.get(select.id.replace('choose-', ''));
    }
  });
  return made;
}

/** The rows of a point's tooltip: configuration, then results. */
export function pointRows(model, point) {
  const rows = model.axes.map(({ name }) => [name, quantity(point[name], model.unit(name))]);
  for (const name of model.data.derived ?? []) rows.push([name, quantity(point[name], model.unit(name))]);
  for (const { name } of model.objectives) rows.push([name, quantity(point[name], model.unit(name))]);
  rows.push(['state', point.front ? `${point.state}, on the front` : point.state]);
  if (point.fidelity) rows.push(['fidelity', point.fidelity]);
  return rows;
}

function build(model, state, width, ring) {
  const [x, y] = [state.get('x'), state.get('y')];
  const shown = model.inNetwork(model.points, state.get('network'))
    .filter((point) => typeof point[x] === 'number' && typeof point[y] === 'number');
  const scales = [x, y].map((column) => scaleOf(shown.map((point) => point[column]), model.unit(column)));
  const brushed = state.get('brushed');
  const place = (point) => ({
    x: point[x] * scales[0].factor, y: point[y] * scales[1].factor, key: point.key, network: model.networkOf(point),
  });
  const classOf = (point) => {
    if (brushed && !brushed.has(point.key)) return BRUSHED_OUT;
    if (point.state === OVER_BUDGET) return OVER_BUDGET;
    return point.front ? FRONT : DOMINATED_POINT;
  };
  const values = shown.map((point) => ({ ...place(point), kind: classOf(point) }));
  const order = [BRUSHED_OUT, OVER_BUDGET, DOMINATED_POINT, FRONT];
  values.sort((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));

  const axes = ['x', 'y'].map((axis, i) => ({
    field: axis, type: 'quantitative', title: titled(state.get(axis), scales[i].unit),
    ...position(values.map((value) => value[axis]), { linear: state.get('scale') === 'linear', labels: i ? 9 : 14 }),
  }));
  const networks = model.networks.filter((network) => shown.some((point) => model.networkOf(point) === network));
  const many = model.networks.length > 1;
  const colourOf = (network) => PALETTE[model.networks.indexOf(network) % PALETTE.length];
  const kinds = order.filter((kind) => values.some((value) => value.kind === kind)).reverse();
  const byKind = (of) => ({ field: 'kind', type: 'nominal', sort: kinds, scale: { domain: kinds, range: kinds.map((kind) => of[kind]) } });
  const kindLegend = { title: null, ...(many ? { symbolFillColor: INK } : {}) };
  const colour = many
    ? { field: 'network', type: 'nominal', scale: { domain: networks, range: networks.map(colourOf) }, legend: { title: null } }
    : { ...byKind({ [FRONT]: PALETTE[0], [DOMINATED_POINT]: DOMINATED, [OVER_BUDGET]: PALETTE[1], [BRUSHED_OUT]: '#c9d1d9' }), legend: kindLegend };
  const crowd = Math.max(9, Math.min(36, 20000 / Math.max(1, values.length)));
  const marks = {
    name: 'points', data: { values },
    mark: { type: 'point', filled: true, cursor: 'pointer', stroke: 'white' },
    encoding: {
      x: axes[0], y: axes[1], color: colour,
      shape: { ...byKind({ [FRONT]: 'circle', [DOMINATED_POINT]: 'circle', [OVER_BUDGET]: 'cross', [BRUSHED_OUT]: 'circle' }), legend: kindLegend },
      size: { ...byKind({ [FRONT]: 84, [DOMINATED_POINT]: crowd, [OVER_BUDGET]: crowd + 34, [BRUSHED_OUT]: 8 }), legend: kindLegend },
      strokeWidth: { ...byKind({ [FRONT]: 0.8, [DOMINATED_POINT]: 0.4, [OVER_BUDGET]: 0, [BRUSHED_OUT]: 0 }), legend: kindLegend },
      opacity: { ...byKind({ [FRONT]: 1, [DOMINATED_POINT]: 0.3, [OVER_BUDGET]: 0.6, [BRUSHED_OUT]: 0.25 }), legend: kindLegend },
    },
  };
  const layers = [];
  const goals = [model.goal(x), model.goal(y)];
  if (goals[0] && goals[1] && x !== y) {
    const lines = networks.flatMap((network) => front(
      model.inNetwork(shown, network).filter((point) => point.state === 'done'), x, y, goals).map(place));
    layers.push(marks, {
      name: 'front', data: { values: lines },
      mark: { type: 'line', interpolate: step(goals), strokeWidth: 2, opacity: 0.9, ...(many ? {} : { color: PALETTE[0] }) },
      encoding: { x: axes[0], y: axes[1], ...(many ? { color: colour } : {}), detail: { field: 'network' } },
    });
  }
  if (!layers.length) layers.push(marks);
  layers.push({
    name: 'selected', data: { name: 'selected', values: [] },
    mark: { type: 'point', filled: false, size: 190, stroke: INK, strokeWidth: 2.2, opacity: 1 },
    encoding: { x: axes[0], y: axes[1] },
  });
  return {
    spec: { height: Math.round(Math.max(400, Math.min(560, width * 0.6))), layer: layers },
    passive: ['front', 'selected'],
    canvas: values.length > 1500,
    tooltip: (datum) => model.byKey.has(datum.key) && pointRows(model, model.byKey.get(datum.key)),
    click: (datum) => datum.key !== undefined && state.set({ point: datum.key }),
    opened: (view) => {
      ring.draw = () => ringSelected(view, model, state, place);
      ring.draw();
    },
  };
}

/** Puts the ring around the selected point; drawing all others again would take too long. */
function ringSelected(view, model, state, place) {
  const point = model.byKey.get(state.get('point'));
  const { x, y } = point ? place(point) : {};
  const visible = Number.isFinite(x) && Number.isFinite(y) && (state.get('network') === '' ||
    model.networkOf(point) === state.get('network'));
  view.data('selected', visible ? [place(point)] : []).run();
}
