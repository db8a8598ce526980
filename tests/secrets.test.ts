import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { features } from '../src/features.js';
import { isSecretName } from '../src/platform/log-masking.js';
import { type Brigade, callRest, type House, openHouse, startBrigade, until } from './harness/index.js';

interface Described {
  type: string;
  metas?: { secret?: boolean }[];
  keys?: Record<string, Described>;
  items?: Described[];
  matches?: { schema?: Described }[];
}

/** Every text field of a schema, with its path and whether it is marked secret. */
function texts(described: Described, path = ''): { path: string; secret: boolean }[] {
  const secret = described.metas?.some((meta) => meta.secret) === true;
  const inside = [
    ...Object.entries(described.keys ?? {}).map(([key, field]) => [field, `${path}.${key}`] as const),
    ...[...(described.items ?? []), ...(described.matches ?? []).flatMap(({ schema }) => schema ?? [])].map(
      (one) => [one, path] as const,
    ),
  ];
  return [
    ...(described.type === 'string' || secret ? [{ path, secret }] : []),
    ...inside.flatMap(([field, at]) => texts(field, at)),
  ];
}

const operations = features.flatMap((feature) => feature.operations);
const events = features.flatMap((feature) => feature.events);
const secretsOf = (schema: { describe(): unknown }) =>
  texts(schema.describe() as Described).filter((one) => one.secret);

describe('declarations', () => {
  test('mark as secret what has the name of one, and only that', () => {
    for (const { name, input, output } of operations)
      for (const schema of [input, output])
        for (const { path, secret } of texts(schema.describe() as Described))
          expect({ name, path, secret }).toEqual({ name, path, secret: isSecretName(path.split('.').at(-1) ?? '') });
    expect(operations.filter(({ input }) => secretsOf(input).length > 0).length).toBeGreaterThanOrEqual(6);
  });

  test('announce no secret, and answer none from a command of a restaurant’s lane', () => {
    for (const { name, payload } of events) expect([name, secretsOf(payload)]).toEqual([name, []]);
    const answering = operations.filter(({ kind, output }) => kind === 'command' && secretsOf(output).length > 0);
    // These run in account lanes, which keep no journal.
    expect(answering.map(({ name }) => name).sort()).toEqual(['auth:login', 'auth:pin-login', 'auth:refresh']);
  });
});

describe('secrets that people typed', () => {
  const logDir = mkdtempSync(join(tmpdir(), 'brigade-secrets-'));
  const [first, second, third] = ['the first of three phrases', 'the second of three phrases', 'and the very last one'];
  const [pin, otherPin] = ['73915284', '59274618'];
  let brigade: Brigade;
  let house: House;
  beforeAll(async () => {
    brigade = await startBrigade({ LOG_DIR: logDir, LOG_LEVEL: 'debug' });
    house = await openHouse(brigade);
  });
  afterAll(async () => {
    await house?.close();
    await brigade?.stop();
    rmSync(logDir, { recursive: true, force: true });
  });

  const database = async () => {
    const collections = await mongoose.connection.db?.collections();
    const contents = await Promise.all((collections ?? []).map((one) => one.find().toArray()));
    return JSON.stringify(contents);
  };
  const logs = () =>
    readdirSync(logDir)
      .filter((name) => name.endsWith('.log'))
      .map((name) => readFileSync(join(logDir, name), 'utf8'))
      .join('');

  test('are nowhere in the database or the logs, nor in what an entry is recognised by', async () => {
    const { owner } = house;
    const email = 'typed@example.com';
    const { id } = await owner.must('staff:create', { name: 'Typed', role: 'waiter', email, password: first, pin });
    const device = await owner.must('device:pair', { name: 'Bar', kind: 'waiter' });
    const { deviceToken } = await owner.must('device:token', { deviceId: device.id });
    await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, pin });
    const { data } = await callRest(brigade.url, undefined, 'auth:login', { email, password: first });
    await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken: data.refreshToken });
    await owner.must('staff:set-pin', { staffId: id, pin: otherPin });
    for (const password of [second, third]) await owner.must('staff:set-password', { staffId: id, password });
    await until('the last request is in the log', () => logs().split('staff:set-password').length > 2);
    const secrets = [first, second, third, pin, otherPin, deviceToken, data.refreshToken, data.accessToken];
    for (const [place, text] of [['database', await database()] as const, ['logs', logs()] as const])
      for (const secret of secrets) expect([place, secret, text.includes(secret)]).toEqual([place, secret, false]);

    const entries = await mongoose.connection.collection('journal').find({ operation: 'staff:set-password' }).toArray();
    const prints = entries.map(({ fingerprint }) => fingerprint);
    expect(prints).toHaveLength(2);
    expect(prints[0]).toBe(prints[1]);
  });

  test('a command repeated with its key is given its first answer', async () => {
    const key = 'set-once';
    const { userId: staffId } = await house.hire('waiter');
    expect(await house.owner.rest('staff:set-password', { staffId, password: first }, { key })).toMatchObject({
      status: 200,
    });
    const again = await house.owner.rest('staff:set-password', { staffId, password: first }, { key });
    expect(again).toMatchObject({ status: 200, replayed: true });
    const { userId: other } = await house.hire('waiter');
    const elsewhere = await house.owner.rest('staff:set-password', { staffId: other, password: first }, { key });
    expect(elsewhere.problem?.code).toBe('key_reused');
  });
});
