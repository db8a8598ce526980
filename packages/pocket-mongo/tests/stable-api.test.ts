import { MongoClient } from 'mongodb';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let strict: MongoClient;

beforeAll(async () => {
  database = await openDatabase();
  strict = new MongoClient(database.server.uri, {
    serverApi: { version: '1', strict: true, deprecationErrors: true },
  });
});

afterAll(async () => {
  await strict.close();
  await database.close();
});

test('a client of version 1 works, with and without strictness', async () => {
  const dishes = strict.db('test').collection<{ _id: number }>('dishes');
  await dishes.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  expect(await dishes.find({}, { batchSize: 2, sort: { _id: 1 } }).toArray()).toHaveLength(3);
  expect(await dishes.countDocuments()).toBe(3);
  await strict.withSession((session) =>
    session.withTransaction(() => dishes.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session })),
  );
  const loose = new MongoClient(database.server.uri, { serverApi: '1' });
  expect(await loose.db('test').collection('dishes').distinct('a')).toEqual([1]);
  await loose.close();
});

test('strictness refuses commands, stages and options outside version 1', async () => {
  const db = strict.db('test');
  await expect(db.collection('dishes').distinct('a')).rejects.toMatchObject({
    code: 323,
    codeName: 'APIStrictError',
    message: expect.stringContaining('command distinct is not in API Version 1'),
  });
  for (const stage of [{ $indexStats: {} }, { $facet: { a: [{ $collStats: { storageStats: {} } }] } }])
    await expect(db.collection('dishes').aggregate([stage]).toArray()).rejects.toMatchObject({ code: 323 });
  await expect(db.collection('dishes').find({}, { showRecordId: true }).toArray()).rejects.toMatchObject({ code: 323 });
});

test('other versions, and strictness about none, are errors', async () => {
  const { db } = database;
  await expect(db.command({ ping: 1, apiVersion: '2' })).rejects.toMatchObject({ code: 322 });
  await expect(db.command({ ping: 1, apiStrict: true })).rejects.toMatchObject({ code: 4886600 });
});

test('the commands for tests of clients are there: one of version 2, one that is deprecated', async () => {
  const { db } = database;
  const given = { apiVersion: '1', apiStrict: true };
  await expect(db.command({ testVersion2: 1, ...given })).rejects.toMatchObject({
    codeName: 'APIStrictError',
    message: expect.stringContaining('command testVersion2 is not in API Version 1'),
  });
  expect(await db.command({ testVersion2: 1 })).not.toHaveProperty('apiVersion');
  expect(await db.command({ testVersions1And2: 1, ...given })).toMatchObject(given);
  expect(await db.command({ testDeprecation: 1, ...given })).toMatchObject(given);
  await expect(db.command({ testDeprecation: 1, ...given, apiDeprecationErrors: true })).rejects.toMatchObject({
    code: 324,
    codeName: 'APIDeprecationError',
    message: expect.stringContaining('command testDeprecation is deprecated in API Version 1'),
  });
  const { commands } = await db.command({ listCommands: 1 });
  expect(commands.testDeprecation).toMatchObject({ apiVersions: ['1'], deprecatedApiVersions: ['1'] });
  expect(commands.find).toMatchObject({ apiVersions: ['1'], deprecatedApiVersions: [] });
});
