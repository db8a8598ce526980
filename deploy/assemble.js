/**
 * `node deploy/assemble.js <folder>`: after `npm ci && npm run build`, moves what runs into a folder and leaves out the rest:
 * development packages, sources, tests and source maps. For the image; the folder it is called in is of no use afterwards.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';

const [to] = process.argv.slice(2);
if (to === undefined) throw new Error('node deploy/assemble.js <folder>');

const runs = (path) =>
  !/\.(?:test\.js|d\.ts|map|tsbuildinfo)$/.test(path) &&
  !path.split(sep).some((part) => /^(?:tests|bench|conformance)$/.test(part));

function copy(path, filter = () => true) {
  mkdirSync(dirname(join(to, path)), { recursive: true });
  cpSync(path, join(to, path), { recursive: true, filter });
}

for (const path of ['package.json', 'start.js', 'LICENSE', 'docs/contract']) copy(path);
copy('dist/src', runs);
for (const name of ['client', 'pocket-mongo']) {
  copy(`packages/${name}/package.json`);
  copy(`packages/${name}/dist`, runs);
}

execFileSync('npm', ['prune', '--omit=dev', '--no-audit', '--no-fund'], { stdio: 'inherit' });
renameSync('node_modules', join(to, 'node_modules'));
