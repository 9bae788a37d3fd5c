// What a page's charts and tables hold, and where on the screen.

/** The data of the marks of one name in a chart, as drawn. */
export function marks(page, chart, name) {
  return page.evaluate((view, mark) => {
    const found = [];
    const visit = (item) => {
      if (item.marktype && item.name === `${mark}_marks`) found.push(...item.items);
      (item.items ?? []).forEach((child) => visit(child));
    };
    visit(window.heddle.views[view].scenegraph().root);
    return found.map(({ datum, x, y, width }) => ({ datum: { ...datum }, x, y, width }));
  }, chart, name);
}

/** A field of the marks; a line has one mark for each of its points. */
export async function values(page, chart, name, field) {
  return (await marks(page, chart, name)).map(({ datum }) => datum[field]);
}

/** The texts of a table's column that are elements of the page. */
export function column(page, table, name) {
  return page.evaluate((id, header) => {
    const element = document.getElementById(id);
    const index = [...element.querySelectorAll('.head > *')].findIndex((cell) => cell.dataset.column === header);
    return [...element.querySelectorAll('.window .row')].map((row) => row.children[index].textContent);
  }, table, name);
}

/** A point of the front with layers that is not selected and as far as can be from all that are drawn over it: {key, x, y}. */
export function isolatedPoint(page) {
  return page.evaluate(() => {
    document.getElementById('pareto').scrollIntoView();
    const { views, state, model } = window.heddle;
    const view = views.pareto;
    const items = [];
    const visit = (item) => {
      if (item.marktype && item.name === 'points_marks') items.push(...item.items);
      (item.items ?? []).forEach((child) => visit(child));
    };
    visit(view.scenegraph().root);
    let best = null;
    for (const item of items) {
      const point = model.byKey.get(item.datum.key);
      if (!model.details(point) || item.datum.key === state.get('point')) continue;
      // Those that are drawn later may hide it.
      const above = items.slice(items.indexOf(item) + 1);
      const distance = above.reduce((least, other) => Math.min(least, Math.hypot(other.x - item.x, other.y - item.y)), 1e9);
      if (!best || distance > best.distance) best = { distance, item };
    }
    const box = document.querySelector('[data-chart="pareto"] canvas, [data-chart="pareto"] svg').getBoundingClientRect();
    const [left, top] = view.origin();
    const padding = view.padding();
    return { key: best.item.datum.key, x: box.left + left + padding.left + best.item.x, y: box.top + top + padding.top + best.item.y };
  });
}

/** Where to drag so that only the second value of an axis of the parallel coordinates is inside. */
export function draggedAxis(page, name) {
  return page.evaluate((axis) => {
    document.getElementById('parallel').scrollIntoView();
    const group = document.querySelector(`[data-chart="parallel"] g[data-axis="${axis}"]`);
    const tick = group.querySelectorAll('.tick')[1];
    const svg = group.ownerSVGElement.getBoundingClientRect();
    const y = svg.top + Number(tick.getAttribute('y')) - 4;
    return { x: svg.left + group.transform.baseVal[0].matrix.e, from: y - 12, to: y + 12, text: tick.textContent };
  }, name);
}
