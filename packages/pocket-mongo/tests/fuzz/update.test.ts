import fc from 'fast-check';
import { type Collection, Int32 } from 'mongodb';
import { openDatabase } from '../database.js';
import { engineUpdate } from './engine.js';
import { body, path, runs, smallValues, TIMEOUT, value } from './reference/generate.js';
import { compareKeys, sortKey } from './reference/keys.js';
import { matches } from './reference/match.js';
import { applyUpdate, type Outcome } from './reference/update.js';
import { anyUpdate, arrayFilter, uses } from './reference/updates.js';
import { bytes, type Doc, EXACT, type Missing, type Value } from './reference/values.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

type Row = { _id: Int32 } & Doc;

/** With several operators or elements it does not matter which of several errors is reported. */
function alike(got: Outcome, wanted: Outcome, single: boolean): void {
  if ('doc' in wanted && 'doc' in got) expect([got.doc, bytes(got.doc)]).toEqual([wanted.doc, bytes(wanted.doc)]);
  else if (single || 'doc' in wanted || 'doc' in got) expect(got).toEqual(wanted);
}

function isSingle(update: Doc): boolean {
  const paths = Object.values(update).flatMap((fields) => Object.keys(fields as Doc));
  return paths.length === 1 && !paths[0]?.includes('$[');
}

async function outcomeOf(run: () => Promise<unknown>, read: () => Promise<Doc | null>): Promise<Outcome> {
  try {
    await run();
    return { doc: (await read()) as Doc };
  } catch (error) {
    if ((error as { code?: unknown }).code === undefined) throw error;
    return { code: Number((error as { code: unknown }).code) };
  }
}

describe('updates', () => {
  test(
    'the updater makes what the reference makes, types included, or gives the same error',
    () => {
      fc.assert(
        fc.property(body, anyUpdate, arrayFilter, (given, update, filter) => {
          const filters = uses(update, '$[x]') ? [filter] : [];
          const doc: Doc = { _id: new Int32(1), ...given };
          alike(
            engineUpdate(doc, update, filters),
            applyUpdate(doc, update, undefined, { x: filter }),
            isSingle(update),
          );
        }),
        runs(3000),
      );
    },
    TIMEOUT,
  );

  test(
    'through the driver: updateOne, findOneAndUpdate, and the position that the filter found',
    async () => {
      const c = database.db.collection<Row>('updates', EXACT) as unknown as Collection<Doc>;
      const arrays = fc.array(fc.oneof(smallValues, body), { minLength: 1, maxLength: 4 });
      const atPosition = fc.record({
        array: arrays,
        pick: fc.nat({ max: 3 }),
        wanted: value,
        field: fc.constantFrom('', '.a'),
      });
      await fc.assert(
        fc.asyncProperty(body, anyUpdate, arrayFilter, atPosition, async (given, update, filter, found) => {
          const options = uses(update, '$[x]') ? { arrayFilters: [filter] } : {};
          const doc: Doc = { _id: new Int32(1), ...given };
          const read = () => c.findOne({ _id: 1 } as object) as Promise<Doc | null>;
          const reset = async (to: Doc) => {
            await c.deleteMany({});
            await c.insertOne(to as never);
          };
          const wanted = applyUpdate(doc, update, undefined, { x: filter });
          await reset(doc);
          const byUpdate = await outcomeOf(() => c.updateOne({ _id: 1 } as object, update as object, options), read);
          alike(byUpdate, wanted, isSingle(update));
          await reset(doc);
          let returned: unknown;
          const byFind = await outcomeOf(async () => {
            returned = await c.findOneAndUpdate({ _id: 1 } as object, update as object, {
              ...options,
              returnDocument: 'after',
            });
          }, read);
          alike(byFind, wanted, isSingle(update));
          if ('doc' in wanted) expect(bytes(returned as Doc)).toBe(bytes(wanted.doc));

          // `$` is the first element that equals the one the filter asks for.
          const element = found.array[found.pick % found.array.length] as Value;
          const position = found.array.findIndex((one) => matches({ one }, { one: { $eq: element } }));
          const holder: Doc = { _id: new Int32(1), list: found.array };
          const change: Doc = { $set: { [`list.$${found.field}`]: found.wanted } };
          await reset(holder);
          const byPosition = await outcomeOf(
            () => c.updateOne({ _id: 1, list: { $eq: element } } as object, change as object),
            read,
          );
          alike(byPosition, applyUpdate(holder, change, position, {}), true);
        }),
        runs(80),
      );
    },
    TIMEOUT,
  );

  test(
    'findOneAndUpdate takes the first by its sort; an upsert starts with the equalities of the filter',
    async () => {
      const c = database.db.collection<Row>('picked', EXACT) as unknown as Collection<Doc>;
      const bodies = fc.array(body, { minLength: 1, maxLength: 5 });
      const direction = fc.constantFrom<1 | -1>(1, -1);
      await fc.assert(
        fc.asyncProperty(bodies, path, direction, anyUpdate, value, async (given, by, order, update, seed) => {
          if (uses(update, '$[')) return;
          const docs = given.map((one, i): Doc => ({ _id: new Int32(i), ...one }));
          await c.deleteMany({});
          await c.insertMany(docs as never[]);
          const keys = docs.map((doc) => ({ doc, key: sortKey(doc, { [by]: order, _id: 1 }) }));
          if (!keys.some(({ key }) => 'code' in key)) {
            const [first] = keys.sort((a, b) =>
              compareKeys(a.key as (Value | Missing)[], b.key as (Value | Missing)[], [order, 1]),
            );
            const wanted = applyUpdate(first?.doc as Doc, update, undefined, {});
            let returned: unknown;
            const got = await outcomeOf(
              async () => {
                returned = await c.findOneAndUpdate({}, update as object, { sort: { [by]: order, _id: 1 } });
              },
              () => c.findOne({ _id: first?.doc._id } as object) as Promise<Doc | null>,
            );
            alike(got, wanted, isSingle(update));
            if ('doc' in wanted) expect(bytes(returned as Doc)).toBe(bytes(first?.doc as Doc));
          }
          const start: Doc = { _id: new Int32(99), c: seed };
          const upsert = await outcomeOf(
            () => c.updateOne({ _id: 99, c: { $eq: seed } } as object, update as object, { upsert: true }),
            () => c.findOne({ _id: 99 } as object) as Promise<Doc | null>,
          );
          alike(upsert, applyUpdate(start, update, undefined, {}), isSingle(update));
        }),
        runs(80),
      );
    },
    TIMEOUT,
  );
});
