import { type Collection, type MongoServerError, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let things: Collection<Thing>;

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  things = database.db.collection(`things${new ObjectId().toHexString()}`);
});

async function failure(call: Promise<unknown>): Promise<MongoServerError> {
  return call.then(
    (result) => {
      throw new Error(`succeeded with ${JSON.stringify(result)}`);
    },
    (error) => error as MongoServerError,
  );
}

const DISH = {
  _id: 1,
  name: 'soup',
  price: { net: 5, tax: { rate: 7, included: true } },
  parts: [{ n: 'leek', g: 10 }, { n: 'salt', g: 1 }, 5, [{ n: 'inner', g: 2 }]],
  tags: ['a', 'b', 'c', 'd'],
};

describe('find with a projection', () => {
  const cases: [Record<string, unknown>, object][] = [
    [{ name: 1 }, { _id: 1, name: 'soup' }],
    [{ name: true, _id: 0 }, { name: 'soup' }],
    [{ _id: 1 }, { _id: 1 }],
    [
      { _id: 1, tags: 0, parts: 0, price: 0 },
      { _id: 1, name: 'soup' },
    ],
    [{ _id: 0, tags: 0, parts: 0, price: 0 }, { name: 'soup' }],
    [{ 'price.tax.rate': 1, _id: 0 }, { price: { tax: { rate: 7 } } }],
    [{ price: { tax: { rate: 1 }, net: 1 }, _id: 0 }, { price: { net: 5, tax: { rate: 7 } } }],
    [
      { 'price.tax': 0, parts: 0, tags: 0, _id: 0 },
      { name: 'soup', price: { net: 5 } },
    ],
    [{ 'parts.n': 1, _id: 0 }, { parts: [{ n: 'leek' }, { n: 'salt' }, [{ n: 'inner' }]] }],
    [{ 'parts.n': 0, _id: 0, name: 0, price: 0, tags: 0 }, { parts: [{ g: 10 }, { g: 1 }, 5, [{ g: 2 }]] }],
    [{ missing: 1, _id: 0 }, {}],
    [
      { tags: { $slice: 2 }, name: 1, _id: 0 },
      { name: 'soup', tags: ['a', 'b'] },
    ],
    [
      { tags: { $slice: -1 }, name: 1 },
      { _id: 1, name: 'soup', tags: ['d'] },
    ],
    [
      { tags: { $slice: [1, 2] }, price: 0, parts: 0 },
      { _id: 1, name: 'soup', tags: ['b', 'c'] },
    ],
    [
      { tags: { $slice: [-3, 2] }, _id: 1 },
      { _id: 1, tags: ['b', 'c'] },
    ],
    [
      { tags: { $slice: 0 }, name: 1, _id: 0 },
      { name: 'soup', tags: [] },
    ],
    [
      { tags: { $slice: 1 }, parts: 0, price: 0 },
      { _id: 1, name: 'soup', tags: ['a'] },
    ],
    [
      { name: { $slice: 1 }, _id: 1 },
      { _id: 1, name: 'soup' },
    ],
    [{ parts: { $elemMatch: { g: { $lt: 5 } } } }, { _id: 1, parts: [{ n: 'salt', g: 1 }] }],
    [{ tags: { $elemMatch: { $gt: 'b' } }, _id: 0 }, { tags: ['c'] }],
    [{ tags: { $elemMatch: { $gt: 'z' } } }, { _id: 1 }],
    [
      { parts: { $elemMatch: { n: 'leek' } }, price: 0, tags: 0 },
      { _id: 1, name: 'soup', parts: [{ n: 'leek', g: 10 }] },
    ],
    [{ name: '$price.net', _id: 0 }, { name: 5 }],
    [
      { name: 'plain', n: { $add: ['$price.net', 1] }, list: ['$name', 1], o: null },
      { _id: 1, name: 'plain', n: 6, list: ['soup', 1], o: null },
    ],
    [{ 'price.gross': { $add: ['$price.net', 2] }, 'price.net': 1, _id: 0 }, { price: { net: 5, gross: 7 } }],
    [{ 'new.deep': { $literal: 1 }, _id: 0 }, { new: { deep: 1 } }],
    [{ tags: { $slice: ['$tags', 1, 1] }, _id: 0 }, { tags: ['b'] }],
    [{ _id: '$name' }, { _id: 'soup' }],
    [{ '_id.x': 1, name: 1 }, { name: 'soup' }],
  ];
  test.each(cases)('%j', async (projection, expected) => {
    await things.insertOne({ ...DISH });
    const found = await things.findOne({}, { projection });
    expect(found).toEqual(expected);
  });

  const orders: [Record<string, unknown>, string[]][] = [
    [{ tags: 1, name: 1 }, ['_id', 'name', 'tags']],
    [{ z: { $literal: 1 }, tags: 1, a: '$name', name: 1 }, ['_id', 'name', 'tags', 'z', 'a']],
    [{ name: '$price.net', tags: 1 }, ['_id', 'tags', 'name']],
    [{ parts: { $elemMatch: { n: 'salt' } }, tags: 1, name: 1 }, ['_id', 'name', 'tags', 'parts']],
    [{ parts: { $slice: 1 }, tags: 1 }, ['_id', 'parts', 'tags']],
  ];
  test.each(orders)('%j gives the fields in their order', async (projection, expected) => {
    await things.insertOne({ ...DISH });
    expect(Object.keys((await things.findOne({}, { projection })) ?? {})).toEqual(expected);
  });

  test('the positional operator gives the element that the filter matched', async () => {
    await things.insertOne({ ...DISH });
    const first = async (filter: object, projection: object) => things.findOne(filter, { projection });
    expect(await first({ tags: 'b' }, { 'tags.$': 1, _id: 0 })).toEqual({ tags: ['b'] });
    expect(await first({ tags: { $gt: 'b' } }, { name: 1, 'tags.$': 1 })).toEqual({
      _id: 1,
      name: 'soup',
      tags: ['c'],
    });
    expect(await first({ 'parts.g': 1 }, { 'parts.$': 1, _id: 0 })).toEqual({ parts: [{ n: 'salt', g: 1 }] });
    expect(await first({ parts: { $elemMatch: { g: { $lt: 5 } } } }, { 'parts.$': 1, _id: 0 })).toEqual({
      parts: [{ n: 'salt', g: 1 }],
    });
    expect((await failure(first({ name: 'soup' }, { 'tags.$': 1 }))).code).toBe(51246);
    await things.insertOne({ _id: 2, a: [{ b: [1, 2] }, { b: [2, 3] }], few: [7], more: [8, 9] });
    expect(await first({ 'a.b': 2 }, { 'a.b.$': 1 })).toEqual({ _id: 2, a: [{ b: [2] }, { b: [2] }] });
    expect(await first({ more: 8 }, { 'few.$': 1 })).toEqual({ _id: 2, few: [7] });
    expect((await failure(first({ more: 9 }, { 'few.$': 1 }))).code).toBe(51247);
  });

  const refused: [Record<string, unknown>, number][] = [
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 0, b: '$c' }, 31310],
    [{ a: 0, b: { $add: [1, 2] } }, 31252],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
    [{ a: { $elemMatch: { x: 1 } }, 'a.b': 1 }, 31249],
    [{ a: {} }, 51270],
    [{ '': 1 }, 40352],
    [{ 'a.': 1 }, 40353],
    [{ 'a..b': 1 }, 15998],
    [{ $a: 1 }, 16410],
    [{ a: { $foo: 1 } }, 31325],
    [{ a: { b: 1, $add: [1] } }, 16410],
    [{ a: { $elemMatch: 1 } }, 31274],
    [{ 'a.b': { $elemMatch: { x: 1 } } }, 31275],
    [{ a: { b: { $elemMatch: { x: 1 } } } }, 31275],
    [{ 'a.$': 1, b: { $elemMatch: { x: 1 } } }, 31255],
    [{ b: { $elemMatch: { x: 1 } }, 'a.$': 1 }, 31256],
    [{ 'a.$': 1, 'b.$': 1 }, 31276],
    [{ 'a.$': 0 }, 31395],
    [{ 'a.$.b': 1 }, 31394],
    [{ 'a.$': { $slice: 1 } }, 31271],
    [{ 'a.$': 'x' }, 31308],
    [{ a: { $slice: 'x' } }, 28667],
    [{ a: { $slice: [1] } }, 28667],
    [{ a: { $slice: [1, 0] } }, 28724],
    [{ a: { $meta: 'recordId' } }, 238],
    [{ a: { $meta: 'foo' } }, 17308],
  ];
  test.each(refused)('%j is refused with %i', async (projection, code) => {
    await things.insertOne({ a: [1], b: [1] });
    expect((await failure(things.find({ a: 1 }, { projection }).toArray())).code).toBe(code);
  });

  test('findAndModify has the same with fields', async () => {
    await things.insertOne({ ...DISH });
    const updated = await things.findOneAndUpdate(
      { tags: 'c' },
      { $set: { name: 'stew' } },
      { projection: { 'tags.$': 1, name: 1, n: { $size: '$parts' } }, returnDocument: 'after' },
    );
    expect(updated).toEqual({ _id: 1, name: 'stew', tags: ['c'], n: 4 });
    const removed = await things.findOneAndDelete({ _id: 1 }, { projection: { tags: { $slice: 1 }, _id: 0, name: 1 } });
    expect(removed).toEqual({ name: 'stew', tags: ['a'] });
    expect((await failure(things.findOneAndDelete({ _id: 1 }, { projection: { a: 1, b: 0 } }))).code).toBe(31254);
  });
});

describe('$project', () => {
  const cases: [Record<string, unknown>, object][] = [
    [{ name: 1 }, { _id: 1, name: 'soup' }],
    [
      { price: 0, parts: 0, tags: 0 },
      { _id: 1, name: 'soup' },
    ],
    [{ tags: { $slice: ['$tags', 2] }, _id: 0 }, { tags: ['a', 'b'] }],
    [{ 'price.sum': { $add: ['$price.net', '$price.tax.rate'] }, _id: 0 }, { price: { sum: 12 } }],
    [{ 'parts.k': '$name', _id: 0 }, { parts: [{ k: 'soup' }, { k: 'soup' }, { k: 'soup' }, [{ k: 'soup' }]] }],
    [{ 'parts.k': '$$REMOVE', 'parts.g': 1, _id: 0 }, { parts: [{ g: 10 }, { g: 1 }, {}, [{ g: 2 }]] }],
    [{ name: '$missing' }, { _id: 1 }],
  ];
  test.each(cases)('%j', async (spec, expected) => {
    await things.insertOne({ ...DISH });
    expect(await things.aggregate([{ $project: spec }]).toArray()).toEqual([expected]);
  });

  const refused: [Record<string, unknown>, number][] = [
    [{}, 51272],
    [{ 'a.$': 1 }, 31324],
    [{ a: { $elemMatch: { x: 1 } } }, 168],
    [{ a: { $slice: 1 } }, 28667],
    [{ a: 1, b: 0 }, 31254],
    [{ a: { $foo: 1 } }, 31325],
  ];
  test.each(refused)('%j is refused with %i', async (spec, code) => {
    expect((await failure(things.aggregate([{ $project: spec }]).toArray())).code).toBe(code);
  });
});
