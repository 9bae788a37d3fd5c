// A table of any length: sorted by a click on a header, filtered column by column, and only the rows in sight are
// elements of the page.
import { el } from './dom.js';
import { filter } from './filter.js';
import { measured, number } from './format.js';

const ROW = 26;
/** Rows drawn above and below those in sight. */
const SPARE = 8;
const SAMPLE = 300;

export class Table {
  /**
   * `columns`: {name, title, value(row) (number as displayed, or text), digits?}. `rows`: any objects;
   * `keyOf(row)` names them. `click(row)` is optional.
   */
  constructor({ id, columns, rows, keyOf, click = null, height = 440 }) {
    Object.assign(this, { columns, rows, keyOf, click, sortColumn: null, descending: false, subset: null, chosen: null });
    this.filters = new Map();
    this.count = el('p', { class: 'totals', 'data-count': id });
    this.head = el('div', { class: 'row head', role: 'row' });
    this.inputs = el('div', { class: 'row filters', role: 'row' });
    this.window = el('div', { class: 'window' });
    this.space = el('div', { class: 'space' }, this.window);
    this.scroller = el('div', { class: 'table-scroller', tabindex: 0, style: `max-height: ${height}px` },
      el('div', { class: 'sticky' }, this.head, this.inputs), this.space);
    this.element = el('div', { class: 'table', role: 'table', id }, this.count, this.scroller);
    this.scroller.addEventListener('scroll', () => this.draw());
    this.makeHead();
    this.refresh();
    requestAnimationFrame(() => this.draw());
  }

  makeHead() {
    const texts = this.columns.map((column) => [column.title.length + 2,
      ...this.rows.slice(0, SAMPLE).map((row) => this.text(row, column).length)]);
    this.widths = texts.map((lengths) => Math.min(36, Math.max(7, ...lengths) + 3));
    this.element.style.setProperty('--columns', this.widths.map((width) => `minmax(${width * 7.4}px, ${width}fr)`).join(' '));
    this.element.style.setProperty('--least', `${this.widths.reduce((sum, width) => sum + width * 7.4, 0)}px`);
    this.columns.forEach((column, i) => {
      this.head.append(el('button', {
        type: 'button', role: 'columnheader', 'data-column': column.name, class: this.isNumber(column) ? 'number' : '',
        onclick: () => this.sort(i),
      }, column.title));
      this.inputs.append(el('input', {
        type: 'text', 'aria-label': `filter ${column.title}`, 'data-filter': column.name, spellcheck: 'false',
        placeholder: this.isNumber(column) ? '>= …' : 'contains …',
        oninput: (event) => this.filterBy(i, event.target),
      }));
    });
  }

  isNumber(column) {
    column.isNumber ??= this.rows.some((row) => typeof column.value(row) === 'number');
    return column.isNumber;
  }

  text(row, column) {
    const value = column.value(row);
    if (value === null || value === undefined) return '';
    return typeof value === 'number' ? measured(value, column.digits ?? 4) : String(value);
  }

  sort(column) {
    this.descending = this.sortColumn === column && !this.descending;
    this.sortColumn = column;
    [...this.head.children].forEach((cell, i) => {
      if (i === column) cell.setAttribute('aria-sort', this.descending ? 'descending' : 'ascending');
      else cell.removeAttribute('aria-sort');
    });
    this.refresh();
  }

  filterBy(column, input) {
    const test = filter(input.value);
    input.classList.toggle('wrong', test === null);
    if (test === null || input.value.trim() === '') this.filters.delete(column);
    else this.filters.set(column, test);
    this.refresh();
  }

  /** Shows only rows whose keys are in `keys`; all for null. */
  restrict(keys) {
    this.subset = keys;
    this.refresh();
  }

  /** Marks a row, and scrolls to it when it is not in sight. */
  choose(key) {
    this.chosen = key;
    const index = this.shown.findIndex((row) => this.keyOf(row) === key);
    const top = index * ROW;
    const room = this.scroller.clientHeight - 2 * ROW - 20;
    if (index >= 0 && (top < this.scroller.scrollTop || top > this.scroller.scrollTop + room)) {
      this.scroller.scrollTop = Math.max(0, top - room / 2);
    }
    this.draw();
  }

  refresh() {
    const tests = [...this.filters].map(([i, test]) => (row) => test(this.columns[i].value(row)));
    this.shown = this.rows.filter((row) => (!this.subset || this.subset.has(this.keyOf(row))) && tests.every((test) => test(row)));
    if (this.sortColumn !== null) {
      const { value } = this.columns[this.sortColumn];
      const sign = this.descending ? -1 : 1;
      this.shown.sort((a, b) => compare(value(a), value(b), sign));
    }
    this.count.textContent = this.shown.length === this.rows.length ? `${number(this.rows.length)} rows`
      : `${number(this.shown.length)} of ${number(this.rows.length)} rows`;
    this.scroller.scrollTop = 0;
    this.space.style.height = `${this.shown.length * ROW}px`;
    this.draw();
  }

  draw() {
    const first = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - SPARE);
    const height = this.scroller.clientHeight || 440;
    const last = Math.min(this.shown.length, first + Math.ceil(height / ROW) + 2 * SPARE);
    this.window.style.transform = `translateY(${first * ROW}px)`;
    this.window.replaceChildren(...this.shown.slice(first, last).map((row) => this.rowElement(row)));
  }

  rowElement(row) {
    const key = this.keyOf(row);
    return el('div', {
      class: `row${key === this.chosen ? ' chosen' : ''}${this.click ? ' link' : ''}`, role: 'row', 'data-key': key,
      onclick: this.click ? () => this.click(row) : null,
    }, this.columns.map((column) => el('span', {
      role: 'cell', class: this.isNumber(column) ? 'number' : '', title: this.text(row, column),
    }, this.text(row, column))));
  }
}

/** Numbers by size, texts by the alphabet, absent values last in either direction. */
function compare(a, b, sign) {
  const absent = Number(a === null || a === undefined) - Number(b === null || b === undefined);
  if (absent !== 0) return absent;
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * String(a ?? '').localeCompare(String(b ?? ''), 'en', { numeric: true });
}
