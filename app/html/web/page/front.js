// Pareto fronts of two columns.

/** Is a better than b? Goals are "minimize" or "maximize". */
const better = (a, b, goal) => (goal === 'maximize' ? a > b : a < b);

/** Points of which no other is at least as good in x and y and better in one, in the order of x. */
export function front(points, x, y, goals) {
  const sorted = [...points].sort((a, b) => {
    if (a[x] !== b[x]) return better(a[x], b[x], goals[0]) ? -1 : 1;
    return better(a[y], b[y], goals[1]) ? -1 : 1;
  });
  const kept = [];
  for (const point of sorted) {
    const last = kept[kept.length - 1];
    if (!last || better(point[y], last[y], goals[1])) kept.push(point);
  }
  return goals[0] === 'maximize' ? kept.reverse() : kept;
}

/** Which way a line through a front must step so that what lies beyond it is dominated by no point. */
export const step = (goals) => (goals[0] === 'maximize' ? 'step-before' : 'step-after');
