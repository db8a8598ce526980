import { ObjectId, Timestamp } from 'mongodb';
import { openDatabase, type Thing, until } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const fresh = () => database.db.collection<Thing>(`c${new ObjectId().toHexString()}`);

describe('snapshot sessions', () => {
  test('read one moment, in all collections and all batches', async () => {
    const [a, b] = [fresh(), fresh()];
    await a.insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i, n: 1 })));
    await b.insertOne({ _id: 1, n: 1 });
    await database.client.withSession({ snapshot: true }, async (session) => {
      const cursor = a.find({}, { session, batchSize: 50 });
      expect(await cursor.next()).toEqual({ _id: 0, n: 1 });
      await a.updateMany({}, { $set: { n: 2 } });
      await a.deleteMany({ _id: { $gt: 100 } });
      await b.insertOne({ _id: 2, n: 2 });
      const rest = await cursor.toArray();
      expect(rest).toHaveLength(299);
      expect(rest.every(({ n }) => n === 1)).toBe(true);
      expect(await b.find({}, { session }).toArray()).toEqual([{ _id: 1, n: 1 }]);
      expect(await a.distinct('n', {}, { session })).toEqual([1]);
      expect(await a.aggregate([{ $count: 'n' }], { session }).toArray()).toEqual([{ n: 300 }]);
    });
    expect(await a.countDocuments()).toBe(101);
  });

  test('see a write that was acknowledged before they began', async () => {
    const c = fresh();
    for (let i = 0; i < 50; i++) {
      await c.insertOne({ _id: i });
      const seen = await database.client.withSession({ snapshot: true }, (session) =>
        c.find({}, { session }).toArray(),
      );
      expect(seen).toHaveLength(i + 1);
    }
  });

  test('a collection changed since is an error, and so is a time out of reach', async () => {
    const [a, b] = [fresh(), fresh()];
    await Promise.all([a.insertOne({ n: 1 }), b.insertOne({ n: 1 })]);
    await database.client.withSession({ snapshot: true }, async (session) => {
      await a.findOne({}, { session });
      await b.createIndex({ n: 1 });
      await expect(b.findOne({ n: 1 }, { session })).rejects.toMatchObject({ code: 246 });
    });
    const at = (atClusterTime: Timestamp) =>
      database.db.command({ find: a.collectionName, readConcern: { level: 'snapshot', atClusterTime } });
    await expect(at(new Timestamp({ t: 1, i: 1 }))).rejects.toMatchObject({ code: 239 });
    await expect(at(new Timestamp({ t: 0xfffffff0, i: 1 }))).rejects.toMatchObject({ code: 72 });
  });
});

test('how long snapshots can be read is a parameter', async () => {
  const other = await openDatabase({ memory: true, sweepIntervalMs: 20 });
  const admin = other.client.db('admin');
  const c = other.db.collection('c');
  await c.insertOne({});
  expect(await admin.command({ getParameter: 1, minSnapshotHistoryWindowInSeconds: 1 })).toMatchObject({
    minSnapshotHistoryWindowInSeconds: 300,
  });
  const set = (minSnapshotHistoryWindowInSeconds: number) =>
    admin.command({ setParameter: 1, minSnapshotHistoryWindowInSeconds });
  expect(await set(600)).toMatchObject({ was: 300 });
  await other.client.withSession({ snapshot: true }, async (session) => {
    const read = () => c.find({}, { session }).toArray();
    expect(await read()).toHaveLength(1);
    await set(0);
    await c.insertOne({});
    const tooOld = () =>
      read().then(
        () => false,
        ({ code }) => code === 239,
      );
    await until(tooOld, 'the snapshot is given up');
  });
  await expect(set(-1)).rejects.toMatchObject({ code: 2 });
  await other.close();
});

describe('concerns', () => {
  test('what one member cannot fulfil is a write concern error of a write that was done', async () => {
    const c = fresh();
    const write = database.db.command({
      insert: c.collectionName,
      documents: [{ _id: 1 }],
      writeConcern: { w: 3 },
    });
    await expect(write).rejects.toMatchObject({ code: 100, codeName: 'UnsatisfiableWriteConcern' });
    expect(await c.countDocuments()).toBe(1);
    await expect(c.insertOne({ _id: 2 }, { writeConcern: { w: 'elsewhere' as 'majority' } })).rejects.toMatchObject({
      code: 79,
    });
    expect(await c.insertOne({ _id: 3 }, { writeConcern: { w: 0 } })).toMatchObject({ acknowledged: false });
    expect(await c.insertOne({ _id: 4 }, { writeConcern: { w: 1, journal: false } })).toMatchObject({
      acknowledged: true,
    });
    expect(await c.countDocuments()).toBe(4);
  });

  test('an unknown read concern, and one in the middle of a transaction, are errors', async () => {
    const c = fresh();
    const find = (readConcern: object) => database.db.command({ find: c.collectionName, readConcern });
    await expect(find({ level: 'sloppy' })).rejects.toMatchObject({ code: 9 });
    await expect(
      database.db.command({ count: c.collectionName, readConcern: { level: 'snapshot' } }),
    ).rejects.toMatchObject({
      code: 72,
    });
  });

  test('every reply tells the cluster time, and it only grows', async () => {
    const c = fresh();
    let before = 0n;
    for (let i = 0; i < 20; i++) {
      const reply = await database.db.command({ insert: c.collectionName, documents: [{ i }] });
      const time = (reply.operationTime as Timestamp).toBigInt();
      expect(time).toBeGreaterThan(before);
      expect((reply.$clusterTime.clusterTime as Timestamp).toBigInt()).toBeGreaterThanOrEqual(time);
      before = time;
    }
  });
});
