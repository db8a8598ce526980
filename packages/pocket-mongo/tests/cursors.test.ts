import { type Document, Int32, Long } from 'mongodb';
import { openDatabase, type Thing, until } from './database.js';
import { Wire } from './wire.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let wire: Wire;
beforeAll(async () => {
  database = await openDatabase({ memory: true, sweepIntervalMs: 20 });
  wire = await Wire.open(database.server.uri);
});
afterAll(async () => {
  wire.close();
  await database.close();
});
beforeEach(() => database.db.dropDatabase());

const things = () => database.db.collection<Thing>('things');
const send = (command: Document) => wire.command({ ...command, $db: 'test' });
const insert = (...ids: number[]) => things().insertMany(ids.map((_id) => ({ _id })));
const more = (id: Long, fields: Document = {}) => send({ getMore: id, collection: 'things', ...fields });
const idsOf = (batch: Thing[]) => batch.map(({ _id }) => _id);

async function open(fields: Document = {}): Promise<Long> {
  const { cursor } = await send({ find: 'things', batchSize: new Int32(1), ...fields });
  return cursor.id as Long;
}

describe('a tailable cursor', () => {
  const capped = (max = 100) => database.db.createCollection('things', { capped: true, size: 100_000, max });

  test('goes on with what is inserted later, in the order of insertion', async () => {
    await capped();
    await insert(5, 3);
    const { cursor } = await send({ find: 'things', tailable: true });
    expect(idsOf(cursor.firstBatch)).toEqual([5, 3]);
    expect(cursor.id.isZero()).toBe(false);
    expect((await more(cursor.id)).cursor).toMatchObject({ nextBatch: [], id: cursor.id });
    await insert(4, 1);
    expect(idsOf((await more(cursor.id)).cursor.nextBatch)).toEqual([4, 1]);
  });

  test('with awaitData waits at its end until there is something, and shows what the filter lets through', async () => {
    await capped();
    await insert(1);
    const stream = things().find({ _id: { $gt: 1 } }, { tailable: true, awaitData: true, maxAwaitTimeMS: 10_000 });
    const next = stream.next();
    await insert(0, 7);
    expect(await next).toEqual({ _id: 7 });
    await stream.close();
  });

  test('is not kept where the collection is empty or not there, and not made on one that is not capped', async () => {
    expect((await send({ find: 'things', tailable: true })).cursor).toMatchObject({ firstBatch: [], id: Long.ZERO });
    await capped();
    expect((await send({ find: 'things', tailable: true })).cursor).toMatchObject({ firstBatch: [], id: Long.ZERO });
    await database.db.createCollection('plain');
    expect(await send({ find: 'plain', tailable: true })).toMatchObject({ code: 2 });
  });

  test('refuses options that do not go with it', async () => {
    await capped();
    expect(await send({ find: 'things', awaitData: true })).toMatchObject({ code: 9 });
    expect(await send({ find: 'things', tailable: true, sort: { a: 1 } })).toMatchObject({ code: 2 });
    expect(await send({ find: 'things', tailable: true, singleBatch: true })).toMatchObject({ code: 2 });
  });

  test('has lost its place when newer documents drove out the one it stood on', async () => {
    await capped(2);
    await insert(1);
    const id = await open({ tailable: true });
    await insert(2, 3);
    expect(await more(id)).toMatchObject({ code: 136, codeName: 'CappedPositionLost' });
    expect(await more(id)).toMatchObject({ code: 43 });
  });

  test('ends with its collection, also while it waits', async () => {
    await capped();
    await insert(1);
    const id = await open({ tailable: true, awaitData: true });
    expect((await more(id, { maxTimeMS: new Int32(1) })).cursor.nextBatch).toEqual([]);
    const waiting = more(id, { maxTimeMS: new Int32(60_000) });
    await things().drop();
    expect(await waiting).toMatchObject({ code: 175, codeName: 'QueryPlanKilled' });
  });
});

describe('getMore', () => {
  beforeEach(() => insert(1, 2, 3, 4));

  test('on a collection that was dropped: 175; of a cursor that is none: 43', async () => {
    const id = await open();
    await things().drop();
    expect(await more(id)).toMatchObject({ code: 175, codeName: 'QueryPlanKilled' });
    expect(await more(id)).toMatchObject({ code: 43, codeName: 'CursorNotFound', errmsg: `cursor id ${id} not found` });
  });

  test('of a killed cursor: 43', async () => {
    const id = await open();
    expect(await send({ killCursors: 'things', cursors: [id] })).toMatchObject({ cursorsKilled: [id] });
    expect(await more(id)).toMatchObject({ code: 43 });
    expect(await send({ killCursors: 'things', cursors: [id] })).toMatchObject({ cursorsNotFound: [id] });
  });

  test('only where the cursor was made: its namespace, its session', async () => {
    const id = await open();
    expect(await send({ getMore: id, collection: 'other' })).toMatchObject({ code: 13 });
    const [mine, other] = [database.client.startSession(), database.client.startSession()];
    expect(await more(id, { lsid: mine.id })).toMatchObject({ code: 50736 });
    const owned = await open({ lsid: mine.id });
    expect(await more(owned)).toMatchObject({ code: 50737 });
    expect(await more(owned, { lsid: other.id })).toMatchObject({ code: 50738 });
    expect(idsOf((await more(owned, { lsid: mine.id })).cursor.nextBatch)).toEqual([2, 3, 4]);
    await Promise.all([mine.endSession(), other.endSession()]);
  });

  test('takes maxTimeMS only where it waits for data', async () => {
    expect(await more(await open(), { maxTimeMS: new Int32(10) })).toMatchObject({
      code: 2,
      errmsg: 'cannot set maxTimeMS on getMore command for a non-awaitData cursor',
    });
  });

  test('has what the find left of its maxTimeMS', async () => {
    const filter = { $expr: { $lt: [{ $sum: { $range: [0, 3_000_000] } }, 0] } };
    const id = await open({ batchSize: new Int32(0), filter, maxTimeMS: new Int32(1) });
    expect(await more(id)).toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
  });
});

test('batchSize 0 opens a cursor and reads nothing; singleBatch keeps none', async () => {
  await insert(1, 2, 3);
  const { cursor } = await send({ find: 'things', batchSize: new Int32(0) });
  expect(cursor.firstBatch).toEqual([]);
  expect(idsOf((await more(cursor.id)).cursor.nextBatch)).toEqual([1, 2, 3]);
  const single = await send({ find: 'things', batchSize: new Int32(2), singleBatch: true });
  expect(single.cursor).toMatchObject({ firstBatch: [{ _id: 1 }, { _id: 2 }], id: Long.ZERO });
});

test('a cursor is gone with the document that reaches its limit', async () => {
  await insert(1, 2, 3, 4, 5);
  const id = await open({ limit: new Int32(4) });
  const { cursor } = await more(id, { batchSize: new Int32(2) });
  expect(cursor).toMatchObject({ nextBatch: [{ _id: 2 }, { _id: 3 }], id });
  expect((await more(id, { batchSize: new Int32(1) })).cursor).toMatchObject({
    nextBatch: [{ _id: 4 }],
    id: Long.ZERO,
  });
  expect(await more(id)).toMatchObject({ code: 43 });
});

test('a reply carries 16 MB of documents at most, but one of any size', async () => {
  const text = 'x'.repeat(7 * 1024 * 1024);
  for (const _id of [1, 2, 3]) await things().insertOne({ _id, text });
  const { cursor } = await send({ find: 'things', batchSize: new Int32(3) });
  expect(idsOf(cursor.firstBatch)).toEqual([1, 2]);
  expect(idsOf((await more(cursor.id)).cursor.nextBatch)).toEqual([3]);
});

test('idle cursors are closed after cursorTimeoutMillis, those with noCursorTimeout are not', async () => {
  const admin = database.client.db('admin');
  await insert(1, 2, 3);
  const [short, long] = [await open(), await open({ noCursorTimeout: true })];
  await admin.command({ setParameter: 1, cursorTimeoutMillis: 1 });
  const { timedOut } = (await admin.command({ serverStatus: 1 })).metrics.cursor;
  await until(async () => (await admin.command({ serverStatus: 1 })).metrics.cursor.open.total === 1, 'one is closed');
  expect((await admin.command({ serverStatus: 1 })).metrics.cursor.timedOut).toBeGreaterThanOrEqual(timedOut);
  await admin.command({ setParameter: 1, cursorTimeoutMillis: 600_000 });
  expect(await more(short)).toMatchObject({ code: 43 });
  expect(idsOf((await more(long)).cursor.nextBatch)).toEqual([2, 3]);
});

test('a field named __proto__ is a field like others, stored, found and changed', async () => {
  const own = JSON.parse('{"_id":1,"__proto__":{"polluted":1},"a":{"__proto__":2}}') as Thing;
  await things().insertOne(own);
  const found = (await things().findOne({ '__proto__.polluted': 1 })) as Thing;
  expect(JSON.stringify(found)).toBe(JSON.stringify(own));
  const set = JSON.parse('{"__proto__.more":3}') as Document;
  await things().updateOne({ 'a.__proto__': 2 }, { $set: set });
  const changed = (await things().findOne()) as Thing;
  expect(JSON.parse(JSON.stringify(changed))).toEqual(
    JSON.parse('{"_id":1,"__proto__":{"polluted":1,"more":3},"a":{"__proto__":2}}'),
  );
  expect(({} as Document).polluted).toBeUndefined();
  expect(({} as Document).more).toBeUndefined();
});
