import { Decimal128, Double, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

describe('filters and sorts at the corners (found by tests/fuzz)', () => {
  const ids = async (docs: Thing[], filter: object, sort: Record<string, 1 | -1> = { _id: 1 }) => {
    const c = database.db.collection<Thing>(`corner${new ObjectId().toHexString()}`);
    await c.insertMany(docs);
    return (await c.find(filter).sort(sort).toArray()).map(({ _id }) => _id);
  };

  test('a position at the end of a path is the element itself, not what is in it', async () => {
    const docs = [
      { _id: 1, a: [[1, 2]] },
      { _id: 2, a: [1] },
    ];
    expect(await ids(docs, { 'a.0': 1 })).toEqual([2]);
    expect(await ids(docs, { 'a.0': [1, 2] })).toEqual([1]);
  });

  test('below a scalar in an array nothing is missing', async () => {
    expect(await ids([{ _id: 1, a: [5] }, { _id: 2, a: 5 }, { _id: 3 }], { 'a.0.b': null })).toEqual([2, 3]);
  });

  test('$elemMatch takes an inner array as one element, or as a document of its positions', async () => {
    const docs = [
      { _id: 1, a: [[2, 3]] },
      { _id: 2, a: [2] },
    ];
    expect(await ids(docs, { a: { $elemMatch: { $gt: 1 } } })).toEqual([2]);
    expect(await ids(docs, { a: { $elemMatch: { 1: 3 } } })).toEqual([1]);
    expect(await ids(docs, { a: { $elemMatch: { $elemMatch: { $gt: 2 } } } })).toEqual([1]);
  });

  test('everything lies between MinKey and MaxKey, also NaN and what is missing', async () => {
    const docs = [{ _id: 1 }, { _id: 2, a: Number.NaN }, { _id: 3, a: new MaxKey() }];
    expect(await ids(docs, { a: { $gt: new MinKey() } })).toEqual([1, 2, 3]);
    expect(await ids(docs, { a: { $lt: new MaxKey() } })).toEqual([1, 2]);
  });

  test('a document sorts by one of its keys as an index has them', async () => {
    const docs = [
      {
        _id: 1,
        a: [
          { b: 1, c: 5 },
          { b: 2, c: 1 },
        ],
      },
      { _id: 2, a: { b: 1, c: 3 } },
      { _id: 3, a: [7, { b: 9 }] },
    ];
    expect(await ids(docs, {}, { 'a.b': 1, 'a.c': 1 })).toEqual([3, 2, 1]);
    expect(
      await ids(
        [
          { _id: 1, v: [[3]] },
          { _id: 2, v: [] },
          { _id: 3, v: null },
        ],
        {},
        { v: 1 },
      ),
    ).toEqual([2, 3, 1]);
    await expect(ids([{ a: [1], b: [1] }], {}, { a: 1, b: 1 })).rejects.toMatchObject({ code: 2 });
  });

  test('$expr looks into documents of an array but not into arrays in it', async () => {
    expect(await ids([{ _id: 1, a: [[{ b: 1 }], { b: 2 }] }], { $expr: { $eq: ['$a.b', [2]] } })).toEqual([1]);
  });
});

describe('updates at the corners (found by tests/fuzz)', () => {
  const after = async (before: object, update: object, options: object = {}) => {
    const c = database.db.collection<Thing>(`corner${new ObjectId().toHexString()}`);
    await c.insertOne({ _id: 1, ...before });
    await c.updateOne({ _id: 1 }, update, options);
    return c.findOne({ _id: 1 }, { projection: { _id: 0 }, promoteValues: false });
  };

  test('a scalar on the way is error 28 also for $pull, $pullAll and $pop; $unset passes by', async () => {
    for (const update of [{ $pull: { 'a.b': 1 } }, { $pullAll: { 'a.b': [1] } }, { $pop: { 'a.b': 1 } }])
      await expect(after({ a: 1 }, update)).rejects.toMatchObject({ code: 28 });
    await expect(after({ a: [1] }, { $pull: { 'a.b': 1 } })).rejects.toMatchObject({ code: 28 });
    await expect(after({ a: 1 }, { $unset: { 'a.b': 1 } })).resolves.toBeDefined();
    await expect(after({}, { $unset: { 'a.$[].b': 1 } })).rejects.toMatchObject({ code: 2 });
  });

  test('messages can show int64 and other values', async () => {
    await expect(after({ a: Long.fromNumber(7) }, { $set: { 'a.b': 1 } })).rejects.toMatchObject({
      code: 28,
      message: expect.stringContaining('{a: 7}'),
    });
    await expect(after({ _id: Long.fromNumber(1), a: 'x' }, { $inc: { a: 1 } })).rejects.toMatchObject({ code: 14 });
  });

  test('$rename does not go through arrays, nor below itself, and is made in the order of its destination', async () => {
    await expect(after({ a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'c' } })).rejects.toMatchObject({ code: 2 });
    await expect(after({ a: 1, b: [{}] }, { $rename: { a: 'b.0.c' } })).rejects.toMatchObject({ code: 2 });
    await expect(after({ a: { b: 1 } }, { $rename: { 'a.b': 'a' } })).rejects.toMatchObject({ code: 2 });
    await expect(after({ a: 1 }, { $rename: { 'a.b': 'c' } })).rejects.toMatchObject({ code: 28 });
    const made = await after({ a: 1 }, { $set: { m: 1 }, $rename: { a: 'z' } });
    expect(Object.keys(made as object)).toEqual(['m', 'z']);
  });

  test('$push sorts by fields as they are: an array is one value', async () => {
    const list = [{ k: [5, 1] }, { k: 3 }, 'no document'];
    expect(await after({ list }, { $push: { list: { $each: [], $sort: { k: 1 } } } })).toMatchObject({
      list: ['no document', { k: { value: 3 } }, { k: [{ value: 5 }, { value: 1 }] }],
    });
  });

  test('arithmetic: a double meets a decimal with 15 digits, minus zero stays, $bit takes integers only', async () => {
    const sum = await after({ n: 0.1 }, { $inc: { n: Decimal128.fromString('0.2') } });
    expect(String(sum?.n)).toBe('0.300000000000000');
    const product = (await after({ n: new Double(-1.5) }, { $mul: { n: 0 } })) as unknown as { n: Double };
    expect(Object.is(product.n.value, -0)).toBe(true);
    await expect(after({ n: 1.5 }, { $bit: { n: { and: 1 } } })).rejects.toMatchObject({ code: 2 });
    await expect(after({ n: null }, { $bit: { n: { or: 1 } } })).rejects.toMatchObject({ code: 2 });
  });

  test('an upsert keeps a pattern that the filter asks for with $eq', async () => {
    const c = database.db.collection<Thing>('upsertedPattern');
    await c.updateOne({ _id: 1, p: { $eq: /a/ }, q: /b/ }, { $set: { r: 1 } }, { upsert: true });
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1, p: /a/, r: 1 });
  });
});
