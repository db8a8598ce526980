import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, normalize, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Brigade, startBrigade } from '../harness/index.js';
import { openService } from '../harness/service.js';

/** What a tablet's developer does with the client: packs it, has it in a project of their own, and follows its README. */

const root = process.cwd();
const run = promisify(execFile);
let folder: string;
let files: string[];
const installed = (...path: string[]) => join(folder, 'node_modules/@brigade/client', ...path);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-app-'));
  const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
    cwd: join(root, 'packages/client'),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files: list }] = JSON.parse(packed.slice(packed.indexOf('['))) as [
    { filename: string; files: { path: string }[] },
  ];
  files = list.map(({ path }) => path);
  mkdirSync(installed(), { recursive: true });
  execFileSync('tar', ['-xzf', join(folder, filename), '-C', installed(), '--strip-components=1']);
  // The registry is not reachable from every machine that runs this: its one dependency is the one we have.
  symlinkSync(join(root, 'node_modules/socket.io-client'), join(folder, 'node_modules/socket.io-client'));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'app', private: true, type: 'module' }));
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is built by packing it, with its licence and types, and every source map has its source', () => {
  expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
  expect(readFileSync(installed('LICENSE'), 'utf8')).toBe(readFileSync('LICENSE', 'utf8'));
  const { exports, dependencies } = JSON.parse(readFileSync(installed('package.json'), 'utf8'));
  for (const { types, default: script } of Object.values(exports) as { types: string; default: string }[])
    expect(files).toEqual(expect.arrayContaining([normalize(types), normalize(script)]));
  expect(Object.keys(dependencies)).toEqual(['socket.io-client']);
  const maps = files.filter((path) => path.endsWith('.map'));
  for (const map of maps) {
    const { sources } = JSON.parse(readFileSync(installed(map), 'utf8')) as { sources: string[] };
    for (const source of sources) expect(files).toContain(normalize(join(dirname(map), source)));
  }
  expect(maps.length).toBeGreaterThan(0);
  const tests = readdirSync(installed(), { recursive: true }).filter((path) => /test|tsbuildinfo/.test(String(path)));
  expect(tests).toEqual([]);
});

/** The first example of the README, with what it leaves to the app. */
const example = () => {
  const [, code = ''] = /```ts\n([\s\S]*?)```/.exec(readFileSync(installed('README.md'), 'utf8')) ?? [];
  return code;
};

it.each(['bundler', 'nodenext'])(
  'its example type-checks strictly, and a slip in it does not, with %s',
  async (kind) => {
    const given = 'declare const email: string, password: string, tableId: string, itemId: string;\n';
    const check = async (code: string) => {
      writeFileSync(join(folder, 'app.ts'), given + code);
      const options = ['--module', kind === 'bundler' ? 'esnext' : kind, '--moduleResolution', kind];
      const lib = ['--target', 'es2022', '--lib', 'es2023,dom', '--types', ''];
      const tsc = [resolve('node_modules/typescript/bin/tsc'), '--noEmit', '--strict', ...options, ...lib, 'app.ts'];
      return run(process.execPath, tsc, { cwd: folder }).then(
        () => '',
        (error: { stdout: string }) => error.stdout,
      );
    };
    expect(example()).toContain("send('order:place'");
    expect(await check(example())).toBe('');
    expect(await check(example().replace("'order:place'", "'order:plaice'"))).toContain('order:plaice');
  },
  240_000,
);

describe('against a server', () => {
  let brigade: Brigade;
  beforeAll(async () => {
    brigade = await startBrigade();
  });
  afterAll(() => brigade?.stop());

  it('its example runs as it stands', async () => {
    const service = await openService(brigade);
    const { id: tableId } = await service.table();
    const login = { email: `waiter-${Date.now()}@example.com`, password: 'four tables by the window' };
    await service.house.owner.must('staff:create', { name: 'Wanda', role: 'waiter', ...login });
    const given = { ...login, tableId, itemId: service.water };
    const names = Object.keys(given).join(', ');
    const code = example().replaceAll('http://brigade.local:3000', brigade.url);
    const end = '\nconsole.log(order.status); await client.close();';
    writeFileSync(join(folder, 'app.mjs'), `const { ${names} } = ${JSON.stringify(given)};\n${code}${end}`);
    const { stdout } = await run(process.execPath, ['app.mjs'], { cwd: folder });
    expect(stdout).toMatch(/open orders\nopen\n$/);
    await service.house.close();
  });
});
