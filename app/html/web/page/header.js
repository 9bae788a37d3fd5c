// The top of the page: title, exact command, version, and how many points came to what.
import { copyButton, el } from './dom.js';
import { duration, number, quantity } from './format.js';

export function header(model) {
  const { data } = model;
  const counts = model.isSweep ? sweepCounts(model) : runTotals(model);
  return el('header', {},
    el('h1', {}, data.title),
    el('div', { class: 'command' }, el('code', {}, data.command), copyButton(() => data.command)),
    el('p', { class: 'origin' }, origin(data)),
    el('dl', { class: 'figures' }, counts.map(([name, text, kind]) => el('div', { class: kind ?? '' },
      el('dd', {}, text), el('dt', {}, name)))),
    warnings(model));
}

function origin(data) {
  const parts = [`heddle ${data.heddle}`];
  if (data.budgets?.length) parts.push(`budgets: ${data.budgets.join(', ')}`);
  if (data.engine) {
    const { points, seconds, points_per_second: rate } = data.engine;
    if (points !== undefined && seconds !== undefined) {
      parts.push(`${number(points)} points evaluated in ${duration(seconds)}` +
        `${rate !== undefined ? ` (${number(rate, 3)} per second)` : ''}`);
    }
  }
  return parts.join(' · ');
}

function sweepCounts(model) {
  const failed = model.failed.length;
  return [
    ['points', number(model.points.length)],
    ['done', number(model.done.length)],
    ['over budget', number(model.overBudget.length)],
    ['failed', number(failed), failed ? 'bad' : ''],
    [model.networks.length > 1 ? 'on the fronts' : 'on the front', number(model.front.length)],
    ['simulated again', number(model.data.refined?.length ?? 0)],
  ];
}

/** A run's totals as large figures. */
function runTotals(model) {
  const [point] = model.points;
  const shown = ['latency', 'energy', 'edp', 'cycles', 'utilization', 'inferences_per_second', 'tops', 'tops_per_watt'];
  const names = {
    edp: 'energy × delay', inferences_per_second: 'inferences/s', tops: 'dense-equivalent', tops_per_watt: 'efficiency',
  };
  return shown.filter((column) => typeof point[column] === 'number').map((column) => [names[column] ?? column,
    column === 'inferences_per_second' ? number(point[column], 3) : quantity(point[column], model.unit(column), 3)]);
}

/** What a run says of itself: that it ended early, or that a check found a difference. */
function warnings(model) {
  if (model.isSweep) return null;
  const texts = Object.values(model.data.messages ?? {});
  return texts.length ? el('div', { class: 'warning', role: 'alert' }, texts.join('\n')) : null;
}
