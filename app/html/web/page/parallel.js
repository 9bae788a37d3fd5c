// Parallel coordinates over axes and objectives: a line for each point, brushes on every axis.
// Drawn by hand: ten thousand lines in Vega would take seconds and hundreds of megabytes.
import { bounds, onResize } from './chart.js';
import { el, panel } from './dom.js';
import { number, scaleOf } from './format.js';
import { pointRows } from './pareto.js';
import { INK } from './theme.js';
import { hideTooltip, showTooltip } from './tooltip.js';

const HEIGHT = 300;
const MARGIN = { top: 34, bottom: 20, left: 70, right: 80 };
const SVG = 'http://www.w3.org/2000/svg';
/** From so many different numbers on, an axis of the sweep is drawn to scale and not value by value. */
const MOST_STEPS = 16;

export function parallel(model, state) {
  const made = panel('parallel', 'Parallel coordinates',
    'Every finished point as a line through its configuration and results, the front on top. Drag along an axis to ' +
    'brush: all charts and the table then show these points. A click on an axis removes its brush.');
  const view = new Lines(model, state, made.body);
  const clear = el('button', { type: 'button', hidden: true, onclick: () => view.clear() }, 'Remove all brushes');
  made.tools.append(clear);
  state.on(['network', 'x'], () => view.draw());
  state.on(['point'], () => view.mark());
  state.on(['brushed'], () => { clear.hidden = !state.get('brushed'); });
  onResize(() => view.draw());
  return made.section;
}

class Lines {
  constructor(model, state, container) {
    Object.assign(this, { model, state, brushes: new Map() });
    this.canvas = el('canvas', { class: 'lines' });
    this.marks = el('canvas', { class: 'lines' });
    this.axes = document.createElementNS(SVG, 'svg');
    this.legend = el('div', { class: 'ramp' });
    this.place = el('div', { class: 'parallel', 'data-chart': 'parallel' }, this.canvas, this.marks, this.axes);
    container.append(this.place, this.legend);
    this.axes.addEventListener('pointermove', (event) => this.hover(event));
    this.axes.addEventListener('pointerleave', () => { hideTooltip(); this.mark(); });
    this.axes.addEventListener('click', (event) => this.click(event));
  }

  clear() {
    this.brushes.clear();
    this.brush();
  }

  draw() {
    const { model, state } = this;
    this.width = this.place.clientWidth;
    if (!this.width) return;
    this.points = model.inNetwork(model.done, state.get('network'));
    const axes = state.get('network') === '' ? model.axes : model.designAxes;
    const shown = [...axes, ...model.objectives].map((column) => column.name)
      .filter((name) => this.points.some((point) => point[name] !== null && point[name] !== undefined));
    const step = (this.width - MARGIN.left - MARGIN.right) / Math.max(1, shown.length - 1);
    this.dimensions = shown.map((name, i) => dimension(model, name, this.points, MARGIN.left + i * step));
    for (const canvas of [this.canvas, this.marks]) {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = Math.round(this.width * ratio);
      canvas.height = Math.round(HEIGHT * ratio);
      canvas.style.height = `${HEIGHT}px`;
      canvas.getContext('2d').setTransform(ratio, 0, 0, ratio, 0, 0);
    }
    // Positions once: brushing and hovering look at them often.
    this.lines = this.points.map((point) => ({ point, at: this.dimensions.map((axis) => axis.y(point[axis.name])) }));
    this.lines.sort((a, b) => Number(a.point.front) - Number(b.point.front));
    this.colourBy = this.dimensions.find((axis) => axis.name === model.objectives[0]?.name) ?? this.dimensions[this.dimensions.length - 1];
    this.drawLegend();
    this.drawAxes();
    this.drawLines();
    this.mark();
  }

  drawLines() {
    const context = this.canvas.getContext('2d');
    context.clearRect(0, 0, this.width, HEIGHT);
    const brushed = this.state.get('brushed');
    const faint = Math.max(0.06, Math.min(0.5, 60 / this.lines.length));
    const bright = Math.max(0.4, Math.min(0.95, 50 / this.lines.filter(({ point }) => point.front).length));
    const index = this.dimensions.indexOf(this.colourBy);
    for (const line of this.lines) {
      const inside = !brushed || brushed.has(line.point.key);
      if (!inside && this.lines.length > 3000) continue;
      context.strokeStyle = inside ? this.colour(line.at[index]) : '#c9d1d9';
      context.globalAlpha = !inside ? 0.15 : line.point.front ? bright : brushed ? Math.max(faint, 0.35) : faint;
      context.lineWidth = inside && line.point.front ? 1.6 : 0.9;
      this.trace(context, line);
    }
    context.globalAlpha = 1;
  }

  /** The colour of a height on the first objective's axis. */
  colour(y) {
    this.ramp ??= window.vega.scheme('viridis');
    const share = (HEIGHT - MARGIN.bottom - y) / (HEIGHT - MARGIN.bottom - MARGIN.top);
    return this.ramp(Math.min(0.94, Math.max(0, share)));
  }

  trace(context, line) {
    context.beginPath();
    let open = false;
    line.at.forEach((y, i) => {
      if (y === null) { open = false; return; }
      if (open) context.lineTo(this.dimensions[i].x, y); else context.moveTo(this.dimensions[i].x, y);
      open = true;
    });
    context.stroke();
  }

  /** The selected line, and the one under the pointer. */
  mark(hovered = null) {
    const context = this.marks.getContext('2d');
    context.clearRect(0, 0, this.width, HEIGHT);
    const key = this.state.get('point');
    for (const [line, width] of [[this.lines.find(({ point }) => point.key === key), 2.6], [hovered, 2]]) {
      if (!line) continue;
      context.strokeStyle = 'white';
      context.lineWidth = width + 2;
      this.trace(context, line);
      context.strokeStyle = INK;
      context.lineWidth = width;
      this.trace(context, line);
    }
  }

  drawLegend() {
    const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => this.colour(bottom + share * (top - bottom)));
    const [least, most] = this.colourBy.ends;
    this.legend.replaceChildren(`colour: ${this.colourBy.title} `, el('span', {}, least),
      el('i', { style: `background: linear-gradient(to right, ${stops.join(', ')})` }), el('span', {}, most));
  }

  drawAxes() {
    this.axes.setAttribute('width', this.width);
    this.axes.setAttribute('height', HEIGHT);
    this.axes.replaceChildren();
    for (const axis of this.dimensions) {
      const group = svg('g', { transform: `translate(${axis.x},0)`, 'data-axis': axis.name });
      const title = svg('text', { y: 14, class: 'title' });
      title.textContent = axis.title;
      group.append(title, svg('line', { y1: MARGIN.top, y2: HEIGHT - MARGIN.bottom, class: 'rule' }));
      for (const { y, text } of axis.ticks) {
        const label = svg('text', { x: -7, y: y + 4, class: 'tick' });
        label.textContent = text;
        group.append(svg('line', { x1: -4, x2: 0, y1: y, y2: y, class: 'rule' }), label);
      }
      const brush = svg('rect', { class: 'brush', x: -8, width: 16, visibility: 'hidden' });
      const handle = svg('rect', { class: 'handle', x: -14, width: 28, y: MARGIN.top - 6, height: HEIGHT - MARGIN.top - MARGIN.bottom + 12 });
      handle.addEventListener('pointerdown', (event) => this.drag(event, axis, handle));
      group.append(brush, handle);
      axis.brush = brush;
      this.axes.append(group);
      this.showBrush(axis);
    }
  }

  showBrush(axis) {
    const range = this.brushes.get(axis.name);
    axis.brush.setAttribute('visibility', range ? 'visible' : 'hidden');
    if (!range) return;
    axis.brush.setAttribute('y', range[0]);
    axis.brush.setAttribute('height', range[1] - range[0]);
  }

  drag(event, axis, handle) {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    const top = this.axes.getBoundingClientRect().top;
    const start = event.clientY - top;
    const move = (at) => {
      const y = at.clientY - top;
      const range = [Math.max(MARGIN.top - 6, Math.min(start, y)), Math.min(HEIGHT - MARGIN.bottom + 6, Math.max(start, y))];
      if (range[1] - range[0] > 3) this.brushes.set(axis.name, range); else this.brushes.delete(axis.name);
      this.showBrush(axis);
    };
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', (at) => {
      handle.removeEventListener('pointermove', move);
      move(at);
      this.brush();
    }, { once: true });
  }

  /** The points inside all brushes become the page's. */
  brush() {
    for (const axis of this.dimensions) this.showBrush(axis);
    const ranges = this.dimensions.map((axis) => this.brushes.get(axis.name));
    const inside = this.lines.filter(({ at }) => ranges.every((range, i) => !range ||
      (at[i] !== null && at[i] >= range[0] && at[i] <= range[1])));
    this.state.set({ brushed: ranges.some(Boolean) ? new Set(inside.map(({ point }) => point.key)) : null });
    this.drawLines();
  }

  /** The line nearest to the pointer, within six pixels. */
  nearest(event) {
    const box = this.axes.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    const right = this.dimensions.findIndex((axis) => axis.x > x);
    if (right < 1) return null;
    const share = (x - this.dimensions[right - 1].x) / (this.dimensions[right].x - this.dimensions[right - 1].x);
    const brushed = this.state.get('brushed');
    let best = null;
    let distance = 6;
    for (const line of this.lines) {
      const [a, b] = [line.at[right - 1], line.at[right]];
      if (a === null || b === null || (brushed && !brushed.has(line.point.key))) continue;
      const off = Math.abs(a + share * (b - a) - y) - (line.point.front ? 1 : 0);
      if (off < distance) [best, distance] = [line, off];
    }
    return best;
  }

  hover(event) {
    if (event.buttons) return;
    const line = this.nearest(event);
    this.mark(line);
    if (line) showTooltip(event, pointRows(this.model, line.point)); else hideTooltip();
  }

  click(event) {
    if (event.target.classList.contains('handle')) return;
    const line = this.nearest(event);
    if (line) this.state.set({ point: line.point.key });
  }
}

function svg(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/** One vertical axis: {name, title, x, y(value) or null, ticks, ends}. */
function dimension(model, name, points, x) {
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const axis = model.axes.find((candidate) => candidate.name === name);
  const numbers = model.values(name, points);
  if (axis && (axis.values.length <= MOST_STEPS || !numbers.length)) {
    const place = new Map(axis.values.map((value, i) => [String(value),
      axis.values.length > 1 ? bottom - i * (bottom - top) / (axis.values.length - 1) : (top + bottom) / 2]));
    const every = Math.ceil(axis.values.length / 14);
    return {
      name, title: name, x, y: (value) => place.get(String(value)) ?? null,
      ticks: axis.values.filter((_, i) => i % every === 0).map((value) => ({ y: place.get(String(value)), text: short(value) })),
      ends: [short(axis.values[0]), short(axis.values[axis.values.length - 1])],
    };
  }
  const unit = scaleOf(numbers, model.unit(name));
  const [least, most] = bounds(numbers.map((value) => value * unit.factor));
  const log = least > 0 && most / least > 12;
  const scale = window.vega.scale(log ? 'log' : 'linear')().domain([least, most === least ? least + 1 : most]).range([bottom, top]);
  const ticks = scale.ticks(5).filter((tick) => !log || /^[125]/.test(String(Number(tick).toExponential())));
  const spaced = [];
  for (const tick of ticks) {
    if (!spaced.length || Math.abs(scale(tick) - scale(spaced[spaced.length - 1])) > 18) spaced.push(tick);
  }
  return {
    name, title: unit.unit && unit.unit !== name ? `${name} (${unit.unit})` : name, x,
    y: (value) => (typeof value === 'number' && (!log || value > 0) ? scale(value * unit.factor) : null),
    ticks: spaced.map((tick) => ({ y: scale(tick), text: number(tick, 3) })),
    ends: [number(least, 3), number(most, 3)],
  };
}

const short = (value) => {
  const text = typeof value === 'number' ? number(value) : String(value);
  return text.length > 11 ? `${text.slice(0, 10)}…` : text;
};
