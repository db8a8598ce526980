import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Program } from './harness/program.js';

/** The pages that tell somebody what to type. Decision records and the change log tell what was. */
const pages = execFileSync('git', ['ls-files', '*.md'], { encoding: 'utf8' })
  .trim()
  .split('\n')
  .filter((page) => !/^docs\/adr\/|CHANGELOG|^docs\/field\.md/.test(page));

const PROGRAMS = 'npm|npx|node|curl|openssl|docker|git|\\.ci/run';

/** Each command of a page: the lines of its shell blocks, and what stands in backticks and begins with a program. */
function commandsIn(page: string): string[] {
  const text = readFileSync(page, 'utf8');
  const blocks = [...text.matchAll(/^```(?:sh|bash|console)\n([\s\S]*?)^```/gm)].flatMap(([, body = '']) =>
    body.replace(/\\\n\s*/g, '').split('\n'),
  );
  const inline = [
    ...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(new RegExp(`\`((?:${PROGRAMS}) [^\`]+|\\.ci/run)\``, 'g')),
  ];
  const found = [...blocks, ...inline.map(([, command = '']) => command.replaceAll('\n', ' '))];
  return [...new Set(found.map((line) => line.replace(/\s+# .*$/, '').trim()).filter((line) => line !== ''))];
}

/** Who runs a command: this file, another file in which it stands, or nobody here, and why. */
type Proof = 'here' | { file: string; has: RegExp } | { cannot: string };

const ci = (has: RegExp): Proof => ({ file: '.ci/run', has });
const test = (file: string, has: RegExp): Proof => ({ file, has });

const proofs: readonly (readonly [RegExp, Proof])[] = [
  [/^npm ci( && npm test)?$/, ci(/npm test[\s\S]*npm ci/)],
  [/^(npm ci && )?npm start$/, 'here'],
  [/^npm run new-epoch$/, 'here'],
  [/^npm run plan( -- |$)/, 'here'],
  [/^npm run new-pepper$/, test('tests/restored.test.ts', /new-pepper\.js/)],
  [
    /^npm ci && npm run build && npm prune --omit=dev$|^npm ci --omit=dev$/,
    test('tests/deploy.test.ts', /assemble\.js/),
  ],
  [/^npm run build$/, ci(/npm run types/)],
  [/^npm pack --workspace @brigade\/client /, test('tests/client/package.test.ts', /pack/)],
  [
    /^cd \.\.\/my-app && npm install |^npm install \.\.\/brigade\/packages\/client$/,
    test('tests/client/package.test.ts', /install/),
  ],
  [/^node packages\/pocket-mongo\/dist\/cli\.js (backup|check|restore) /, 'here'],
  [/^npx pocket-mongo /, 'here'],
  [/^curl -s localhost:3000\/api\/v1\/auth\/login/, 'here'],
  [/^openssl rand -base64 48$/, 'here'],
  [/^\.ci\/run$/, { cannot: 'it runs this' }],
  [/^npm run contract( -- --check)?$/, ci(/npm run contract -- --check/)],
  [/^npm run format$/, ci(/npm run lint/)],
  [/^npm run imports$/, ci(/npm run imports/)],
  [/^npm run simulate( |$)/, ci(/npm run simulate -- --covers/)],
  [/^npm run faults( |$)/, ci(/npm run faults -- --seeds/)],
  [/^npm run probe( |$)/, ci(/npm run probe -- --short/)],
  [/^npm run faults -- --rounds /, ci(/npm run faults -w packages\/pocket-mongo/)],
  [/^npm run cluster( |$)/, test('tests/cluster.test.ts', /startCluster/)],
  [/^npm run supported -w packages\/pocket-mongo/, ci(/npm run supported -w packages\/pocket-mongo/)],
  [/^docker compose /, { cannot: 'there is no Docker engine where this runs; tests/deploy.test.ts reads the files' }],
  [/^npm run bench( |$)/, { cannot: 'it measures: for a quiet machine, not for a test' }],
  [/^npm install( --package-lock-only)?$/, { cannot: 'it changes the lock file' }],
  [/^npx openapi-typescript /, { cannot: 'it fetches a program that is not ours' }],
];

const proofOf = (command: string): Proof | undefined => proofs.find(([pattern]) => pattern.test(command))?.[1];

const all = pages.flatMap((page) => commandsIn(page).map((command) => ({ page, command })));

describe('the commands of the documents', () => {
  it('are found', () => {
    expect(all.length).toBeGreaterThan(25);
    expect(all).toContainEqual({ page: 'README.md', command: 'npm ci && npm start' });
  });

  it.each(all)('$page: $command', ({ command }) => {
    const proof = proofOf(command);
    expect({ command, proved: proof !== undefined }).toEqual({ command, proved: true });
    if (typeof proof === 'object' && 'file' in proof) expect(readFileSync(proof.file, 'utf8')).toMatch(proof.has);
    const [, script] = /npm run ([\w-]+)/.exec(command) ?? [];
    const [, workspace = '.'] = / -w (\S+)/.exec(command) ?? [];
    const folder = /--rounds/.test(command) ? 'packages/pocket-mongo' : workspace;
    if (script !== undefined)
      expect(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).scripts).toHaveProperty([script]);
  });
});

/** The commands of a page that this file runs, by what they begin with; exactly as they stand. */
function theOne(page: string, beginning: string): string {
  const found = commandsIn(page).filter((command) => command.startsWith(beginning));
  expect({ page, beginning, found: found.length }).toEqual({ page, beginning, found: 1 });
  return found[0] as string;
}

describe('what an operator and an integrator type', () => {
  let folder: string;
  let elsewhere: string;
  let running: Program | undefined;

  /** The checkout as it is, with data and logs of its own. */
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'brigade-documents-'));
    elsewhere = mkdtempSync(join(tmpdir(), 'brigade-somewhere-'));
    const own = ['.git', 'data', 'logs', '.cache', 'coverage'];
    for (const name of readdirSync('.')) if (!own.includes(name)) symlinkSync(resolve(name), join(folder, name));
  });
  afterAll(async () => {
    await running?.end('SIGKILL');
    for (const made of [folder, elsewhere]) rmSync(made, { recursive: true, force: true });
  });

  const { MONGODB_URI: _, CI: _ci, NODE_ENV: _env, ...env } = process.env;
  const shell = async (command: string) =>
    (await promisify(execFile)('bash', ['-c', command], { cwd: folder, env, maxBuffer: 1e8 })).stdout;
  const start = () => {
    running = new Program('npm', ['start'], { cwd: folder, env: { ...env, PORT: '0' } });
    return running;
  };
  const url = (program: Program) => program.printed(/REST +(http\S+?)\/api\/v1/);

  it('start, log in, back up while it runs, check, restore, new epoch, plan', async () => {
    const operator = 'docs/operator.md';
    const tool = 'node packages/pocket-mongo/dist/cli.js';
    const first = start();
    const at = await url(first);

    const logIn = async (base: string) => {
      const written = theOne('docs/pos-integrator.md', 'curl -s localhost:3000/api/v1/auth/login');
      const credentials = ['anna@bistro.example', 'brigade-demo'];
      const typed = written.replace('localhost:3000', base).replaceAll('"…"', () => `"${credentials.shift()}"`);
      return JSON.parse(await shell(typed)) as { data: { accessToken: string; restaurantId: string } };
    };
    const { data } = await logIn(at);
    expect(data.accessToken).toMatch(/^eyJ/);

    const backup = theOne(operator, `${tool} backup`).replace('/somewhere', elsewhere);
    await shell(backup);
    const [file = ''] = readdirSync(elsewhere);
    expect(file).toMatch(/^brigade-\d{4}-\d\d-\d\d$/);
    await first.end('SIGTERM');

    await shell(theOne(operator, `${tool} check`));
    renameSync(join(folder, 'data/db'), join(elsewhere, 'away'));
    const restore = theOne(operator, `${tool} restore`).replace(/\/somewhere\/\S+/, join(elsewhere, file));
    await shell(restore);
    await shell(theOne(operator, 'npm run new-epoch'));
    const plan = theOne(operator, 'npm run plan --').replace("<restaurant's id>", data.restaurantId);
    expect(await shell(plan)).toContain('plus');

    const second = start();
    expect((await logIn(await url(second))).data.restaurantId).toBe(data.restaurantId);
    await second.end('SIGTERM');
  }, 180_000);

  it('a secret', async () => {
    expect((await shell(theOne('docs/operator.md', 'openssl'))).trim().length).toBeGreaterThanOrEqual(64);
  });
});

describe('what a user of pocket-mongo types', () => {
  const page = 'packages/pocket-mongo/README.md';
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pocket-mongo-documents-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** `npx pocket-mongo` finds the program of the workspace; the folders are ours. */
  const typed = (command: string) =>
    command
      .replace('npx pocket-mongo', `${process.execPath} ${resolve('packages/pocket-mongo/dist/cli.js')}`)
      .replace('27017', '0')
      .split(' ');

  it('serve from a folder and from memory, back up, restore, check', async () => {
    const commands = commandsIn(page).filter((command) => command.startsWith('npx pocket-mongo'));
    expect(commands.map((command) => command.split(' ')[2])).toEqual([
      ...['--dir', '--memory', 'backup', 'restore', 'check'],
    ]);
    for (const command of commands) {
      const [program = '', ...args] = typed(command);
      const run = new Program(program, args, { cwd: folder, env: process.env });
      if (command.includes('--port')) {
        await run.printed(/(mongodb:\/\/\S+)/);
        await run.end('SIGTERM');
      } else expect({ command, code: (await run.ended()).code }).toEqual({ command, code: 0 });
    }
  }, 60_000);
});
