import fc from 'fast-check';
import type { Int32 } from 'mongodb';
import { openDatabase } from '../database.js';
import { engineKeys } from './engine.js';
import { body, numbered, path, runs, TIMEOUT } from './reference/generate.js';
import { compareKeys, keysOf, sortKey } from './reference/keys.js';
import { compare } from './reference/order.js';
import { EXACT, type Missing, type Value } from './reference/values.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const sortSpec = fc
  .uniqueArray(fc.tuple(path, fc.constantFrom(1, -1)), { minLength: 1, maxLength: 3, selector: ([one]) => one })
  .map((fields) => Object.fromEntries(fields));

describe('sort and index keys', () => {
  test(
    'a document has the keys that the reference gives it, or the same error',
    () => {
      fc.assert(
        fc.property(body, sortSpec, fc.boolean(), (doc, spec, sparse) => {
          const paths = Object.keys(spec);
          const directions = Object.values(spec);
          const made = keysOf(doc, paths, sparse);
          const wanted = 'code' in made ? made.code : distinctKeys(made.keys, directions).length;
          const got = engineKeys(doc, spec, sparse);
          expect(typeof got === 'number' ? got : got.length).toBe(wanted);
        }),
        runs(3000),
      );
    },
    TIMEOUT,
  );

  test(
    'find sorts as the reference does',
    async () => {
      const c = database.db.collection<{ _id: Int32 }>('sorted', EXACT);
      await fc.assert(
        fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 8 }), sortSpec, async (given, spec) => {
          const docs = numbered(given);
          await c.deleteMany({});
          await c.insertMany(docs as unknown as { _id: Int32 }[]);
          const failing = docs.map((doc) => sortKey(doc, spec)).find((key) => 'code' in key);
          const found = c.find({}).sort({ ...spec, _id: 1 });
          if (failing) {
            expect(await found.toArray().catch((error) => Number(error.code))).toBe(failing.code);
            return;
          }
          const keys = new Map(docs.map((doc) => [Number(doc._id), sortKey(doc, spec) as (Value | Missing)[]]));
          const directions = Object.values(spec);
          const wanted = [...keys].sort(([i, a], [j, b]) => compareKeys(a, b, directions) || i - j).map(([i]) => i);
          expect((await found.toArray()).map(({ _id }) => Number(_id))).toEqual(wanted);
          const sliced = await c
            .find({})
            .sort({ ...spec, _id: 1 })
            .skip(1)
            .limit(2)
            .toArray();
          expect(sliced.map(({ _id }) => Number(_id))).toEqual(wanted.slice(1, 3));
        }),
        runs(150),
      );
    },
    TIMEOUT,
  );
});

function distinctKeys(keys: (Value | Missing)[][], directions: readonly number[]): (Value | Missing)[][] {
  const sorted = [...keys].sort((a, b) => compareKeys(a, b, directions));
  return sorted.filter((key, i) => i === 0 || key.some((value, j) => compare(value, sorted[i - 1]?.[j]) !== 0));
}
