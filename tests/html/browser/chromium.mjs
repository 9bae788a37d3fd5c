// Drives Debian's Chromium without a window, over its debugging pipe: no port, no library.
// The protocol: https://chromedevtools.github.io/devtools-protocol/
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const TIMEOUT_MS = 30000;

export class Chromium {
  /** Starts the browser; `program` is its path. */
  static async start(program) {
    const profile = mkdtempSync(join(tmpdir(), 'heddle-chromium-'));
    const options = ['--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`, '--no-first-run', '--disable-gpu',
      '--disable-dev-shm-usage', '--hide-scrollbars', '--force-color-profile=srgb', '--enable-precise-memory-info'];
    if (process.getuid() === 0) options.push('--no-sandbox');  // root may not use it
    const child = spawn(program, options, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    return new Chromium(child, profile);
  }

  constructor(child, profile) {
    Object.assign(this, { child, profile, calls: new Map(), listeners: [], last: 0, rest: '' });
    child.stdio[4].setEncoding('utf8').on('data', (text) => this.receive(text));
    this.ended = new Promise((resolve) => { child.on('exit', resolve); child.on('error', resolve); });
    this.ended.then(() => this.calls.forEach(({ reject }) => reject(new Error('the browser has ended'))));
  }

  receive(text) {
    const messages = (this.rest + text).split('\0');
    this.rest = messages.pop();
    for (const message of messages.map((json) => JSON.parse(json))) {
      const call = this.calls.get(message.id);
      if (call) {
        this.calls.delete(message.id);
        if (message.error) call.reject(new Error(`${call.method}: ${message.error.message}`));
        else call.resolve(message.result);
      } else {
        this.listeners.forEach((listener) => listener(message));
      }
    }
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${method}: no answer in ${TIMEOUT_MS / 1000} s`)), TIMEOUT_MS);
      const settled = (settle) => (value) => { clearTimeout(timer); settle(value); };
      this.calls.set(id, { method, resolve: settled(resolve), reject: settled(reject) });
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  async page() {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' });
    const { sessionId } = await this.send('Target.attachToTarget', { targetId, flatten: true });
    const page = new Page(this, targetId, sessionId);
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await page.send(`${domain}.enable`);
    await page.size(1280, 900);
    return page;
  }

  async stop() {
    this.send('Browser.close').catch(() => {});
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000);
    await this.ended;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/** One tab, with all that it said to the console and asked of the network. */
class Page {
  constructor(browser, targetId, sessionId) {
    Object.assign(this, { browser, targetId, sessionId, console: [], requests: [] });
    browser.listeners.push((message) => message.sessionId === sessionId && this.event(message));
  }

  event({ method, params }) {
    if (method === 'Runtime.consoleAPICalled') this.console.push(`${params.type}: ${params.args.map((arg) => arg.value ?? arg.description).join(' ')}`);
    if (method === 'Runtime.exceptionThrown') this.console.push(`exception: ${params.exceptionDetails.exception?.description ?? params.exceptionDetails.text}`);
    if (method === 'Log.entryAdded') this.console.push(`${params.entry.level}: ${params.entry.text} ${params.entry.url ?? ''}`);
    if (method === 'Network.requestWillBeSent' && !/^(data|blob):/.test(params.request.url)) this.requests.push(params.request.url);
  }

  send(method, params = {}) { return this.browser.send(method, params, this.sessionId); }

  size(width, height, deviceScaleFactor = 1) {
    return this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor, mobile: false });
  }

  /** Opens a file and waits until the page says that it is ready; milliseconds that took. */
  async open(url) {
    const start = performance.now();
    await this.send('Page.navigate', { url: 'about:blank' });
    const opened = performance.now();
    await this.send('Page.navigate', { url });
    await this.until(`location.href.startsWith('file:') && document.documentElement?.dataset.ready === 'true'`);
    return performance.now() - Math.max(start, opened);
  }

  /** The value of an expression in the page; functions are called there with the arguments. */
  async evaluate(expression, ...args) {
    const source = typeof expression === 'function' ? `(${expression})(${args.map((arg) => JSON.stringify(arg)).join(', ')})` : expression;
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression: source, returnByValue: true, awaitPromise: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async until(expression, ...args) {
    const end = performance.now() + TIMEOUT_MS;
    while (performance.now() < end) {
      if (await this.evaluate(expression, ...args)) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`never true: ${expression}; console: ${this.console.join('; ')}`);
  }

  mouse(type, x, y, buttons = 0) {
    return this.send('Input.dispatchMouseEvent', { type, x, y, buttons, button: type === 'mouseMoved' && !buttons ? 'none' : 'left', clickCount: type === 'mouseMoved' ? 0 : 1 });
  }

  hover(x, y) { return this.mouse('mouseMoved', x, y); }

  async click(x, y) {
    await this.hover(x, y);
    await this.mouse('mousePressed', x, y, 1);
    await this.mouse('mouseReleased', x, y);
  }

  async drag(x, from, to) {
    await this.hover(x, from);
    await this.mouse('mousePressed', x, from, 1);
    for (let i = 1; i <= 5; ++i) await this.mouse('mouseMoved', x, from + (to - from) * i / 5, 1);
    await this.mouse('mouseReleased', x, to);
  }

  async screenshot(clip = null) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true, ...(clip ? { clip: { ...clip, scale: 1 } } : {}) });
    return Buffer.from(data, 'base64');
  }

  /** Megabytes that the page's JavaScript holds after a collection. */
  async heap() {
    await this.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.send('Runtime.getHeapUsage');
    return usedSize / 1e6;
  }

  close() { return this.browser.send('Target.closeTarget', { targetId: this.targetId }); }
}
