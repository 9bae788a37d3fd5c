// How fast each search found its front: the hypervolume that it dominates, over the points that it evaluated.
import { chart, linearPosition, position, svgButton } from './chart.js';
import { panel } from './dom.js';
import { number } from './format.js';
import { PALETTE } from './theme.js';

export function searchChart(model) {
  const made = panel('search', 'Searches',
    'Hypervolume that is dominated by what a method has found after so many evaluations: more is better.');
  made.tools.append(svgButton('search'));
  const values = model.data.search;
  const methods = [...new Set(values.map((row) => row.method))];
  const most = 1.02 * Math.max(...values.map((row) => row.evaluations));
  chart(made.body, 'search', () => ({
    spec: {
      height: 260, data: { values },
      mark: { type: 'line', interpolate: 'step-after', strokeWidth: 2, point: { size: 26 } },
      encoding: {
        x: { field: 'evaluations', type: 'quantitative', title: 'evaluations', ...linearPosition([0, most], 8) },
        y: { field: 'hypervolume', type: 'quantitative', title: 'hypervolume', ...position(values.map((row) => row.hypervolume), { linear: true }) },
        color: { field: 'method', type: 'nominal', scale: { domain: methods, range: PALETTE }, legend: { title: null } },
      },
    },
    tooltip: (row) => row.method !== undefined && [
      ['', row.method], ['evaluations', number(row.evaluations)], ['hypervolume', number(row.hypervolume, 4)],
    ],
  }));
  return made.section;
}
