// The table of all points.
import { panel } from './dom.js';
import { scaleOf, titled } from './format.js';
import { Table } from './table.js';

export function pointTable(model, state) {
  const made = panel('points', 'All points',
    'Sort by a header, filter below it: a part of a text, or >= 16, < 3, 8..32, != failed. A click on a row selects its point.');
  const table = new Table({
    id: 'point-table', rows: model.points, keyOf: (point) => point.key, columns: columns(model),
    click: (point) => state.set({ point: point.key }),
  });
  made.body.append(table.element);
  const restrict = () => table.restrict(shownKeys(model, state));
  state.on(['network', 'brushed'], restrict);
  state.on(['point'], () => table.choose(state.get('point')));
  restrict();
  table.choose(state.get('point'));
  return made.section;
}

function shownKeys(model, state) {
  const [network, brushed] = [state.get('network'), state.get('brushed')];
  if (network === '') return brushed;
  const keys = model.inNetwork(model.points, network).map((point) => point.key);
  return new Set(brushed ? keys.filter((key) => brushed.has(key)) : keys);
}

/** Axes, results, then the rest; every result in one unit all the way down. */
function columns(model) {
  const results = model.resultColumns();
  const names = [...model.axes.map((axis) => axis.name), ...results,
    ...model.data.columns.filter((name) => !model.isAxis(name) && !results.includes(name) && name !== 'key'), 'key'];
  return names.map((name) => {
    if (name === 'front') return { name, title: 'front', value: (point) => (point.front ? 'yes' : 'no') };
    const unit = scaleOf(model.values(name), model.unit(name));
    return {
      name, title: titled(name, unit.unit),
      value: (point) => (typeof point[name] === 'number' ? point[name] * unit.factor : point[name]),
    };
  });
}
