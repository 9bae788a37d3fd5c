// A sweep's page data with any number of points: two networks on a toy model of a dot array (peak, bandwidths, a
// buffer that catches reuse). Its numbers have the shape of real ones and mean nothing.
//   node sweep_fixture.mjs POINTS > data.json
import { pathToFileURL } from 'node:url';

const CLOCK = 8e8;
const AXES = [
  { name: 'rows', keys: ['arch.array.rows'], values: [4, 8, 16, 32] },
  { name: 'columns', keys: ['arch.array.columns'], values: [4, 8, 16, 32] },
  { name: 'lanes', keys: ['arch.array.lanes'], values: [1, 2, 4, 8, 16] },
  { name: 'sparsity', keys: ['arch.array.sparsity', 'recipe'], values: ['dense', '2:4'] },
  { name: 'buffer', keys: ['arch.memory.buffer.size'], values: [64, 128, 256, 512, 1024, 2048] },
  { name: 'dram', keys: ['arch.memory.dram.bandwidth'], values: [4, 8, 16, 32, 64, 128] },
  { name: 'network', keys: ['network'], values: ['resnet50', 'mobilenetv2'] },
];
const COLUMNS = ['key', 'state', 'front', 'fidelity', ...AXES.map(({ name }) => name), 'pes', 'latency', 'energy', 'area', 'edp', 'cycles', 'utilization'];
const OBJECTIVES = [
  { name: 'latency', goal: 'minimize', unit: 's' }, { name: 'energy', goal: 'minimize', unit: 'pJ' },
  { name: 'area', goal: 'minimize', unit: 'mm2' },
];
const MOST_DETAILS = 60;

/** Numbers in [0, 1) that are the same everywhere (mulberry32). */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6D2B79F5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const conv = (name, m, c, size, kernel) => ({
  name, op: 'conv', m, c, macs: m * c * kernel * kernel * size * size, weights: m * c * kernel * kernel,
  inputs: c * size * size, outputs: m * size * size,
});

/** ResNet-50 as its paper's table 1 gives it, with pooling and residual additions: 73 layers. */
function resnet50() {
  const layers = [conv('conv1', 64, 3, 112, 7), { ...conv('pool1', 64, 1, 56, 1), op: 'max_pool', macs: 0, weights: 0 }];
  [[3, 64, 56], [4, 128, 28], [6, 256, 14], [3, 512, 7]].forEach(([blocks, width, size], stage) => {
    for (let block = 1; block <= blocks; ++block) {
      const from = block > 1 ? 4 * width : stage ? 2 * width : 64;
      const name = (part) => `stage${stage + 2}_${block}_${part}`;
      if (block === 1) layers.push(conv(name('shortcut'), 4 * width, from, size, 1));
      layers.push(conv(name('conv1'), width, from, size, 1), conv(name('conv2'), width, width, size, 3),
        conv(name('conv3'), 4 * width, width, size, 1),
        { ...conv(name('add'), 4 * width, 1, size, 1), op: 'add', macs: 0, weights: 0 });
    }
  });
  layers.push({ ...conv('pool', 2048, 1, 1, 1), op: 'average_pool', macs: 0, weights: 0 }, { ...conv('fc', 1000, 2048, 1, 1), op: 'linear' });
  return layers;
}

/** Depthwise and pointwise layers, as in MobileNetV2. */
function mobilenet() {
  const layers = [conv('conv1', 32, 3, 112, 3)];
  [[16, 112], [24, 56], [32, 28], [64, 14], [96, 14], [160, 7], [320, 7]].forEach(([width, size], i) => {
    layers.push(conv(`block${i + 1}_expand`, 6 * width, width, size, 1), { ...conv(`block${i + 1}_depthwise`, 6 * width, 1, size, 3), op: 'depthwise' },
      conv(`block${i + 1}_project`, width, 6 * width, size, 1));
  });
  layers.push({ ...conv('fc', 1000, 1280, 1, 1), op: 'linear' });
  return layers;
}

const NETWORKS = { resnet50: resnet50(), mobilenetv2: mobilenet() };

/** One layer on one machine: cycles with their stalls, energy, traffic. */
function run(layer, machine) {
  const { rows, columns, lanes, sparsity, buffer, dram } = machine;
  const gain = sparsity === '2:4' && layer.weights > 0 ? 2 : 1;
  const fill = (size, width) => (size ? size / (Math.ceil(size / width) * width) : 1);
  const used = fill(layer.m, rows) * fill(layer.outputs / layer.m, columns) * fill(layer.c * (layer.op === 'conv' && layer.c < 8 ? 7 : 1), lanes);
  const compute = layer.macs ? layer.macs / (rows * columns * lanes * gain * used) : layer.outputs / 16;
  const reloads = Math.max(1, Math.sqrt((layer.weights + layer.inputs) / (buffer * 1024)));
  const dramBytes = (layer.weights / gain * 1.25 + layer.inputs) * reloads + layer.outputs;
  const bufferBytes = 1.2 * layer.macs / gain / Math.sqrt(rows * columns) / lanes ** 0.3 + dramBytes;
  const memory = Math.max(0, dramBytes / dram - 0.9 * compute);
  const bandwidth = Math.max(0, bufferBytes / 128 - compute - memory);
  const stalls = {
    memory, weight_port: 0.06 * compute, input_port: layer.c < 8 ? 0.4 * compute : 0.02 * compute, bandwidth, partial_sums: 0,
    drain: 0.01 * compute, finish: 100 + layer.m,
  };
  for (const cause of Object.keys(stalls)) stalls[cause] = Math.round(stalls[cause]);
  const cycles = Math.round(compute) + Object.values(stalls).reduce((sum, value) => sum + value, 0);
  const [cause] = Object.entries(stalls).sort(([, a], [, b]) => b - a)[0];
  return {
    name: layer.name, op: layer.op, macs: layer.macs, effective_macs: Math.round(0.6 * layer.macs / gain), cycles,
    compute_cycles: Math.round(compute), stalls,
    energy_pj: { array: 0.45 * layer.macs / gain, registers: 0.7 * layer.macs / lanes ** 0.5, buffer: 1.9 * bufferBytes * (buffer / 128) ** 0.25, dram: 160 * dramBytes, ppu: 3.3 * layer.outputs, cycles: 4 * cycles },
    bytes: { dram: Math.round(dramBytes), buffer: Math.round(bufferBytes) },
    bound_by: stalls[cause] > compute ? (cause === 'memory' ? 'memory: dram' : cause === 'bandwidth' ? 'bandwidth: buffer' : cause) : 'compute',
  };
}

const sum = (items, value) => items.reduce((total, item) => total + value(item), 0);

function evaluate(machine) {
  const layers = NETWORKS[machine.network].map((layer) => run(layer, machine));
  const pes = machine.rows * machine.columns;
  const cycles = sum(layers, (layer) => layer.cycles);
  const energy = sum(layers, (layer) => Object.values(layer.energy_pj).reduce((a, b) => a + b, 0));
  const latency = cycles / CLOCK;
  const peak = pes * machine.lanes * (machine.sparsity === '2:4' ? 2 : 1);
  return {
    layers, peak, pes, latency, energy, cycles, edp: latency * energy,
    area: 0.02 + pes * machine.lanes * 0.00042 * (machine.sparsity === '2:4' ? 1.2 : 1) + machine.buffer * 0.0026 + machine.dram * 0.012,
    utilization: sum(layers, (layer) => layer.macs) / (cycles * peak),
  };
}

function combinations(axes) {
  return axes.reduce((made, axis) => made.flatMap((point) => axis.values.map((value) => ({ ...point, [axis.name]: value }))), [{}]);
}

const dominates = (a, b) => OBJECTIVES.every(({ name }) => a[name] <= b[name]) && OBJECTIVES.some(({ name }) => a[name] < b[name]);

function frontOf(points) {
  const sorted = [...points].sort((a, b) => a.latency - b.latency || a.energy - b.energy || a.area - b.area);
  const kept = [];
  for (const point of sorted) {
    if (!kept.some((other) => dominates(other, point))) kept.push(point);
  }
  return kept;
}

function detailsOf(point) {
  const { layers, peak, network } = point;
  return {
    accelerator: `dot-${point.rows}x${point.columns}`, network, clock_hz: CLOCK, peak_macs_per_cycle: peak,
    memories: [{ name: 'dram', bytes_per_cycle: point.dram }, { name: 'buffer', bytes_per_cycle: 128 }],
    configuration: {
      arch: `name: dot-${point.rows}x${point.columns}\nclock: 800 MHz\narray:\n  unit: dot\n  rows: ${point.rows}\n  columns: ${point.columns}\n  lanes: ${point.lanes}\n` +
        `${point.sparsity === 'dense' ? '' : `  sparsity: ${point.sparsity}\n`}memory:\n  - {name: dram, kind: dram, bandwidth: ${point.dram}}\n  - {name: buffer, kind: sram, size: ${point.buffer} KiB, bandwidth: 128}\n`,
      recipe: point.sparsity === 'dense' ? 'int8' : 'int8-2-4',
    },
    layers,
  };
}

/** Page data of `count` points drawn from all combinations (11,520 at most). */
export function sweep(count) {
  const next = random(7);
  const all = combinations(AXES).map((machine) => ({ machine, draw: next() })).sort((a, b) => a.draw - b.draw).slice(0, count);
  const messages = {};
  const points = all.map(({ machine }, i) => {
    const key = (0x1000000 + i * 7919).toString(16).padStart(16, '0');
    if (machine.buffer === 64 && machine.rows === 32 && machine.lanes === 16) {
      messages[key] = 'layer stage5_1_conv2: no mapping fits: level buffer is too small by 8,192 bytes <double buffered>';
      return { ...machine, key, state: 'failed', front: false, fidelity: 'analytical' };
    }
    const point = { ...machine, key, fidelity: 'analytical', ...evaluate(machine) };
    return { ...point, state: point.area > 5 ? 'over budget' : 'done', front: false };
  });
  const done = points.filter((point) => point.state === 'done');
  const fronts = AXES[AXES.length - 1].values.map((network) => frontOf(done.filter((point) => point.network === network)));
  fronts.flat().forEach((point) => { point.front = true; });
  const best = fronts.flatMap((front) => front.slice(0, MOST_DETAILS / 2));
  const refined = fronts.flatMap((front) => front.slice(0, 12)).map((point) => {
    const change = 1 + 0.012 * (next() - 0.35);
    return {
      key: point.key, fidelity: 'fast', analytical: { latency: point.latency, energy: point.energy, area: point.area },
      simulated: { latency: point.latency * change, energy: point.energy * (1 - 0.03 * next()), area: point.area },
    };
  });
  return {
    heddle: '0.1.0', kind: 'sweep', title: 'Dot arrays for two networks', command: 'heddle sweep dot-arrays.yaml --jobs 2',
    source: `name: dot-arrays\nobjectives: {minimize: [latency, energy, area]}\nbudgets: [area <= 5]\naxes:\n${AXES.map(({ name, keys, values }) => `  ${name}: {keys: [${keys.join(', ')}], values: [${values.join(', ')}]}\n`).join('')}`,
    axes: AXES, derived: ['pes'], objectives: OBJECTIVES, budgets: ['area <= 5'],
    units: { cycles: 'cycles', latency: 's', energy: 'pJ', area: 'mm2', edp: 'pJ s', utilization: 'share' },
    columns: COLUMNS, points: points.map((point) => COLUMNS.map((column) => point[column] ?? null)), messages,
    details: Object.fromEntries(best.map((point) => [point.key, detailsOf(point)])),
    refined,
    order: { latency: { pairs: 66, kept: 66 }, energy: { pairs: 66, kept: 65 } },
    search: ['nsga2', 'annealing', 'random'].flatMap((method, m) => Array.from({ length: 16 }, (_, i) => ({
      method, evaluations: 16 * (i + 1), hypervolume: 0.82 - (0.1 + 0.12 * m) - (0.45 + 0.05 * m) * Math.exp(-(i + 1) / (2.2 + 1.6 * m)),
    }))),
    engine: { points: points.length, seconds: points.length / 2.5, points_per_second: 2.5 },
  };
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.stdout.write(JSON.stringify(sweep(Number(process.argv[2] ?? 100))));
}
