// Do the report's pages work in Chromium? Opens real pages of a run and of sweeps, from files, and uses them as a
// reader does.
//   node test_page.mjs --heddle PROGRAM --make-page PROGRAM [--screenshots FOLDER]
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Chromium } from './chromium.mjs';
import { screenshots } from './screenshots.mjs';
import { sweep } from './sweep_fixture.mjs';
import { column, draggedAxis, isolatedPoint, marks, values } from './probes.mjs';

const { values: options } = parseArgs({ options: { heddle: { type: 'string' }, 'make-page': { type: 'string' }, screenshots: { type: 'string' }, sweep: { type: 'string' }, search: { type: 'string' } } });
const folder = mkdtempSync(join(tmpdir(), 'heddle-report-'));

function browserProgram() {
  const found = ['chromium', 'chromium-browser', 'google-chrome']
    .flatMap((name) => process.env.PATH.split(delimiter).map((path) => join(path, name))).find((path) => existsSync(path));
  if (!found) throw new Error('chromium is missing; script/bootstrap installs it');
  return found;
}

/** The address of a page of data. */
function pageOf(data, name) {
  const [json, html] = [join(folder, `${name}.json`), join(folder, `${name}.html`)];
  writeFileSync(json, JSON.stringify(data));
  execFileSync(options['make-page'], [json, html]);
  return pathToFileURL(html).href;
}

/** The JSON of a run, and the address of its report. */
/** The page of a sweep's results. */
function reportOf(results, name) {
  const html = join(folder, `${name}.html`);
  execFileSync(options.heddle, ['report', results, '--html', html]);
  return pathToFileURL(html).href;
}

function runOf(words, name, change = (run) => run) {
  const json = join(folder, `${name}.json`);
  execFileSync(options.heddle, ['run', ...words, '--quiet', '--json', json], { env: { ...process.env, XDG_CACHE_HOME: folder } });
  const run = change(JSON.parse(readFileSync(json, 'utf8')));
  writeFileSync(json, JSON.stringify(run));
  return { run, url: reportOf(json, name) };
}

const sectionsOf = (page) => page.evaluate(() => [...document.querySelectorAll('section')].filter((section) => !section.hidden).map(({ id }) => id));
const select = (page, id, value) => page.evaluate((name, chosen) => {
  const element = document.getElementById(name);
  element.value = chosen;
  element.dispatchEvent(new Event('change'));
}, id, value);
const type = (page, table, name, text) => page.evaluate((id, filtered, typed) => {
  const input = document.querySelector(`#${id} [data-filter="${filtered}"]`);
  input.value = typed;
  input.dispatchEvent(new Event('input'));
}, table, name, text);
const press = (page, selector) => page.evaluate((what) => document.querySelector(what).click(), selector);
const textOf = (page, selector) => page.evaluate((what) => document.querySelector(what)?.textContent ?? null, selector);
const field = (data, name) => data.points.map((point) => point[data.columns.indexOf(name)]);

/** Nothing said, nothing fetched, nothing wider than the window. */
async function isQuiet(page) {
  assert.deepEqual(page.console, []);
  assert.deepEqual(page.requests.filter((url) => !url.startsWith(`file://${folder}/`) && url !== 'about:blank'), []);
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'wider than the window');
}

const tests = {
  async 'a run shows its totals, roofline, energy, cycles and layers'(page) {
    const { run, url } = runOf(['lenet-5', '--arch', 'dense-8x8'], 'run');
    await page.open(url);
    assert.deepEqual(await sectionsOf(page), ['roofline', 'breakdown', 'energy', 'cycles', 'layers', 'configuration']);
    assert.equal(await page.evaluate('document.title'), 'lenet-5 on dense-8x8');
    const names = run.layers.map(({ name }) => name);
    const busy = run.layers.filter(({ cycles }) => cycles > 0).map(({ name }) => name);
    for (const chart of ['energy', 'cycles']) {
      assert.deepEqual(await page.evaluate((view) => window.heddle.views[view].scale('bars_y').domain(), chart), names);
      assert.deepEqual([...new Set(await values(page, chart, 'bars', 'layer'))], busy);
    }
    assert.deepEqual(await values(page, 'roofline', 'layers', 'layer'), run.layers.filter(({ macs }) => macs > 0).map(({ name }) => name));
    for (const { name, bandwidth } of run.configuration.accelerator.memory) {
      await page.evaluate((level) => window.heddle.state.set({ level }), name);
      const dots = (await marks(page, 'roofline', 'layers')).map(({ datum }) => datum);
      assert.ok(dots.length > 0 && dots.every(({ rate, intensity }) => rate <= Math.min(8 * 8 * 8, intensity * bandwidth)), `nothing is above the roof of ${name}`);
    }
    const cycles = (await values(page, 'cycles', 'bars', 'value')).reduce((sum, value) => sum + value, 0);
    assert.equal(cycles, run.total.cycles, 'every cycle is in the chart');
    const energy = (await values(page, 'energy', 'bars', 'value')).reduce((sum, value) => sum + value, 0);
    assert.ok(Math.abs(energy / run.total.energy_pj - 1) < 1e-9, 'so is every picojoule');
    await press(page, '#layer-table [data-column="cycles"]');
    assert.equal((await column(page, 'layer-table', 'layer'))[0], run.layers.reduce((a, b) => (b.cycles < a.cycles ? b : a)).name);
    await isQuiet(page);
  },

  async 'names cannot leave the data they stand in'(page) {
    const name = '</script><script>window.stolen = true</script><!--<script>&"\'';
    const { url } = runOf(['lenet-300-100', '--arch', 'dense-8x8'], 'hostile', (run) => ({ ...run, network: name, layers: run.layers.map((layer) => ({ ...layer, name })) }));
    await page.open(url);
    assert.equal(await textOf(page, 'h1'), `${name} on dense-8x8`);
    assert.equal(await page.evaluate('document.title'), `${name} on dense-8x8`);
    assert.equal(await page.evaluate('window.stolen'), undefined);
    assert.equal(new Set(await values(page, 'cycles', 'bars', 'layer')).size, 3, 'layers of one name stay apart');
    await isQuiet(page);
  },

  async 'compressed columns show their effective rate below the peak'(page) {
    const { run, url } = runOf(['lenet-300-100', '--arch', 'eie-16'], 'eie');
    await page.open(url);
    const rates = await values(page, 'roofline', 'layers', 'rate');
    assert.deepEqual(rates, run.layers.map((layer) => layer.effective_macs / layer.cycles));
    assert.ok(rates.every((rate) => rate <= 16));
    await isQuiet(page);
  },

  async 'a run of nothing has a page'(page) {
    const nothing = { energy_pj: { total: 0 }, actions: {}, cycles: 0, compute_cycles: 0, stalls: {}, macs: 0, effective_macs: 0, bound_by: '', utilization: 0 };
    for (const change of [(run) => ({ ...run, layers: [] }), (run) => ({ ...run, incomplete: 'layer fc1 does not fit', layers: [{ ...run.layers[0], ...nothing }] })]) {
      await page.open(runOf(['lenet-300-100', '--arch', 'dense-8x8'], 'nothing', change).url);
      assert.equal(await textOf(page, 'h1'), 'lenet-300-100 on dense-8x8');
      await isQuiet(page);
    }
    assert.equal(await textOf(page, 'header .warning'), 'layer fc1 does not fit\n');
  },

  async 'all marks of a sweep are there'(page, data) {
    const [x, y] = ['latency', 'energy'].map((name) => field(data, name));
    const shown = x.filter((value, i) => value !== null && y[i] !== null).length;
    assert.equal((await values(page, 'pareto', 'points', 'key')).length, shown);
    assert.deepEqual(new Set(await values(page, 'pareto', 'front', 'network')), new Set(['resnet50', 'mobilenetv2']));
    const design = data.axes.length - 1;
    assert.equal((await values(page, 'sensitivity', 'cells', 'share')).length, data.objectives.length * design);
    assert.equal(await page.evaluate(() => Object.keys(window.heddle.views).filter((name) => name.startsWith('trend-')).length), design);
    assert.equal((await values(page, 'refined-latency', 'pairs', 'key')).length, data.refined.length);
    assert.equal((await page.evaluate(() => window.heddle.views.search.data('source_0').length)), data.search.length);
    assert.equal(await page.evaluate(() => document.querySelectorAll('[data-chart="parallel"] g[data-axis]').length), data.axes.length + data.objectives.length);
    assert.equal(await textOf(page, '[data-count="point-table"]'), '1,000 rows');
    const failed = field(data, 'state').filter((state) => state === 'failed').length;
    assert.equal(await textOf(page, '[data-count="failure-table"]'), `${failed} rows`);
    assert.match(await textOf(page, '#failure-table .window'), /<double buffered>/);
    assert.equal(await textOf(page, '#source pre'), data.source);
  },

  async 'hovering shows a configuration and clicking opens the point'(page, data) {
    const before = await Promise.all([values(page, 'roofline', 'layers', 'rate'), values(page, 'energy', 'bars', 'value'), values(page, 'cycles', 'bars', 'value')]);
    const point = await isolatedPoint(page);
    await page.hover(point.x, point.y);
    await page.until(() => !document.querySelector('.tooltip').hidden);
    const tip = await textOf(page, '.tooltip');
    const row = data.points.find(([key]) => key === point.key);
    for (const { name } of data.axes) assert.match(tip, new RegExp(`${name}${row[data.columns.indexOf(name)].toLocaleString('en-US')}`));
    for (const { name } of data.objectives) assert.match(tip, new RegExp(`${name}[\\d.]+ (ms|µs|mJ|mm²)`));
    await page.click(point.x, point.y);
    await page.until((key) => window.heddle.state.get('point') === key, point.key);
    assert.equal((await marks(page, 'pareto', 'selected')).length, 1);
    const after = await Promise.all([values(page, 'roofline', 'layers', 'rate'), values(page, 'energy', 'bars', 'value'), values(page, 'cycles', 'bars', 'value')]);
    after.forEach((list, i) => assert.notDeepEqual(list, before[i]));
    assert.match(await textOf(page, '#selected'), new RegExp(`arch\\.array\\.rows: ${row[data.columns.indexOf('rows')]}\\n`));
    assert.match(await page.evaluate('location.hash'), new RegExp(`point=${point.key}`));
    await page.hover(5, 5);
  },

  async 'the two objectives and the network can be chosen'(page, data) {
    await select(page, 'choose-x', 'area');
    await select(page, 'choose-network', 'resnet50');
    const names = field(data, 'network');
    const areas = field(data, 'area').filter((area, i) => area !== null && names[i] === 'resnet50');
    assert.deepEqual((await values(page, 'pareto', 'points', 'x')).sort(), areas.sort());
    assert.match(await textOf(page, '[data-count="point-table"]'), new RegExp(`^${names.filter((name) => name === 'resnet50').length} of`));
    await select(page, 'choose-scale', 'linear');
    await select(page, 'choose-level', 'buffer');
    await select(page, 'choose-rate', 'tops');
    assert.match(await textOf(page, '[data-chart="roofline"]'), /TOPS/);
  },

  async 'a link opens the same view'(page) {
    const address = await page.evaluate('location.href');
    const view = () => Promise.all([values(page, 'pareto', 'points', 'x'), values(page, 'roofline', 'layers', 'rate'), textOf(page, '#selected')]);
    const before = await view();
    await page.open(address);
    assert.deepEqual(await view(), before);
    for (const [id, value] of [['choose-x', 'area'], ['choose-network', 'resnet50'], ['choose-scale', 'linear'], ['choose-level', 'buffer'], ['choose-rate', 'tops']]) {
      assert.equal(await page.evaluate((name) => document.getElementById(name).value, id), value);
    }
    await page.evaluate(() => { location.hash = ''; });
    await page.until(() => window.heddle.state.get('x') === 'latency');
  },

  async 'a link that knows nothing of the page is ignored'(page, data) {
    await page.open(`${(await page.evaluate('location.href')).split('#')[0]}#x=nothing&network=lenet&level=moon&point=gone&brushed=all&trend=up&rate=&scale=`);
    assert.equal(await page.evaluate(() => window.heddle.state.get('x')), 'latency');
    assert.equal((await values(page, 'pareto', 'points', 'key')).length, field(data, 'latency').filter((value) => value !== null).length);
    await page.evaluate(() => { location.hash = ''; });
  },

  async 'a point without layers says so'(page, data) {
    const key = field(data, 'key').find((name, i) => !data.details[name] && field(data, 'state')[i] === 'done');
    await page.evaluate((name) => window.heddle.state.set({ point: name }), key);
    assert.match(await textOf(page, '#no-details'), /only for the front/);
    assert.ok(!(await sectionsOf(page)).includes('roofline'));
    await press(page, '#no-details button');
    assert.ok(data.details[await page.evaluate(() => window.heddle.state.get('point'))]);
    assert.ok((await sectionsOf(page)).includes('roofline'));
    const failed = field(data, 'key')[field(data, 'state').indexOf('failed')];
    await page.evaluate((name) => window.heddle.state.set({ point: name }), failed);
    assert.match(await textOf(page, '#selected'), /no mapping fits/);
    await page.evaluate(() => { location.hash = ''; });
  },

  async 'the table sorts and filters'(page, data) {
    const latencies = field(data, 'latency').filter((value) => value !== null).sort((a, b) => a - b);
    const shown = async (name) => (await column(page, 'point-table', name)).map((text) => Number(text.replace(/,/g, '')));
    await press(page, '#point-table [data-column="latency"]');
    assert.ok(Math.abs((await shown('latency'))[0] / 1e3 / latencies[0] - 1) < 1e-3);
    await press(page, '#point-table [data-column="latency"]');
    assert.ok(Math.abs((await shown('latency'))[0] / 1e3 / latencies[latencies.length - 1] - 1) < 1e-3);
    await type(page, 'point-table', 'rows', '>= 16');
    await type(page, 'point-table', 'network', 'mobile');
    const [rows, networks] = [field(data, 'rows'), field(data, 'network')];
    const expected = rows.filter((value, i) => value >= 16 && networks[i] === 'mobilenetv2').length;
    assert.equal(await textOf(page, '[data-count="point-table"]'), `${expected} of 1,000 rows`);
    assert.ok((await shown('rows')).every((value) => value >= 16));
    await type(page, 'point-table', 'rows', '>= many');
    assert.ok(await page.evaluate(() => document.querySelector('#point-table [data-filter="rows"]').classList.contains('wrong')));
    await type(page, 'point-table', 'rows', '');
    await type(page, 'point-table', 'network', '');
    await page.evaluate(() => document.querySelector('#point-table .window .row:nth-child(3)').click());
    assert.equal(await page.evaluate(() => document.querySelector('#point-table .chosen').dataset.key), await page.evaluate(() => window.heddle.state.get('point')));
    const inPage = await page.evaluate(() => document.querySelectorAll('#point-table .window .row').length);
    assert.ok(inPage < 60, `${inPage} rows are elements of the page`);
    await page.evaluate(() => { document.querySelector('#point-table .table-scroller').scrollTop = 1e9; });
    await page.until((count) => [...document.querySelectorAll('#point-table .window .row')].length > 5, 1);
  },

  async 'brushing an axis restricts charts and table'(page, data) {
    const { x, from, to, text } = await draggedAxis(page, 'rows');
    await page.drag(x, from, to);
    await page.until(() => window.heddle.state.get('brushed') !== null);
    const [rows, states] = [field(data, 'rows'), field(data, 'state')];
    const expected = rows.filter((value, i) => String(value) === text && states[i] === 'done').length;
    assert.equal(await page.evaluate(() => window.heddle.state.get('brushed').size), expected);
    assert.match(await textOf(page, '[data-count="point-table"]'), new RegExp(`^${expected} of`));
    const kinds = await values(page, 'pareto', 'points', 'kind');
    assert.equal(kinds.filter((kind) => kind !== 'outside the brushes').length, expected);
    await press(page, '#parallel .tools button');
    assert.equal(await page.evaluate(() => window.heddle.state.get('brushed')), null);
    assert.equal(await textOf(page, '[data-count="point-table"]'), '1,000 rows');
  },

  async 'copying works and charts are saved'(page) {
    await press(page, '#selected .copy');
    await page.until(() => document.querySelector('#selected .copy').textContent === 'Copied');
    assert.match(await page.evaluate(() => window.heddle.views.pareto.toSVG()), /^<svg/);
  },

  async 'wide and narrow windows hold everything'(page) {
    for (const width of [1920, 1280]) {
      await page.size(width, 900);
      await page.until((wide) => Math.abs(document.querySelector('[data-chart="pareto"] canvas, [data-chart="pareto"] svg').getBoundingClientRect().width -
        document.querySelector('[data-chart="pareto"]').clientWidth) < 2 && window.innerWidth === wide, width);
      await isQuiet(page);
    }
  },
};

/** Sweeps that lack most of what a page can show. */
const odd = {
  'one network, one objective': (data) => ({ ...data, axes: data.axes.slice(0, 3), objectives: data.objectives.slice(0, 1), search: [], refined: [], details: {}, source: undefined, engine: undefined }),
  'an objective to maximize': (data) => ({ ...data, objectives: [{ name: 'utilization', goal: 'maximize', unit: 'share' }, ...data.objectives] }),
  'every point failed': (data) => ({ ...data, points: data.points.map((point) => point.map((value, i) => (i > 10 ? null : data.columns[i] === 'state' ? 'failed' : data.columns[i] === 'front' ? false : value))), details: {}, refined: [] }),
  'a single point': (data) => ({ ...data, points: data.points.slice(0, 1), details: {}, refined: [] }),
  'no point': (data) => ({ ...data, points: [], details: {}, refined: [], order: undefined }),
  'no spread': (data) => ({ ...data, points: data.points.map((point) => point.map((value, i) => (data.columns[i] === 'latency' && value !== null ? 0 : value))) }),
};

async function measured(page, count) {
  const url = pageOf(sweep(count), `sweep-${count}`);
  const ms = await page.open(url);
  const heap = await page.heap();
  const megabytes = statSync(new URL(url)).size / 1e6;
  console.log(`  ${count} points: page ${megabytes.toFixed(2)} MB, loaded in ${(ms / 1e3).toFixed(2)} s, heap ${heap.toFixed(0)} MB`);
  assert.ok(ms < 15000 && heap < 200, 'a page of 10,000 points stays usable');
  let start = performance.now();
  await press(page, '#point-table [data-column="energy"]');
  await type(page, 'point-table', 'rows', '>= 8');
  const point = await isolatedPoint(page);
  await page.click(point.x, point.y);
  await page.until((key) => window.heddle.state.get('point') === key, point.key);
  console.log(`  ${count} points: sorted, filtered and another point opened in ${(performance.now() - start).toFixed(0)} ms`);
  const { x, from, to } = await draggedAxis(page, 'rows');
  start = performance.now();
  await page.drag(x, from, to);
  await page.until(() => window.heddle.state.get('brushed') !== null);
  console.log(`  ${count} points: brushed in ${(performance.now() - start).toFixed(0)} ms`);
  assert.ok(!(await page.evaluate('location.hash')).includes('brushed'));
  await isQuiet(page);
}

const started = performance.now();
const browser = await Chromium.start(browserProgram());
let failures = 0;
async function test(name, body) {
  try {
    await body();
    console.log(`ok: ${name}`);
  } catch (error) {
    ++failures;
    console.log(`FAILED: ${name}\n${error.stack}`);
  }
}
try {
  const page = await browser.page();
  const data = sweep(1000);
  const url = pageOf(data, 'sweep');
  let opened = false;
  for (const [name, body] of Object.entries(tests)) {
    page.console.length = 0;
    await test(name, async () => {
      if (body.length > 1 && !opened) {
        await page.open(url);
        opened = true;
      }
      await body(page, data);
      assert.deepEqual(page.console, []);
    });
  }
  for (const [name, change] of Object.entries(odd)) {
    page.console.length = 0;
    await test(`a sweep of ${name}`, async () => {
      await page.open(pageOf(change(sweep(60)), 'odd'));
      await isQuiet(page);
    });
  }
  page.console.length = 0;
  await test('the results of heddle sweep', async () => {
    const results = join(folder, 'lenet-5-arrays');
    execFileSync(options.heddle, ['sweep', 'lenet-5-arrays', '--quiet', '--output', results], { env: { ...process.env, XDG_CACHE_HOME: folder } });
    const { points, refined } = JSON.parse(readFileSync(join(results, 'results.json'), 'utf8'));
    await page.open(reportOf(results, 'real'));
    const sections = await sectionsOf(page);
    for (const section of ['pareto', 'selected', 'roofline', 'parallel', 'sensitivity', 'refined', 'points']) assert.ok(sections.includes(section), section);
    assert.equal((await page.evaluate("document.querySelector('header').innerText")).includes(String(points.length)), true);
    assert.ok(refined.length > 0);
    await isQuiet(page);
    assert.deepEqual(page.console, []);
  });
  for (const count of [100, 1000, 10000]) await test(`${count} points`, () => measured(page, count));
  if (options.screenshots) await test('screenshots', () => screenshots(page, { sweep: reportOf(options.sweep, 'pictured'), search: reportOf(options.search, 'searched'), network: 'resnet50', run: runOf(['resnet50', '--arch', 'nm-16x16', '--recipe', 'int8-2-4', '--fidelity', 'analytical', '--search', 'default'], 'resnet50').url }, options.screenshots));
} finally {
  await browser.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${failures ? `${failures} failed` : 'all passed'} in ${((performance.now() - started) / 1e3).toFixed(0)} s`);
process.exit(failures ? 1 : 0);
