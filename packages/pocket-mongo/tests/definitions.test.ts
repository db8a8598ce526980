import { ObjectId } from 'mongodb';
import { openDatabase, type Thing, until } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true }, { maxPoolSize: 60 });
});
afterAll(() => database.close());

const freshName = () => `c${new ObjectId().toHexString()}`;
const fresh = () => database.db.collection<Thing>(freshName());
const names = async () => (await database.db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);

describe('definitions in transactions', () => {
  test('a collection and its indexes are there after the commit, for others not before', async () => {
    const name = freshName();
    await database.client.withSession(async (session) => {
      session.startTransaction();
      await database.db.createCollection(name, { session });
      const c = database.db.collection<Thing>(name);
      await c.createIndex({ n: 1 }, { unique: true, session });
      await c.insertOne({ _id: 1, n: 1 }, { session });
      expect(await names()).not.toContain(name);
      expect(await c.findOne({ n: 1 })).toBeNull();
      expect(await c.findOne({ n: 1 }, { session })).toEqual({ _id: 1, n: 1 });
      await session.commitTransaction();
    });
    const c = database.db.collection<Thing>(name);
    expect((await c.indexes()).map((index) => index.name)).toEqual(['_id_', 'n_1']);
    await expect(c.insertOne({ _id: 2, n: 1 })).rejects.toMatchObject({ code: 11000 });
    expect(await c.findOne({ n: 1 })).toEqual({ _id: 1, n: 1 });
  });

  test('an aborted transaction leaves no collection, also none made by a write', async () => {
    const [made, implied] = [freshName(), freshName()];
    await database.client.withSession(async (session) => {
      session.startTransaction();
      await database.db.createCollection(made, { session });
      await database.db.collection(implied).insertOne({ n: 1 }, { session });
      await session.abortTransaction();
    });
    const left = await names();
    expect(left).not.toContain(made);
    expect(left).not.toContain(implied);
    // The names are free again.
    await database.db.createCollection(made);
    expect(await database.db.collection(implied).insertOne({ n: 2 })).toMatchObject({ acknowledged: true });
  });

  test('of two transactions that make one collection the second conflicts; a plain write waits', async () => {
    const name = freshName();
    const c = database.db.collection<Thing>(name);
    const [first, second] = [database.client.startSession(), database.client.startSession()];
    first.startTransaction();
    second.startTransaction();
    await c.insertOne({ _id: 1 }, { session: first });
    await expect(c.insertOne({ _id: 2 }, { session: second })).rejects.toMatchObject({
      code: 112,
      errorLabels: expect.arrayContaining(['TransientTransactionError']),
    });
    let done = false;
    const plain = c.insertOne({ _id: 3 }).then(() => {
      done = true;
    });
    expect(await c.countDocuments()).toBe(0);
    expect(done).toBe(false);
    await first.commitTransaction();
    await plain;
    expect(await c.countDocuments()).toBe(2);
    await Promise.all([first.endSession(), second.endSession()]);
  });

  test('an index on a collection that was there before is refused in a transaction, code 263', async () => {
    const c = fresh();
    await c.insertOne({ n: 1 });
    await database.client.withSession(async (session) => {
      session.startTransaction();
      await expect(c.createIndex({ n: 1 }, { session })).rejects.toMatchObject({ code: 263 });
      await session.abortTransaction().catch(() => undefined);
    });
    expect(await c.indexes()).toHaveLength(1);
  });

  test('an index made after a transaction has begun is a conflict for it, not a wrong answer', async () => {
    const [c, other] = [fresh(), fresh()];
    await Promise.all([c.insertMany([{ n: 1 }, { n: 2 }]), other.insertOne({ n: 1 })]);
    const session = database.client.startSession();
    session.startTransaction();
    await other.findOne({}, { session });
    await c.createIndex({ n: 1 });
    await expect(c.findOne({ n: 1 }, { session })).rejects.toMatchObject({
      code: 246,
      errorLabels: expect.arrayContaining(['TransientTransactionError']),
    });
    await session.endSession();
  });

  test('a drop waits for the transactions that have used the collection', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1 });
    const session = database.client.startSession();
    session.startTransaction();
    await c.findOne({}, { session });
    let dropped = false;
    const drop = c.drop().then(() => {
      dropped = true;
    });
    expect(await c.findOne({}, { session })).toEqual({ _id: 1 });
    expect(dropped).toBe(false);
    await session.commitTransaction();
    await drop;
    expect(await c.countDocuments()).toBe(0);
    await session.endSession();
  });
});

describe('index builds', () => {
  const DOCUMENTS = 20_000;
  const filled = async (c: ReturnType<typeof fresh>) => {
    await c.insertMany(Array.from({ length: DOCUMENTS }, (_, i) => ({ _id: i, n: i, tags: [`t${i % 7}`, 'all'] })));
  };

  test('hold nobody up, and the index is right whatever was written meanwhile', async () => {
    const c = fresh();
    await filled(c);
    let built = false;
    const build = c.createIndexes([
      { key: { n: 1 }, name: 'n' },
      { key: { tags: 1 }, name: 'tags' },
    ]);
    void build.then(() => {
      built = true;
    });
    let written = 0;
    for (let i = 0; !built; i++) {
      const id = (i * 7919) % DOCUMENTS;
      if (i % 3 === 0) await c.updateOne({ _id: id }, { $set: { n: -id, tags: ['changed'] } });
      else if (i % 3 === 1) await c.deleteOne({ _id: id });
      else await c.insertOne({ _id: DOCUMENTS + i, n: DOCUMENTS + i, tags: [] });
      written++;
    }
    await build;
    // Others had their turn while it was built.
    expect(written).toBeGreaterThan(3);
    for (const filter of [{ n: { $lt: 0 } }, { n: { $gte: 19_000 } }, { tags: 'changed' }, { tags: 't3' }]) {
      const ids = async (hint: Record<string, 1> | string) =>
        (await c.find(filter, { hint, projection: { _id: 1 } }).toArray()).map(({ _id }) => Number(_id)).sort();
      expect(await ids('tags' in filter ? 'tags' : 'n')).toEqual(await ids({ $natural: 1 }));
    }
  });

  test('a unique index over what is not unique is refused as a whole and leaves nothing', async () => {
    const c = fresh();
    await filled(c);
    await c.insertOne({ n: 5 });
    await expect(
      c.createIndexes([
        { key: { tags: 1 }, name: 'tags' },
        { key: { n: 1 }, name: 'n', unique: true },
      ]),
    ).rejects.toMatchObject({ code: 11000 });
    expect(await c.indexes()).toHaveLength(1);
    await c.deleteMany({ n: 5 });
    await c.createIndex({ n: 1 }, { unique: true });
    expect(await c.countDocuments({ n: 7 })).toBe(1);
  });

  test('two clients that ask for the same index both get it', async () => {
    const c = fresh();
    await filled(c);
    const got = await Promise.all([c.createIndex({ n: 1 }), c.createIndex({ n: 1 })]);
    expect(got).toEqual(['n_1', 'n_1']);
    const plan = await c.find({ n: 3 }).explain('executionStats');
    expect(plan.executionStats).toMatchObject({ nReturned: 1, totalDocsExamined: 1 });
  });

  test('a collection dropped while its index is built: the build fails, the drop does not', async () => {
    const c = fresh();
    await filled(c);
    const build = c.createIndex({ n: 1 });
    // A quick build may be done before the drop arrives.
    const outcome = build.then(
      () => undefined,
      (error: { code: number }) => error.code,
    );
    await until(async () => (await c.indexes()).length === 2, 'the build has begun');
    await c.drop();
    expect([276, undefined]).toContain(await outcome);
    expect(await names()).not.toContain(c.collectionName);
  });
});

describe('drops', () => {
  test('are quick, and the name is free at once', async () => {
    const c = fresh();
    await c.createIndex({ n: 1 });
    await c.insertMany(Array.from({ length: 5000 }, (_, i) => ({ n: i })));
    await c.drop();
    await c.insertOne({ _id: 1, n: 1 });
    expect(await c.find().toArray()).toEqual([{ _id: 1, n: 1 }]);
    expect(await c.find({ n: 1 }).toArray()).toHaveLength(1);
  });
});
