// Puts the page together: what is shown depends on what the data has.
import { breakdown } from './breakdown.js';
import { drawAll, views } from './chart.js';
import { copyButton, el, panel } from './dom.js';
import { failures } from './failures.js';
import { header } from './header.js';
import { cycleBars, energyBars } from './layer_bars.js';
import { layerTable } from './layer_table.js';
import { Model } from './model.js';
import { notice } from './notice.js';
import { parallel } from './parallel.js';
import { pareto } from './pareto.js';
import { pointTable } from './point_table.js';
import { refined } from './refined.js';
import { roofline } from './roofline.js';
import { searchChart } from './search_chart.js';
import { configuration, selected } from './selected.js';
import { sensitivity } from './sensitivity_charts.js';
import { State } from './state.js';

const model = new Model(JSON.parse(document.getElementById('data').textContent));
const page = document.getElementById('page');

/** What is shown first: the first two objectives, and the front's point in the middle of the first. */
function defaults() {
  const columns = model.resultColumns();
  const [x] = columns;
  const y = columns[1] ?? x;
  const withDetails = model.front.filter((point) => model.details(point));
  const candidates = withDetails.length ? withDetails : model.front.length ? model.front : model.points;
  const sorted = [...candidates].sort((a, b) => a[x] - b[x]);
  return {
    x, y, network: '', scale: 'auto', point: sorted[sorted.length >> 1]?.key ?? null, level: '', rate: 'macs',
    trend: model.objectives[0]?.name ?? x, brushed: null,
  };
}

/** The rows of the page's sections, from the top; a row's name is its layout in the style sheet. */
function sections() {
  const several = model.isSweep && model.done.length > 1;
  const detailed = Object.keys(model.data.details ?? {}).length > 0;
  const rows = [];
  const add = (layout, ...made) => { if (made.some(Boolean)) rows.push([layout, made.filter(Boolean)]); };
  if (several) add('two-one', pareto(model, state), selected(model, state));
  else if (model.isSweep) add('one', selected(model, state));
  if (detailed) {
    add('one', notice(model, state));
    add('two', roofline(model, state), breakdown(model, state));
    add('two', energyBars(model, state), cycleBars(model, state));
    add('one', layerTable(model, state));
  }
  if (several && model.axes.length) {
    add('one', parallel(model, state));
    if (model.designAxes.length && model.objectives.length) add('one', sensitivity(model, state));
  }
  const hasRefined = model.data.refined?.length > 0;
  const hasSearch = model.data.search?.length > 0;
  add('one', hasRefined && refined(model, state));
  add('one', hasSearch && searchChart(model));
  if (model.isSweep) {
    add('one', pointTable(model, state));
    if (model.failed.length) add('one', failures(model, state));
    if (model.data.source) add('one', textPanel('source', 'The sweep’s file', model.data.source));
  } else if (model.points.length) {
    add('one', runConfiguration());
  }
  return rows;
}

function textPanel(id, title, text) {
  const made = panel(id, title);
  made.tools.append(copyButton(() => text));
  made.body.append(el('pre', { tabindex: 0 }, text));
  return made.section;
}

function runConfiguration() {
  const made = panel('configuration', 'Configuration', 'What these results were made with.');
  made.body.append(...configuration(model, model.points[0]));
  return made.section;
}

/** Jumps to the sections; the address after the "#" is the state's. */
function contents(rows) {
  const list = rows.flatMap(([, made]) => made).filter((section) => section.matches('section'));
  return el('nav', { 'aria-label': 'sections' }, list.map((section) => el('button', {
    type: 'button', onclick: () => (section.hidden ? document.getElementById('no-details') : section).scrollIntoView({ behavior: 'smooth' }),
  }, section.querySelector('h2').textContent)));
}

/** What a link may ask for: names that this page does not know are left out. */
function valid() {
  const columns = model.resultColumns();
  const memories = Object.values(model.data.details ?? {}).flatMap((details) => details.memories.map(({ name }) => name));
  const oneOf = (list) => (value) => list.includes(value);
  return {
    x: oneOf(columns), y: oneOf(columns), network: oneOf(model.networks), scale: oneOf(['auto', 'linear']),
    point: (key) => model.byKey.has(key), level: oneOf(memories), rate: oneOf(['macs', 'tops']),
    trend: oneOf(model.objectives.map(({ name }) => name)),
  };
}

const state = new State(defaults(), valid());
window.heddle = { views, state, model };
const rows = sections();
page.append(header(model), contents(rows), ...rows.map(([layout, made]) => el('div', { class: `row ${layout}` }, made)));
drawAll();
document.documentElement.dataset.ready = 'true';
