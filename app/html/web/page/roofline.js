// The roofline of the selected point: what each layer reaches of the peak and of a memory's bandwidth.
// Williams, Waterman, Patterson, "Roofline: an insightful visual performance model", CACM 52(4), 2009.
import { bounds, chart, logPosition, svgButton } from './chart.js';
import { choice, el, panel } from './dom.js';
import { number, percent, quantity } from './format.js';
import { layersOf } from './model.js';
import { coloursOf, INK, MUTED } from './theme.js';

const HEIGHT = 400;

export function roofline(model, state) {
  const made = panel('roofline', 'Roofline',
    'One dot per layer with multiply-accumulates: its MACs per byte that the memory moved, and the rate it reached. ' +
    'Area: share of the cycles. Colour: what bounds it.');
  const choices = el('span', {});
  made.tools.append(choices, svgButton('roofline'));
  const render = chart(made.body, 'roofline', (width) => build(model, state, width));
  const refresh = () => {
    choices.replaceChildren(...levelChoices(model, state));
    made.section.hidden = model.details(model.byKey.get(state.get('point'))) === null;
    render();
  };
  state.on(['point', 'level', 'rate'], refresh);
  refresh();
  return made.section;
}

function levelChoices(model, state) {
  const details = model.details(model.byKey.get(state.get('point')));
  if (!details) return [];
  const names = details.memories.map((memory) => memory.name);
  return [
    choice('choose-level', 'memory', names.map((name) => ({ value: name, text: name })), levelOf(details, state).name,
      (level) => state.set({ level })),
    choice('choose-rate', 'rate', [{ value: 'macs', text: 'MACs per cycle' }, { value: 'tops', text: 'TOPS' }],
      state.get('rate'), (rate) => state.set({ rate })),
  ];
}

const levelOf = (details, state) => details.memories.find((memory) => memory.name === state.get('level')) ?? details.memories[0];

/** What a detail's peak counts: all MACs of a layer's shape, or (eie) only those performed. */
export const macsOf = (details, layer) => layer[details.peak_of ?? 'macs'];

function build(model, state, width) {
  const details = model.details(model.byKey.get(state.get('point')));
  if (!details || !details.memories.length) return null;
  const level = levelOf(details, state);
  const tops = state.get('rate') === 'tops';
  const rate = tops ? 2 * details.clock_hz / 1e12 : 1;  // of one MAC per cycle
  const counted = details.peak_of === 'effective_macs' ? 'effective MACs' : 'MACs';
  const rateUnit = tops ? 'TOPS' : `${counted}/cycle`;
  const peak = details.peak_macs_per_cycle;
  const cycles = details.layers.reduce((sum, layer) => sum + layer.cycles, 0);
  const dots = layersOf(details)
    .filter((layer) => macsOf(details, layer) > 0 && layer.cycles > 0 && layer.bytes[level.name] > 0)
    .map((layer) => ({
      layer: layer.name, op: layer.op, intensity: macsOf(details, layer) / layer.bytes[level.name],
      rate: rate * macsOf(details, layer) / layer.cycles, share: layer.cycles / cycles, bound: (layer.bound_by || 'unknown').replace(/_/g, ' '),
      bytes: layer.bytes[level.name],
    }));
  if (!dots.length || !(peak > 0)) return null;

  const ridge = peak / level.bytes_per_cycle;
  const [left, right] = bounds([...dots.map((dot) => dot.intensity), ridge]);
  const x = [left / 2, right * 3];
  const low = bounds(dots.map((dot) => dot.rate))[0];
  const y = [Math.min(low, rate * peak) / 2, rate * peak * 1.9];
  const roof = [
    { x: Math.max(x[0], y[0] / rate / level.bytes_per_cycle) }, { x: ridge }, { x: x[1] },
  ].map(({ x: at }) => ({ x: at, y: rate * Math.min(peak, at * level.bytes_per_cycle) }));
  const causes = [...new Set(dots.map((dot) => dot.bound))].sort();
  const memories = details.memories.map((memory) => memory.name);
  const colours = boundColours(causes, memories);
  const position = (field, title, domain) => ({
    field, type: 'quantitative', title, ...logPosition(domain, 11),
  });
  const axes = {
    x: position('intensity', `${counted} per byte of ${level.name} traffic`, x), y: position('rate', rateUnit, y),
  };
  const roofAxes = { x: { ...axes.x, field: 'x' }, y: { ...axes.y, field: 'y' } };
  // The slope on the screen, for the text along the roof: both axes are logarithmic.
  const plotWidth = Math.max(100, width - 70);
  const angle = -Math.atan((HEIGHT / Math.log(y[1] / y[0])) / (plotWidth / Math.log(x[1] / x[0]))) * 180 / Math.PI;
  const bandwidth = quantity(level.bytes_per_cycle * details.clock_hz, 'B/s', 3);
  const start = roof[0];
  const along = Math.sqrt(start.x * Math.min(ridge, x[1]));
  const text = (at, words, mark) => ({
    data: { values: [at] },
    mark: { type: 'text', text: words, fontSize: 11, color: MUTED, ...mark }, encoding: roofAxes,
  });
  return {
    spec: {
      height: HEIGHT,
      layer: [
        { name: 'roof', data: { values: roof }, mark: { type: 'line', color: INK, strokeWidth: 1.8 }, encoding: roofAxes },
        text({ x: x[1], y: rate * peak }, `peak ${number(rate * peak, 4)} ${rateUnit}`, { align: 'right', dy: -8, dx: -4 }),
        ...(ridge / start.x > 4 ? [text({ x: along, y: rate * along * level.bytes_per_cycle },
          `${level.name} ${number(level.bytes_per_cycle, 4)} B/cycle = ${bandwidth}`, { angle, dy: -9 })] : []),
        {
          name: 'layers', data: { values: dots },
          mark: { type: 'point', filled: true, opacity: 0.75, stroke: 'white', strokeWidth: 0.7 },
          encoding: {
            ...axes,
            size: { field: 'share', type: 'quantitative', scale: { domain: [0, Math.max(...dots.map((dot) => dot.share))], range: [24, 300] }, legend: null },
            color: { field: 'bound', type: 'nominal', scale: { domain: causes, range: colours }, legend: { title: 'bound by', symbolType: 'circle' } },
          },
        },
      ],
    },
    passive: ['roof'],
    tooltip: (dot) => dot.layer !== undefined && [
      ['', dot.layer], ['operation', dot.op], [`${counted} per byte of ${level.name}`, number(dot.intensity, 3)],
      ['rate', `${number(dot.rate, 3)} ${rateUnit}`], ['of the peak', percent(dot.rate / rate / peak)],
      [`${level.name} traffic`, quantity(dot.bytes, 'B', 3)], ['share of the cycles', percent(dot.share)],
      ['bound by', dot.bound],
    ],
  };
}

/** "memory: dram" and "memory: buffer" are told apart; other causes have the colours of the stall chart. */
function boundColours(names, memories) {
  return names.map((name) => {
    const [cause, memory] = name.split(': ');
    return memory && memories.indexOf(memory) > 0 ? coloursOf([memory], memories)[0] : coloursOf([cause.replace(/ /g, '_')])[0];
  });
}
