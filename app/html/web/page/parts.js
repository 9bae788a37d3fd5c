// What energy and cycles of layers are made of, and in which order their parts are shown.

export const ENERGY = {
  id: 'energy', title: 'Energy by level and layer',
  explanation: 'What each layer spends, and where: each memory, registers, array, post-processing.',
  unit: 'pJ', axis: 'energy', names: { cycles: 'leakage and clock' }, partsOf: (layer) => layer.energy_pj,
  order: (details) => [...details.memories.map((memory) => memory.name), 'registers', 'array', 'queues', 'pointers', 'ppu', 'cycles'],
};

export const CYCLES = {
  id: 'cycles', title: 'Cycles and stalls by layer',
  explanation: 'Cycles in which the array worked, and all others by the one cause of each.',
  unit: 'cycles', axis: 'cycles', names: {}, partsOf: (layer) => ({ compute: layer.compute_cycles, ...layer.stalls }),
  order: () => ['compute', 'memory', 'weight_port', 'input_port', 'bandwidth', 'partial_sums', 'drain', 'finish'],
};

/** [part, sum over the layers] of parts that are not 0 everywhere, in the order of the stack. */
export function partsOf(details, what) {
  const sums = new Map();
  for (const layer of details.layers) {
    for (const [part, value] of Object.entries(what.partsOf(layer))) sums.set(part, (sums.get(part) ?? 0) + value);
  }
  const order = what.order(details);
  const rank = (part) => (order.includes(part) ? order.indexOf(part) : order.length);
  return [...sums].filter(([, sum]) => sum > 0).sort(([a], [b]) => rank(a) - rank(b));
}

export const nameOf = (part, what) => what.names[part] ?? part.replace(/_/g, ' ');
