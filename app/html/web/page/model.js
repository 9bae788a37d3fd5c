// The page's data as the charts use it.

const DONE = 'done';

export class Model {
  constructor(data) {
    this.data = data;
    this.points = data.points.map((row) => Object.fromEntries(data.columns.map((name, i) => [name, row[i]])));
    this.byKey = new Map(this.points.map((point) => [point.key, point]));
    this.axes = data.axes ?? [];
    this.objectives = data.objectives ?? [];
    this.done = this.points.filter((point) => point.state === DONE);
    this.failed = this.points.filter((point) => point.state === 'failed');
    this.overBudget = this.points.filter((point) => point.state === 'over budget');
    this.front = this.points.filter((point) => point.front);
    const networkAxis = this.axes.find((axis) => axis.name === 'network');
    /** Names of the networks that points are compared within; one nameless one where there is no such axis. */
    this.networks = networkAxis ? networkAxis.values.map(String) : [''];
    /** Axes along which points of a network differ. */
    this.designAxes = this.axes.filter((axis) => axis !== networkAxis);
  }

  get isSweep() { return this.data.kind === 'sweep'; }

  networkOf(point) { return this.networks.length > 1 || this.networks[0] !== '' ? String(point.network) : ''; }

  /** Points of a network; all when it is "". */
  inNetwork(points, network) {
    return network === '' ? points : points.filter((point) => this.networkOf(point) === network);
  }

  unit(column) {
    return this.data.units?.[column] ?? this.objectives.find((objective) => objective.name === column)?.unit ?? '';
  }

  /** "minimize", "maximize", or undefined when the column is no objective. */
  goal(column) { return this.objectives.find((objective) => objective.name === column)?.goal; }

  isAxis(column) { return this.axes.some((axis) => axis.name === column); }

  /** Columns of results that are numbers: objectives first. */
  resultColumns() {
    const first = this.objectives.map((objective) => objective.name);
    const others = this.data.columns.filter((name) => !first.includes(name) && !this.isAxis(name) &&
      this.done.some((point) => typeof point[name] === 'number'));
    return [...first, ...others];
  }

  values(column, points = this.points) {
    return points.map((point) => point[column]).filter((value) => typeof value === 'number');
  }

  /** "rows 16, columns 8": what makes a point different from the others. */
  label(point) {
    if (!this.axes.length) return this.data.title;
    return this.axes.map((axis) => `${axis.name} ${point[axis.name] ?? '–'}`).join(', ');
  }

  details(point) { return point ? this.data.details?.[point.key] ?? null : null; }
}

/** Layers with names that occur once: the second "conv" becomes "conv (2)". */
export function layersOf(details) {
  const seen = new Map();
  return details.layers.map((layer) => {
    const count = (seen.get(layer.name) ?? 0) + 1;
    seen.set(layer.name, count);
    return { ...layer, name: count > 1 ? `${layer.name} (${count})` : layer.name };
  });
}
