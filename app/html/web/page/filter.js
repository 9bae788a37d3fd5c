// Filters of a table's column: ">= 16", "8..32", "!= failed", "> 1 < 3", or a part of a text.

const COMPARISON = /^(<=|>=|!=|<|>|=)\s*(.+)$/;
const RANGE = /^(-?[\d.eE+-]+)\.\.(-?[\d.eE+-]+)$/;

const compare = {
  '<': (a, b) => a < b, '<=': (a, b) => a <= b, '>': (a, b) => a > b, '>=': (a, b) => a >= b,
  '=': (a, b) => a === b, '!=': (a, b) => a !== b,
};

/**
 * (value) => boolean for what a user typed; null when it means nothing (">= x" for a number). Values are
 * numbers (as displayed, in the column's unit) or texts.
 */
export function filter(typed) {
  const text = typed.trim();
  if (text === '') return () => true;
  const range = RANGE.exec(text);
  if (range && Number.isFinite(Number(range[1])) && Number.isFinite(Number(range[2]))) {
    return (value) => typeof value === 'number' && value >= Number(range[1]) && value <= Number(range[2]);
  }
  if (!/^[<>=!]/.test(text)) {
    const part = text.toLowerCase();
    return (value) => value !== null && value !== undefined && String(value).toLowerCase().includes(part);
  }
  const tests = [];
  for (const token of text.split(/\s+(?=[<>=!])|\s*,\s*|\s*&+\s*/)) {
    const match = COMPARISON.exec(token);
    if (!match) return null;
    const [, sign, right] = match;
    const asNumber = Number(right);
    if (Number.isFinite(asNumber)) {
      // Displayed digits are rounded: equality holds within them.
      const near = (value) => Math.abs(value - asNumber) <= 5e-4 * Math.abs(asNumber);
      if (sign === '=') tests.push((value) => typeof value === 'number' && near(value));
      else if (sign === '!=') tests.push((value) => typeof value !== 'number' || !near(value));
      else tests.push((value) => typeof value === 'number' && compare[sign](value, asNumber));
    } else if (sign === '=' || sign === '!=') {
      tests.push((value) => compare[sign](String(value ?? '').toLowerCase(), right.toLowerCase()));
    } else {
      return null;
    }
  }
  return (value) => tests.every((test) => test(value));
}
