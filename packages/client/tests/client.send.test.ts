import { BrigadeProblem } from '../src/problem.js';
import { memoryStorage } from '../src/storage.js';
import { type Received, refused } from './scripted-server.js';
import { type Setup, setUp } from './setup.js';
import { until } from './until.js';

const keysOf = (received: Received[]) => received.map(({ meta }) => meta.key);
const tablesOf = (received: Received[]) => received.map(({ input }) => (input as { table: number }).table);

describe('sending', () => {
  let setup: Setup;
  beforeEach(async () => {
    setup = await setUp();
  });
  afterEach(() => setup.close());

  const orders = () => setup.server.sent('order:place');

  /** Answers messages of this name in turn with these, and then as usual. */
  const answering = (name: string, ...answers: ReturnType<Setup['server']['answer']>[]) => {
    setup.server.answer = (received) => (received.name === name ? answers.shift() : undefined);
  };

  it('gives every command a key, and passes key and version on', async () => {
    const client = setup.client({ ackTimeoutMs: 60_000 });
    answering('order:place', { ok: true, data: { id: 'o1', status: 'open' } });
    expect(await client.send('order:place', { table: 1 })).toEqual({ id: 'o1', status: 'open' });
    await client.send('order:place', { table: 2 }, { key: 'my-key', expectedVersion: 4 });
    expect(orders()[0]?.meta.key).toMatch(/^[\da-f-]{36}$/);
    expect(orders()[1]?.meta).toEqual({ key: 'my-key', expectedVersion: 4 });
  });

  it("rejects with the server's problem, and does not try again", async () => {
    const client = setup.client();
    answering('order:place', refused(409, 'sold_out', { detail: 'No soup left', current: { left: 0 } }));
    const error = await client.send('order:place', { table: 1 }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrigadeProblem);
    expect(error).toMatchObject({
      message: 'No soup left',
      code: 'sold_out',
      status: 409,
      problem: { current: { left: 0 } },
    });
    expect(orders()).toHaveLength(1);
    expect(client.pending).toEqual([]);
  });

  it('sends what the server stumbles over again with its key, and keeps it when that does not pass', async () => {
    const client = setup.client({ ackTimeoutMs: 10_000 });
    const stumble = () => refused(500, 'internal', { requestId: 'r-1' });
    answering('order:place', stumble(), stumble(), { ok: true, data: { id: 'o1', status: 'open' } });
    expect(await client.send('order:place', { table: 1 })).toMatchObject({ id: 'o1' });
    expect(new Set(keysOf(orders()))).toHaveProperty('size', 1);
    expect(orders()).toHaveLength(3);

    setup.server.answer = ({ name }) => (name === 'order:place' ? stumble() : undefined);
    await expect(client.send('order:place', { table: 2 })).rejects.toMatchObject({ code: 'internal' });
    expect(orders()).toHaveLength(3 + 6);
    expect(client.refused).toMatchObject([{ command: { input: { table: 2 } }, problem: { requestId: 'r-1' } }]);
    expect(client.pending).toEqual([]);
  });

  it('sends again with the same key until it is answered: no answer, too busy, still in flight', async () => {
    const client = setup.client();
    answering(
      'order:place',
      'silence',
      refused(503, 'overloaded', { retryAfter: 0 }),
      refused(429, 'rate_limited', { retryAfter: 0.01 }),
      refused(409, 'in_flight'),
      { ok: true, data: { id: 'o1', status: 'open' }, replayed: true },
    );
    expect(await client.send('order:place', { table: 1 })).toMatchObject({ id: 'o1' });
    expect(orders()).toHaveLength(5);
    expect(new Set(keysOf(orders())).size).toBe(1);
  });

  it('sends again after a connection that broke before the answer', async () => {
    const client = setup.client({ ackTimeoutMs: 60_000 });
    await client.ready;
    answering('order:place', 'silence');
    const sent = client.send('order:place', { table: 1 });
    await until('it arrived', () => orders().length === 1);
    setup.server.cut();
    await sent;
    expect(new Set(keysOf(orders())).size).toBe(1);
  });

  it('makes one command of two taps with one key', async () => {
    const client = setup.client();
    answering('order:place', { ok: true, data: { id: 'o1', status: 'open' } });
    const both = [1, 2].map(() => client.send('order:place', { table: 1 }, { key: 'tap' }));
    expect(await Promise.all(both)).toEqual([
      { id: 'o1', status: 'open' },
      { id: 'o1', status: 'open' },
    ]);
    expect(orders()).toHaveLength(1);
  });

  it('refuses a key that another command on its way has', async () => {
    const client = setup.client();
    const first = client.send('order:place', { table: 1 }, { key: 'tap' });
    await expect(client.send('order:place', { table: 2 }, { key: 'tap' })).rejects.toMatchObject({
      code: 'key_in_use',
    });
    await first;
    expect(tablesOf(orders())).toEqual([1]);
  });

  it('queues while offline, and then hands over together and in order', async () => {
    const client = setup.client();
    await client.ready;
    setup.server.cut();
    await until('it noticed', () => client.status === 'offline');
    const sent = [1, 2, 3, 4].map((table) => client.send('order:place', { table }));
    await until('they are queued', () => client.pending.length === 4);
    await Promise.all(sent);
    expect(tablesOf(orders())).toEqual([1, 2, 3, 4]);
    expect(setup.server.sent('sync:submit')).toHaveLength(1);
  });

  it('shows what is pending, as it moves', async () => {
    const client = setup.client();
    await client.ready;
    const told: string[] = [];
    client.onPending((pending) => told.push(pending.map(({ name, state }) => `${name} ${state}`).join()));
    await client.send('order:place', { table: 1 });
    expect([...new Set(told)]).toEqual(['order:place waiting', 'order:place sent', '']);
  });

  it('sends after a reload what was queued before, with its key, before anything new', async () => {
    const storage = memoryStorage();
    const { server } = setup;
    server.admit = () => ({ type: '', title: '', status: 503, code: 'stopping' });
    const before = setup.client({ storage });
    const lost = [1, 2].map((table) => before.send('order:place', { table }).catch((error: BrigadeProblem) => error));
    await until('both are queued', () => before.pending.length === 2);
    const keys = before.pending.map(({ key }) => key);
    before.close();
    expect((await Promise.all(lost)).map((error) => (error as BrigadeProblem).code)).toEqual(['closed', 'closed']);

    server.admit = () => undefined;
    answering('order:place', { ok: true, data: { id: 'o1', status: 'open' } }, refused(409, 'conflict'));
    const after = setup.client({ storage });
    const outcomes: unknown[] = [];
    after.onOutcome(({ command: { key }, awaited, ...result }) => outcomes.push({ key, awaited, ok: result.ok }));
    await after.send('order:place', { table: 3 });
    expect(keysOf(orders()).slice(0, 2)).toEqual(keys);
    expect(tablesOf(orders())).toEqual([1, 2, 3]);
    expect(outcomes).toEqual([
      { key: keys[0], awaited: false, ok: true },
      { key: keys[1], awaited: false, ok: false },
      { key: expect.any(String), awaited: true, ok: true },
    ]);
    const { commands, refused: kept } = JSON.parse((await storage.load()) ?? '');
    expect(commands).toEqual([]);
    expect(kept).toMatchObject([{ command: { key: keys[1] }, problem: { code: 'conflict' } }]);
    expect(after.refused).toMatchObject([{ command: { key: keys[1] }, problem: { code: 'conflict' } }]);
  });

  it('reports a refused stored command when nobody listens for outcomes', async () => {
    const command = { key: 'k', name: 'order:place', input: { table: 1 }, at: 0, expiresAt: Date.now() + 60_000 };
    answering('order:place', refused(409, 'illegal_step'));
    setup.client({ storage: memoryStorage(JSON.stringify({ v: 1, commands: [command] })) });
    await until('it is reported', () => setup.errors.length === 1);
    expect(setup.errors[0]).toMatchObject({ error: { code: 'illegal_step' }, where: 'stored command order:place' });
  });

  it('stores a command before it is sent, and never a PIN', async () => {
    const saved: string[] = [];
    const storage = {
      load: () => null,
      save: async (text: string) => {
        await new Promise((resolve) => setImmediate(resolve));
        saved.push(`${orders().length} sent, ${(JSON.parse(text) as { commands: unknown[] }).commands.length} stored`);
        expect(text).not.toContain('1234');
      },
    };
    const client = setup.client({ storage, ackTimeoutMs: 60_000 });
    await client.send('approval:give', { pin: '1234' });
    await client.send('order:place', { table: 1 });
    await until('both states are saved', () => saved.length === 2);
    expect(saved).toEqual(['0 sent, 1 stored', '1 sent, 0 stored']);
  });

  it('goes on without a storage that fails', async () => {
    const fail = () => {
      throw new Error('quota');
    };
    const client = setup.client({ storage: { load: fail, save: fail } });
    await client.send('order:place', { table: 1 });
    expect(setup.errors[0]).toEqual({ error: new Error('quota'), where: 'storage' });
  });

  it('gives a command up after its time, and says whether it may have been carried out', async () => {
    const client = setup.client({ ackTimeoutMs: 20 });
    await client.ready;
    setup.server.answer = ({ name }) => (name === 'order:place' ? 'silence' : undefined);
    await expect(client.send('order:place', { table: 1 }, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'outcome_unknown',
    });
    await setup.server.close();
    await until('it noticed', () => client.status === 'offline');
    await expect(client.send('order:place', { table: 2 }, { timeoutMs: 20 })).rejects.toMatchObject({
      code: 'expired',
    });
  });

  it('asks a query again within its time, and then fails it', async () => {
    const client = setup.client();
    answering('menu:get', refused(503, 'overloaded'), { ok: true, data: ['soup'] });
    expect(await client.send('menu:get', {})).toEqual(['soup']);
    expect(setup.server.sent('menu:get')[0]?.meta.key).toBeUndefined();
    setup.server.answer = ({ name }) => (name === 'menu:get' ? 'silence' : undefined);
    await expect(client.send('menu:get', {}, { timeoutMs: 30 })).rejects.toMatchObject({ code: 'timed_out_here' });
    answering('menu:get', refused(429, 'rate_limited', { retryAfter: 60 }));
    await expect(client.send('menu:get', {}, { timeoutMs: 500 })).rejects.toMatchObject({ code: 'rate_limited' });
  });

  it('asks a query again after a reconnect', async () => {
    const client = setup.client();
    await client.ready;
    answering('menu:get', 'silence', { ok: true, data: ['soup'] });
    const asked = client.send('menu:get', {});
    await until('it arrived', () => setup.server.sent('menu:get').length === 1);
    setup.server.cut();
    expect(await asked).toEqual(['soup']);
  });

  it('renews an expired token and sends again', async () => {
    let asked = 0;
    const client = setup.client({ token: async () => `t${++asked}` });
    answering('order:place', refused(401, 'token_expired'), { ok: true, data: { id: 'o1', status: 'open' } });
    await client.send('order:place', { table: 1 });
    expect(setup.server.sent('session:renew').map(({ input }) => input)).toEqual([{ accessToken: 't2' }]);
    expect(new Set(keysOf(orders())).size).toBe(1);
  });

  it('makes nothing of an answer that is not one', async () => {
    const client = setup.client();
    answering('menu:get', 'whatever' as never);
    await expect(client.send('menu:get', {})).rejects.toMatchObject({ code: 'incomprehensible', status: 0 });
  });
});
