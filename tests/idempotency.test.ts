import mongoose from 'mongoose';
import { features } from '../src/features.js';
import { newId } from '../src/kernel/ids.js';
import {
  type Brigade,
  type House,
  metricsOf,
  type Person,
  startBrigade,
  type Transport,
  transports,
} from './harness/index.js';
import { openService, type Service } from './harness/service.js';

let brigade: Brigade;
let service: Service;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  ({ house } = service);
});
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
});

const table = async (seats = 4) => ({ name: `K${newId().slice(-8)}`, seats, sectionId: await section() });
let sectionId: string | undefined;
const section = async () => (sectionId ??= (await house.owner.must('section:create', { name: 'Keys' })).id as string);

/** What is looked at whoever asks for what: heads, what was revoked, and what is due. */
const LOOKED_AT = [
  ...['journalHeads', 'revocations'],
  ...features.flatMap(({ duties }) => duties).flatMap((duty) => (duty.when === 'due' ? [duty.kind.collection] : [])),
];

/** Reads of the database so far. */
const reads = async (): Promise<number> => {
  const text = await metricsOf(brigade.url);
  const found = text.matchAll(/^brigade_database_reads_total\{collection="(\w+)"\} (\d+)$/gm);
  const own = [...found].filter(([, collection = '']) => !LOOKED_AT.includes(collection));
  return own.reduce((sum, [, , count]) => sum + Number(count), 0);
};
const cost = async (work: () => Promise<unknown>): Promise<number> => {
  const before = await reads();
  await work();
  return (await reads()) - before;
};
/** What one of them costs; the server may do something of its own during another, which only adds. */
const least = async <T>(all: readonly T[], work: (one: T) => Promise<unknown>): Promise<number> => {
  const costs: number[] = [];
  for (const one of all) costs.push(await cost(() => work(one)));
  return Math.min(...costs);
};

describe.each(transports)('a key over %s', (transport: Transport) => {
  it('is answered with the first status, headers and body', async () => {
    const input = await table();
    const key = newId();
    const first = await house.owner.via(transport, 'table:create', input, { key });
    const again = await house.owner.via(transport, 'table:create', input, { key });
    expect(first).toMatchObject({ status: 201, replayed: false });
    expect(again).toMatchObject({ status: 201, replayed: true, data: first.data });
    expect(again.headers?.get('etag')).toBe(first.headers?.get('etag'));
    expect(first.headers?.get('idempotency-replayed') ?? null).toBeNull();
    // What has changed since then does not change the answer.
    await house.owner.must('table:update', { tableId: first.data.id, seats: 9 });
    expect((await house.owner.via(transport, 'table:create', input, { key })).data.seats).toBe(4);
  });

  it('is the same over the other transport', async () => {
    const input = await table();
    const key = newId();
    const first = await house.owner.via(transport, 'table:create', input, { key });
    const other = transport === 'rest' ? 'socket' : 'rest';
    expect(await house.owner.via(other, 'table:create', input, { key })).toMatchObject({
      replayed: true,
      data: first.data,
    });
  });

  it('of another input or another operation is refused, and nothing is done', async () => {
    const input = await table();
    const key = newId();
    const { data } = await house.owner.via(transport, 'table:create', input, { key });
    for (const [name, other] of [
      ['table:create', { ...input, seats: 5 }],
      ['table:update', { tableId: data.id, seats: 5 }],
    ] as const) {
      const { status, problem } = await house.owner.via(transport, name, other, { key });
      expect({ status, code: problem?.code }).toEqual({ status: 422, code: 'key_reused' });
      // The first command's answer is nobody's business here.
      expect(JSON.stringify(problem)).not.toContain(input.name);
    }
  });

  it('of two people is two keys', async () => {
    const manager = await house.hire('manager');
    const key = newId();
    const [one, other] = [await table(), await table()];
    const first = await house.owner.via(transport, 'table:create', one, { key });
    const second = await manager.via(transport, 'table:create', other, { key });
    expect(second).toMatchObject({ status: 201, replayed: false });
    expect(second.data.id).not.toBe(first.data.id);
  });

  it('whose author has lost the permission is refused', async () => {
    const manager = await house.hire('manager');
    const input = await table();
    const key = newId();
    await manager.via(transport, 'table:create', input, { key });
    await house.owner.must('staff:update', { staffId: manager.userId, deny: ['floor:write'] });
    const again = await brigadeLogIn(manager);
    const { status, problem, data } = await again.via(transport, 'table:create', input, { key });
    expect({ status, code: problem?.code, data }).toEqual({ status: 403, code: 'forbidden', data: undefined });
    await again.leave();
  });

  it.each([
    ['empty', ''],
    ['too long', 'k'.repeat(129)],
    ['with a space', 'a b'],
    ['beyond ASCII', 'clé'],
    ['beginning with ~', '~mine'],
  ])('that is %s is refused by name', async (what, key) => {
    // An empty header is none, and fetch refuses what no header can hold.
    if (transport === 'rest' && what === 'empty') return;
    const { status, problem } = await house.owner.via(transport, 'table:create', await table(), { key });
    expect(status).toBe(400);
    expect(problem?.errors).toEqual([
      expect.objectContaining({ field: transport === 'rest' ? 'Idempotency-Key' : 'key' }),
    ]);
  });
});

const brigadeLogIn = async ({ login }: Person): Promise<Person> => {
  const { logIn } = await import('./harness/index.js');
  return logIn(brigade.url, login.email, login.password);
};

it('a request id is no key: the same one with two commands makes two things', async () => {
  const headers = {
    authorization: `Bearer ${house.owner.token}`,
    'content-type': 'application/json',
    'x-request-id': 'always-the-same',
  };
  const create = async () => {
    const response = await fetch(`${brigade.url}/api/v1/tables`, {
      method: 'POST',
      headers,
      body: JSON.stringify(await table()),
    });
    return response.status;
  };
  expect([await create(), await create()]).toEqual([201, 201]);
});

describe('a replay', () => {
  it('costs no read while its reply is in memory, and one after that; a read costs one', async () => {
    const made = await Promise.all(Array.from({ length: 3 }, async () => ({ input: await table(), key: newId() })));
    const replay = ({ input, key }: (typeof made)[number]) => house.owner.rest('table:create', input, { key });
    for (const one of made) await replay(one);
    expect(await least(made, replay)).toBe(0);
    for (let i = 0; i < 110; i += 1)
      await house.owner.must('section:update', { sectionId: await section(), name: `S${i}` }, { key: newId() });
    const replayed = { status: 201, replayed: true };
    expect(await least(made, async (one) => expect(await replay(one)).toMatchObject(replayed))).toBe(1);
  });

  it('is kept as long as the journal: a week, unless set otherwise, and never less than a day', async () => {
    const indexes = await mongoose.connection.collection('journal').indexes();
    expect(indexes.find(({ name }) => name === 'retention')).toMatchObject({
      key: { at: 1 },
      expireAfterSeconds: 7 * 86_400,
    });
    expect(indexes.find(({ name }) => name === 'command_once')).toMatchObject({ unique: true });
    await expect(startBrigade({ JOURNAL_RETENTION_DAYS: '0' })).rejects.toThrow(/JOURNAL_RETENTION_DAYS/);
  });
});
