/** `npm start`: builds when a source is newer than the last build (tsc itself would take half a second to say no), then boots. */
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const home = fileURLToPath(new URL('.', import.meta.url));
const SOURCES = [
  'src',
  'packages/client/src',
  'packages/pocket-mongo/src',
  'tsconfig.json',
  'tsconfig.base.json',
  'package-lock.json',
];

function changedAt(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => changedAt(join(path, name))));
}

function isBuilt() {
  try {
    const built = changedAt(join(home, 'dist/.tsbuildinfo'));
    return SOURCES.every((path) => changedAt(join(home, path)) < built);
  } catch {
    return false;
  }
}

if (!isBuilt()) {
  const tsc = createRequire(import.meta.url)
    .resolve('typescript/package.json')
    .replace(/package\.json$/, 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-b'], { cwd: home, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
await import(new URL('./dist/src/main.js', import.meta.url).href);
