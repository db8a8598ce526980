import { ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const name = () => `v${new ObjectId().toHexString()}`;

/** A collection of ten documents and a view of the even ones. */
async function evens() {
  const { db } = database;
  const on = db.collection<Thing>(name());
  await on.insertMany(Array.from({ length: 10 }, (_, i) => ({ _id: i, n: i, tags: [`t${i % 3}`, 'all'] })));
  const viewName = name();
  await db.createCollection(viewName, {
    viewOn: on.collectionName,
    pipeline: [{ $match: { n: { $mod: [2, 0] } } }, { $addFields: { double: { $multiply: ['$n', 2] } } }],
  });
  return { on, view: db.collection<Thing>(viewName), viewName };
}

describe('views', () => {
  test('are read by find, aggregate, count, distinct and explain', async () => {
    const { view } = await evens();
    expect(
      await view
        .find({ double: { $gt: 4 } })
        .sort({ n: -1 })
        .skip(1)
        .limit(2)
        .toArray(),
    ).toMatchObject([
      { n: 6, double: 12 },
      { n: 4, double: 8 },
    ]);
    expect(
      await view
        .find({}, { projection: { _id: 0, double: 1 } })
        .limit(1)
        .toArray(),
    ).toEqual([{ double: 0 }]);
    expect(await view.aggregate([{ $group: { _id: null, sum: { $sum: '$double' } } }]).toArray()).toEqual([
      { _id: null, sum: 40 },
    ]);
    expect(await view.countDocuments({ n: { $gte: 4 } })).toBe(3);
    expect(await view.estimatedDocumentCount()).toBe(5);
    expect(await view.distinct('tags', { n: { $lt: 4 } })).toEqual(['all', 't0', 't2']);
    const explained = await view.find({ n: 4 }).explain('executionStats');
    expect(explained.stages[0].$cursor.queryPlanner.winningPlan.stage).toBe('COLLSCAN');
  });

  test('see what is written to the collection, and may stand on each other', async () => {
    const { on, viewName } = await evens();
    const second = name();
    await database.db.createCollection(second, { viewOn: viewName, pipeline: [{ $match: { n: { $gt: 5 } } }] });
    const view = database.db.collection<Thing>(second);
    expect((await view.find().toArray()).map(({ n }) => n)).toEqual([6, 8]);
    await on.insertOne({ _id: 20, n: 20 });
    expect((await view.find().toArray()).map(({ double }) => double)).toEqual([12, 16, 40]);
    await database.db.command({ collMod: second, viewOn: on.collectionName, pipeline: [{ $match: { n: 1 } }] });
    expect(await view.find().toArray()).toMatchObject([{ n: 1 }]);
  });

  test('use the indexes of their collection', async () => {
    const { on, view } = await evens();
    await on.createIndex({ n: 1 });
    const viewName = name();
    await database.db.createCollection(viewName, {
      viewOn: on.collectionName,
      pipeline: [{ $match: { n: { $gt: 7 } } }],
    });
    const explained = await database.db
      .collection(viewName)
      .find({ n: { $lt: 9 } })
      .explain('executionStats');
    expect(explained.executionStats).toMatchObject({ nReturned: 1, totalKeysExamined: 1 });
    expect(await view.countDocuments({})).toBe(5);
  });

  test('are listed, dropped, and not written to', async () => {
    const { view, viewName, on } = await evens();
    expect(await database.db.listCollections({ name: viewName }).toArray()).toMatchObject([
      {
        name: viewName,
        type: 'view',
        options: { viewOn: on.collectionName, pipeline: [{}, {}] },
        info: { readOnly: true },
      },
    ]);
    const refused = { code: 166, codeName: 'CommandNotSupportedOnView' };
    await expect(view.insertOne({ n: 1 })).rejects.toMatchObject(refused);
    await expect(view.updateOne({}, { $set: { n: 1 } })).rejects.toMatchObject({ code: 166 });
    await expect(view.deleteMany({})).rejects.toMatchObject({ code: 166 });
    await expect(view.findOneAndUpdate({}, { $set: { n: 1 } })).rejects.toMatchObject(refused);
    await expect(view.createIndex({ n: 1 })).rejects.toMatchObject(refused);
    await expect(view.indexes()).rejects.toMatchObject(refused);
    await expect(view.rename(name())).rejects.toMatchObject(refused);
    expect(await view.drop()).toBe(true);
    expect(await on.countDocuments()).toBe(10);
    expect(await view.countDocuments()).toBe(0);
  });

  test('cycles, depth, collations and impossible definitions are errors', async () => {
    const { db } = database;
    const [a, b] = [name(), name()];
    await db.createCollection(a, { viewOn: b, pipeline: [] });
    await expect(db.createCollection(b, { viewOn: a, pipeline: [] })).rejects.toMatchObject({
      code: 5,
      codeName: 'GraphContainsCycle',
    });
    await expect(db.createCollection(b, { viewOn: b, pipeline: [] })).rejects.toMatchObject({ code: 5 });
    const chain = [name()];
    const deepen = async () => {
      for (let i = 0; i < 30; i++) {
        const next = name();
        await db.createCollection(next, { viewOn: chain.at(-1) as string, pipeline: [] });
        chain.push(next);
      }
    };
    await expect(deepen()).rejects.toMatchObject({ code: 165, codeName: 'ViewDepthLimitExceeded' });
    expect(chain.length).toBeGreaterThan(15);
    const create = (options: object) => db.command({ create: name(), ...options });
    await expect(create({ viewOn: '' })).rejects.toMatchObject({ code: 2 });
    await expect(create({ pipeline: [] })).rejects.toMatchObject({ code: 72 });
    await expect(create({ viewOn: a, pipeline: [{ $nope: 1 }] })).rejects.toMatchObject({ code: 40324 });
    await expect(create({ viewOn: a, pipeline: [{ $out: 'x' }] })).rejects.toMatchObject({ code: 167 });
    await expect(create({ viewOn: a, capped: true, size: 1000 })).rejects.toMatchObject({ code: 72 });
    await expect(create({ viewOn: a, collation: { locale: 'en', strength: 2 } })).rejects.toMatchObject({ code: 167 });
    await expect(
      db
        .collection(a)
        .find({}, { collation: { locale: 'en' } })
        .toArray(),
    ).rejects.toMatchObject({ code: 167 });
    await expect(
      db
        .collection(a)
        .find({}, { min: { _id: 1 }, hint: { _id: 1 } })
        .toArray(),
    ).rejects.toMatchObject({ code: 168 });
  });
});
