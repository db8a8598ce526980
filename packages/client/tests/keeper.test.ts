import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStorage } from '../src/node.js';
import type { BrigadeProblem } from '../src/problem.js';
import { memoryStorage, type Storage } from '../src/storage.js';
import { refused } from './scripted-server.js';
import { type Setup, setUp } from './setup.js';
import { until } from './until.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-client-'));
});
afterAll(() => {
  // A last write may still be under way.
  rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});

let setup: Setup;
beforeEach(async () => {
  setup = await setUp();
});
afterEach(() => setup.close());

/** A token as the server makes them, unsigned. */
const tokenOf = (sub: string) => `e30.${Buffer.from(JSON.stringify({ sub })).toString('base64url')}.x`;
const orders = () => setup.server.sent('order:place');
const tablesOf = () => orders().map(({ input }) => (input as { table: number }).table);
const noService = () => ({ type: '', title: '', status: 503, code: 'stopping' });

let made = 0;
/** What browsers have is tested in one: tests/client/browser.test.ts. */
const kinds: [string, () => () => Storage][] = [
  [
    'memory',
    () => {
      const storage = memoryStorage();
      return () => storage;
    },
  ],
  [
    'a file',
    () => {
      const path = join(folder, `queue-${made++}.json`);
      return () => fileStorage(path);
    },
  ],
];

describe.each(kinds)('a queue kept in %s', (_name, make) => {
  it('goes out after a reload in order and once, and what was refused stays until it is dismissed', async () => {
    const storage = make();
    setup.server.admit = noService;
    const before = setup.client({ storage: storage(), token: tokenOf('mara') });
    for (const table of [1, 2, 3]) before.send('order:place', { table }).catch(() => undefined);
    await until('all are queued', () => before.pending.length === 3);
    await until('all are stored', async () => ((await storage().load()) ?? '').split('order:place').length === 4);
    await before.close();

    setup.server.admit = () => undefined;
    setup.server.answer = ({ name, input }) =>
      name === 'order:place' && (input as { table: number }).table === 2
        ? refused(409, 'conflict', { detail: 'The bill is paid', current: { status: 'completed' } })
        : undefined;
    const after = setup.client({ storage: storage(), token: tokenOf('mara') });
    const heard: string[] = [];
    after.onOutcome(({ ok, awaited }) => heard.push(`${ok} ${awaited}`));
    await until('all are settled', () => heard.length === 3);
    expect(heard).toEqual(['true false', 'false false', 'true false']);
    expect(tablesOf()).toEqual([1, 2, 3]);
    expect(setup.server.sent('sync:submit')).toHaveLength(1);
    const why = { code: 'conflict', detail: 'The bill is paid', current: { status: 'completed' } };
    const kept = [{ command: { name: 'order:place', input: { table: 2 } }, problem: why }];
    expect(after.refused).toMatchObject(kept);
    await until('it is stored', async () => ((await storage().load()) ?? '').includes('The bill is paid'));
    await after.close();

    const later = setup.client({ storage: storage(), token: tokenOf('mara') });
    await until('it is shown again', () => later.refused.length === 1);
    expect(later.refused).toMatchObject(kept);
    later.dismiss(later.refused[0]?.command.key ?? '');
    expect(later.refused).toEqual([]);
    await until('it is forgotten', async () => !((await storage().load()) ?? '').includes('The bill is paid'));
    expect(tablesOf()).toEqual([1, 2, 3]);
  });

  it('is the queue of who gave it: somebody else leaves it where it is', async () => {
    const storage = make();
    setup.server.admit = noService;
    const mara = setup.client({ storage: storage(), token: tokenOf('mara') });
    mara.send('order:place', { table: 1 }).catch(() => undefined);
    await until('it is stored', async () => ((await storage().load()) ?? '').includes('order:place'));
    await mara.close();

    setup.server.admit = () => undefined;
    const joe = setup.client({ storage: storage(), token: tokenOf('joe') });
    await joe.send('order:place', { table: 2 });
    expect(tablesOf()).toEqual([2]);
    expect(joe.heldForOthers).toBe(1);
    expect(joe.pending).toEqual([]);
    await until(
      'the server was told',
      () => setup.server.sent('session:unsent').length > 0 || setup.server.unsent.length > 0,
    );
    await joe.close();

    const again = setup.client({ storage: storage(), token: tokenOf('mara') });
    await until('it went out', () => tablesOf().length === 2);
    expect(tablesOf()).toEqual([2, 1]);
    expect(again.heldForOthers).toBe(0);
  });
});

it('tells the server how much waits, with the handshake and when it is handed over', async () => {
  const client = setup.client({ token: tokenOf('mara') });
  await client.ready;
  setup.server.admit = noService;
  setup.server.cut();
  await until('it noticed', () => client.status === 'offline');
  const sent = [1, 2].map((table) => client.send('order:place', { table }));
  await until('both are queued', () => client.pending.length === 2);
  const told = () => (setup.server.unsent.at(-1) as { count: number } | undefined)?.count;
  await until('a handshake told of both', () => told() === 2);
  setup.server.admit = () => undefined;
  await Promise.all(sent);
  expect(setup.server.unsent.at(-1)).toMatchObject({ count: 2, ageMs: expect.any(Number) });
  await until('the server knows that nothing is left', () =>
    setup.server.sent('session:unsent').some(({ input }) => (input as { count: number }).count === 0),
  );
});

it('ends when its token becomes somebody else’s, and keeps the queue', async () => {
  const storage = memoryStorage();
  let token = tokenOf('mara');
  const client = setup.client({ storage, token: async () => token });
  await client.ready;
  token = tokenOf('joe');
  setup.server.admit = (given) =>
    given === token ? undefined : { type: '', title: '', status: 401, code: 'token_expired' };
  setup.server.cut();
  const lost = client.send('order:place', { table: 1 }).catch((error: BrigadeProblem) => error.code);
  await until('it ended', () => client.status === 'ended');
  expect(await lost).toBe('closed');
  expect(orders()).toEqual([]);
  expect(await storage.load()).toContain('order:place');
});

it('splits a batch that gets no answer, until single commands tell what is wrong', async () => {
  setup.server.admit = noService;
  const client = setup.client({ token: tokenOf('mara') });
  const sent = [1, 2, 3, 4].map((table) => client.send('order:place', { table }));
  await until('all are queued', () => client.pending.length === 4);
  setup.server.answer = ({ name, input }) => {
    if (name !== 'sync:submit') return undefined;
    const { commands } = input as { commands: unknown[] };
    return commands.length > 1 ? refused(413, 'payload_too_large') : undefined;
  };
  setup.server.admit = () => undefined;
  await Promise.all(sent);
  expect(tablesOf()).toEqual([1, 2, 3, 4]);
});

it('refuses here what no message can carry', async () => {
  const client = setup.client({ token: tokenOf('mara') });
  await client.ready;
  const huge = client.send('order:place', { table: 1, note: 'x'.repeat(4_100_000) } as never);
  await expect(huge).rejects.toMatchObject({ code: 'too_large', status: 0 });
});

it('says so when its file cannot be read, and goes on', async () => {
  const path = join(folder, 'broken.json');
  writeFileSync(path, '{"v":2,');
  const client = setup.client({ storage: fileStorage(path), token: tokenOf('mara') });
  await client.send('order:place', { table: 1 });
  expect(setup.errors[0]).toMatchObject({ where: 'storage' });
});
