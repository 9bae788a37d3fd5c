// How much of an objective's spread each axis explains alone: main effects, as in an analysis of variance.

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * Of an axis's values, in `order`: points with them and the mean over these points. `value(point)` is a number.
 */
export function conditionalMeans(points, axis, order, value) {
  const groups = new Map(order.map((key) => [String(key), []]));
  for (const point of points) groups.get(String(point[axis]))?.push(value(point));
  return [...groups].filter(([, values]) => values.length)
    .map(([key, values]) => ({ key, count: values.length, mean: mean(values) }));
}

/**
 * Variance of the conditional means over the variance of all values, in [0, 1]: what the axis explains when
 * all others are averaged out. Null where there is no spread.
 */
export function mainEffect(points, axis, order, value) {
  const all = points.map(value);
  if (all.length < 2) return null;
  const centre = mean(all);
  const total = all.reduce((sum, v) => sum + (v - centre) ** 2, 0);
  if (!(total > 1e-24 * all.length * Math.max(1e-24, centre ** 2))) return null;
  const between = conditionalMeans(points, axis, order, value)
    .reduce((sum, group) => sum + group.count * (group.mean - centre) ** 2, 0);
  return Math.min(1, between / total);
}

/** Whether the points are all combinations of the values that occur, each once. */
export function isFullGrid(points, axes) {
  const sizes = axes.map((axis) => new Set(points.map((point) => String(point[axis.name]))).size);
  const combinations = new Set(points.map((point) => JSON.stringify(axes.map((axis) => String(point[axis.name])))));
  const all = sizes.reduce((product, size) => product * size, 1);
  return points.length === all && combinations.size === all;
}

/**
 * The main effects of all axes (null without spread), and what they leave to interactions: a share on a full
 * grid, null for other sets of points, whose effects overlap.
 */
export function mainEffects(points, axes, value) {
  const effects = axes.map((axis) => mainEffect(points, axis.name, axis.values, value));
  const sum = effects.reduce((total, effect) => total + (effect ?? 0), 0);
  return { effects, rest: isFullGrid(points, axes) ? Math.max(0, 1 - sum) : null };
}
