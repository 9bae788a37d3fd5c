// Do the page's modules that need no page compute what they say? Run by node --test.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filter } from '../../../app/html/web/page/filter.js';
import { duration, measured, number, percent, quantity, scaleOf, titled } from '../../../app/html/web/page/format.js';
import { front, step } from '../../../app/html/web/page/front.js';
import { conditionalMeans, isFullGrid, mainEffect, mainEffects } from '../../../app/html/web/page/sensitivity.js';

test('quantities have SI prefixes', () => {
  assert.equal(quantity(0.0123, 's'), '12.30 ms');
  assert.equal(quantity(4.56e9, 'pJ'), '4.560 mJ');
  assert.equal(quantity(95501485.35, 'pJ s', 3), '95.5 µJ s');
  assert.equal(quantity(12.8e9, 'B/s', 3), '12.8 GB/s');
  assert.equal(quantity(1.82, 'mm2', 3), '1.82 mm²');
  assert.equal(quantity(0.24843, 'share', 3), '24.8 %');
  assert.equal(quantity(5129, 'cycles'), '5,129 cycles');
  assert.equal(quantity(5197917, 'cycles'), '5.198 M cycles');
  assert.equal(quantity(0, 's'), '0 s');
  assert.equal(quantity(-0.002, 's'), '-2 ms');
  assert.equal(quantity(0.9999999, 's', 3), '1.00 s', 'a value that rounds to 1 takes the prefix of 1');
  assert.equal(quantity('2:4', 'x'), '2:4');
  assert.equal(quantity(null, 's'), '–');
  assert.equal(quantity(7, ''), '7');
});

test('numbers keep the digits that were asked for', () => {
  assert.equal(number(1234567), '1,234,567');
  assert.equal(number(0.00001234), '1.234e-5');
  assert.equal(number(2.5, 4), '2.5');
  assert.equal(measured(2.5, 4), '2.500');
  assert.equal(measured(1234.5678, 4), '1,235');
  assert.equal(measured(1.5e12 + 0.25, 3), '1.50e12');
  assert.equal(number(Infinity), '∞');
  assert.equal(number(null), '');
  assert.equal(percent(0.5), '50 %');
  assert.equal(duration(45), '45 s');
  assert.equal(duration(3840), '1 h 4 min');
});

test('a column has one unit that suits its middle value', () => {
  assert.deepEqual(scaleOf([1e-6, 2e-3, 5], 's'), { factor: 1e3, unit: 'ms' });
  assert.deepEqual(scaleOf([], 's'), { factor: 1, unit: 's' });
  assert.deepEqual(scaleOf([3, 99999], 'cycles'), { factor: 1, unit: 'cycles' });
  assert.equal(titled('compute_cycles', 'M cycles'), 'compute cycles (M)');
  assert.equal(titled('cycles', 'cycles'), 'cycles');
  assert.equal(titled('latency', 'ms'), 'latency (ms)');
});

test('fronts hold the points that none dominates', () => {
  const points = [[1, 5], [2, 4], [2, 6], [3, 4], [4, 1], [1, 5]].map(([x, y], key) => ({ x, y, key }));
  const keys = (goals) => front(points, 'x', 'y', goals).map((point) => point.key);
  assert.deepEqual(keys(['minimize', 'minimize']), [0, 1, 4], 'of equal points one stays');
  assert.deepEqual(keys(['maximize', 'minimize']), [4]);
  assert.deepEqual(keys(['minimize', 'maximize']), [0, 2]);
  assert.deepEqual(keys(['maximize', 'maximize']), [2, 3, 4]);
  assert.deepEqual(front([], 'x', 'y', ['minimize', 'minimize']), []);
  assert.equal(step(['maximize', 'minimize']), 'step-before');
});

test('fronts agree with comparing every pair', () => {
  let seed = 1;
  const next = () => { seed = (seed * 48271) % 2147483647; return seed % 12; };
  for (let round = 0; round < 200; ++round) {
    const points = Array.from({ length: 20 }, () => ({ x: next(), y: next() }));
    const goals = [round & 1 ? 'minimize' : 'maximize', round & 2 ? 'minimize' : 'maximize'];
    const atLeast = (a, b, i) => (goals[i] === 'minimize' ? a <= b : a >= b);
    const kept = points.filter((a) => !points.some((b) => atLeast(b.x, a.x, 0) && atLeast(b.y, a.y, 1) && (b.x !== a.x || b.y !== a.y)));
    const set = (list) => [...new Set(list.map(({ x, y }) => `${x},${y}`))].sort();
    assert.deepEqual(set(front(points, 'x', 'y', goals)), set(kept));
  }
});

test('filters compare, range and look for texts', () => {
  const passes = (text, value) => filter(text)(value);
  assert.ok(passes('', 3) && passes('>= 16', 16) && !passes('>= 16', 15.9) && !passes('>= 16', null));
  assert.ok(passes('> 1 < 3', 2) && !passes('> 1 < 3', 3) && passes('>1, <=3', 3));
  assert.ok(passes('8..32', 8) && passes('8..32', 32) && !passes('8..32', 33) && !passes('8..32', 'text'));
  assert.ok(passes('= 12.3', 12.3004) && !passes('= 12.3', 12.4) && passes('!= 12.3', 12.4));
  assert.ok(passes('mobile', 'MobileNetV2') && !passes('mobile', 'resnet50') && !passes('mobile', null));
  assert.ok(passes('!= failed', 'done') && !passes('= failed', 'done') && passes('= FAILED', 'failed'));
  assert.ok(passes('2:4', '2:4') && passes('1e-3..1', 0.5) && passes('< 1e3', 999));
  for (const wrong of ['>', '>= many', '< ', '= 3 > x']) assert.equal(filter(wrong), null, wrong);
});

test('main effects share the variance of an additive objective', () => {
  // y = 2 a + b on a full grid of a, b in {0, 1}: variances 1 and 1/4, so shares 4/5 and 1/5, and nothing is left.
  const points = [0, 1].flatMap((a) => [0, 1].map((b) => ({ a, b, y: 2 * a + b })));
  const effect = (axis, value = (point) => point.y) => mainEffect(points, axis, [0, 1], value);
  assert.ok(Math.abs(effect('a') - 0.8) < 1e-12);
  assert.ok(Math.abs(effect('b') - 0.2) < 1e-12);
  // y = a xor b: all of it is interaction.
  assert.equal(effect('a', (point) => point.a ^ point.b), 0);
  assert.equal(effect('a', () => 3), null, 'without spread there is nothing to explain');
  assert.equal(mainEffect(points.slice(0, 1), 'a', [0, 1], (point) => point.y), null);
  const axes = [{ name: 'a', values: [0, 1] }, { name: 'b', values: [0, 1] }];
  assert.equal(mainEffects(points, axes, (point) => point.a ^ point.b).rest, 1);
  assert.ok(mainEffects(points, axes, (point) => point.y).rest < 1e-12);
  assert.ok(isFullGrid(points, axes));
  assert.ok(!isFullGrid(points.slice(1), axes) && !isFullGrid([...points, points[0]], axes));
  assert.equal(mainEffects(points.slice(1), axes, (point) => point.y).rest, null, 'effects overlap where combinations lack');
  assert.deepEqual(conditionalMeans(points, 'a', [0, 1, 2], (point) => point.y), [
    { key: '0', count: 2, mean: 0.5 }, { key: '1', count: 2, mean: 2.5 }]);
});
