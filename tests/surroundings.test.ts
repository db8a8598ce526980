import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createServer as createDatabase } from 'pocket-mongo';
import { callRest } from './harness/index.js';
import { OwnProcess } from './harness/process.js';

let folder: string;
const servers: OwnProcess[] = [];
const server = (env: Record<string, string>) => {
  const made = new OwnProcess({ FEATURE_DEMO: 'false', LOG_DIR: 'none', ...env });
  servers.push(made);
  return made;
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-around-'));
});
afterEach(async () => {
  for (const one of servers.splice(0)) await one.remove();
  rmSync(folder, { recursive: true, force: true });
});

/** One of our programs, run to its end. */
function program(name: string, env: NodeJS.ProcessEnv, ...args: string[]) {
  const { MONGODB_URI: _, ...inherited } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [resolve(`dist/src/${name}.js`), ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...inherited, NODE_ENV: 'development', ...env },
  });
  return { status, said: stderr.trim().split('\n') };
}

describe('where something around it is wrong, it says so in a sentence and ends with 1', () => {
  it.each<[string, () => Record<string, string>, RegExp]>([
    [
      'a log folder that cannot be made',
      () => ({ LOG_DIR: join(folder, 'file', 'logs') }),
      /^LOG_DIR: the folder .*\(a file is in its way\)/,
    ],
    [
      'a database that does not answer',
      () => ({ MONGODB_URI: 'mongodb://me:hunter2@127.0.0.1:9/?replicaSet=rs0' }),
      /^MONGODB_URI: the database at 127\.0\.0\.1:9 does not answer \(/,
    ],
    [
      'an address of another machine',
      () => ({ HOST: '192.0.2.1' }),
      /^HOST: 192\.0\.2\.1 is no address of this machine/,
    ],
    [
      'a data folder that cannot be made',
      () => ({ DATA_DIR: join(folder, 'file', 'data') }),
      /secrets\.json: cannot be read or written|cannot be opened/,
    ],
    [
      'a data folder that is none',
      () => ({ DATA_DIR: join(folder, 'half'), PIN_PEPPER: 'p'.repeat(32), JWT_SECRET: 'j'.repeat(32) }),
      /^The embedded database in .*half.db cannot be opened: /,
    ],
  ])(
    '%s',
    async (_what, env, sentence) => {
      writeFileSync(join(folder, 'file'), '');
      mkdirSync(join(folder, 'half'));
      writeFileSync(join(folder, 'half', 'db'), '');
      const started = server(env());
      expect(await started.startInVain()).toBe(1);
      const said = started.output
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('{'));
      expect(said.join('\n')).toMatch(sentence);
      expect(said.length).toBeLessThanOrEqual(2);
      expect(started.output).not.toMatch(/^ +at |hunter2/m);
    },
    60_000,
  );

  it('a port that is taken, and the stack where LOG_LEVEL asks for it', async () => {
    const taken = createServer();
    const port = await new Promise<number>((done) => {
      taken.listen(0, '127.0.0.1', () => done((taken.address() as { port: number }).port));
    });
    const started = server({ PORT: String(port) });
    expect(await started.startInVain()).toBe(1);
    expect(started.output.trim()).toBe(
      `PORT: another program listens on 127.0.0.1:${port}. Stop it, or set another PORT.`,
    );
    const asked = server({ PORT: String(port), LOG_LEVEL: 'debug' });
    expect(await asked.startInVain()).toBe(1);
    expect(asked.output).toMatch(/another program listens[\s\S]*\n +at /);
    taken.close();
  }, 60_000);

  it('a data folder in use: for a second server, new-epoch and plan', async () => {
    const first = server({});
    await first.start();
    const DATA_DIR = first.file('data');
    const second = server({ DATA_DIR });
    expect(await second.startInVain()).toBe(1);
    for (const said of [
      second.output.trim().split('\n'),
      program('new-epoch', { DATA_DIR }).said,
      program('set-plan', { DATA_DIR }, 'a'.repeat(24), 'plus').said,
    ]) {
      expect(said).toHaveLength(1);
      expect(said[0]).toMatch(
        /^The embedded database in .* is in use by process \d+: one process per folder\. Stop it/,
      );
    }
    expect(program('new-epoch', { DATA_DIR }).status).toBe(1);
  }, 60_000);

  it('a plan that is none, or of no restaurant', () => {
    expect(program('set-plan', {}, 'a'.repeat(24), 'royal')).toEqual({
      status: 1,
      said: ["npm run plan -- <restaurant's id> <standard | plus | enterprise>"],
    });
    const nobody = program('set-plan', {}, 'a'.repeat(24), 'plus');
    expect(nobody).toEqual({ status: 1, said: [`There is no restaurant ${'a'.repeat(24)}.`] });
  });
});

describe('the demo', () => {
  it('is made under limits that would stop a person', async () => {
    const tight = {
      RATE_LIMIT_WRITE: '1/1h',
      RATE_LIMIT_READ: '1/1h',
      RATE_LIMIT_RESTAURANT: '1/1h',
      RATE_LIMIT_ANONYMOUS: '1/1h',
    };
    const url = await server({ FEATURE_DEMO: 'true', ...tight }).start();
    const login = { email: 'olivia@bistro.example', password: 'brigade-demo' };
    expect(await callRest(url, undefined, 'auth:login', login)).toMatchObject({ status: 200 });
  }, 60_000);
});

describe('a data folder', () => {
  it.each(['100% #1?', 'Café à la minute & "co"', '%2F%41', 'x'.repeat(110), 'données/'.repeat(12)])(
    'may be called %j',
    async (name) => {
      const url = await server({ DATA_DIR: join(folder, name) }).start();
      expect((await fetch(`${url}/readyz`)).status).toBe(200);
    },
    60_000,
  );

  it('may be given from where one stands, and the database in it is then reached by other drivers too', async () => {
    const database = await createDatabase({ dir: join(folder, '100%') });
    const url = await server({ MONGODB_URI: database.uri }).start();
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    await server({ DATA_DIR: './100% of it' }).start();
    await servers[0]?.remove();
    await database.close();
  }, 60_000);
});
