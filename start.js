/**
 * `npm start`, and with a name the programs beside it (`npm run new-epoch`, `npm run plan`): builds when a source is newer
 * than the last build (tsc itself would take half a second to say no), then runs what was built. Where there is no compiler,
 * as in an image or after `npm ci --omit=dev`, what was built before is run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const home = fileURLToPath(new URL('.', import.meta.url));
const PROGRAMS = { 'new-epoch': 'new-epoch', 'new-pepper': 'new-pepper', plan: 'set-plan' };
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

/** Whether what was built is newer than its sources; an image has none. */
function isBuilt() {
  if (!existsSync(join(home, 'src'))) return true;
  try {
    const built = changedAt(join(home, 'dist/.tsbuildinfo'));
    return SOURCES.every((path) => changedAt(join(home, path)) < built);
  } catch {
    return false;
  }
}

function compiler() {
  try {
    return createRequire(import.meta.url)
      .resolve('typescript/package.json')
      .replace(/package\.json$/, 'bin/tsc');
  } catch {
    return undefined;
  }
}

function build(program) {
  const tsc = compiler();
  if (tsc !== undefined) {
    process.stderr.write('Building, at the first start and when a source has changed (up to half a minute) ...\n');
    const { status } = spawnSync(process.execPath, [tsc, '-b'], { cwd: home, stdio: 'inherit' });
    if (status !== 0) process.exit(status ?? 1);
  } else if (existsSync(program)) {
    process.stderr.write(
      'Some sources are newer than what was built, and there is no compiler: running what was built.\n',
    );
  } else {
    process.stderr.write(
      'Nothing is built, and there is no compiler: run "npm ci && npm run build" once; "npm prune --omit=dev" may follow.\n',
    );
    process.exit(1);
  }
}

const [name] = process.argv.splice(2, process.argv[2] in PROGRAMS ? 1 : 0);
const program = join(home, 'dist/src', `${PROGRAMS[name] ?? 'main'}.js`);
if (!isBuilt()) build(program);
await import(pathToFileURL(program).href);
