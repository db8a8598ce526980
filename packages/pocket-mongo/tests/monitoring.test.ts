import { Long, MongoClient, type Timestamp } from 'mongodb';
import { createServer } from 'pocket-mongo';
import { openDatabase, until } from './database.js';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

test('drivers are told of the end of the server while they wait, not at their next look', async () => {
  const server = await createServer({ memory: true });
  const client = new MongoClient(server.uri, { heartbeatFrequencyMS: 60_000 });
  closers.push(
    () => client.close(),
    () => server.close(),
  );
  const awaited: boolean[] = [];
  const types: string[] = [];
  client.on('serverHeartbeatStarted', (event) => awaited.push(event.awaited));
  client.on('serverDescriptionChanged', (event) => types.push(event.newDescription.type));
  await client.connect();
  await until(async () => awaited.includes(true), 'the monitor waits for changes');
  expect(types.at(-1)).toBe('RSPrimary');
  // Also: a server that waits on behalf of a client can be closed at once.
  await server.close();
  await until(async () => types.at(-1) === 'Unknown', 'the driver knows that the server is gone');
});

test('hello answers again and again to a client that waits', async () => {
  const { server, close } = await openDatabase();
  const client = new MongoClient(server.uri, { heartbeatFrequencyMS: 500 });
  closers.push(() => client.close(), close);
  let succeeded = 0;
  client.on('serverHeartbeatSucceeded', ({ awaited }) => {
    if (awaited) succeeded++;
  });
  await client.connect();
  await until(async () => succeeded >= 3, 'three answers to one question');
});

test('hello says when the last write was, which read preferences with a bound of staleness ask for', async () => {
  const { db, close } = await openDatabase();
  closers.push(close);
  const { operationTime } = await db.command({ insert: 'c', documents: [{}] });
  const { lastWrite } = await db.command({ hello: 1 });
  const opTime = { ts: operationTime, t: 1 };
  const date = new Date((operationTime as Timestamp).t * 1000);
  expect(lastWrite).toEqual({ opTime, lastWriteDate: date, majorityOpTime: opTime, majorityWriteDate: date });
});

test('hello waits for the version it is given, and says what is wrong with it', async () => {
  const { db, close } = await openDatabase();
  closers.push(close);
  const { topologyVersion } = await db.command({ hello: 1 });
  const waiting = await db.command({ hello: 1, topologyVersion, maxAwaitTimeMS: 10 });
  expect(waiting).toMatchObject({ isWritablePrimary: true, topologyVersion });
  const before = { processId: topologyVersion.processId, counter: Long.fromNumber(topologyVersion.counter - 1) };
  // Were this to wait, the test would.
  await db.command({ hello: 1, topologyVersion: before, maxAwaitTimeMS: 600_000 });
  const wrong = [{ topologyVersion }, { maxAwaitTimeMS: 1 }, { topologyVersion, maxAwaitTimeMS: -1 }];
  for (const fields of wrong)
    await expect(db.command({ hello: 1, ...fields })).rejects.toMatchObject({ code: expect.any(Number) });
  const later = { processId: topologyVersion.processId, counter: Long.fromNumber(topologyVersion.counter + 1) };
  await expect(db.command({ hello: 1, topologyVersion: later, maxAwaitTimeMS: 1 })).rejects.toMatchObject({
    code: 31382,
  });
});
