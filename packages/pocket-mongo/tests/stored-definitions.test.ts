import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open } from 'lmdb';
import { BSON } from 'mongodb';
import { check, restore } from 'pocket-mongo';
import { openDatabase, type Thing } from './database.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-stored-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Rewrites the catalog's entry of the only collection, as another version may have written it. */
async function rewriteCatalog(change: (entry: BSON.Document) => void): Promise<void> {
  const db = open<Buffer, Buffer>({
    path: join(dir, 'data'),
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    noSubdir: false,
    mapSize: 1 << 30,
  });
  const catalog = Buffer.from([0, 0, 0, 0, 0, 0]);
  const entries = [...db.getRange()].map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }));
  const [entry] = entries.filter(({ key }) => key.subarray(0, 6).equals(catalog));
  const stored = BSON.deserialize(entry!.value, { promoteValues: false });
  change(stored);
  db.putSync(entry!.key, Buffer.from(BSON.serialize(stored)));
  await db.close();
}

async function fill(): Promise<void> {
  const database = await openDatabase({ dir });
  await database.db.createCollection('things', { validator: { n: { $gte: 0 } } });
  const things = database.db.collection<Thing>('things');
  await things.createIndex({ n: 1 }, { name: 'some', partialFilterExpression: { n: { $gt: 1 } } });
  await things.insertMany([
    { _id: 1, n: 1 },
    { _id: 2, n: 2 },
  ]);
  await database.close();
}

describe('a stored definition that this version cannot use', () => {
  test('as a validator refuses writes, with its reason, until another is set; the rest goes on', async () => {
    await fill();
    await rewriteCatalog((entry) => {
      entry.options.validator = { n: { $ofTheFuture: 1 } };
    });
    const database = await openDatabase({ dir });
    const things = database.db.collection<Thing>('things');
    expect(await things.find({ n: 2 }).toArray()).toEqual([{ _id: 2, n: 2 }]);
    const refused = { code: 2, message: expect.stringContaining('unknown operator: $ofTheFuture') };
    await expect(things.insertOne({ _id: 3, n: 3 })).rejects.toMatchObject(refused);
    await expect(things.updateOne({ _id: 2 }, { $set: { n: 4 } })).rejects.toMatchObject(refused);
    await things.insertOne({ _id: 3, n: 3 }, { bypassDocumentValidation: true });
    await things.deleteOne({ _id: 3 });
    await database.db.collection('others').insertOne({ n: 1 });
    await things.rename('renamed');
    await database.server.backup(join(dir, 'backup'));
    await database.db.command({ collMod: 'renamed', validator: { n: { $gt: 2 } } });
    const renamed = database.db.collection<Thing>('renamed');
    await renamed.insertOne({ _id: 3, n: 3 });
    await expect(renamed.insertOne({ _id: 4, n: 1 })).rejects.toMatchObject({ code: 121 });
    await database.close();
    await restore({ from: join(dir, 'backup'), dir: join(dir, 'restored') });
    expect(await check({ dir: join(dir, 'restored') })).toMatchObject({ ok: true, documents: 3 });
  });

  test("as an index's filter refuses what would change its entries, until the index is dropped", async () => {
    await fill();
    await rewriteCatalog((entry) => {
      entry.indexes[1].spec.partialFilterExpression = { n: { $ofTheFuture: 1 } };
    });
    const database = await openDatabase({ dir });
    const things = database.db.collection<Thing>('things');
    expect(await things.find({ n: { $gt: 1 } }).toArray()).toEqual([{ _id: 2, n: 2 }]);
    const refused = { code: 2, message: expect.stringContaining('of the index some cannot be used') };
    await expect(things.insertOne({ _id: 3, n: 3 })).rejects.toMatchObject(refused);
    await things.dropIndex('some');
    await things.insertOne({ _id: 3, n: 3 });
    await database.close();
    expect(await check({ dir })).toMatchObject({ ok: true, documents: 3 });
  });
});
