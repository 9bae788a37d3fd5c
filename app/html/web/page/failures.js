// Points that have no results, with the reason of each.
import { panel } from './dom.js';
import { Table } from './table.js';

export function failures(model, state) {
  const made = panel('failures', 'Failed points', 'What was tried and gave no result, and why.');
  const messages = model.data.messages ?? {};
  made.body.append(new Table({
    id: 'failure-table', rows: model.failed, keyOf: (point) => point.key, height: 320,
    columns: [
      ...model.axes.map((axis) => ({ name: axis.name, title: axis.name, value: (point) => point[axis.name] })),
      { name: 'message', title: 'message', value: (point) => messages[point.key] ?? 'no message' },
    ],
    click: (point) => state.set({ point: point.key }),
  }).element);
  return made.section;
}
