import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ChangeStream,
  type ChangeStreamDocument,
  type Collection,
  type Db,
  Long,
  type MongoClient,
  type ResumeToken,
  Timestamp,
} from 'mongodb';
import mongoose from 'mongoose';
import { createServer } from 'pocket-mongo';
import { openDatabase, type Thing, until } from './database.js';

let client: MongoClient;
let db: Db;
let close: () => Promise<void>;
let things: Collection<Thing>;
let uri: string;
let number = 0;
const open: ChangeStream[] = [];

beforeAll(async () => {
  const opened = await openDatabase();
  ({ client, db, close } = opened);
  ({ uri } = opened.server);
});
afterAll(() => close());
beforeEach(() => {
  things = db.collection<Thing>(`things${++number}`);
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((stream) => stream.close()));
});

/** The first question comes back at once when there is nothing. */
const QUICK = { maxAwaitTimeMS: 20 };

/** An opened stream: the driver opens it with the first question only. */
async function opened<T extends ChangeStream>(stream: T): Promise<T> {
  open.push(stream);
  await stream.tryNext();
  return stream;
}

async function next(stream: ChangeStream): Promise<ChangeStreamDocument & Record<string, unknown>> {
  return (await stream.next()) as ChangeStreamDocument & Record<string, unknown>;
}

function after({ t, i }: Timestamp): Timestamp {
  return new Timestamp({ t, i: i + 1 });
}

async function take(stream: ChangeStream, count: number): Promise<(ChangeStreamDocument & Record<string, unknown>)[]> {
  const events = [];
  for (let i = 0; i < count; i++) events.push(await next(stream));
  return events;
}

test('inserts, updates, replacements and deletions of a collection', async () => {
  const stream = await opened(things.watch([], QUICK));
  await things.insertOne({ _id: 1, a: 1 });
  await things.updateOne({ _id: 1 }, { $set: { a: 2, 'b.c': 1 }, $unset: { none: '' } });
  await things.updateOne({ _id: 1 }, { $set: { a: 2 } });
  await things.replaceOne({ _id: 1 }, { z: 1 });
  await db.collection('other').insertOne({ x: 1 });
  await things.deleteOne({ _id: 1 });
  const [insert, update, replace, remove] = await take(stream, 4);
  const ns = { db: db.databaseName, coll: things.collectionName };
  expect(insert).toMatchObject({
    operationType: 'insert',
    ns,
    documentKey: { _id: 1 },
    fullDocument: { _id: 1, a: 1 },
  });
  expect(insert?._id).toEqual({ _data: expect.stringMatching(/^82[0-9A-F]+$/) });
  expect(insert?.clusterTime?.constructor.name).toBe('Timestamp');
  expect(insert?.wallTime).toBeInstanceOf(Date);
  expect(update).toMatchObject({
    operationType: 'update',
    documentKey: { _id: 1 },
    updateDescription: { updatedFields: { a: 2, b: { c: 1 } }, removedFields: [], truncatedArrays: [] },
  });
  expect(update).not.toHaveProperty('fullDocument');
  expect(update).not.toHaveProperty('updateDescription.disambiguatedPaths');
  expect(replace).toMatchObject({ operationType: 'replace', fullDocument: { _id: 1, z: 1 } });
  expect(remove).toMatchObject({ operationType: 'delete', documentKey: { _id: 1 } });
  expect(remove).not.toHaveProperty('fullDocument');
});

test('an update names what it touched, as MongoDB does', async () => {
  await things.insertOne({ _id: 1, a: { b: 1, c: 1 }, arr: [1, 2, 3], list: [{ q: 1 }, { q: 2 }], n: 1, old: 5 });
  const stream = await opened(things.watch([], QUICK));
  const describe = async (update: object | object[], options: object = {}) => {
    await things.updateOne({ _id: 1 }, update, options);
    const { updateDescription } = (await next(stream)) as unknown as { updateDescription: unknown };
    return updateDescription;
  };
  const changed = (updatedFields: object, removedFields: string[] = [], truncatedArrays: object[] = []) => ({
    updatedFields,
    removedFields,
    truncatedArrays,
  });
  expect(await describe({ $set: { a: { b: 1, c: 2 } } })).toEqual(changed({ a: { b: 1, c: 2 } }));
  expect(await describe({ $set: { 'a.b': 2, n: 1 } })).toEqual(changed({ 'a.b': 2 }));
  expect(await describe({ $set: { 'x.y.z': 1, 'x.w': 2 } })).toEqual(changed({ x: { w: 2, y: { z: 1 } } }));
  expect(await describe({ $push: { arr: 4 } })).toEqual(changed({ 'arr.3': 4 }));
  expect(await describe({ $push: { arr: { $each: [5, 6] } } })).toEqual(changed({ 'arr.4': 5, 'arr.5': 6 }));
  expect(await describe({ $push: { arr: { $each: [0], $position: 0 } } })).toEqual(
    changed({ arr: [0, 1, 2, 3, 4, 5, 6] }),
  );
  expect(await describe({ $pop: { arr: 1 } })).toEqual(changed({ arr: [0, 1, 2, 3, 4, 5] }));
  expect(await describe({ $pull: { arr: { $gt: 3 } } })).toEqual(changed({ arr: [0, 1, 2, 3] }));
  expect(await describe({ $addToSet: { arr: 9 } })).toEqual(changed({ arr: [0, 1, 2, 3, 9] }));
  expect(await describe({ $push: { fresh: 1 } })).toEqual(changed({ fresh: [1] }));
  expect(await describe({ $unset: { old: '', 'a.c': '' } })).toEqual(changed({}, ['old', 'a.c']));
  await things.updateOne({ _id: 1 }, { $set: { 'a.long': 'text that stays as it is' } });
  await next(stream);
  expect(await describe({ $unset: { 'arr.0': '' } })).toEqual(changed({ 'arr.0': null }));
  expect(await describe({ $rename: { n: 'm' } })).toEqual(changed({ m: 1 }, ['n']));
  expect(await describe({ $inc: { 'list.0.q': 1 } })).toEqual(changed({ 'list.0.q': 2 }));
  expect(await describe({ $set: { 'list.$[].r': 1 } })).toEqual(
    changed({
      list: [
        { q: 2, r: 1 },
        { q: 2, r: 1 },
      ],
    }),
  );
  expect(await describe({ $set: { 'list.$[one].q': 7 } }, { arrayFilters: [{ 'one.q': 2 }] })).toEqual(
    changed({
      list: [
        { q: 7, r: 1 },
        { q: 7, r: 1 },
      ],
    }),
  );
  await things.updateOne({ _id: 1 }, { $set: { 'list.1.q': 8 } });
  await next(stream);
  expect(await describe({ $set: { 'list.$[one].q': 9 } }, { arrayFilters: [{ 'one.q': 8 }] })).toEqual(
    changed({ 'list.1.q': 9 }),
  );
  expect(await describe([{ $set: { arr: { $slice: ['$arr', 4] }, m: { $add: ['$m', 1] } } }])).toEqual(
    changed({ m: 2 }, [], [{ field: 'arr', newSize: 4 }]),
  );
  expect(await describe([{ $unset: ['m', 'x.w'] }, { $set: { 'a.d': 'v' } }])).toEqual(
    changed({ 'a.d': 'v' }, ['m', 'x.w']),
  );
});

test('a pipeline that makes another document is a replacement', async () => {
  await things.insertOne({ _id: 1, a: 1, b: 2 });
  const stream = await opened(things.watch([], QUICK));
  await things.updateOne({ _id: 1 }, [{ $replaceWith: { _id: 1, z: 'another' } }]);
  expect(await next(stream)).toMatchObject({ operationType: 'replace', fullDocument: { _id: 1, z: 'another' } });
});

test('ambiguous paths are told apart where expanded events are asked for', async () => {
  await things.insertMany([
    { _id: 1, a: { '1': 1 } },
    { _id: 2, a: [{ '1': 1 }] },
  ]);
  const stream = await opened(things.watch([], { ...QUICK, showExpandedEvents: true }));
  await things.updateOne({ _id: 1 }, { $set: { 'a.1': 2 } });
  await things.updateOne({ _id: 2 }, { $set: { 'a.0.1': 2 } });
  expect(await next(stream)).toMatchObject({ updateDescription: { disambiguatedPaths: { 'a.1': ['a', '1'] } } });
  const second = await next(stream);
  expect(second).toMatchObject({ updateDescription: { disambiguatedPaths: { 'a.0.1': ['a', 0, '1'] } } });
  expect(second.collectionUUID).toBeDefined();
});

test('a database and the whole cluster', async () => {
  const other = client.db(`other${number}`);
  const database = await opened(db.watch([], QUICK));
  const cluster = await opened(client.watch([], QUICK));
  await things.insertOne({ _id: 1 });
  await other.collection('x').insertOne({ x: 1 });
  await client.db('admin').collection('hidden').insertOne({ x: 1 });
  await db.collection('system.js').insertOne({ x: 1 });
  await things.insertOne({ _id: 2 });
  expect((await take(database, 2)).map((event) => (event as unknown as { documentKey: unknown }).documentKey)).toEqual([
    { _id: 1 },
    { _id: 2 },
  ]);
  expect((await take(cluster, 3)).map((event) => (event as { ns?: unknown }).ns)).toEqual([
    { db: db.databaseName, coll: things.collectionName },
    { db: other.databaseName, coll: 'x' },
    { db: db.databaseName, coll: things.collectionName },
  ]);
});

test('drop and rename end the stream of a collection, which can go on after them', async () => {
  const stream = await opened(things.watch([], QUICK));
  await things.insertOne({ _id: 1 });
  await things.drop();
  const [, drop, invalidate] = await take(stream, 3);
  expect(drop).toMatchObject({ operationType: 'drop', ns: { coll: things.collectionName } });
  expect(invalidate).toMatchObject({ operationType: 'invalidate' });
  expect(invalidate).not.toHaveProperty('ns');
  await expect(stream.next()).rejects.toThrow();

  await things.insertOne({ _id: 2 });
  const again = things.watch([], { ...QUICK, startAfter: invalidate?._id as ResumeToken });
  open.push(again);
  expect(await next(again)).toMatchObject({ operationType: 'insert', documentKey: { _id: 2 } });
  await expect(things.watch([], { resumeAfter: invalidate?._id as ResumeToken }).next()).rejects.toMatchObject({
    code: 260,
    codeName: 'InvalidResumeToken',
  });
  const afterDrop = things.watch([], { ...QUICK, resumeAfter: drop?._id as ResumeToken });
  open.push(afterDrop);
  expect(await next(afterDrop)).toMatchObject({ operationType: 'invalidate', _id: invalidate?._id });

  await things.rename(`${things.collectionName}.new`);
  expect(await next(again)).toMatchObject({
    operationType: 'rename',
    to: { db: db.databaseName, coll: `${things.collectionName}.new` },
  });
  expect(await next(again)).toMatchObject({ operationType: 'invalidate' });
});

test('dropping a database ends its stream', async () => {
  const other = client.db(`dropped${number}`);
  await other.collection('a').insertOne({ x: 1 });
  const stream = await opened(other.watch([], QUICK));
  await other.dropDatabase();
  const events = await take(stream, 3);
  expect(events.map(({ operationType }) => operationType)).toEqual(['drop', 'dropDatabase', 'invalidate']);
  expect(events[1]).toMatchObject({ ns: { db: other.databaseName } });
});

test('what happens to definitions is told where expanded events are asked for', async () => {
  const stream = await opened(things.watch([], { ...QUICK, showExpandedEvents: true }));
  const plain = await opened(things.watch([], QUICK));
  await things.insertOne({ _id: 1 });
  await things.createIndex({ x: 1 }, { name: 'x_1' });
  await db
    .command({
      collMod: things.collectionName,
      index: { name: 'x_1', expireAfterSeconds: 10 },
    })
    .catch(() => undefined);
  await db.command({ collMod: things.collectionName });
  await things.dropIndex('x_1');
  await things.insertOne({ _id: 2 });
  const seen: string[] = [];
  const events = [];
  while (seen.filter((type) => type === 'insert').length < 2) {
    const event = await next(stream);
    seen.push(event.operationType);
    events.push(event);
  }
  expect(seen.filter((type) => type !== 'modify')).toEqual([
    'create',
    'insert',
    'createIndexes',
    'dropIndexes',
    'insert',
  ]);
  expect(seen).toContain('modify');
  expect(events[0]).toMatchObject({ operationDescription: { idIndex: { v: 2, key: { _id: 1 }, name: '_id_' } } });
  expect(events[2]).toMatchObject({ operationDescription: { indexes: [{ v: 2, key: { x: 1 }, name: 'x_1' }] } });
  expect((await take(plain, 2)).map(({ operationType }) => operationType)).toEqual(['insert', 'insert']);
});

test('the changes of a transaction come together at its commit', async () => {
  const stream = await opened(things.watch([], QUICK));
  await things.insertOne({ _id: 0 });
  const session = client.startSession();
  session.startTransaction();
  await things.insertOne({ _id: 1 }, { session });
  await things.updateOne({ _id: 0 }, { $set: { a: 1 } }, { session });
  await things.insertOne({ _id: 2 });
  await things.deleteOne({ _id: 0 }, { session });
  await session.commitTransaction();
  const aborted = client.startSession();
  aborted.startTransaction();
  await things.insertOne({ _id: 9 }, { session: aborted });
  await aborted.abortTransaction();
  await things.insertOne({ _id: 3 });
  const events = await take(stream, 6);
  expect(
    events.map((event) => [event.operationType, (event as unknown as { documentKey: Thing }).documentKey._id]),
  ).toEqual([
    ['insert', 0],
    ['insert', 2],
    ['insert', 1],
    ['update', 0],
    ['delete', 0],
    ['insert', 3],
  ]);
  const inTransaction = events.slice(2, 5);
  expect(new Set(inTransaction.map(({ clusterTime }) => String(clusterTime))).size).toBe(1);
  for (const event of inTransaction) {
    expect(event).toMatchObject({ txnNumber: expect.any(Number), lsid: { id: session.id?.id } });
    expect((event.lsid as unknown as { uid: unknown }).uid).toBeDefined();
  }
  expect(events[0]).not.toHaveProperty('txnNumber');
  await session.endSession();
  await aborted.endSession();

  const again = things.watch([], { ...QUICK, resumeAfter: inTransaction[0]?._id as ResumeToken });
  open.push(again);
  expect(await next(again)).toMatchObject({ operationType: 'update' });
});

test('a transaction that wrote before anybody listened is told whole', async () => {
  const fresh = await openDatabase();
  const collection = fresh.db.collection<Thing>('fresh');
  await collection.insertMany([{ _id: 1 }, { _id: 2 }]);
  const session = fresh.client.startSession();
  session.startTransaction();
  await collection.insertOne({ _id: 3 }, { session });
  await collection.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session });
  const stream = collection.watch([], QUICK);
  await stream.tryNext();
  await collection.deleteOne({ _id: 2 }, { session });
  await session.commitTransaction();
  const events = await take(stream, 3);
  expect(
    events.map((event) => [event.operationType, (event as unknown as { documentKey: Thing }).documentKey._id]),
  ).toEqual(
    expect.arrayContaining([
      ['insert', 3],
      ['update', 1],
      ['delete', 2],
    ]),
  );
  await stream.close();
  await session.endSession();
  await fresh.close();
});

test('the current document of an update', async () => {
  await things.insertOne({ _id: 1, a: 1 });
  const stream = await opened(things.watch([], { ...QUICK, fullDocument: 'updateLookup' }));
  await things.updateOne({ _id: 1 }, { $set: { a: 2 } });
  expect(await next(stream)).toMatchObject({ fullDocument: { _id: 1, a: 2 } });
  const batch = things.watch([], { ...QUICK, fullDocument: 'updateLookup' });
  await opened(batch);
  await things.updateOne({ _id: 1 }, { $set: { a: 3 } });
  await things.deleteOne({ _id: 1 });
  expect((await next(stream)).fullDocument).toBeNull();
});

test('images of before and after', async () => {
  await db.createCollection(things.collectionName, { changeStreamPreAndPostImages: { enabled: true } });
  await things.insertOne({ _id: 1, a: 1 });
  const stream = await opened(
    things.watch([], { ...QUICK, fullDocument: 'required', fullDocumentBeforeChange: 'required' }),
  );
  await things.updateOne({ _id: 1 }, { $set: { a: 2 } });
  await things.replaceOne({ _id: 1 }, { a: 3 });
  await things.deleteOne({ _id: 1 });
  const [update, replace, remove] = await take(stream, 3);
  expect(update).toMatchObject({ fullDocument: { a: 2 }, fullDocumentBeforeChange: { a: 1 } });
  expect(replace).toMatchObject({ fullDocument: { a: 3 }, fullDocumentBeforeChange: { a: 2 } });
  expect(remove).toMatchObject({ operationType: 'delete', fullDocumentBeforeChange: { a: 3 } });

  await db.command({ collMod: things.collectionName, changeStreamPreAndPostImages: { enabled: false } });
  const available = await opened(
    things.watch([], { ...QUICK, fullDocument: 'whenAvailable', fullDocumentBeforeChange: 'whenAvailable' }),
  );
  await things.insertOne({ _id: 2 });
  await things.updateOne({ _id: 2 }, { $set: { a: 1 } });
  const [insert, without] = await take(available, 2);
  expect(insert).not.toHaveProperty('fullDocumentBeforeChange');
  expect(without).toMatchObject({ fullDocument: null, fullDocumentBeforeChange: null });
  await expect(take(stream, 2)).rejects.toMatchObject({ code: 47 });
});

test('stages after the first', async () => {
  const stream = await opened(
    things.watch(
      [
        { $match: { operationType: 'insert', 'fullDocument.z': { $gt: 1 } } },
        { $addFields: { twice: { $multiply: ['$fullDocument.z', 2] } } },
        { $project: { twice: 1, operationType: 1 } },
      ],
      QUICK,
    ),
  );
  await things.insertMany([
    { _id: 1, z: 1 },
    { _id: 2, z: 2 },
  ]);
  expect(await next(stream)).toEqual({ _id: expect.anything(), operationType: 'insert', twice: 4 });

  const broken = await opened(things.watch([{ $project: { _id: 0 } }], QUICK));
  await things.insertOne({ _id: 3 });
  await expect(broken.next()).rejects.toMatchObject({
    code: 280,
    codeName: 'ChangeStreamFatalError',
    errorLabels: expect.arrayContaining(['NonResumableChangeStreamError']),
  });
  await expect(things.watch([{ $unsupported: 1 }]).next()).rejects.toMatchObject({ code: 40324 });
  await expect(things.watch([{ $group: { _id: 1 } }]).next()).rejects.toMatchObject({ code: 20 });
  await expect(things.aggregate([{ $match: {} }, { $changeStream: {} }]).toArray()).rejects.toMatchObject({
    code: 40602,
  });
  await expect(things.aggregate([{ $changeStream: { nonsense: 1 } }]).toArray()).rejects.toMatchObject({ code: 40415 });
  await expect(things.watch([], { fullDocument: 'no' }).next()).rejects.toMatchObject({ code: 2 });
  await expect(client.db('config').collection('x').watch().next()).rejects.toMatchObject({ code: 73 });
});

test('a stream cannot be opened in a transaction', async () => {
  const session = client.startSession();
  session.startTransaction();
  await expect(
    db.command({ aggregate: things.collectionName, pipeline: [{ $changeStream: {} }], cursor: {} }, { session }),
  ).rejects.toMatchObject({ code: 263 });
  await session.endSession();
});

test('tokens: in every reply, sorted, and good for going on', async () => {
  const open = async (spec: object) =>
    db.command({ aggregate: things.collectionName, pipeline: [{ $changeStream: spec }], cursor: {} });
  const first = await open({});
  const { id, postBatchResumeToken: start } = first.cursor;
  expect(start).toEqual({ _data: expect.any(String) });
  expect(first.operationTime).toBeInstanceOf(Timestamp);
  const more = () => db.command({ getMore: Long.fromNumber(id), collection: things.collectionName, maxTimeMS: 20 });
  const empty = (await more()).cursor;
  expect(empty.nextBatch).toEqual([]);
  expect(empty.postBatchResumeToken._data >= start._data).toBe(true);
  await things.insertMany([{ _id: 1 }, { _id: 2 }]);
  const full = (await more()).cursor;
  const tokens = full.nextBatch.map((event: { _id: { _data: string } }) => event._id._data);
  expect([...tokens].sort()).toEqual(tokens);
  expect(full.postBatchResumeToken._data).toBe(tokens.at(-1));
  expect(tokens[0] > empty.postBatchResumeToken._data).toBe(true);
  const later = (await more()).cursor.postBatchResumeToken;
  expect(later._data > tokens.at(-1)).toBe(true);

  const ids = async (spec: object) =>
    (await open(spec)).cursor.firstBatch.map((event: { documentKey: Thing }) => event.documentKey._id);
  expect(await ids({ resumeAfter: start })).toEqual([1, 2]);
  expect(await ids({ startAfter: start })).toEqual([1, 2]);
  expect(await ids({ resumeAfter: { _data: tokens[0] } })).toEqual([2]);
  expect(await ids({ resumeAfter: later })).toEqual([]);
  expect(await ids({ startAtOperationTime: after(first.operationTime) })).toEqual([1, 2]);
  expect(await ids({ startAtOperationTime: full.nextBatch[1].clusterTime })).toEqual([2]);
});

test('a stream can start at a time that is still to come, also where nothing was recorded before', async () => {
  const { db: other, client: itsClient, close: end } = await openDatabase();
  try {
    const { operationTime } = await other.command({ ping: 1 });
    const from = new Timestamp({ t: (operationTime as Timestamp).t + 2, i: 1 });
    const rows = other.collection<Thing>('rows');
    const watch = { aggregate: 'rows', pipeline: [{ $changeStream: { startAtOperationTime: from } }], cursor: {} };
    const open = await other.command(watch, { promoteLongs: false });
    await rows.insertOne({ _id: 1 });
    const more = () => other.command({ getMore: open.cursor.id, collection: 'rows', maxTimeMS: 20 });
    const early = (await more()).cursor;
    expect(early.nextBatch).toEqual([]);
    expect(early.postBatchResumeToken).toEqual(open.cursor.postBatchResumeToken);
    await until(async () => {
      const { operationTime: now } = await other.command({ insert: 'others', documents: [{}] });
      return (now as Timestamp).greaterThan(from);
    }, 'the time has come');
    await rows.insertOne({ _id: 2 });
    const events: { documentKey: Thing }[] = [];
    await until(async () => events.push(...(await more()).cursor.nextBatch) > 0, 'an event');
    expect(events.map(({ documentKey }) => documentKey)).toEqual([{ _id: 2 }]);
  } finally {
    await itsClient.close();
    await end();
  }
});

test('going on from where nothing is known is refused', async () => {
  await opened(things.watch([], QUICK));
  const before = new Timestamp({ t: 1, i: 1 });
  await expect(things.watch([], { startAtOperationTime: before }).next()).rejects.toMatchObject({
    code: 286,
    codeName: 'ChangeStreamHistoryLost',
    errorLabels: expect.arrayContaining(['NonResumableChangeStreamError']),
  });
  for (const [token, code] of [
    [{ _data: 1 }, 40647],
    [{}, 40647],
    [{ _data: 'nonsense' }, 9],
    [{ _data: '' }, 40649],
    [{ _data: '8265' }, 50795],
  ] as const)
    await expect(things.watch([], { resumeAfter: token }).next()).rejects.toMatchObject({ code });
  await things.insertOne({ _id: 1 });
  const other = await opened(db.collection('elsewhere').watch([], QUICK));
  await db.collection('elsewhere').insertOne({ x: 1 });
  const { _id: token } = await next(other);
  await expect(things.watch([], { resumeAfter: token }).next()).rejects.toMatchObject({ code: 280 });
  await expect(things.watch([], { resumeAfter: token, startAtOperationTime: before }).next()).rejects.toMatchObject({
    code: 40674,
  });
  await expect(things.watch([], { resumeAfter: token, startAfter: token }).next()).rejects.toMatchObject({
    code: 50865,
  });
});

test('the driver goes on after a killed cursor and after failures', async () => {
  const admin = client.db('admin');
  for (const failure of [
    { configureFailPoint: 'failCommand', data: { failCommands: ['getMore'], closeConnection: true } },
    { configureFailPoint: 'failGetMoreAfterCursorCheckout', data: { errorCode: 6, closeConnection: false } },
    { configureFailPoint: 'failGetMoreAfterCursorCheckout', data: { errorCode: 10107, closeConnection: false } },
    { configureFailPoint: 'failCommand', data: { failCommands: ['getMore'], errorCode: 43 } },
  ]) {
    const stream = await opened(things.watch([], QUICK));
    await things.insertOne({ a: 1 });
    await next(stream);
    await admin.command({ ...failure, mode: { times: 1 } });
    await things.insertOne({ a: 2 });
    expect(await next(stream)).toMatchObject({ operationType: 'insert', fullDocument: { a: 2 } });
  }
  await admin.command({
    configureFailPoint: 'failCommand',
    mode: { times: 1 },
    data: { failCommands: ['getMore'], errorCode: 216 },
  });
  await expect(things.watch().next()).rejects.toMatchObject({ code: 216 });
});

test('a waiting getMore wakes at once, ends with its cursor, and holds nobody up', async () => {
  // A cursor belongs to the session in which it was made.
  const session = client.startSession();
  const reply = await db.command(
    { aggregate: things.collectionName, pipeline: [{ $changeStream: {} }], cursor: {} },
    { session },
  );
  const { id } = reply.cursor as { id: number };
  const more = () =>
    db.command({ getMore: Long.fromNumber(id), collection: things.collectionName, maxTimeMS: 60_000 }, { session });
  const waiting = more();
  await things.insertOne({ _id: 1 });
  expect((await waiting).cursor.nextBatch).toHaveLength(1);
  const killed = more();
  const outcome = expect(killed).rejects.toMatchObject({ code: 237 });
  // The cursor is found while it waits, and killed.
  const { cursorsKilled } = await db.command({ killCursors: things.collectionName, cursors: [Long.fromNumber(id)] });
  expect(cursorsKilled.map(String)).toEqual([String(id)]);
  await outcome;
  await expect(more()).rejects.toMatchObject({ code: 43 });
});

test('a stream whose client is slow reads the log again', async () => {
  const stream = await opened(things.watch([], QUICK));
  const total = 3000;
  await things.insertMany(Array.from({ length: total }, (_, i) => ({ _id: i })));
  await things.insertMany(Array.from({ length: total }, (_, i) => ({ _id: total + i })));
  const events = await take(stream, 2 * total);
  expect(events.map((event) => (event as unknown as { documentKey: Thing }).documentKey._id)).toEqual(
    Array.from({ length: 2 * total }, (_, i) => i),
  );
});

test('many streams, each hears only of its own collection', async () => {
  // A cursor belongs to the session in which it was made.
  const session = client.startSession();
  const names = Array.from({ length: 200 }, (_, i) => `many${number}_${i}`);
  const cursors = await Promise.all(
    names.map(async (name) => {
      const reply = await db.command({ aggregate: name, pipeline: [{ $changeStream: {} }], cursor: {} }, { session });
      return { name, id: reply.cursor.id as number };
    }),
  );
  for (const name of names) await db.collection<Thing>(name).insertOne({ _id: name });
  for (const { name, id } of cursors) {
    const { cursor } = await db.command(
      { getMore: Long.fromNumber(id), collection: name, maxTimeMS: 1000 },
      { session },
    );
    expect(cursor.nextBatch.map((event: { documentKey: Thing }) => event.documentKey._id)).toEqual([name]);
    await db.command({ killCursors: name, cursors: [Long.fromNumber(id)] });
  }
});

describe('across restarts', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pocket-mongo-test-'));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  test('a stream goes on where it stood, with what happened while nobody listened', async () => {
    const first = await openDatabase({ dir });
    const stream = first.db.collection<Thing>('things').watch([], QUICK);
    await stream.tryNext();
    await first.db.collection<Thing>('things').insertOne({ _id: 1 });
    const { _id: token } = await stream.next();
    await stream.close();
    await first.db.collection<Thing>('things').insertOne({ _id: 2 });
    await first.close();

    const second = await openDatabase({ dir });
    await second.db.collection<Thing>('things').insertOne({ _id: 3 });
    const again = second.db.collection<Thing>('things').watch([], { ...QUICK, resumeAfter: token });
    const events = await take(again, 2);
    expect(events).toMatchObject([{ documentKey: { _id: 2 } }, { documentKey: { _id: 3 } }]);
    await again.close();
    await second.close();
  });

  test('the driver resumes by itself when the server comes back', async () => {
    const socketPath = join(dir, 's.sock');
    const first = await openDatabase({ dir, socketPath });
    const stream = first.db.collection<Thing>('things').watch([], QUICK);
    await stream.tryNext();
    await first.db.collection<Thing>('things').insertOne({ _id: 1 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 1 } });
    await first.server.close();
    const server = await createServer({ dir, socketPath });
    await first.db.collection<Thing>('things').insertOne({ _id: 2 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 2 } });
    await stream.close();
    await first.client.close();
    await server.close();
  });

  test('what the log no longer holds is gone, and says so', async () => {
    const small = await openDatabase({ dir, changeLogBytes: 20_000, sweepIntervalMs: 10 });
    const collection = small.db.collection<Thing>('things');
    const stream = collection.watch([], QUICK);
    await stream.tryNext();
    await collection.insertOne({ _id: 0 });
    const { _id: token } = await stream.next();
    const refused = async () => {
      await collection.insertMany(Array.from({ length: 50 }, () => ({ text: 'x'.repeat(1000) })));
      const again = collection.watch([], { ...QUICK, resumeAfter: token });
      try {
        await again.tryNext();
        return undefined;
      } catch (error) {
        return error;
      } finally {
        await again.close();
      }
    };
    let error: unknown;
    await until(async () => {
      error = await refused();
      return error !== undefined;
    }, 'the log is cut');
    expect(error).toMatchObject({ code: 286, codeName: 'ChangeStreamHistoryLost' });
    const fresh = collection.watch([], QUICK);
    await fresh.tryNext();
    await collection.insertOne({ _id: 'new' });
    expect(await fresh.next()).toMatchObject({ documentKey: { _id: 'new' } });
    await fresh.close();
    await stream.close();
    await small.close();
  });
});

test('an event of more than 16 MB is refused, or comes in parts', async () => {
  await db.createCollection(things.collectionName, { changeStreamPreAndPostImages: { enabled: true } });
  const options = { ...QUICK, fullDocument: 'required', fullDocumentBeforeChange: 'required' };
  const whole = await opened(things.watch([], options));
  const split = await opened(things.watch([{ $changeStreamSplitLargeEvent: {} }], options));
  const text = 'x'.repeat(9 * 1024 * 1024);
  await things.insertOne({ _id: 1, text, n: 1 });
  expect(await next(whole)).toMatchObject({ operationType: 'insert' });
  await things.updateOne({ _id: 1 }, { $set: { n: 2 } });
  await expect(whole.next()).rejects.toMatchObject({ code: 10334 });
  expect(await next(split)).toMatchObject({ operationType: 'insert' });
  const [one, two] = await take(split, 2);
  expect(one).toMatchObject({ splitEvent: { fragment: 1, of: 2 } });
  expect(two).toMatchObject({ splitEvent: { fragment: 2, of: 2 } });
  const { fullDocument, fullDocumentBeforeChange, operationType } = { ...one, ...two } as Record<string, Thing>;
  expect([operationType, fullDocument?.n, fullDocumentBeforeChange?.n]).toEqual(['update', 2, 1]);
  const rest = things.watch([{ $changeStreamSplitLargeEvent: {} }], {
    ...options,
    resumeAfter: one?._id as ResumeToken,
  });
  open.push(rest);
  expect(await next(rest)).toMatchObject({ _id: two?._id, splitEvent: { fragment: 2, of: 2 } });
  await expect(things.watch([], { ...options, resumeAfter: one?._id as ResumeToken }).next()).rejects.toMatchObject({
    code: 280,
  });
});

test('what expires, what is upserted and what a bulk write does is told too', async () => {
  const stream = await opened(things.watch([], QUICK));
  await things.updateOne({ _id: 1 }, { $set: { a: 1 }, $setOnInsert: { b: 1 } }, { upsert: true });
  await things.findOneAndUpdate({ _id: 1 }, { $set: { a: 2 } });
  const namespace = `${db.databaseName}.${things.collectionName}`;
  await client.bulkWrite([
    { name: 'insertOne', namespace, document: { _id: 2 as never } },
    { name: 'deleteOne', namespace, filter: { _id: 2 as never } },
  ]);
  await things.findOneAndDelete({ _id: 1 });
  expect(await take(stream, 5)).toMatchObject([
    { operationType: 'insert', fullDocument: { _id: 1, a: 1, b: 1 } },
    { operationType: 'update', updateDescription: { updatedFields: { a: 2 } } },
    { operationType: 'insert' },
    { operationType: 'delete', documentKey: { _id: 2 } },
    { operationType: 'delete', documentKey: { _id: 1 } },
  ]);
});

test('mongoose: Model.watch', async () => {
  const connection = await mongoose.createConnection(uri, { dbName: 'mongoose' }).asPromise();
  const Guest = connection.model('Guest', new mongoose.Schema({ name: String }));
  await Guest.init();
  const stream = Guest.watch([], { ...QUICK, hydrate: true, fullDocument: 'updateLookup' });
  const seen: string[] = [];
  await new Promise<void>((resolve, reject) => {
    stream.on('ready', resolve);
    stream.on('error', reject);
  });
  const done = new Promise<void>((resolve) => {
    stream.on('change', (change) => {
      seen.push(`${change.operationType} ${change.fullDocument?.name}`);
      if (seen.length === 2) resolve();
    });
  });
  await until(async () => {
    await Guest.create({ name: 'Ada' });
    return seen.length > 0;
  }, 'the stream is open').catch(() => undefined);
  await Guest.updateOne({ name: 'Ada' }, { name: 'Bo' });
  await done;
  expect(seen[0]).toBe('insert Ada');
  await stream.close();
  await connection.close();
});
