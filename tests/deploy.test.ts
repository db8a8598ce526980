import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { ConfigError, loadConfig } from '../src/platform/config.js';
import { allVariables } from '../src/platform/config.schema.js';

interface Service {
  image?: string;
  build?: { context: string; dockerfile: string };
  ports?: string[];
  environment?: Record<string, string>;
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

  test('builds in one stage and runs in another', () => {
    expect(compose.services.app!.build).toEqual({ context: '.', dockerfile: 'deploy/Dockerfile' });
    expect(stages).toHaveLength(2);
    expect(last.some((line) => line.startsWith('COPY --from=build '))).toBe(true);
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
