import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { ConfigError, loadConfig } from '../src/platform/config.js';
import { allVariables } from '../src/platform/config.schema.js';
import { until } from './harness/until.js';

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  ports?: string[];
  environment?: Record<string, string>;
  env_file?: { path: string; required: boolean }[];
  networks: string[];
  command?: string[];
  healthcheck?: { test: string[] };
  depends_on?: Record<string, { condition: string }>;
}

interface Compose {
  services: Record<string, Service>;
  networks: Record<string, { internal?: boolean }>;
}

const composeText = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(composeText) as Compose;
const dockerfile = readFileSync('deploy/Dockerfile', 'utf8').replace(/\\\n\s*/g, '');
const instructions = dockerfile.split('\n').filter((line) => /^[A-Z]+ /.test(line));
const table = allVariables().map(({ variable }) => variable);
const names = new Set(table.map((variable) => variable.name));

/** Compose's own substitution: `${NAME:-fallback}` and `${NAME:?why}`. */
function substitute(text: string, env: Record<string, string>): string {
  return text.replace(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name: string, kind: string | undefined, rest: string) => {
    const value = env[name];
    if (value !== undefined && value !== '') return value;
    if (kind === '?') throw new Error(`${name}: ${rest}`);
    return kind === '-' ? rest : '';
  });
}

function appEnvironment(env: Record<string, string>): Record<string, string> {
  const given = compose.services.app!.environment!;
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, substitute(value, env)]));
}

function composeErrors(document: unknown): string[] {
  const { $schema, ...schema } = JSON.parse(readFileSync('tests/fixtures/compose-spec.schema.json', 'utf8'));
  // The schema names draft 07 by its https address, which ajv knows as http.
  expect($schema).toBe('https://json-schema.org/draft-07/schema');
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats.default(ajv);
  const validate = ajv.compile(schema);
  validate(document);
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}

describe('docker-compose.yml', () => {
  test('fits the Compose Specification', () => {
    expect(composeErrors(compose)).toEqual([]);
  });

  test('would be refused with a misspelt key or a wrong type', () => {
    const misspelt = structuredClone(compose) as unknown as { services: Record<string, Record<string, unknown>> };
    misspelt.services.app!.enviroment = {};
    misspelt.services.redis!.ports = 6379;
    const errors = composeErrors(misspelt).join('\n');
    expect(errors).toMatch(/\/services\/app must NOT have additional properties/);
    expect(errors).toMatch(/\/services\/redis\/ports must be array/);
  });

  test('uses only variables of the table of settings', () => {
    const used = [...composeText.matchAll(/\$\{(\w+)/g)].map((match) => match[1]!);
    expect(used.length).toBeGreaterThan(0);
    expect([...used, ...Object.keys(compose.services.app!.environment!)].filter((name) => !names.has(name))).toEqual(
      [],
    );
  });

  test('does not start without each required secret, and says which', () => {
    const required = table.filter((variable) => variable.generatedBytes !== undefined).map((variable) => variable.name);
    const all = Object.fromEntries(required.map((name) => [name, 'x'.repeat(48)]));
    expect(required).toEqual(['JWT_SECRET', 'PIN_PEPPER']);
    for (const name of required) expect(() => appEnvironment({ ...all, [name]: '' })).toThrow(name);
  });

  test('gives the app an environment that boot accepts', () => {
    const secrets = { JWT_SECRET: 'x'.repeat(48), PIN_PEPPER: 'y'.repeat(48) };
    const config = loadConfig({ env: appEnvironment(secrets), file: false });
    expect(config.server).toMatchObject({ env: 'production', host: '0.0.0.0', port: 3000, publicUrl: undefined });
    expect(config.database.uri).toBe('mongodb://mongodb:27017/?replicaSet=rs0');
    expect(config.redis.url).toBe('redis://redis:6379');
    expect(config.features.demo).toBe(false);
    // What somebody writes into the .env beside it arrives, whichever setting it is.
    expect(compose.services.app!.env_file).toEqual([{ path: '.env', required: false }]);
    const written = { JOURNAL_RETENTION_DAYS: '30', RATE_LIMIT_WRITE: '7/1m', HOST: '192.0.2.1', PORT: '80' };
    const given = loadConfig({ env: { ...written, ...appEnvironment({ ...secrets, ...written }) }, file: false });
    expect(given.database.journalRetentionDays).toBe(30);
    expect(given.limits.write).toEqual({ points: 7, seconds: 60 });
    expect(given.server).toMatchObject({ host: '0.0.0.0', port: 3000 });
    const wrong = appEnvironment({ ...secrets, TRUST_PROXY: 'yes' });
    expect(() => loadConfig({ env: wrong, file: false })).toThrow(ConfigError);
  });

  test('publishes the app alone, on this machine by default, and closes the databases in', () => {
    const published = Object.entries(compose.services).filter(([, service]) => service.ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(['app']);
    expect(compose.services.app!.ports!.map((port) => substitute(port, {}))).toEqual(['127.0.0.1:3000:3000']);
    expect(compose.services.mongodb!.networks).toEqual(['back']);
    expect(compose.services.redis!.networks).toEqual(['back']);
    expect(compose.networks.back!.internal).toBe(true);
  });

  test('runs MongoDB 8 as a replica set that the app waits for', () => {
    const mongodb = compose.services.mongodb!;
    expect(mongodb.image).toBe('mongo:8');
    expect(mongodb.command!.join(' ')).toContain('--replSet rs0');
    expect(mongodb.command!.join(' ')).toContain('--setParameter transactionLifetimeLimitSeconds=10');
    const script = mongodb.healthcheck!.test.at(-1)!;
    expect(script).toContain('rs.initiate({ _id: "rs0"');
    expect(() => new Function(script)).not.toThrow();
    expect(compose.services.app!.depends_on!.mongodb!.condition).toBe('service_healthy');
  });
});

describe('Dockerfile', () => {
  const stages = instructions.filter((line) => line.startsWith('FROM '));
  const last = instructions.slice(instructions.lastIndexOf(stages.at(-1)!));

  test('is of a Node that is still mended, and everything else works with it too', () => {
    // Node 20 had its end in April 2026, 22 has it in April 2027, 24 in April 2028.
    expect(dockerfile).toMatch(/^ARG NODE=node:24-slim$/m);
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as { engines: { node: string } };
    expect(engines.node).toBe('>=20.19');
  });

  test('builds in one stage and runs in another', () => {
    expect(compose.services.app!.build).toEqual({ context: '.', dockerfile: 'deploy/Dockerfile' });
    expect(stages).toHaveLength(2);
    expect(last.filter((line) => line.startsWith('COPY '))).toEqual(['COPY --from=build /image ./']);
    expect(last.filter((line) => /npm|tsc/.test(line))).toEqual([]);
  });

  test('does not run as root', () => {
    expect(last.filter((line) => line.startsWith('USER '))).toEqual(['USER node']);
    expect(last.findIndex((line) => line.startsWith('USER '))).toBeLessThan(
      last.findIndex((line) => line.startsWith('CMD ')),
    );
  });

  test('holds no secret', () => {
    const secrets = table.filter((variable) => variable.secret).map((variable) => variable.name);
    expect(secrets.filter((name) => dockerfile.includes(name))).toEqual([]);
    expect(readFileSync('.dockerignore', 'utf8').split('\n')).toEqual(
      expect.arrayContaining(['.env*', 'data', 'logs']),
    );
  });

  test.each([
    [200, 0],
    [503, 1],
  ])('its health check turns a %i of /readyz into exit %i', async (status, exit) => {
    const check = last.find((line) => line.startsWith('HEALTHCHECK '))!;
    const [program, ...args] = JSON.parse(check.slice(check.indexOf('['))) as [string, ...string[]];
    expect(program).toBe('node');
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.writeHead(status).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const PORT = String((server.address() as AddressInfo).port);
    const [code] = await once(spawn(process.execPath, args, { env: { PORT } }), 'exit');
    server.close();
    expect(asked).toEqual(['/readyz']);
    expect(code).toBe(exit);
  });
});

describe('what runs in the image', () => {
  const staging = mkdtempSync(join(tmpdir(), 'brigade-image-'));
  const image = join(staging, 'image');
  const run = (args: string[], env: Record<string, string> = {}) =>
    spawnSync(process.execPath, args, { cwd: image, encoding: 'utf8', env: { ...clean, ...env } });
  const { PATH } = process.env;
  const clean = {
    PATH,
    NODE_ENV: 'production',
    JWT_SECRET: 'x'.repeat(48),
    PIN_PEPPER: 'y'.repeat(48),
    DATA_DIR: 'data',
  };

  beforeAll(() => {
    // As after `npm ci && npm run build` of the Dockerfile, with links in place of copies.
    for (const path of ['package.json', 'package-lock.json', '.npmrc', 'start.js', 'LICENSE', 'docs/contract'])
      cpSync(path, join(staging, path), { recursive: true });
    for (const path of ['dist', 'deploy', 'packages']) cpSync(path, join(staging, path), { recursive: true });
    execFileSync('cp', ['-al', 'node_modules', staging]);
    // npm writes this one in place.
    rmSync(join(staging, 'node_modules/.package-lock.json'));
    execFileSync(process.execPath, ['deploy/assemble.js', image], { cwd: staging, stdio: 'pipe' });
  }, 120_000);
  afterAll(() => rmSync(staging, { recursive: true, force: true }));

  test('is the server and nothing of the workshop', () => {
    const files = readdirSync(image, { recursive: true, encoding: 'utf8' });
    const ours = files.filter((name) => !name.startsWith('node_modules'));
    expect(ours).toEqual(expect.arrayContaining(['dist/src/main.js', 'start.js', 'LICENSE']));
    expect(
      ours.filter((name) =>
        /\.test\.|\.map$|\.ts$|^dist\/(?!src)|(?:^|\/)(?:bench|faults|simulate|tests)(?:\/|$)/.test(name),
      ),
    ).toEqual([]);
    const packages = new Set(files.filter((name) => /^node_modules\/(?:@[^/]+\/)?[^/@.]+$/.test(name)));
    for (const workshop of ['typescript', 'jest', 'react-dom', 'jsdom', 'moment'])
      expect(packages).not.toContain(`node_modules/${workshop}`);
    expect(packages).toContain('node_modules/mongoose');
    expect(packages.size).toBeLessThan(260);
  });

  test('starts, serves its pages, and stops', async () => {
    const child = spawn(process.execPath, ['dist/src/main.js'], {
      cwd: image,
      env: { ...clean, HOST: '127.0.0.1', PORT: '0' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const url = await until('it serves', () => /serves at (http:\S+?)"/.exec(output)?.[1]);
    for (const path of ['/readyz', '/docs', '/docs/events', '/docs/assets/reference.js'])
      expect({ path, status: (await fetch(`${url}${path}`)).status }).toEqual({ path, status: 200 });
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(output).toContain('Brigade has stopped');
  }, 60_000);

  test("has the operator's programs, without a compiler", () => {
    const epoch = run(['start.js', 'new-epoch']);
    expect(epoch).toMatchObject({ status: 0, stdout: expect.stringContaining('0 restaurant(s)') });
    expect(run(['start.js', 'plan', 'a'.repeat(24), 'plus'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('There is no restaurant'),
    });
    const tool = 'packages/pocket-mongo/dist/cli.js';
    expect(run([tool, 'backup', '--dir', 'data/db', '--to', 'copy'])).toMatchObject({ status: 0 });
    expect(run([tool, 'check', '--dir', 'data/db'])).toMatchObject({ status: 0 });
    expect(run([tool, 'restore', '--from', 'copy', '--dir', 'again/db'])).toMatchObject({ status: 0 });
  }, 60_000);

  test('says what to do where nothing is built', () => {
    const bare = join(staging, 'bare');
    mkdirSync(join(bare, 'src'), { recursive: true });
    cpSync('start.js', join(bare, 'start.js'));
    cpSync('package.json', join(bare, 'package.json'));
    const { status, stderr } = spawnSync(process.execPath, ['start.js'], { cwd: bare, encoding: 'utf8' });
    expect({ status, lines: stderr.trim().split('\n') }).toEqual({
      status: 1,
      lines: [expect.stringContaining('run "npm ci && npm run build" once')],
    });
  });
});
