// The selected point: state, results and the whole configuration.
import { copyButton, el, panel } from './dom.js';
import { quantity } from './format.js';

export function selected(model, state) {
  const made = panel('selected', 'Selected point');
  const render = () => made.body.replaceChildren(...content(model, model.byKey.get(state.get('point'))));
  state.on(['point'], render);
  render();
  return made.section;
}

function content(model, point) {
  if (!point) return [el('p', { class: 'absent' }, 'No point is selected.')];
  const badges = [el('span', { class: `badge ${point.state.replace(/ /g, '-')}` }, point.state)];
  if (point.front) badges.push(el('span', { class: 'badge front' }, 'on the front'));
  if (point.fidelity) badges.push(el('span', { class: 'badge' }, point.fidelity));
  const message = model.data.messages?.[point.key];
  return [
    el('p', { class: 'badges' }, badges, el('code', { class: 'key', title: 'key of this point' }, shortKey(point.key))),
    message ? el('div', { class: 'warning' }, message) : null,
    el('div', { class: 'values' },
      list('Configuration', model.axes.map(({ name }) => [name, quantity(point[name], model.unit(name))]),
        (model.data.derived ?? []).map((name) => [name, quantity(point[name], model.unit(name))])),
      list('Results', resultRows(model, point))),
    ...configuration(model, point),
  ].filter(Boolean);
}

const shortKey = (key) => (key.length > 16 ? `${key.slice(0, 12)}…` : key);

function resultRows(model, point) {
  return model.resultColumns().filter((name) => !(model.data.derived ?? []).includes(name))
    .map((name) => [name.replace(/_/g, ' '), quantity(point[name], model.unit(name))]);
}

function list(title, ...groups) {
  return el('div', {}, el('h3', {}, title), el('table', { class: 'list' },
    groups.flat().map(([name, text]) => el('tr', {}, el('th', {}, name), el('td', {}, text)))));
}

/** What gives this point again: the keys that the axes set, and the texts that were kept of it. */
export function configuration(model, point) {
  const texts = Object.entries(model.details(point)?.configuration ?? {});
  if (model.axes.length) {
    const keys = model.axes.flatMap((axis) => (axis.keys ?? [axis.name]).map((key) => `${key}: ${point[axis.name]}`));
    texts.unshift(['keys of the axes', `${keys.join('\n')}\n`]);
  }
  const long = texts.filter(([, text]) => String(text).includes('\n'));
  const short = texts.filter(([, text]) => !String(text).includes('\n'));
  return [
    short.length ? el('table', { class: 'list wide' }, short.map(([name, text]) => el('tr', {}, el('th', {}, name), el('td', {}, text)))) : null,
    ...long.map(([name, text]) => el('div', { class: 'text' },
      el('div', { class: 'text-heading' }, el('h3', {}, name), copyButton(() => String(text))),
      el('pre', { tabindex: 0 }, String(text)))),
  ].filter(Boolean);
}
