import fc from 'fast-check';
import { type Document, MaxKey, MinKey, ObjectId } from 'mongodb';
import { openDatabase, type Thing, until } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true, sweepIntervalMs: 50 });
});
afterAll(() => database.close());

const fresh = () => database.db.collection<Thing>(`c${new ObjectId().toHexString()}`);

async function stageOf(cursor: { explain(): Promise<unknown> }): Promise<{ text: string; keys: number; docs: number }> {
  const explained = (await cursor.explain()) as {
    queryPlanner: { winningPlan: unknown };
    executionStats: { totalKeysExamined: number; totalDocsExamined: number };
  };
  return {
    text: JSON.stringify(explained.queryPlanner.winningPlan),
    keys: explained.executionStats.totalKeysExamined,
    docs: explained.executionStats.totalDocsExamined,
  };
}

describe('indexes', () => {
  test('with a hashed field find equal values and refuse arrays', async () => {
    const c = fresh();
    await c.createIndexes([{ key: { _id: 'hashed' } }, { key: { a: 'hashed' } }, { key: { b: 1, c: 'hashed' } }]);
    await c.insertMany(Array.from({ length: 50 }, (_, i) => ({ _id: i, a: i, b: i % 5, c: { i } })));
    expect((await c.indexes()).map(({ name, key }) => [name, key])).toEqual([
      ['_id_', { _id: 1 }],
      ['_id_hashed', { _id: 'hashed' }],
      ['a_hashed', { a: 'hashed' }],
      ['b_1_c_hashed', { b: 1, c: 'hashed' }],
    ]);
    expect(await stageOf(c.find({ a: 7 }))).toMatchObject({
      keys: 1,
      docs: 1,
      text: expect.stringContaining('a_hashed'),
    });
    expect(await c.find({ b: 2, c: { i: 12 } }).toArray()).toMatchObject([{ _id: 12 }]);
    expect(await c.countDocuments({ a: { $gte: 48 } })).toBe(2);
    await expect(c.insertOne({ a: [1] })).rejects.toMatchObject({ code: 16766 });
    await expect(c.createIndex({ z: 'hashed' }, { unique: true })).rejects.toMatchObject({ code: 16764 });
    await expect(c.createIndex({ y: 'hashed', z: 'hashed' })).rejects.toMatchObject({ code: 31303 });
    await expect(c.createIndex({ z: 'text' })).rejects.toMatchObject({ code: 238 });
  });

  test('are used for equality, prefix, range, $in and sort', async () => {
    const c = fresh();
    await c.createIndex({ a: 1, b: -1 });
    await c.insertMany(Array.from({ length: 300 }, (_, i) => ({ _id: i, a: i % 10, b: i })));
    const exact = await stageOf(c.find({ a: 3, b: 13 }));
    expect(exact).toMatchObject({ keys: 1, docs: 1 });
    expect(await stageOf(c.find({ a: 3 }))).toMatchObject({ keys: 30 });
    expect(await stageOf(c.find({ a: 3, b: { $gte: 100, $lt: 200 } }))).toMatchObject({ keys: 10 });
    expect(await stageOf(c.find({ a: { $in: [1, 2] }, b: { $gt: 280 } }))).toMatchObject({ keys: 4 });
    const sorted = c.find({ a: 3 }).sort({ b: 1 });
    expect((await stageOf(sorted.clone())).text).not.toContain('SORT');
    expect((await sorted.toArray()).map(({ b }) => b)).toEqual(Array.from({ length: 30 }, (_, i) => i * 10 + 3));
    expect((await c.find({ a: 3 }).sort({ b: -1 }).limit(2).toArray()).map(({ b }) => b)).toEqual([293, 283]);
    expect((await stageOf(c.find({ b: 3 }))).text).toContain('COLLSCAN');
    await c.createIndex({ b: 1 });
    expect(await stageOf(c.find({ b: 3 }))).toMatchObject({ keys: 1 });
    await c.dropIndex('b_1');
    expect(await c.countDocuments({ b: 3 })).toBe(1);
  });

  test('find elements of arrays, each document once', async () => {
    const c = database.db.collection<{ _id: number; lines: { item: string }[] }>(fresh().collectionName);
    await c.createIndex({ 'lines.item': 1 });
    await c.insertMany([
      { _id: 1, lines: [{ item: 'x' }, { item: 'y' }] },
      { _id: 2, lines: [{ item: 'y' }] },
      { _id: 3, lines: [] },
    ]);
    expect(await c.find({ 'lines.item': { $in: ['x', 'y'] } }).toArray()).toHaveLength(2);
    expect(await stageOf(c.find({ 'lines.item': 'x' }))).toMatchObject({ keys: 1, docs: 1 });
    await c.updateOne({ _id: 1 }, { $pull: { lines: { item: 'x' } } });
    expect(await c.countDocuments({ 'lines.item': 'x' })).toBe(0);
    const parallel = fresh();
    await parallel.createIndex({ p: 1, q: 1 });
    await expect(parallel.insertOne({ p: [1], q: [1] })).rejects.toMatchObject({ code: 171 });
  });

  test('sparse and partial ones are used only where they hold all that is asked for', async () => {
    const c = fresh();
    await c.createIndex({ s: 1 }, { sparse: true });
    await c.createIndex({ p: 1 }, { unique: true, partialFilterExpression: { open: true } });
    await c.insertMany([
      { _id: 1, s: 1, p: 'x', open: true },
      { _id: 2, p: 'x', open: false },
      { _id: 3 },
      { _id: 4, p: 'x' },
    ]);
    expect(await c.find({ s: null }).toArray()).toHaveLength(3);
    expect((await c.find({}).sort({ s: 1 }).toArray()).length).toBe(4);
    expect((await stageOf(c.find({ s: 1 }))).text).toContain('s_1');
    expect((await stageOf(c.find({ p: 'x', open: true }))).text).toContain('p_1');
    expect((await stageOf(c.find({ p: 'x' }))).text).toContain('COLLSCAN');
    expect(await c.countDocuments({ p: 'x' })).toBe(3);
    await expect(c.insertOne({ p: 'x', open: true })).rejects.toMatchObject({ code: 11000 });
    await expect(c.updateOne({ _id: 2 }, { $set: { open: true } })).rejects.toMatchObject({ code: 11000 });
    await c.updateOne({ _id: 1 }, { $set: { open: false } });
    await c.updateOne({ _id: 2 }, { $set: { open: true } });
  });

  test('the filter of a partial one may hold only what MongoDB takes there', async () => {
    const c = fresh();
    const make = (partialFilterExpression: Document) => c.createIndex({ a: 1 }, { partialFilterExpression });
    for (const filter of [
      { a: { $exists: false } },
      { a: { $ne: 1 } },
      { a: { $nin: [1] } },
      { a: { $not: { $gt: 1 } } },
      { a: /x/ },
      { a: { $elemMatch: { b: 1 } } },
      { a: { $size: 1 } },
      { $nor: [{ a: 1 }] },
      { $expr: { $eq: ['$a', 1] } },
      { $or: [{ a: 1 }, { $and: [{ b: { $mod: [2, 0] } }] }] },
    ])
      await expect(make(filter)).rejects.toMatchObject({ code: 67, codeName: 'CannotCreateIndex' });
    const allowed = { $or: [{ a: { $in: [1, 2] } }, { $and: [{ a: { $gt: 5, $type: 'int' } }, { b: null }] }] };
    await make({ a: { $exists: true }, ...allowed });
    // Also where there is another index of its name.
    await expect(make({ a: { $exists: false } })).rejects.toMatchObject({ code: 67 });
  });

  test('a hint takes a sparse or partial one as it is: what it does not hold is not found', async () => {
    const c = fresh();
    await c.createIndex({ s: 1 }, { sparse: true });
    await c.createIndex({ p: 1 }, { partialFilterExpression: { open: true } });
    await c.insertMany([
      { _id: 1, s: 2, p: 'x', open: true },
      { _id: 2, s: 1, p: 'x', open: false },
      { _id: 3, s: null },
      { _id: 4, p: 'x' },
    ]);
    const ids = async (filter: object, hint: object, sort: object = {}) =>
      (await c.find(filter, { hint, sort: sort as { s: 1 } }).toArray()).map(({ _id }) => _id);
    expect(await ids({}, { s: 1 })).toEqual([3, 2, 1]);
    expect(await ids({}, { s: 1 }, { s: -1 })).toEqual([1, 2, 3]);
    expect(await ids({ s: null }, { s: 1 })).toEqual([3]);
    expect(await ids({ p: 'x' }, { s: 1 })).toEqual([2, 1]);
    expect(await ids({ p: 'x' }, { p: 1 })).toEqual([1]);
    expect(await ids({ $or: [{ p: 'x' }, { _id: 3 }] }, { p: 1 })).toEqual([1]);
    expect(await c.countDocuments({ p: 'x' }, { hint: 's_1' })).toBe(2);
    expect(await c.find({}, { hint: 's_1' }).count()).toBe(3);
    expect(await c.aggregate([{ $match: { p: 'x' } }], { hint: 'p_1' }).toArray()).toHaveLength(1);
    expect((await c.updateMany({ p: 'x' }, { $set: { seen: true } }, { hint: 'p_1' })).matchedCount).toBe(1);
    expect((await c.deleteMany({}, { hint: 's_1' })).deletedCount).toBe(3);
    expect(await ids({}, { _id: 1 })).toEqual([4]);
  });

  test('a partial one is not used for a range that what is missing is in as well', async () => {
    const c = fresh();
    await c.createIndex({ a: 1 }, { partialFilterExpression: { c: { $exists: true } } });
    await c.insertMany([{ _id: 1 }, { _id: 2, c: 1 }]);
    for (const range of [{ $gte: new MinKey() }, { $gt: new MinKey() }, { $lte: new MaxKey() }])
      expect(await c.find({ c: range }).sort({ a: 1 }).toArray()).toHaveLength(2);
    expect(
      await c
        .find({ c: { $gte: 0 } })
        .sort({ a: 1 })
        .toArray(),
    ).toHaveLength(1);
  });

  test('a duplicate key names index, pattern and value', async () => {
    const c = fresh();
    await c.createIndex({ r: 1, n: 1 }, { unique: true });
    await c.insertOne({ r: 'a', n: 1 });
    await expect(c.insertOne({ r: 'a', n: 1 })).rejects.toMatchObject({
      code: 11000,
      keyPattern: { r: 1, n: 1 },
      keyValue: { r: 'a', n: 1 },
      message: expect.stringContaining(
        `E11000 duplicate key error collection: test.${c.collectionName} index: r_1_n_1 dup key: { r: "a", n: 1 }`,
      ),
    });
    await c.insertOne({ r: 'c', n: 1 });
    await expect(c.findOneAndUpdate({ r: 'c' }, { $set: { r: 'a' } })).rejects.toMatchObject({
      code: 11000,
      keyValue: { r: 'a', n: 1 },
      message: expect.stringMatching(/^Plan executor error during findAndModify :: caused by :: E11000 duplicate key/),
    });
    await expect(
      c.insertMany([
        { r: 'b', n: 1 },
        { r: 'a', n: 1 },
      ]),
    ).rejects.toMatchObject({ code: 11000 });
    await c.insertMany([{ r: 'z', k: 1 }]);
    await expect(c.insertOne({ r: 'z' })).rejects.toMatchObject({ code: 11000 });
  });

  test('unique holds with 20 concurrent writers', async () => {
    const c = fresh();
    await c.createIndex({ n: 1 }, { unique: true });
    let won = 0;
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let n = 0; n < 20; n++) {
          await c.insertOne({ n }).then(
            () => won++,
            (error) => expect(error).toMatchObject({ code: 11000 }),
          );
        }
      }),
    );
    expect(won).toBe(20);
    expect(await c.countDocuments()).toBe(20);
  });

  test('are built on what is there, or not at all', async () => {
    const c = fresh();
    await c.insertMany([{ a: 1 }, { a: 1 }]);
    await expect(c.createIndex({ a: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 });
    expect(await c.indexes()).toHaveLength(1);
    await c.createIndex({ a: 1 }, { background: true });
    await c.createIndex({ a: 1 });
    expect(await c.indexes()).toEqual([expect.anything(), { v: 2, key: { a: 1 }, name: 'a_1', background: true }]);
    expect((await stageOf(c.find({ a: 1 }))).keys).toBe(2);
    await expect(c.createIndex({ a: 1 }, { name: 'other' })).rejects.toMatchObject({ code: 85 });
    await expect(c.createIndex({ a: 'text' })).rejects.toMatchObject({ code: 238 });
  });

  test('follow random replacements and updates: the same documents are found with and without them', async () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(null, 0, 1, 1.5, 'x', [], [0], [0, 'x'], { y: 0 }, { y: [0, 1] }, [
        { y: 0 },
        { y: null },
      ]),
    );
    const fields = fc.record({ a: value, b: value, open: fc.constantFrom(0, 1, null) }, { requiredKeys: [] });
    const change = fc.record({ id: fc.nat({ max: 3 }), fields, whole: fc.boolean() });
    const c = fresh();
    await c.createIndexes([
      { key: { a: 1 } },
      { key: { 'a.y': -1 } },
      { key: { a: 1, open: 1 }, sparse: true },
      { key: { a: 1 }, name: 'partial', partialFilterExpression: { open: 1 } },
    ]);
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 6 }), async (changes) => {
        await c.deleteMany({});
        for (const { id, fields: given, whole } of changes) {
          if (whole) await c.replaceOne({ _id: id }, given, { upsert: true });
          else await c.updateOne({ _id: id }, { $set: { b: 0, ...given } }, { upsert: true });
        }
        for (const filter of [
          { a: 0 },
          { a: null },
          { a: { $gt: 0 } },
          { 'a.y': 0 },
          { a: 'x', open: 1 },
          { a: { $in: [1, 'x'] } },
        ]) {
          const find = (hint?: string | { $natural: 1 }) =>
            c
              .find(filter, hint === undefined ? {} : { hint })
              .sort({ _id: 1 })
              .toArray();
          const expected = await find({ $natural: 1 });
          expect(await find()).toEqual(expected);
          if ('open' in filter) expect(await find('partial')).toEqual(expected);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a sparse index leaves out elements that lack all its fields', async () => {
    const c = fresh();
    await c.createIndex({ 'a.b': 1 }, { unique: true, sparse: true });
    await c.insertMany([
      { _id: 1, a: [{ c: 1 }] },
      { _id: 2, a: [{ c: 1 }, { b: 5 }] },
    ]);
    await expect(c.insertOne({ a: [{ b: 5 }] })).rejects.toMatchObject({ code: 11000 });
    await expect(c.insertOne({ a: [{ b: null }, { b: 6 }] })).resolves.toBeDefined();
  });

  test('long values are found though their keys are cut', async () => {
    const c = fresh();
    await c.createIndex({ s: 1 }, { unique: true });
    const long = 'x'.repeat(3000);
    await c.insertMany([
      { _id: `${long}1`, s: `${long}1` },
      { _id: `${long}2`, s: `${long}2` },
    ]);
    expect(await c.find({ s: `${long}2` }).toArray()).toHaveLength(1);
    expect(await c.findOne({ _id: `${long}1` })).toMatchObject({ s: `${long}1` });
    expect(await c.find({ s: { $gt: `${long}1` } }).toArray()).toHaveLength(1);
    await expect(c.insertOne({ s: `${long}2` })).rejects.toMatchObject({ code: 11000 });
  });

  test('TTL deletes what has expired', async () => {
    const c = fresh();
    await c.createIndex({ at: 1 }, { expireAfterSeconds: 5 });
    await c.insertMany([
      { _id: 1, at: new Date(Date.now() - 60_000) },
      { _id: 2, at: new Date() },
      { _id: 3, at: 'never' },
      { _id: 4 },
    ]);
    await until(async () => (await c.countDocuments({ _id: 1 })) === 0, 'the expired document is deleted');
    expect(await c.countDocuments()).toBe(3);
  });
});
