// The layers of the selected point as a table.
import { panel } from './dom.js';
import { scaleOf, titled } from './format.js';
import { layersOf } from './model.js';
import { macsOf } from './roofline.js';
import { Table } from './table.js';

export function layerTable(model, state) {
  const made = panel('layers', 'Layers', 'Sort by a header, filter below it.');
  const render = () => {
    const details = model.details(model.byKey.get(state.get('point')));
    made.section.hidden = details === null;
    if (!details) return;
    const rows = layersOf(details).map((layer, i) => ({ position: i + 1, ...layer }));
    const table = new Table({ id: 'layer-table', rows, keyOf: (layer) => layer.name, columns: columns(details, rows) });
    made.body.replaceChildren(table.element);
  };
  state.on(['point'], render);
  render();
  return made.section;
}

function columns(details, rows) {
  const quantityColumn = (name, unit, value) => {
    const scale = scaleOf(rows.map(value), unit);
    return { name, title: titled(name, scale.unit), value: (row) => value(row) * scale.factor };
  };
  const parts = [...new Set(rows.flatMap((row) => Object.keys(row.energy_pj)))];
  const causes = [...new Set(rows.flatMap((row) => Object.keys(row.stalls).filter((cause) => row.stalls[cause] > 0)))];
  const energy = (row) => parts.reduce((sum, part) => sum + (row.energy_pj[part] ?? 0), 0);
  return [
    { name: 'position', title: 'no.', value: (row) => row.position },
    { name: 'layer', title: 'layer', value: (row) => row.name },
    { name: 'operation', title: 'operation', value: (row) => row.op },
    quantityColumn('MACs', 'MACs', (row) => row.macs),
    quantityColumn('effective MACs', 'MACs', (row) => row.effective_macs),
    { name: 'cycles', title: 'cycles', value: (row) => row.cycles },
    { name: 'utilization', title: 'utilization (%)', digits: 3, value: (row) => (row.cycles > 0 && macsOf(details, row) > 0
      ? 100 * macsOf(details, row) / row.cycles / details.peak_macs_per_cycle : null) },
    { name: 'bound', title: 'bound by', value: (row) => row.bound_by },
    { name: 'compute', title: 'compute cycles', value: (row) => row.compute_cycles },
    ...causes.map((cause) => ({ name: cause, title: `${cause.replace(/_/g, ' ')} stalls`, value: (row) => row.stalls[cause] ?? 0 })),
    quantityColumn('energy', 'pJ', energy),
    ...details.memories.map(({ name }) => quantityColumn(`${name} traffic`, 'B', (row) => row.bytes[name] ?? 0)),
  ];
}
