/**
 * `node deploy/assemble.js <folder>`: after `npm ci && npm run build`, moves what runs into a folder and leaves out the rest:
 * development packages, sources, tests, source maps, and of the documentation page's package all but the two files that are
 * served. For the image; the folder it is called in is of no use afterwards.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const [to] = process.argv.slice(2);
if (to === undefined) throw new Error('node deploy/assemble.js <folder>');

/** Packages that are served as files, and need none of the packages they were built from. */
const PAGES = {
  '@asyncapi/react-component': [
    'package.json',
    'LICENSE',
    'styles/default.min.css',
    'browser/standalone/without-parser.js',
  ],
};

const runs = (path) =>
  !/\.(?:test\.js|d\.ts|map|tsbuildinfo)$/.test(path) &&
  !path.split(sep).some((part) => /^(?:tests|bench|conformance)$/.test(part));

function copy(path, filter = () => true) {
  mkdirSync(dirname(join(to, path)), { recursive: true });
  cpSync(path, join(to, path), { recursive: true, filter });
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
for (const path of ['package.json', 'start.js', 'LICENSE', 'docs/contract']) copy(path);
copy('dist/src', runs);
for (const name of ['client', 'pocket-mongo']) {
  copy(`packages/${name}/package.json`);
  copy(`packages/${name}/dist`, runs);
}

const kept = Object.entries(PAGES).filter(([name]) => manifest.dependencies[name] !== undefined);
const files = kept.flatMap(([name, paths]) => paths.map((path) => join('node_modules', name, path)));
const aside = join(to, '.aside');
for (const file of files.filter((path) => existsSync(path))) cpSync(file, join(aside, file));
for (const [name] of kept) delete manifest.dependencies[name];
writeFileSync('package.json', `${JSON.stringify(manifest, null, 2)}\n`);
execFileSync('npm', ['prune', '--omit=dev', '--no-audit', '--no-fund'], { stdio: 'inherit' });
renameSync('node_modules', join(to, 'node_modules'));
if (existsSync(aside)) cpSync(aside, to, { recursive: true });
rmSync(aside, { recursive: true, force: true });
