// The pictures of docs/report.md.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { smallPng } from './small_png.mjs';

/** Part of a page as PNG: from the top of the first of `sections` to the end of the last. */
async function part(page, file, sections) {
  const clip = await page.evaluate((ids) => {
    window.scrollTo(0, 0);
    const boxes = ids.map((id) => (id === 'header' ? document.querySelector('header') : document.getElementById(id)).getBoundingClientRect());
    const edge = 8;
    const [left, top] = [Math.min(...boxes.map((box) => box.left)), Math.min(...boxes.map((box) => box.top))];
    return {
      x: left - edge, y: Math.max(0, top - edge), width: Math.max(...boxes.map((box) => box.right)) - left + 2 * edge,
      height: Math.max(...boxes.map((box) => box.bottom)) - top + 2 * edge,
    };
  }, sections);
  const png = smallPng(await page.screenshot(clip));
  writeFileSync(file, png);
  console.log(`  ${file}: ${Math.round(png.length / 1024)} KB`);
}

export async function screenshots(page, urls, folder) {
  await page.size(1280, 900);
  await page.open(urls.run);
  await part(page, join(folder, 'report-run.png'), ['header', 'roofline', 'breakdown']);
  await part(page, join(folder, 'report-layers.png'), ['energy', 'cycles']);
  await page.open(urls.sweep);
  await part(page, join(folder, 'report-pareto.png'), ['header', 'pareto', 'selected']);
  await part(page, join(folder, 'report-sensitivity.png'), ['sensitivity']);
  await part(page, join(folder, 'report-refined.png'), ['refined']);
  await part(page, join(folder, 'report-table.png'), ['points']);
  await page.open(`${urls.sweep}#network=${urls.network}`);
  await part(page, join(folder, 'report-parallel.png'), ['parallel']);
  await page.open(urls.search);
  await part(page, join(folder, 'report-search.png'), ['search']);
}
