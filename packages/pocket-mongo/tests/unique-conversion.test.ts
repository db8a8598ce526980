import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Document, ObjectId } from 'mongodb';
import { check } from 'pocket-mongo';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true });
});
afterAll(() => database.close());

const DUPLICATE = { code: 11000 };
const CONFLICT = { code: 112 };

/** A collection with an index on `n`, and `collMod` of that index. */
async function indexed(documents: Thing[], options: Document = {}) {
  const things = database.db.collection<Thing>(`c${new ObjectId().toHexString()}`);
  await things.createIndex({ n: 1 }, options);
  if (documents.length > 0) await things.insertMany(documents);
  const change = (index: object, more: object = {}) =>
    database.db.command({ collMod: things.collectionName, index: { keyPattern: { n: 1 }, ...index }, ...more });
  return { things, change };
}

describe('an index that is prepared to become unique', () => {
  test('refuses what is there already, whatever is there twice', async () => {
    const { things, change } = await indexed([
      { _id: 1, n: 1 },
      { _id: 2, n: 1 },
      { _id: 3, n: 3 },
    ]);
    expect(await change({ prepareUnique: true })).toMatchObject({ prepareUnique_old: false, prepareUnique_new: true });
    expect(await change({ prepareUnique: true })).not.toHaveProperty('prepareUnique_new');
    expect(await things.indexes()).toContainEqual({ v: 2, key: { n: 1 }, name: 'n_1', prepareUnique: true });
    await expect(things.insertOne({ _id: 4, n: 1 })).rejects.toMatchObject({ ...DUPLICATE, keyValue: { n: 1 } });
    await expect(things.updateOne({ _id: 3 }, { $set: { n: 1 } })).rejects.toMatchObject(DUPLICATE);
    await expect(things.insertOne({ _id: 4, n: [5, 3] })).rejects.toMatchObject(DUPLICATE);
    await things.insertOne({ _id: 4, n: 10 });
    await things.updateOne({ _id: 1 }, { $set: { other: 1 } });
    await things.updateOne({ _id: 3 }, { $set: { n: 33 } });
    await things.insertOne({ _id: 5, n: 3 });
    await things.deleteOne({ _id: 4 });
    await things.insertOne({ _id: 6, n: 10 });
    await change({ prepareUnique: false });
    await things.insertOne({ _id: 7, n: 10 });
    expect(await things.indexes()).toContainEqual({ v: 2, key: { n: 1 }, name: 'n_1' });
  });

  test('is held to it by transactions that do not see one another', async () => {
    const { things, change } = await indexed([{ _id: 1, n: 1 }]);
    await change({ prepareUnique: true });
    const begin = () => database.client.startSession();
    const [one, other, late] = [begin(), begin(), begin()];
    try {
      for (const session of [one, other, late]) {
        session.startTransaction();
        await things.findOne({ _id: 1 }, { session });
      }
      await things.insertOne({ _id: 2, n: 2 }, { session: one });
      await expect(things.insertOne({ _id: 3, n: 2 }, { session: other })).rejects.toMatchObject(CONFLICT);
      const waiting = things.insertOne({ _id: 4, n: 2 });
      await one.commitTransaction();
      await expect(waiting).rejects.toMatchObject(DUPLICATE);
      // Its snapshot knows nothing of what was committed since.
      await expect(things.insertOne({ _id: 5, n: 2 }, { session: late })).rejects.toMatchObject(CONFLICT);
      expect(await things.countDocuments({ n: 2 })).toBe(1);
    } finally {
      for (const session of [one, other, late]) await session.endSession();
    }
  });

  test('keeps a key that goes until it is gone for sure', async () => {
    const { things, change } = await indexed([{ _id: 1, n: 1 }]);
    await change({ prepareUnique: true });
    await database.client.withSession(async (session) => {
      session.startTransaction();
      await things.deleteOne({ _id: 1 }, { session });
      const waiting = things.insertOne({ _id: 2, n: 1 });
      await session.abortTransaction();
      await expect(waiting).rejects.toMatchObject(DUPLICATE);
    });
    expect(await things.find({ n: 1 }).toArray()).toEqual([{ _id: 1, n: 1 }]);
  });

  test('can be made so from the start, of what is there twice, but not with a hashed field', async () => {
    const { things } = await indexed([
      { _id: 1, m: 1 },
      { _id: 2, m: 1 },
    ]);
    const prepared = { key: { m: 1 }, name: 'm_1', prepareUnique: true };
    await database.db.command({ createIndexes: things.collectionName, indexes: [prepared] });
    await expect(things.insertOne({ m: 1 })).rejects.toMatchObject(DUPLICATE);
    await things.createIndex({ h: 'hashed' });
    const index = { keyPattern: { h: 'hashed' }, prepareUnique: true };
    await expect(database.db.command({ collMod: things.collectionName, index })).rejects.toMatchObject({ code: 16764 });
  });
});

describe('collMod of unique', () => {
  test('names the documents that are in its way', async () => {
    const twice = [1, 2, 3, 4, 5].map((_id) => ({ _id, n: _id % 2 }));
    const { things, change } = await indexed([...twice, { _id: 6, n: 6 }]);
    await expect(change({ unique: true })).rejects.toMatchObject({ code: 72 });
    await change({ prepareUnique: true });
    const refused = {
      code: 359,
      codeName: 'CannotConvertIndexToUnique',
      errorResponse: { violations: [{ ids: [2, 4] }, { ids: [1, 3, 5] }] },
    };
    await expect(change({ unique: true })).rejects.toMatchObject(refused);
    await expect(change({ unique: true }, { dryRun: true })).rejects.toMatchObject(refused);
    await expect(things.insertOne({ n: 1 })).rejects.toMatchObject(DUPLICATE);
    expect(await things.countDocuments({ n: 1 }, { hint: 'n_1' })).toBe(3);
  });

  test('makes an index unique, with its options and its place', async () => {
    const documents = Array.from({ length: 3000 }, (_, i) => ({ _id: i, n: [i, -i - 1] }));
    const { things, change } = await indexed(documents, { sparse: true });
    await things.createIndex({ m: 1 });
    await change({ prepareUnique: true });
    expect(await change({ unique: true }, { dryRun: true })).toMatchObject({ ok: 1 });
    expect((await things.indexes())[1]).toMatchObject({ prepareUnique: true });
    expect(await change({ unique: true })).toMatchObject({ unique_new: true, ok: 1 });
    expect(await things.indexes()).toEqual([
      { v: 2, key: { _id: 1 }, name: '_id_' },
      { v: 2, key: { n: 1 }, name: 'n_1', sparse: true, unique: true },
      { v: 2, key: { m: 1 }, name: 'm_1' },
    ]);
    await expect(things.insertOne({ n: 7 })).rejects.toMatchObject(DUPLICATE);
    await things.insertMany([{ _id: 'a' }, { _id: 'b' }]);
    expect(await things.find({ n: 2999 }).hint('n_1').toArray()).toEqual([{ _id: 2999, n: [2999, -3000] }]);
    expect(await things.countDocuments({ n: { $gte: 0 } }, { hint: 'n_1' })).toBe(3000);
    expect(await change({ unique: true })).not.toHaveProperty('unique_new');
    await expect(change({ unique: false })).rejects.toMatchObject({ code: 2 });
  });

  test('is refused together with other changes, and of what is not there', async () => {
    const { change, things } = await indexed([]);
    await expect(change({ unique: true, hidden: true })).rejects.toMatchObject({ code: 238 });
    await expect(change({ unique: true }, { validator: { n: 1 } })).rejects.toMatchObject({ code: 238 });
    await expect(change({ keyPattern: { z: 1 }, unique: true })).rejects.toMatchObject({ code: 27 });
    const index = { keyPattern: { n: 1 }, unique: true };
    await expect(database.db.command({ collMod: `${things.collectionName}x`, index })).rejects.toMatchObject({
      code: 26,
    });
  });
});

test('what is written while an index becomes unique is in it, also after a restart', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'pocket-mongo-tests-'));
  try {
    const before = await openDatabase({ dir });
    const things = before.db.collection<Thing>('things');
    await things.insertMany(Array.from({ length: 5000 }, (_, i) => ({ _id: i, n: i })));
    await things.createIndex({ n: 1 });
    const stream = things.watch([], { showExpandedEvents: true });
    await stream.tryNext();
    const change = (index: object) =>
      before.db.command({ collMod: 'things', index: { keyPattern: { n: 1 }, ...index } });
    await change({ prepareUnique: true });
    const converted = change({ unique: true });
    const written = Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        await things.insertOne({ _id: 10_000 + i, n: 10_000 + i });
        await things.updateOne({ _id: i }, { $set: { n: -1 - i } });
        await things.deleteOne({ _id: 4000 + i });
        await things.insertOne({ n: i + 500 }).catch((error) => expect(error).toMatchObject(DUPLICATE));
      }),
    );
    await Promise.all([converted, written]);
    const seen: Document[] = [];
    while (seen.length < 2) {
      const event: Document | null = await stream.next();
      if (event?.operationType === 'modify') seen.push(event.operationDescription);
    }
    expect(seen[1]).toEqual({ index: { keyPattern: { n: 1 }, unique: true } });
    await before.close();
    expect(await check({ dir })).toMatchObject({ ok: true, problems: [], documents: 5000 });
    const after = await openDatabase({ dir });
    const again = after.db.collection<Thing>('things');
    expect((await again.indexes())[1]).toEqual({ v: 2, key: { n: 1 }, name: 'n_1', unique: true });
    await expect(again.insertOne({ n: -1 })).rejects.toMatchObject(DUPLICATE);
    expect(await again.find({ n: 10_007 }).hint('n_1').toArray()).toEqual([{ _id: 10_007, n: 10_007 }]);
    await after.close();
  } finally {
    rmSync(dir, { recursive: true });
  }
});
