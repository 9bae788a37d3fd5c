// Numbers as people write them: 12.3 ms, 4.56 mJ, 1.82 mm².

/** Units that take SI prefixes: how many of the base unit one of them is, and the base unit. */
const SCALED = {
  s: [1, 's'], ms: [1e-3, 's'], us: [1e-6, 's'], ns: [1e-9, 's'],
  J: [1, 'J'], mJ: [1e-3, 'J'], uJ: [1e-6, 'J'], nJ: [1e-9, 'J'], pJ: [1e-12, 'J'], fJ: [1e-15, 'J'],
  'J s': [1, 'J s'], 'pJ s': [1e-12, 'J s'], 'pJ*s': [1e-12, 'J s'], 'pJ·s': [1e-12, 'J s'], pJ_s: [1e-12, 'J s'],
  W: [1, 'W'], mW: [1e-3, 'W'], Hz: [1, 'Hz'], MHz: [1e6, 'Hz'], GHz: [1e9, 'Hz'],
  B: [1, 'B'], bytes: [1, 'B'], bits: [1, 'bit'], 'B/s': [1, 'B/s'],
};
/** Things that are counted: thousands, millions, ... stand before their name. */
const COUNTED = new Set(['cycles', 'MACs', 'points', 'evaluations', 'bursts', 'words']);
const PREFIXES = [[1e15, 'P'], [1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e3, 'k'], [1, ''], [1e-3, 'm'], [1e-6, 'µ'],
  [1e-9, 'n'], [1e-12, 'p'], [1e-15, 'f']];
const SMALLEST_PREFIX = PREFIXES[PREFIXES.length - 1];

/** A number with at most so many significant digits, thousands separated; very large and small ones as 1.23e-9. */
export function number(value, digits = 4) { return written(value, digits, 1); }

/** The same with all its digits (12.30), as in a column; whole numbers stay whole. */
export function measured(value, digits = 4) { return written(value, digits, Number.isInteger(value) ? 1 : digits); }

function written(value, digits, least) {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) {
    const [front, power] = value.toExponential(digits - 1).split('e');
    return `${least > 1 ? front : Number(front)}e${Number(power)}`;
  }
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  const rounded = Number(value.toPrecision(digits));
  return rounded.toLocaleString('en-US', { minimumSignificantDigits: least, maximumSignificantDigits: Math.max(digits, 9) });
}

/**
 * How values of a unit are best written together: {factor, unit} so that value × factor is in `unit`. The
 * prefix suits the middle one of the values.
 */
export function scaleOf(values, unit = '') {
  if (unit === 'share') return { factor: 100, unit: '%' };
  if (unit === 'mm2') return { factor: 1, unit: 'mm²' };
  const [one, base] = SCALED[unit] ?? [1, unit];
  if (!SCALED[unit] && !COUNTED.has(unit)) return { factor: 1, unit };
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map((value) => Math.abs(value) * one);
  sizes.sort((a, b) => a - b);
  const middle = sizes.length ? sizes[sizes.length >> 1] : 1;
  // Counts stay as they are while they are short.
  if (COUNTED.has(unit) && (sizes.length === 0 || sizes[sizes.length - 1] < 1e5)) return { factor: 1, unit };
  const [power, prefix] = PREFIXES.find(([least]) => middle >= least * 0.9995) ?? SMALLEST_PREFIX;
  if (COUNTED.has(unit)) return { factor: 1 / Math.max(1, power), unit: power > 1 ? `${prefix} ${unit}` : unit };
  return { factor: one / power, unit: prefix + base };
}

/** "12.3 ms": a value with its unit. */
export function quantity(value, unit = '', digits = 4) {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  const scale = scaleOf([value], unit);
  return `${measured(value * scale.factor, digits)}${scale.unit ? ` ${scale.unit}` : ''}`;
}

/** "45 s", "1 h 4 min": how long something took. */
export function duration(seconds) {
  if (seconds < 120) return quantity(seconds, 's', 3);
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

export const percent = (share, digits = 3) => `${measured(100 * share, digits)} %`;

/** "latency (ms)": a column's name with a unit. */
export function titled(name, unit) {
  const words = name.replace(/_/g, ' ');
  const counted = unit.split(' ').pop();
  // "cycles (M)", not "cycles (M cycles)".
  const shown = COUNTED.has(counted) && words.endsWith(counted) ? unit.slice(0, -counted.length).trim() : unit;
  return shown && shown !== words ? `${words} (${shown})` : words;
}
