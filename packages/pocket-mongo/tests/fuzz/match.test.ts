import fc from 'fast-check';
import type { Int32 } from 'mongodb';
import { openDatabase } from '../database.js';
import { engineMatcher } from './engine.js';
import { anyFilter } from './reference/filters.js';
import { body, numbered, runs, TIMEOUT } from './reference/generate.js';
import { matches } from './reference/match.js';
import { type Doc, EXACT } from './reference/values.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const bodies = fc.array(body, { minLength: 1, maxLength: 8 });

describe('filters', () => {
  test(
    'the matcher finds what the reference finds',
    () => {
      fc.assert(
        fc.property(bodies, anyFilter, (given, filter) => {
          const match = engineMatcher(filter);
          for (const doc of given) expect([doc, match(doc)]).toEqual([doc, matches(doc, filter)]);
        }),
        runs(3000),
      );
    },
    TIMEOUT,
  );

  test(
    'find, count, distinct and $match through the driver do so too',
    async () => {
      const c = database.db.collection<{ _id: Int32 }>('filters', EXACT);
      await fc.assert(
        fc.asyncProperty(bodies, fc.array(anyFilter, { minLength: 4, maxLength: 4 }), async (given, filters) => {
          const docs = numbered(given);
          await c.deleteMany({});
          await c.insertMany(docs as unknown as { _id: Int32 }[]);
          for (const filter of filters) {
            const wanted = docs.filter((doc) => matches(doc, filter)).map((doc) => Number(doc._id));
            const found = await c
              .find(filter as Doc)
              .sort({ _id: 1 })
              .toArray();
            expect(found.map(({ _id }) => Number(_id))).toEqual(wanted);
            expect(Number(await c.countDocuments(filter as Doc))).toBe(wanted.length);
            expect((await c.distinct('_id', filter as Doc)).map(Number)).toEqual(wanted);
          }
        }),
        runs(50),
      );
    },
    TIMEOUT,
  );
});
