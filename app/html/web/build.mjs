// node build.mjs NPM_FOLDER OUTPUT: writes the page without its data: template, style, Vega's bundles as they come
// from npm, and the modules of page/ joined into one script (not minified: a reader may look at what runs).
import { createRequire } from 'node:module';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const [npmFolder, output] = process.argv.slice(2).map((path) => resolve(path));
const web = dirname(fileURLToPath(import.meta.url));
const modules = join(npmFolder, 'node_modules');
const esbuild = createRequire(join(npmFolder, 'package.json'))('esbuild');

const text = (...parts) => readFileSync(join(...parts), 'utf8');
// A script element ends at the first "</script" even inside a string; "<!--" would hide that end.
const inScript = (source) => source.replace(/<\/script/gi, '<\\/script').replace(/<!--/g, '<\\!--');

// The libraries' licences ask to go where their code goes. Equal texts are printed once.
function licences() {
  const packages = new Map();
  for (const name of readdirSync(modules).filter((entry) => /^(vega|d3-|delaunator|robust-|internmap|topojson)/.test(entry))) {
    const file = readdirSync(join(modules, name)).find((entry) => /^licen[cs]e/i.test(entry));
    if (!file) continue;
    const licence = text(modules, name, file).trim();
    packages.set(licence, [...(packages.get(licence) ?? []), name]);
  }
  return [...packages].map(([licence, names]) => `${names.join(', ')}\n\n${licence}`).join('\n\n----\n\n')
    .replace(/--+>/g, '- >').replace(/<!--/g, '');
}

const bundle = esbuild.buildSync({
  absWorkingDir: web,  // the comments that name each module do not depend on where heddle is built
  entryPoints: ['page/main.js'],
  bundle: true,
  format: 'iife',
  target: 'es2020',
  charset: 'utf8',
  write: false,
  logLevel: 'warning',
}).outputFiles[0].text;

const parts = {
  style: text(web, 'style.css'),
  licences: licences(),
  vega: inScript(text(modules, 'vega', 'build', 'vega.min.js').replace(/^\/\/# sourceMappingURL=.*$/m, '')),
  'vega-lite': inScript(text(modules, 'vega-lite', 'build', 'vega-lite.min.js').replace(/^\/\/# sourceMappingURL=.*$/m, '')),
  page: inScript(bundle),
};
writeFileSync(output, text(web, 'index.html').replace(/@([a-z-]+)@/g, (place, name) => parts[name] ?? place));
