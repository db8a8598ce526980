import fc from 'fast-check';
import { Int32 } from 'mongodb';
import { compare as engineCompare } from '../../src/bson/compare.js';
import { encodeKey, encodeKeyDescending } from '../../src/bson/keys.js';
import { openDatabase } from '../database.js';
import { engineValue } from './engine.js';
import { anyValue, runs, TIMEOUT } from './reference/generate.js';
import { compare, typeOrder } from './reference/order.js';
import { EXACT, type Value } from './reference/values.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const engine = (value: Value) => engineValue({ value }).value;

describe('one order of all values', () => {
  test(
    'the reference is a total order',
    () => {
      fc.assert(
        fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
          expect(Math.sign(compare(a, b))).toBe(-Math.sign(compare(b, a)) + 0);
          if (compare(a, b) <= 0 && compare(b, c) <= 0) expect(compare(a, c)).toBeLessThanOrEqual(0);
        }),
        runs(500),
      );
    },
    TIMEOUT,
  );

  test(
    'the engine compares, and makes keys, as the reference does',
    () => {
      fc.assert(
        fc.property(anyValue, anyValue, (a, b) => {
          const wanted = Math.sign(compare(a, b));
          const [x, y] = [engine(a), engine(b)];
          expect(Math.sign(engineCompare(x, y))).toBe(wanted);
          const [p, q] = [encodeKey(x), encodeKey(y)];
          expect(p < q ? -1 : p > q ? 1 : 0).toBe(wanted);
          const [r, s] = [encodeKeyDescending(x), encodeKeyDescending(y)];
          expect(r < s ? 1 : r > s ? -1 : 0).toBe(wanted);
        }),
        runs(4000),
      );
    },
    TIMEOUT,
  );

  test(
    'sort, an index, $cmp and the comparisons of filters answer in that order',
    async () => {
      const values = database.db.collection<{ _id: Int32; v: Value }>('values', EXACT);
      const indexed = database.db.collection<{ _id: Int32; v: Value }>('indexed', EXACT);
      await indexed.createIndex({ v: 1 });
      // An array sorts by one of its elements, which is another property's business.
      const some = fc.array(
        anyValue.filter((value) => !Array.isArray(value)),
        { minLength: 2, maxLength: 12 },
      );
      await fc.assert(
        fc.asyncProperty(some, async (given) => {
          const docs = given.map((v, i) => ({ _id: new Int32(i), v }));
          await Promise.all([values.deleteMany({}), indexed.deleteMany({})]);
          await Promise.all([values.insertMany(docs), indexed.insertMany(docs)]);
          const wanted = (direction: number) =>
            [...docs]
              .sort((a, b) => direction * compare(a.v, b.v) || a._id.value - b._id.value)
              .map(({ _id }) => _id.value);
          for (const collection of [values, indexed])
            for (const direction of [1, -1] as const) {
              const found = await collection.find({}).sort({ v: direction, _id: 1 }).toArray();
              expect(found.map(({ _id }) => Number(_id))).toEqual(wanted(direction));
            }
          const byIndex = await indexed.find({}).hint({ v: 1 }).toArray();
          for (const [i, { v }] of byIndex.entries())
            if (i > 0) expect(compare(byIndex[i - 1]?.v, v)).toBeLessThanOrEqual(0);
          const pivot = given[0] as Value;
          const order = await values
            .aggregate([{ $project: { order: { $cmp: ['$v', { $literal: pivot }] } } }, { $sort: { _id: 1 } }])
            .toArray();
          expect(order.map((one) => Number(one.order))).toEqual(given.map((v) => Math.sign(compare(v, pivot))));
          if (typeOrder(pivot) === 12) return;
          for (const collection of [values, indexed]) {
            const found = await collection
              .find({ v: { $gte: pivot } } as object)
              .sort({ _id: 1 })
              .toArray();
            const notBelow = docs.filter(({ v }) => typeOrder(v) === typeOrder(pivot) && compare(v, pivot) >= 0);
            const sameType = found.filter(({ v }) => typeOrder(v) === typeOrder(pivot));
            if (!(typeOrder(pivot) === 3 && Number.isNaN(Number(String(pivot)))))
              expect(sameType.map(({ _id }) => Number(_id))).toEqual(notBelow.map(({ _id }) => _id.value));
          }
        }),
        runs(60),
      );
    },
    TIMEOUT,
  );
});
