// One tooltip for all charts.
import { el } from './dom.js';

const box = el('div', { class: 'tooltip', role: 'tooltip', hidden: true });
document.body.append(box);

/** Shows rows of [name, text] beside the pointer; a row without a name is a heading. */
export function showTooltip(event, rows) {
  box.replaceChildren(el('table', {}, rows.map(([name, text]) => (name === ''
    ? el('tr', {}, el('th', { colspan: 2 }, text))
    : el('tr', {}, el('td', {}, name), el('td', {}, text))))));
  box.hidden = false;
  const gap = 14;
  const right = event.clientX + gap + box.offsetWidth > window.innerWidth;
  const below = event.clientY + gap + box.offsetHeight > window.innerHeight;
  box.style.left = `${Math.max(4, right ? event.clientX - gap - box.offsetWidth : event.clientX + gap)}px`;
  box.style.top = `${Math.max(4, below ? event.clientY - gap - box.offsetHeight : event.clientY + gap)}px`;
}

export function hideTooltip() { box.hidden = true; }
