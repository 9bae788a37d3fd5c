// Stands where the charts of layers would be when the selected point has none.
import { el } from './dom.js';

export function notice(model, state) {
  const box = el('div', { class: 'notice', id: 'no-details' });
  const render = () => {
    const point = model.byKey.get(state.get('point'));
    const absent = point && model.details(point) === null;
    box.hidden = !absent;
    if (!absent) return;
    box.replaceChildren(point.state === 'failed'
      ? 'The selected point failed: it has no layers to show.'
      : 'Layers are kept only for the front and the points near it; the selected point is none of these, so that its ' +
        'roofline, energy and cycles by layer are not in this file. ',
    point.state === 'failed' ? '' : el('button', { type: 'button', onclick: () => state.set({ point: nearest(model, state, point) }) },
      'Select the nearest point that has them'));
  };
  state.on(['point'], render);
  render();
  return box;
}

/** Of the points with details, the one whose two objectives differ least, as ratios. */
function nearest(model, state, point) {
  const distance = (other) => [state.get('x'), state.get('y')]
    .reduce((sum, name) => sum + Math.abs(Math.log(other[name] / point[name]) || 0), 0);
  const candidates = model.inNetwork(model.points, model.networkOf(point)).filter((other) => model.details(other));
  return candidates.reduce((best, other) => (!best || distance(other) < distance(best) ? other : best), null)?.key ?? point.key;
}
