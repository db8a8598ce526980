import { type Document, Int32, Long } from 'mongodb';
import { openDatabase } from './database.js';
import { Wire } from './wire.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let wire: Wire;
beforeAll(async () => {
  database = await openDatabase();
  wire = await Wire.open(database.server.uri);
});
afterAll(async () => {
  wire.close();
  await database.close();
});

const send = (command: Document) => wire.command({ ...command, $db: command.$db ?? 'test' });

const NUMBERS = "[long, int, decimal, double']";

describe('a field that a command does not have', () => {
  const commands: [string, Document][] = [
    ['FindCommandRequest', { find: 'c' }],
    ['aggregate', { aggregate: 'c', pipeline: [], cursor: {} }],
    ['count', { count: 'c' }],
    ['distinct', { distinct: 'c', key: 'a' }],
    ['insert', { insert: 'c', documents: [{ a: 1 }] }],
    ['update', { update: 'c', updates: [{ q: {}, u: { $set: { a: 1 } } }] }],
    ['delete', { delete: 'c', deletes: [{ q: {}, limit: 0 }] }],
    ['findAndModify', { findAndModify: 'c', remove: true }],
    ['findAndModify', { findandmodify: 'c', remove: true }],
    ['getMore', { getMore: Long.fromNumber(1), collection: 'c' }],
    ['killCursors', { killCursors: 'c', cursors: [] }],
    ['create', { create: 'd' }],
    ['createIndexes', { createIndexes: 'c', indexes: [{ key: { a: 1 }, name: 'a' }] }],
    ['dropIndexes', { dropIndexes: 'c', index: '*' }],
    ['collMod', { collMod: 'c' }],
    ['drop', { drop: 'c' }],
    ['dropDatabase', { dropDatabase: 1 }],
    ['listCollections', { listCollections: 1 }],
    ['endSessions', { endSessions: [] }],
    ['commitTransaction', { commitTransaction: 1 }],
  ];
  test.each(commands)('%s: 40415, and nothing is done', async (name, command) => {
    await database.db.collection('c').insertOne({ kept: true });
    expect(await send({ ...command, surprise: 1 })).toMatchObject({
      ok: 0,
      code: 40415,
      codeName: 'Location40415',
      errmsg: `BSON field '${name}.surprise' is an unknown field.`,
    });
    expect(await database.db.collection('c').countDocuments({ kept: true })).toBeGreaterThan(0);
    await database.db.dropDatabase();
  });

  test.each([
    ['update.updates', { update: 'c', updates: [{ q: {}, u: {}, surprise: 1 }] }],
    ['delete.deletes', { delete: 'c', deletes: [{ q: {}, limit: 0, surprise: 1 }] }],
    ['bulkWrite.ops', { bulkWrite: 1, ops: [{ insert: 0, document: {}, surprise: 1 }], nsInfo: [{ ns: 'a.b' }] }],
    ['find in explain', { explain: { find: 'c', surprise: 1 } }],
  ])('nor in %s', async (_, command) => {
    const $db = 'bulkWrite' in command ? 'admin' : 'test';
    expect(await send({ ...command, $db })).toMatchObject({ ok: 0, code: 40415 });
  });

  test('but what any command may have is in none unknown', async () => {
    const generic = { comment: { a: 1 }, maxTimeMS: 1000, $readPreference: { mode: 'primary' }, apiVersion: '1' };
    for (const command of [{ ping: 1 }, { find: 'c' }, { count: 'c' }, { insert: 'c', documents: [{}] }, { drop: 'c' }])
      expect(await send({ ...command, ...generic })).toMatchObject({ ok: 1 });
  });
});

describe('a field of the wrong type', () => {
  test.each([
    [
      { find: 'c', limit: 'x' },
      `BSON field 'FindCommandRequest.limit' is the wrong type 'string', expected types '${NUMBERS}`,
    ],
    [
      { find: 'c', skip: {} },
      `BSON field 'FindCommandRequest.skip' is the wrong type 'object', expected types '${NUMBERS}`,
    ],
    [{ find: 'c', filter: 'x' }, 'Expected field filterto be of type object'],
    [{ find: 'c', sort: [1] }, 'Expected field sortto be of type object'],
    [{ find: 'c', singleBatch: new Int32(1) }, "Field 'singleBatch' should be a boolean value, but found: int"],
    [{ count: 'c', query: 'x' }, "BSON field 'count.query' is the wrong type 'string', expected type 'object'"],
    [{ distinct: 'c', key: new Int32(1) }, "BSON field 'distinct.key' is the wrong type 'int', expected type 'string'"],
    [{ aggregate: 'c', pipeline: {}, cursor: {} }, "'pipeline' option must be specified as an array"],
    [{ aggregate: 'c', pipeline: ['x'], cursor: {} }, "Each element of the 'pipeline' array must be an object"],
    [{ aggregate: 'c', pipeline: [], cursor: 'x' }, 'cursor field must be missing or an object'],
    [{ insert: 'c', documents: {} }, "BSON field 'insert.documents' is the wrong type 'object', expected type 'array'"],
    [
      { insert: 'c', documents: [{}], ordered: 'x' },
      "BSON field 'insert.ordered' is the wrong type 'string', expected type 'bool'",
    ],
    [
      { update: 'c', updates: [{ q: {}, u: {}, multi: new Int32(1) }] },
      "BSON field 'update.updates.multi' is the wrong type 'int', expected type 'bool'",
    ],
    [
      { findAndModify: 'c', remove: 'x' },
      "BSON field 'findAndModify.remove' is the wrong type 'string', expected types '[bool, long, int, decimal, double']",
    ],
    [
      { getMore: new Int32(1), collection: 'c' },
      "BSON field 'getMore.getMore' is the wrong type 'int', expected type 'long'",
    ],
    [{ find: 'c', let: 1.5 }, "BSON field 'FindCommandRequest.let' is the wrong type 'double', expected type 'object'"],
  ])('%j', async (command, errmsg) => {
    expect(await send(command)).toMatchObject({ ok: 0, code: 14, codeName: 'TypeMismatch', errmsg });
  });

  test('a collection is named by a string', async () => {
    expect(await send({ find: new Int32(5) })).toMatchObject({
      code: 73,
      errmsg: 'Collection name has invalid type int',
    });
    expect(await send({ aggregate: new Int32(2), pipeline: [], cursor: {} })).toMatchObject({ code: 73 });
  });

  test('a collection that cannot be is an error of the whole command', async () => {
    for (const name of ['a$b', '.a', 'x'.repeat(255)])
      expect(await send({ insert: name, documents: [{ a: 1 }] })).toMatchObject({ ok: 0, code: 73 });
  });

  test('a hint is a name or a document, a limit of a delete 0 or 1, an update an object or an array', async () => {
    expect(await send({ find: 'c', hint: new Int32(5) })).toMatchObject({
      code: 9,
      errmsg: 'Hint must be a string or an object',
    });
    expect(await send({ delete: 'c', deletes: [{ q: {}, limit: new Int32(2) }] })).toMatchObject({
      code: 9,
      errmsg: 'The limit field in delete objects must be 0 or 1. Got 2',
    });
    expect(await send({ findAndModify: 'c', update: 'x' })).toMatchObject({ code: 9 });
  });

  test('null is no value, and so of no type', async () => {
    expect(await send({ count: 'c', query: null, skip: null })).toMatchObject({ n: 0, ok: 1 });
  });
});

describe('a field that must be there', () => {
  test.each([
    ['aggregate.pipeline', { aggregate: 'c', cursor: {} }],
    ['distinct.key', { distinct: 'c' }],
    ['insert.documents', { insert: 'c' }],
    ['update.updates', { update: 'c' }],
    ['update.updates.u', { update: 'c', updates: [{ q: {} }] }],
    ['delete.deletes.limit', { delete: 'c', deletes: [{ q: {} }] }],
    ['getMore.collection', { getMore: Long.fromNumber(1) }],
    ['createIndexes.indexes', { createIndexes: 'c' }],
    ['dropIndexes.index', { dropIndexes: 'c' }],
    ['renameCollection.to', { renameCollection: 'a.b', $db: 'admin' }],
    ['killCursors.cursors', { killCursors: 'c' }],
  ])('%s: 40414', async (field, command) => {
    expect(await send(command)).toMatchObject({
      ok: 0,
      code: 40414,
      errmsg: `BSON field '${field}' is missing but a required field`,
    });
  });
});

test('what must not be negative: 51024', async () => {
  for (const field of ['skip', 'limit', 'batchSize'])
    expect(await send({ find: 'c', [field]: new Int32(-1) })).toMatchObject({
      code: 51024,
      errmsg: `BSON field '${field}' value must be >= 0, actual value '-1'`,
    });
});

describe('a reply', () => {
  test('says ok with a double, also when it is an error', async () => {
    const raw = (command: Document) => database.db.command(command, { promoteValues: false });
    expect((await raw({ ping: 1 })).ok).toMatchObject({ _bsontype: 'Double', value: 1 });
    await database.db.command({ nothing: 1 }, { promoteValues: false }).catch(({ errorResponse }) => {
      expect(errorResponse.ok).toMatchObject({ _bsontype: 'Double', value: 0 });
    });
  });

  test('to a write with w: 0 says nothing of what the write came to', async () => {
    const writeConcern = { w: 0 };
    const plain = { n: 0, ok: 1 };
    const replies = [
      await send({ insert: 'w0', documents: [{ _id: 1 }, { _id: 1 }, { _id: 2 }], writeConcern }),
      await send({ insert: 'w0', documents: [{ _id: 1 }, { _id: 2 }], ordered: false, writeConcern }),
      await send({ update: 'w0', updates: [{ q: {}, u: { x: 1 }, multi: true }], writeConcern }),
      await send({ update: 'w0', updates: [{ q: { _id: 3 }, u: { x: 1 }, upsert: true }], writeConcern }),
      await send({ delete: 'w0', deletes: [{ q: { _id: 1 }, limit: 1 }], writeConcern }),
    ];
    for (const { operationTime, $clusterTime, ...reply } of replies) expect(reply).toEqual(plain);
    expect(await database.db.collection('w0').find().toArray()).toEqual([{ _id: 2 }, { _id: 3, x: 1 }]);
    expect(await send({ delete: 'w0', deletes: [{ q: {}, limit: 0 }], writeConcern: { w: 1 } })).toMatchObject({
      n: 2,
    });
  });
});
