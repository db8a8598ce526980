import { ObjectId } from 'mongodb';
import mongoose from 'mongoose';
import { openDatabase, type Thing, until } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true, sweepIntervalMs: 50 });
});
afterAll(() => database.close());

const name = () => `d${new ObjectId().toHexString()}`;
const listed = async (collection: string) => (await database.db.listCollections({ name: collection }).toArray())[0];

describe('create', () => {
  test('of what is there with the same options is fine, with others is error 48', async () => {
    const c = name();
    const { db } = database;
    await db.command({ create: c });
    expect(await db.command({ create: c })).toMatchObject({ ok: 1 });
    await expect(db.command({ create: c, capped: true, size: 4096 })).rejects.toMatchObject({ code: 48 });
    const capped = name();
    await db.command({ create: capped, capped: true, size: 4096 });
    expect(await db.command({ create: capped, capped: true, size: 4096 })).toMatchObject({ ok: 1 });
  });

  test('keeps its options, in listCollections', async () => {
    const c = name();
    const options = {
      validator: { n: { $gt: 0 } },
      validationLevel: 'moderate',
      validationAction: 'error',
      changeStreamPreAndPostImages: { enabled: true },
      storageEngine: {},
      indexOptionDefaults: { storageEngine: {} },
    };
    await database.db.command({ create: c, ...options });
    expect(await listed(c)).toMatchObject({
      name: c,
      type: 'collection',
      options,
      info: { readOnly: false, uuid: expect.anything() },
      idIndex: { v: 2, key: { _id: 1 }, name: '_id_' },
    });
  });

  test.each([
    [{ colour: 'red' }, 40415],
    [{ capped: true }, 72],
    [{ capped: true, size: 'big' }, 14],
    [{ capped: true, size: 0 }, 51024],
    [{ expireAfterSeconds: 10 }, 72],
    [{ changeStreamPreAndPostImages: {} }, 40414],
    [{ changeStreamPreAndPostImages: { enabled: 1 } }, 14],
    [{ storageEngine: 1 }, 14],
    [{ validator: 1 }, 14],
    [{ validationLevel: 'loud' }, 2],
    [{ encryptedFields: { fields: [] } }, 238],
    [{ timeseries: {} }, 40414],
    [{ timeseries: { timeField: 't', metaField: 't' } }, 72],
    [{ timeseries: { timeField: 't', granularity: 'weeks' } }, 2],
    [{ timeseries: { timeField: 't', zone: 1 } }, 40415],
    [{ timeseries: { timeField: 't' }, capped: true, size: 1000 }, 72],
    [{ clusteredIndex: { key: { n: 1 }, unique: true } }, 197],
    [{ clusteredIndex: { key: { _id: 1 } } }, 197],
  ])('refuses %j', async (options, code) => {
    const c = name();
    await expect(database.db.command({ create: c, ...options })).rejects.toMatchObject({ code });
    expect(await listed(c)).toBeUndefined();
  });
});

describe('time series', () => {
  test('are made, written, read and deleted as other collections; the time must be a date', async () => {
    const c = database.db.collection<Thing>(name());
    await database.db.createCollection(c.collectionName, { timeseries: { timeField: 'at', metaField: 'sensor' } });
    const at = new Date('2026-01-01');
    await c.insertMany([
      { at, sensor: 'a', value: 1 },
      { at, sensor: 'b', value: 2 },
    ]);
    await expect(c.insertOne({ sensor: 'a', value: 1 })).rejects.toMatchObject({
      code: 2,
      message: "'at' must be present and contain a valid BSON UTC datetime value",
    });
    await expect(c.insertOne({ at: 'today' })).rejects.toMatchObject({ code: 2 });
    expect(await c.findOne({ sensor: 'b' })).toMatchObject({ at, value: 2 });
    expect(await c.aggregate([{ $group: { _id: '$at', sum: { $sum: '$value' } } }]).toArray()).toEqual([
      { _id: at, sum: 3 },
    ]);
    expect((await c.deleteMany({ sensor: 'a' })).deletedCount).toBe(1);
    expect(await listed(c.collectionName)).toMatchObject({
      type: 'timeseries',
      options: {
        timeseries: { timeField: 'at', metaField: 'sensor', granularity: 'seconds', bucketMaxSpanSeconds: 3600 },
      },
    });
  });

  test('may hold one _id many times, each document with its own index entries', async () => {
    const c = database.db.collection<{ _id: number; at: Date; sensor: string; n: number }>(name());
    await database.db.createCollection(c.collectionName, { timeseries: { timeField: 'at', metaField: 'sensor' } });
    await c.createIndex({ n: 1 });
    const documents = [1, 2, 3].map((n) => ({ _id: 1, at: new Date(n), sensor: 'a', n }));
    await c.insertMany([...documents, { _id: 2, at: new Date(4), sensor: 'b', n: 4 }]);
    const numbers = async (filter: object) =>
      (await c.find(filter).sort({ n: 1 }).toArray()).map(({ n }) => Number(n)).join();
    expect(await numbers({ _id: 1 })).toBe('1,2,3');
    expect(await numbers({ $or: [{ _id: 1 }, { _id: 2 }] })).toBe('1,2,3,4');
    expect(await numbers({ _id: { $lte: 1 } })).toBe('1,2,3');
    await c.updateMany({ n: { $gte: 2 } }, [{ $set: { n: { $add: ['$n', 10] } } }]);
    expect(await numbers({ n: { $gt: 4 } })).toBe('12,13,14');
    expect((await c.deleteMany({ n: 12 })).deletedCount).toBe(1);
    expect(await numbers({ _id: 1 })).toBe('1,13');
    expect(await numbers({ n: { $gt: 1 } })).toBe('13,14');
  });

  test('expire by their time, clustered collections by _id, hidden TTL indexes too', async () => {
    const { db } = database;
    const [series, clustered, hidden] = [
      db.collection<Thing>(name()),
      db.collection(name()),
      db.collection<Thing>(name()),
    ];
    await db.createCollection(series.collectionName, { timeseries: { timeField: 'at' }, expireAfterSeconds: 60 });
    await db.createCollection(clustered.collectionName, {
      clusteredIndex: { key: { _id: 1 }, unique: true },
      expireAfterSeconds: 60,
    });
    await hidden.createIndex({ at: 1 }, { expireAfterSeconds: 60, hidden: true });
    const [old, now] = [new Date(Date.now() - 120_000), new Date()];
    await series.insertMany([{ at: old }, { at: now }]);
    await clustered.insertMany([{ _id: old as never }, { _id: now as never }]);
    await hidden.insertMany([{ at: old }, { at: now }]);
    await until(async () => (await series.countDocuments()) === 1, 'the old measurement expires');
    await until(async () => (await clustered.countDocuments()) === 1, 'the old _id expires');
    await until(async () => (await hidden.countDocuments()) === 1, 'the hidden index expires too');
    expect(await clustered.indexes()).toEqual([{ v: 2, key: { _id: 1 }, name: '_id_', unique: true, clustered: true }]);
    await db.command({ collMod: clustered.collectionName, expireAfterSeconds: 'off' });
    await clustered.insertOne({ _id: new Date(0) as never });
    expect((await listed(clustered.collectionName)) as { options?: object }).not.toHaveProperty(
      'options.expireAfterSeconds',
    );
  });
});

describe('collMod', () => {
  test('changes indexes and says how', async () => {
    const c = database.db.collection<Thing>(name());
    await c.createIndex({ at: 1 }, { expireAfterSeconds: 100 });
    await c.createIndex({ n: 1 });
    const change = (index: object) => database.db.command({ collMod: c.collectionName, index });
    expect(await change({ name: 'at_1', expireAfterSeconds: 200 })).toMatchObject({
      expireAfterSeconds_old: 100,
      expireAfterSeconds_new: 200,
      ok: 1,
    });
    expect(await change({ keyPattern: { n: 1 }, hidden: true })).toMatchObject({ hidden_old: false, hidden_new: true });
    await c.insertOne({ n: 1 });
    expect(JSON.stringify(await c.find({ n: 1 }).explain())).toContain('COLLSCAN');
    expect(await c.indexes()).toContainEqual({ v: 2, key: { n: 1 }, name: 'n_1', hidden: true });
    await change({ name: 'n_1', hidden: false });
    expect(JSON.stringify(await c.find({ n: 1 }).explain())).toContain('IXSCAN');
    await expect(change({ name: 'nope', hidden: true })).rejects.toMatchObject({ code: 27 });
    await expect(change({ name: '_id_', hidden: true })).rejects.toMatchObject({ code: 2 });
    await expect(change({ name: 'n_1' })).rejects.toMatchObject({ code: 72 });
    await expect(change({ name: 'n_1', colour: 1 })).rejects.toMatchObject({ code: 40415 });
    await expect(database.db.command({ collMod: name(), validator: {} })).rejects.toMatchObject({ code: 26 });
    await expect(database.db.command({ collMod: c.collectionName, viewOn: 'x' })).rejects.toMatchObject({ code: 72 });
  });
});

describe('drop, rename and list', () => {
  test('dropIndexes by name, key, list and star, with their errors', async () => {
    const c = database.db.collection<Thing>(name());
    const make = () => c.createIndexes([{ key: { a: 1 } }, { key: { b: 1 } }, { key: { d: 1 } }]);
    const drop = (index: unknown) => database.db.command({ dropIndexes: c.collectionName, index });
    await make();
    expect(await drop('a_1')).toMatchObject({ nIndexesWas: 4, ok: 1 });
    await drop({ b: 1 });
    await make();
    await drop(['a_1', 'b_1']);
    expect((await c.indexes()).map((index) => index.name)).toEqual(['_id_', 'd_1']);
    await make();
    expect(await drop('*')).toMatchObject({ nIndexesWas: 4, msg: 'non-_id indexes dropped for collection' });
    expect(await c.indexes()).toHaveLength(1);
    await expect(drop('a_1')).rejects.toMatchObject({ code: 27 });
    await expect(drop({ a: 1 })).rejects.toMatchObject({ code: 27 });
    await expect(drop('_id_')).rejects.toMatchObject({ code: 72 });
    await expect(database.db.command({ dropIndexes: c.collectionName })).rejects.toMatchObject({ code: 40414 });
    await expect(database.db.command({ dropIndexes: name(), index: '*' })).rejects.toMatchObject({ code: 26 });
  });

  test('drop of nothing is ok; renames check both names', async () => {
    const { db } = database;
    expect(await db.command({ drop: name() })).toMatchObject({ ok: 1 });
    const [a, b] = [db.collection<Thing>(name()), db.collection<Thing>(name())];
    await a.insertOne({ _id: 1 });
    await b.insertOne({ _id: 2 });
    await expect(a.rename(b.collectionName)).rejects.toMatchObject({ code: 48 });
    const itself = `test.${a.collectionName}`;
    const admin = database.client.db('admin');
    await expect(admin.command({ renameCollection: itself, to: itself })).rejects.toMatchObject({ code: 20 });
    await expect(db.collection(name()).rename(name())).rejects.toMatchObject({ code: 26 });
    await a.rename(b.collectionName, { dropTarget: true });
    expect(await b.find().toArray()).toEqual([{ _id: 1 }]);
  });

  test('listCollections filters, sorts, gives names only, in batches', async () => {
    const db = database.client.db(name());
    for (const one of ['b', 'c', 'a']) await db.createCollection(one);
    await db.createCollection('v', { viewOn: 'a', pipeline: [] });
    expect((await db.listCollections().toArray()).map((one) => one.name)).toEqual(['a', 'b', 'c', 'v']);
    expect(await db.listCollections({ type: 'view' }, { nameOnly: true }).toArray()).toEqual([
      { name: 'v', type: 'view' },
    ]);
    const first = await db.command({ listCollections: 1, cursor: { batchSize: 1 } });
    expect(first.cursor.firstBatch).toHaveLength(1);
    expect(Number(first.cursor.id)).not.toBe(0);
    expect((await db.listCollections({}, { batchSize: 2 }).toArray()).length).toBe(4);
    await db.collection('a').insertOne({ text: 'x'.repeat(10_000) });
    const { databases, totalSize } = await db.admin().listDatabases();
    const own = databases.find((one) => one.name === db.databaseName);
    expect(own?.empty).toBe(false);
    expect(own?.sizeOnDisk).toBeGreaterThan(10_000);
    expect(totalSize).toBeGreaterThanOrEqual(own?.sizeOnDisk as number);
    await db.dropDatabase();
    expect(await db.listCollections().toArray()).toEqual([]);
  });

  test('unknown fields of commands are errors', async () => {
    const c = name();
    for (const command of [
      { find: c, colour: 1 },
      { count: c, colour: 1 },
      { distinct: c, key: 'a', colour: 1 },
      { listCollections: 1, colour: 1 },
      { listIndexes: c, colour: 1 },
      { collMod: c, colour: 1 },
      { dropIndexes: c, index: '*', colour: 1 },
    ])
      await expect(database.db.command(command)).rejects.toMatchObject({ code: 40415 });
  });

  test('mongoose makes capped and time series collections and views of a schema', async () => {
    const connection = await mongoose.createConnection(database.server.uri, { dbName: name() }).asPromise();
    const Log = connection.model('Log', new mongoose.Schema({ text: String }, { capped: { size: 4096, max: 2 } }));
    await Log.createCollection();
    await Log.create([{ text: 'a' }, { text: 'b' }, { text: 'c' }], { ordered: true });
    expect((await Log.find()).map(({ text }) => text)).toEqual(['b', 'c']);
    const series = { timeField: 'at', metaField: 'meta', granularity: 'hours' } as const;
    const Series = connection.model(
      'Series',
      new mongoose.Schema({ at: Date }, { timeseries: series, autoCreate: false }),
    );
    await Series.createCollection();
    await Series.create({ at: new Date() });
    expect(await Series.countDocuments()).toBe(1);
    const View = connection.model('View', new mongoose.Schema({ text: String }, { autoCreate: false }));
    await View.createCollection({ viewOn: 'logs', pipeline: [{ $match: { text: 'c' } }] });
    expect(await View.find().lean()).toMatchObject([{ text: 'c' }]);
    await connection.close();
  });
});
