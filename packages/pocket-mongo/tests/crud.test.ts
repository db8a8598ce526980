import { type Collection, Decimal128, Double, Int32, Long, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let things: Collection<Thing>;

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  things = database.db.collection(`things${new ObjectId().toHexString()}`);
});

/** The ids that a filter finds, in the order of `_id`. */
async function ids(filter: Record<string, unknown>): Promise<unknown[]> {
  return (await things.find(filter).sort({ _id: 1 }).project({ _id: 1 }).toArray()).map(({ _id }) => _id);
}

async function after(
  document: Record<string, unknown>,
  update: Record<string, unknown> | Record<string, unknown>[],
  options: { arrayFilters?: Record<string, unknown>[]; filter?: Record<string, unknown> } = {},
): Promise<unknown> {
  const id = new ObjectId();
  await things.insertOne({ _id: id, ...document });
  await things.updateOne(
    { _id: id, ...options.filter },
    update,
    options.arrayFilters ? { arrayFilters: options.arrayFilters } : {},
  );
  return things.findOne({ _id: id }, { projection: { _id: 0 } });
}

describe('documents', () => {
  test('are stored and come back as they were', async () => {
    const document = {
      _id: 'a',
      s: 'é\0ß',
      n: 1,
      d: 1.5,
      l: Long.fromString('9007199254740993'),
      m: Decimal128.fromString('1.10'),
      t: new Date(5),
      b: true,
      z: null,
      a: [1, [2]],
      o: { x: { y: 1 } },
      id: new ObjectId(),
    };
    await things.insertOne(document);
    expect(await things.findOne({ _id: 'a' }, { promoteLongs: false })).toEqual(document);
  });

  test('keep the type of a number: a double stays a double', async () => {
    const numbers = database.db.collection<{ _id: number; double: Double; int: Int32; long: Long; other?: number }>(
      things.collectionName,
    );
    await numbers.insertOne({ _id: 1, double: new Double(1), int: new Int32(1), long: Long.fromNumber(1) });
    await numbers.updateOne({ _id: 1 }, { $set: { other: 1 }, $inc: { double: 1, long: 1 } });
    const raw = await numbers.findOne({ _id: 1 }, { promoteValues: false });
    expect(raw).toMatchObject({ double: new Double(2), int: new Int32(1), long: Long.fromNumber(2) });
    expect(
      await numbers.countDocuments({ double: { $type: 'double' }, int: { $type: 'int' }, long: { $type: 'long' } }),
    ).toBe(1);
  });

  test('insertMany goes on after an error only when unordered', async () => {
    await things.insertOne({ _id: 2 });
    await expect(things.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }])).rejects.toMatchObject({ code: 11000 });
    expect(await ids({})).toEqual([1, 2]);
    await expect(things.insertMany([{ _id: 2 }, { _id: 4 }], { ordered: false })).rejects.toMatchObject({
      code: 11000,
    });
    expect(await ids({})).toEqual([1, 2, 4]);
  });

  test('a cursor brings more than one batch, also sorted', async () => {
    await things.insertMany(Array.from({ length: 1000 }, (_, i) => ({ _id: i, turned: 1000 - i })));
    const found = await things.find({}, { batchSize: 7 }).toArray();
    expect(found.map(({ _id }) => _id)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    const sorted = await things.find({}, { batchSize: 100 }).sort({ turned: 1 }).skip(10).limit(300).toArray();
    expect(sorted.map(({ turned }) => turned)).toEqual(Array.from({ length: 300 }, (_, i) => i + 11));
    await things.updateMany({ _id: { $lt: 500 } }, { $set: { low: true } });
    expect(await things.countDocuments({ low: true })).toBe(500);
    expect((await things.deleteMany({ low: true })).deletedCount).toBe(500);
    expect(await things.estimatedDocumentCount()).toBe(500);
  });

  test('upserts take the equalities of the filter', async () => {
    const result = await things.updateOne(
      { name: 'x', n: { $gt: 3 }, 'a.b': 1 },
      { $set: { c: 1 }, $setOnInsert: { d: 2 } },
      { upsert: true },
    );
    expect(result.upsertedCount).toBe(1);
    expect(await things.findOne({}, { projection: { _id: 0 } })).toEqual({ name: 'x', a: { b: 1 }, c: 1, d: 2 });
    await things.updateOne({ b: { $all: [{ $elemMatch: { c: 1 } }] } }, { $set: { f: 1 } }, { upsert: true });
    expect(await things.findOne({ f: 1 }, { projection: { _id: 0 } })).toEqual({ f: 1 });
    await things.updateOne({ name: 'x' }, { $setOnInsert: { e: 1 } }, { upsert: true });
    expect(await things.countDocuments({ e: 1 })).toBe(0);
    await things.replaceOne({ _id: 'r' }, { v: 1 }, { upsert: true });
    expect(await things.findOne({ _id: 'r' })).toEqual({ _id: 'r', v: 1 });
  });

  test('an upsert may insert names with a dollar, an update may not make them', async () => {
    const update = { $set: { $price: 3 } };
    await things.updateOne({ _id: 'd' }, update, { upsert: true });
    expect(await things.findOne({ _id: 'd' })).toEqual({ _id: 'd', $price: 3 });
    await expect(things.updateOne({ _id: 'd' }, update, { upsert: true })).rejects.toMatchObject({ code: 52 });
    expect((await things.updateOne({ _id: 'none' }, update)).matchedCount).toBe(0);
  });

  test('findOneAndUpdate gives the document before or after', async () => {
    const numbers = database.db.collection<{ _id: number; n: number }>(things.collectionName);
    await numbers.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    expect(await numbers.findOneAndUpdate({}, { $inc: { n: 10 } }, { sort: { n: -1 } })).toEqual({ _id: 2, n: 2 });
    expect(
      await numbers.findOneAndUpdate(
        { _id: 1 },
        { $inc: { n: 10 } },
        { returnDocument: 'after', projection: { _id: 0 } },
      ),
    ).toEqual({ n: 11 });
    expect(await numbers.findOneAndDelete({ _id: 1 })).toEqual({ _id: 1, n: 11 });
    expect(await numbers.findOneAndReplace({ _id: 9 }, { n: 0 }, { upsert: true, returnDocument: 'after' })).toEqual({
      _id: 9,
      n: 0,
    });
    expect(await numbers.findOneAndUpdate({ _id: 77 }, { $set: { n: 1 } })).toBeNull();
  });

  test('a matched document that stays the same is not modified', async () => {
    await things.insertOne({ _id: 1, n: 1 });
    expect(await things.updateOne({ _id: 1 }, { $set: { n: 1 } })).toMatchObject({ matchedCount: 1, modifiedCount: 0 });
  });
});

describe('filters', () => {
  const cases: [string, Record<string, unknown>[], Record<string, unknown>, unknown[]][] = [
    [
      'equality in arrays',
      [
        { _id: 1, a: [1, 2] },
        { _id: 2, a: 2 },
        { _id: 3, a: [3] },
      ],
      { a: 2 },
      [1, 2],
    ],
    [
      'whole arrays',
      [
        { _id: 1, a: [1, 2] },
        { _id: 2, a: [2, 1] },
      ],
      { a: [1, 2] },
      [1],
    ],
    [
      'field order in subdocuments',
      [
        { _id: 1, a: { x: 1, y: 2 } },
        { _id: 2, a: { y: 2, x: 1 } },
      ],
      { a: { x: 1, y: 2 } },
      [1],
    ],
    [
      'null and missing',
      [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, a: 0 }, { _id: 4, a: [null] }],
      { a: null },
      [1, 2, 4],
    ],
    [
      'null below arrays',
      [{ _id: 1, a: [{ b: 1 }, {}] }, { _id: 2, a: [] }, { _id: 3, a: [{ b: 2 }] }, { _id: 4 }],
      { 'a.b': null },
      [1, 4],
    ],
    [
      'comparison keeps to the type',
      [
        { _id: 1, a: 5 },
        { _id: 2, a: '5' },
        { _id: 3, a: new Date(5) },
      ],
      { a: { $gt: 1 } },
      [1],
    ],
    [
      'numbers of all types',
      [
        { _id: 1, a: Long.fromNumber(5) },
        { _id: 2, a: Decimal128.fromString('5.0') },
        { _id: 3, a: 5 },
        { _id: 4, a: 4.9 },
      ],
      { a: { $gte: 5 } },
      [1, 2, 3],
    ],
    [
      '$in and regular expressions',
      [
        { _id: 1, a: 'abc' },
        { _id: 2, a: 'x' },
        { _id: 3, a: ['q', 'x'] },
      ],
      { a: { $in: [/^ab/, 'x'] } },
      [1, 2, 3],
    ],
    ['$nin', [{ _id: 1, a: 1 }, { _id: 2, a: [1, 2] }, { _id: 3 }], { a: { $nin: [1] } }, [3]],
    [
      '$ne',
      [
        { _id: 1, a: 1 },
        { _id: 2, a: [1, 2] },
        { _id: 3, a: 3 },
      ],
      { a: { $ne: 1 } },
      [3],
    ],
    ['$exists', [{ _id: 1, a: null }, { _id: 2 }, { _id: 3, b: { c: 1 } }], { a: { $exists: true } }, [1]],
    [
      '$exists false',
      [
        { _id: 1, a: { b: 1 } },
        { _id: 2, a: {} },
      ],
      { 'a.b': { $exists: false } },
      [2],
    ],
    [
      '$type',
      [
        { _id: 1, a: 'x' },
        { _id: 2, a: new ObjectId() },
        { _id: 3, a: ['x'] },
      ],
      { a: { $type: 'string' } },
      [1, 3],
    ],
    [
      '$type array',
      [
        { _id: 1, a: [] },
        { _id: 2, a: 1 },
      ],
      { a: { $type: 'array' } },
      [1],
    ],
    [
      '$all',
      [
        { _id: 1, a: [1, 2, 3] },
        { _id: 2, a: [1] },
        { _id: 3, a: 1 },
      ],
      { a: { $all: [1, 2] } },
      [1],
    ],
    [
      '$size',
      [
        { _id: 1, a: [1, 2] },
        { _id: 2, a: [1] },
      ],
      { a: { $size: 2 } },
      [1],
    ],
    [
      '$mod',
      [
        { _id: 1, a: 4 },
        { _id: 2, a: 5 },
        { _id: 3, a: -4 },
      ],
      { a: { $mod: [4, 0] } },
      [1, 3],
    ],
    [
      '$elemMatch on documents',
      [
        {
          _id: 1,
          a: [
            { x: 1, y: 1 },
            { x: 2, y: 2 },
          ],
        },
        { _id: 2, a: [{ x: 1, y: 2 }] },
      ],
      { a: { $elemMatch: { x: 1, y: 2 } } },
      [2],
    ],
    [
      '$elemMatch on values',
      [
        { _id: 1, a: [1, 9] },
        { _id: 2, a: [5] },
      ],
      { a: { $elemMatch: { $gt: 3, $lt: 7 } } },
      [2],
    ],
    ['two conditions may be met by two elements', [{ _id: 1, a: [1, 9] }], { a: { $gt: 3, $lt: 7 } }, [1]],
    ['$not', [{ _id: 1, a: 1 }, { _id: 2, a: 5 }, { _id: 3 }], { a: { $not: { $gt: 3 } } }, [1, 3]],
    [
      '$nor',
      [
        { _id: 1, a: 1 },
        { _id: 2, a: 2 },
        { _id: 3, a: 3 },
      ],
      { $nor: [{ a: 1 }, { a: 2 }] },
      [3],
    ],
    [
      '$or and $and',
      [
        { _id: 1, a: 1, b: 1 },
        { _id: 2, a: 2, b: 1 },
        { _id: 3, a: 1, b: 2 },
      ],
      { $and: [{ $or: [{ a: 1 }, { a: 2 }] }, { b: 1 }] },
      [1, 2],
    ],
    [
      '$regex with options',
      [
        { _id: 1, a: 'Hello' },
        { _id: 2, a: 'hell' },
      ],
      { a: { $regex: '^HELLO', $options: 'i' } },
      [1],
    ],
    [
      '$expr',
      [
        { _id: 1, a: 1, b: 2 },
        { _id: 2, a: 3, b: 2 },
      ],
      { $expr: { $gt: ['$a', '$b'] } },
      [2],
    ],
    [
      'positions in arrays',
      [
        { _id: 1, a: [{ b: 1 }, { b: 2 }] },
        { _id: 2, a: [{ b: 2 }] },
      ],
      { 'a.1.b': 2 },
      [1],
    ],
    [
      '$bitsAllSet',
      [
        { _id: 1, a: 5 },
        { _id: 2, a: 4 },
      ],
      { a: { $bitsAllSet: [0, 2] } },
      [1],
    ],
    ['_id ranges', [{ _id: 'a' }, { _id: 'b' }, { _id: 3 }], { _id: { $gt: 'a' } }, ['b']],
  ];
  test.each(cases)('%s', async (_, documents, filter, expected) => {
    await things.insertMany(documents);
    expect(await ids(filter)).toEqual(expected);
    // The same with the fields indexed.
    await things.createIndex({ a: 1 });
    expect(await ids(filter)).toEqual(expected);
  });

  test('what MongoDB refuses or pocket-mongo lacks is an error', async () => {
    await expect(things.find({ a: { $foo: 1 } }).toArray()).rejects.toMatchObject({ code: 2 });
    await expect(things.find({ $where: 'true' }).toArray()).rejects.toMatchObject({ code: 238 });
    await expect(things.find({}).collation({ locale: 'en', strength: 5 }).toArray()).rejects.toMatchObject({
      code: 238,
    });
    await expect(database.db.command({ nonsense: 1 })).rejects.toMatchObject({ code: 59 });
  });
});

describe('updates', () => {
  const cases: [
    string,
    Record<string, unknown>,
    Record<string, unknown> | Record<string, unknown>[],
    unknown,
    { arrayFilters?: Record<string, unknown>[]; filter?: Record<string, unknown> }?,
  ][] = [
    ['$set makes parents', {}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
    ['$set adds fields by name', { z: 0 }, { $set: { b: 1, a: 2 } }, { z: 0, a: 2, b: 1 }],
    ['$set in an array by position', { a: [1] }, { $set: { 'a.2': 3 } }, { a: [1, null, 3] }],
    ['$unset', { a: 1, b: [1, 2] }, { $unset: { a: '', 'b.0': '' } }, { b: [null, 2] }],
    ['$inc and $mul', { a: 1, b: 3 }, { $inc: { a: 2, n: 1 }, $mul: { b: 2, m: 5 } }, { a: 3, b: 6, m: 0, n: 1 }],
    [
      '$inc on Decimal128',
      { a: Decimal128.fromString('0.1') },
      { $inc: { a: Decimal128.fromString('0.2') } },
      { a: Decimal128.fromString('0.3') },
    ],
    ['$min and $max', { a: 5, b: 5 }, { $min: { a: 3 }, $max: { b: 3 } }, { a: 3, b: 5 }],
    ['$push', { a: [1] }, { $push: { a: 2, b: 1 } }, { a: [1, 2], b: [1] }],
    [
      '$push $each $slice $sort $position',
      { a: [3] },
      { $push: { a: { $each: [1, 2], $sort: 1, $slice: 2 } } },
      { a: [1, 2] },
    ],
    ['$push $position', { a: [1, 4] }, { $push: { a: { $each: [2, 3], $position: 1 } } }, { a: [1, 2, 3, 4] }],
    [
      '$push $sort by two fields',
      { a: [{ x: 2, y: 1 }] },
      {
        $push: {
          a: {
            $each: [
              { x: 1, y: 1 },
              { x: 1, y: 2 },
            ],
            $sort: { x: 1, y: -1 },
          },
        },
      },
      {
        a: [
          { x: 1, y: 2 },
          { x: 1, y: 1 },
          { x: 2, y: 1 },
        ],
      },
    ],
    ['$push $slice from the end', { a: [1, 2] }, { $push: { a: { $each: [3], $slice: -2 } } }, { a: [2, 3] }],
    ['$addToSet', { a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
    [
      '$pull by value and by filter',
      { a: [1, 2, 1], b: [{ x: 1 }, { x: 2 }] },
      { $pull: { a: 1, b: { x: { $gt: 1 } } } },
      { a: [2], b: [{ x: 1 }] },
    ],
    ['$pull by operator', { a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    [
      '$pull by clauses',
      { a: [{ x: 1 }, { x: 2 }, { x: 3 }] },
      { $pull: { a: { $or: [{ x: 1 }, { x: 3 }] } } },
      { a: [{ x: 2 }] },
    ],
    ['$pullAll', { a: [1, 2, 3] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
    ['$pop', { a: [1, 2, 3], b: [1, 2] }, { $pop: { a: 1, b: -1 } }, { a: [1, 2], b: [2] }],
    ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c.d' } }, { b: 2, c: { d: 1 } }],
    ['$bit', { a: 5 }, { $bit: { a: { and: 4 } } }, { a: 4 }],
    [
      'positional $',
      {
        a: [
          { k: 1, v: 0 },
          { k: 2, v: 0 },
        ],
      },
      { $set: { 'a.$.v': 9 } },
      {
        a: [
          { k: 1, v: 0 },
          { k: 2, v: 9 },
        ],
      },
      { filter: { 'a.k': 2 } },
    ],
    [
      'positional $ by $elemMatch',
      {
        a: [
          { k: 1, v: 0 },
          { k: 2, v: 0 },
        ],
      },
      { $inc: { 'a.$.v': 1 } },
      {
        a: [
          { k: 1, v: 0 },
          { k: 2, v: 1 },
        ],
      },
      { filter: { a: { $elemMatch: { k: 2, v: 0 } } } },
    ],
    [
      'positional $, twice, where the first change takes the match away',
      { a: [{ k: 1 }, { k: 2 }] },
      { $set: { 'a.$.k': 5, 'a.$.z': 6 } },
      { a: [{ k: 1 }, { k: 5, z: 6 }] },
      { filter: { 'a.k': 2 } },
    ],
    [
      'positional $ after another field of the filter changed',
      { b: 1, a: [{ k: 1 }, { k: 2 }] },
      { $set: { 'a.$.z': 6 }, $inc: { B: 1 } },
      { B: 1, b: 1, a: [{ k: 1 }, { k: 2, z: 6 }] },
      { filter: { $or: [{ B: { $exists: false }, 'a.k': 2 }] } },
    ],
    [
      'positional $ by $elemMatch with $or',
      { a: [{ k: 1 }, { k: 2 }] },
      { $set: { 'a.$.z': 1 } },
      { a: [{ k: 1 }, { k: 2, z: 1 }] },
      { filter: { a: { $elemMatch: { $or: [{ k: 2 }, { k: 3 }] } } } },
    ],
    [
      'positional $ in an array beside the one that the filter names',
      { a: ['x', 'y'], b: [1, 2] },
      { $set: { 'b.$': 9 } },
      { a: ['x', 'y'], b: [1, 9] },
      { filter: { a: 'y' } },
    ],
    ['$[]', { a: [1, 2] }, { $inc: { 'a.$[]': 10 } }, { a: [11, 12] }],
    [
      '$[id]',
      { a: [{ x: 1 }, { x: 5 }] },
      { $set: { 'a.$[big].hit': true } },
      { a: [{ x: 1 }, { x: 5, hit: true }] },
      { arrayFilters: [{ 'big.x': { $gt: 3 } }] },
    ],
    [
      '$[id] with $or',
      { a: [1, 5, 9] },
      { $set: { 'a.$[e]': 0 } },
      { a: [0, 5, 0] },
      { arrayFilters: [{ $or: [{ e: 1 }, { e: 9 }] }] },
    ],
    ['a pipeline', { a: 1 }, [{ $set: { b: { $add: ['$a', 1] } } }, { $unset: 'a' }], { b: 2 }],
  ];
  test.each(cases)('%s', async (...[, document, update, expected, options]) => {
    expect(await after(document, update, options)).toEqual(expected);
  });

  const refused: [string, Record<string, unknown>, Record<string, unknown>, number][] = [
    ['$inc on a string', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['$push on a scalar', { a: 1 }, { $push: { a: 1 } }, 2],
    ['$set through a scalar', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['two operators on one path', {}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['a path and one inside it', {}, { $set: { a: 1, 'a.b': 1 } }, 40],
    ['a change of _id', { a: 1 }, { $set: { _id: 'other' } }, 66],
    ['an unknown operator', {}, { $foo: { a: 1 } }, 9],
    ['a name with a dollar', { a: 1 }, { $set: { $b: 1 } }, 52],
    ['$ twice in a path', { a: [{ b: [1] }] }, { $set: { 'a.$.b.$': 1 } }, 2],
  ];
  test.each(refused)('%s is refused', async (_, document, update, code) => {
    await expect(after(document, update)).rejects.toMatchObject({ code });
  });
});

describe('projections', () => {
  const document = {
    _id: 1,
    a: 1,
    b: { c: 1, d: 2 },
    e: [
      { f: 1, g: 1 },
      { f: 2, g: 2 },
    ],
    h: [1, 2, 3],
  };
  const cases: [Record<string, unknown>, unknown][] = [
    [{ a: 1 }, { _id: 1, a: 1 }],
    [{ a: 1, _id: 0 }, { a: 1 }],
    [
      { 'b.c': 1, 'e.f': 1 },
      { _id: 1, b: { c: 1 }, e: [{ f: 1 }, { f: 2 }] },
    ],
    [
      { b: 0, e: 0, h: 0 },
      { _id: 1, a: 1 },
    ],
    [
      { h: { $slice: -1 }, b: 0, e: 0 },
      { _id: 1, a: 1, h: [3] },
    ],
    [{ e: { $elemMatch: { f: 2 } } }, { _id: 1, e: [{ f: 2, g: 2 }] }],
    [{ 'e.$': 1 }, { _id: 1, e: [{ f: 2, g: 2 }] }],
    [{ sum: { $add: ['$a', '$b.d'] } }, { _id: 1, sum: 3 }],
  ];
  test.each(cases)('%j', async (projection, expected) => {
    await things.insertOne(document);
    expect(await things.findOne({ 'e.f': 2 }, { projection })).toEqual(expected);
  });
});
