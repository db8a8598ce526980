import { ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

async function capped(options: { size: number; max?: number }) {
  const name = `c${new ObjectId().toHexString()}`;
  await database.db.createCollection(name, { capped: true, ...options });
  return database.db.collection<Thing>(name);
}

const ids = (documents: readonly Thing[]) => documents.map(({ _id }) => _id);

describe('capped collections', () => {
  test('keep the order of insertion and drop the oldest, by number', async () => {
    const c = await capped({ size: 100_000, max: 3 });
    await c.insertMany([{ _id: 9 }, { _id: 5 }, { _id: 7 }, { _id: 1 }, { _id: 8 }]);
    expect(ids(await c.find().toArray())).toEqual([7, 1, 8]);
    expect(ids(await c.find().sort({ $natural: -1 }).toArray())).toEqual([8, 1, 7]);
    expect(ids(await c.aggregate<Thing>([{ $match: {} }]).toArray())).toEqual([7, 1, 8]);
    expect(ids(await c.find().sort({ _id: 1 }).toArray())).toEqual([1, 7, 8]);
    expect(await c.countDocuments()).toBe(3);
    expect(await c.findOne({ _id: 9 })).toBeNull();
  });

  test('drop the oldest by size, with their index entries', async () => {
    const c = await capped({ size: 5000 });
    await c.createIndex({ n: 1 }, { unique: true });
    for (let n = 0; n < 50; n++) await c.insertOne({ _id: n, n: n % 20, text: 'x'.repeat(400) });
    const left = ids(await c.find().toArray());
    expect(left.at(-1)).toBe(49);
    expect(left.length).toBeGreaterThan(5);
    expect(left.length).toBeLessThan(12);
    expect(ids(await c.find().sort({ n: 1 }).hint({ n: 1 }).toArray())).toHaveLength(left.length);
    await expect(c.insertOne({ text: 'x'.repeat(6000) })).rejects.toMatchObject({ code: 2 });
    const [row] = await c.aggregate([{ $collStats: { storageStats: { scale: 1000 } } }]).toArray();
    expect(row).toMatchObject({ storageStats: { capped: true, maxSize: 5 } });
    const stats = await database.db.command({ collStats: c.collectionName });
    expect(stats).toMatchObject({ capped: true, maxSize: 5000, count: left.length });
    expect(stats.size).toBeLessThanOrEqual(5000);
    expect(await c.isCapped()).toBe(true);
  });

  test('allow updates and deletes', async () => {
    const c = await capped({ size: 10_000, max: 3 });
    await c.insertMany([{ _id: 3 }, { _id: 2 }, { _id: 1 }]);
    await c.updateOne({ _id: 2 }, { $set: { text: 'longer' } });
    await c.deleteOne({ _id: 3 });
    await c.insertOne({ _id: 0 });
    expect(ids(await c.find().toArray())).toEqual([2, 1, 0]);
    await c.deleteMany({});
    await c.insertMany([{ _id: 4 }, { _id: 3 }, { _id: 2 }, { _id: 1 }]);
    expect(ids(await c.find().toArray())).toEqual([3, 2, 1]);
  });

  test('take new limits by collMod, and are not written in transactions', async () => {
    const c = await capped({ size: 10_000 });
    await c.insertMany(Array.from({ length: 20 }, (_, i) => ({ _id: i })));
    await database.db.command({ collMod: c.collectionName, cappedMax: 5 });
    expect(ids(await c.find().toArray())).toEqual([15, 16, 17, 18, 19]);
    const { options } = (await database.db.listCollections({ name: c.collectionName }).toArray())[0] as {
      options?: object;
    };
    expect(options).toEqual({ capped: true, size: 10_000, max: 5 });
    await database.client.withSession(async (session) => {
      session.startTransaction();
      await expect(c.insertOne({ _id: 100 }, { session })).rejects.toMatchObject({ code: 263 });
      await session.abortTransaction();
    });
    await expect(database.db.command({ convertToCapped: c.collectionName, size: 1000 })).rejects.toMatchObject({
      code: 59,
    });
    await expect(database.db.command({ create: 'x', capped: true })).rejects.toMatchObject({ code: 72 });
  });
});
