import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { BSON, Long, MongoClient } from 'mongodb';
import { check, createServer } from 'pocket-mongo';
import { openDatabase, type Thing } from './database.js';
import { run, start } from './processes.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-check-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** The file as LMDB has it: keys are bytes. */
type Raw = RootDatabase<Buffer, Buffer>;

async function damage(change: (db: Raw) => void): Promise<void> {
  const db: Raw = open({
    path: join(dir, 'data'),
    keyEncoding: 'binary',
    encoding: 'binary',
    overlappingSync: false,
    noSubdir: false,
    mapSize: 1 << 30,
  });
  db.transactionSync(() => change(db));
  await db.close();
}

/** The beginning of the keys of an index (0: the documents) of a collection; collections are numbered from 1. */
function prefix(collection: number, index: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt32BE(collection, 0);
  bytes.writeUInt16BE(index, 4);
  return bytes;
}

function records(db: Raw, collection: number, index: number): { key: Buffer; value: Buffer }[] {
  const from = prefix(collection, index);
  return [...db.getRange()]
    .map(({ key, value }) => ({ key: Buffer.from(key), value: Buffer.from(value) }))
    .filter(({ key }) => key.subarray(0, 6).equals(from));
}

function first(db: Raw, index: number): { key: Buffer; value: Buffer } {
  return records(db, 1, index)[0] as { key: Buffer; value: Buffer };
}

/** Rewrites the first document. */
function change(db: Raw, how: (document: BSON.Document) => BSON.Document): void {
  const { key, value } = first(db, 0);
  db.putSync(key, Buffer.from(BSON.serialize(how(BSON.deserialize(value)))));
}

/** 20 documents; index 1 is unique on n, 2 multikey on tags, 3 sparse and descending on s. */
async function fill(): Promise<void> {
  const database = await openDatabase({ dir });
  const things = database.db.collection<Thing>('things');
  await things.createIndexes([
    { key: { n: 1 }, unique: true },
    { key: { tags: 1 } },
    { key: { s: -1 }, sparse: true },
    { key: { n: 1, s: 1 }, partialFilterExpression: { n: { $gt: 10 } }, name: 'partial' },
  ]);
  await things.insertMany(
    Array.from({ length: 20 }, (_, i) => ({
      _id: i,
      n: i,
      tags: [`a${i}`, `b${i % 3}`],
      ...(i % 2 ? { s: Long.fromNumber(i) } : {}),
    })),
  );
  await database.db.collection<Thing>('empty').createIndex({ x: 1 });
  await database.close();
}

/** Kinds and indexes of what is wrong. */
async function found(): Promise<string[]> {
  const { ok, problems } = await check({ dir });
  expect(ok).toBe(problems.length === 0);
  return [...new Set(problems.map(({ kind, index }) => (index ? `${kind} ${index}` : kind)))].sort();
}

describe('check', () => {
  test('finds nothing where nothing is wrong, and counts', async () => {
    await fill();
    expect(await check({ dir })).toEqual({
      ok: true,
      collections: 2,
      documents: 20,
      indexEntries: 20 + 40 + 10 + 9,
      problems: [],
    });
  });
  test('knows that a time series may hold one _id many times', async () => {
    const database = await openDatabase({ dir });
    const series = await database.db.createCollection<Thing>('series', { timeseries: { timeField: 'at' } });
    await series.createIndex({ at: 1 });
    await series.insertMany([1, 2, 3].map((n) => ({ _id: 1, at: new Date(n) })));
    await database.close();
    expect(await check({ dir })).toMatchObject({ documents: 3, problems: [] });
  });

  test('finds nothing beside a server that is being written to', async () => {
    const server = await createServer({ dir });
    const client = await new MongoClient(server.uri).connect();
    const things = client.db('test').collection<Thing>('things');
    await things.createIndex({ n: 1 }, { unique: true });
    let running = true;
    let n = 0;
    const load = Array.from({ length: 5 }, async () => {
      while (running) {
        const _id = ++n;
        await things.insertOne({ _id, n: _id, pad: 'x'.repeat(_id % 3000) });
        await things.updateOne({ _id: _id - 5 }, { $set: { n: -_id } });
        await things.deleteOne({ _id: _id - 50 });
      }
    });
    for (let i = 0; i < 4; i++) expect(await check({ dir })).toMatchObject({ ok: true, problems: [] });
    running = false;
    await Promise.all(load);
    await client.close();
    await server.close();
  });

  test.each<[string, string[], (db: Raw) => void]>([
    ['an index entry that is gone', ['missingIndexEntry n_1'], (db) => db.removeSync(first(db, 1).key)],
    [
      'an entry of a multikey index that is gone',
      ['missingIndexEntry tags_1'],
      (db) => db.removeSync(first(db, 2).key),
    ],
    [
      'an index entry of nobody',
      ['extraIndexEntry s_-1'],
      (db) => db.putSync(Buffer.concat([prefix(1, 3), Buffer.from('zzz')]), first(db, 0).key.subarray(6)),
    ],
    [
      'a document that is gone',
      ['extraIndexEntry n_1', 'extraIndexEntry tags_1'],
      (db) => db.removeSync(first(db, 0).key),
    ],
    [
      'an index entry that names another document',
      ['wrongIndexEntry tags_1'],
      (db) => db.putSync(first(db, 2).key, records(db, 1, 0).at(-1)!.key.subarray(6)),
    ],
    [
      'a changed value of an indexed field',
      ['extraIndexEntry n_1', 'missingIndexEntry n_1'],
      (db) => change(db, (document) => ({ ...document, n: 1000 - 1000.5 })),
    ],
    [
      'a field that makes a document part of a partial index',
      ['extraIndexEntry n_1', 'missingIndexEntry n_1', 'missingIndexEntry partial'],
      (db) => change(db, (document) => ({ ...document, n: 999 })),
    ],
    [
      'two documents with one unique key',
      ['duplicateKey n_1', 'extraIndexEntry n_1'],
      (db) => change(db, (document) => ({ ...document, n: 7 })),
    ],
    [
      'another _id',
      ['document', 'extraIndexEntry n_1', 'extraIndexEntry tags_1'].slice(0, 1),
      (db) => change(db, (document) => ({ ...document, _id: 77 })),
    ],
    [
      'a byte that makes a document no BSON',
      ['document'],
      (db) => {
        const { key, value } = first(db, 0);
        value[4] = 0x55;
        db.putSync(key, value);
      },
    ],
    [
      'a document that is cut off',
      ['document'],
      (db) => db.putSync(first(db, 0).key, first(db, 0).value.subarray(0, 9)),
    ],
    [
      'bytes after a document',
      ['document'],
      (db) => db.putSync(first(db, 0).key, Buffer.concat([first(db, 0).value, Buffer.alloc(3)])),
    ],
    [
      'an index that does not know that it is multikey',
      ['multikey tags_1'],
      (db) => {
        const { key, value } = records(db, 0, 0).find((entry) => BSON.deserialize(entry.value).name === 'things')!;
        const stored = BSON.deserialize(value, { promoteValues: false });
        for (const index of stored.indexes) index.multikey = false;
        db.putSync(key, Buffer.from(BSON.serialize(stored)));
      },
    ],
    [
      'a record of no collection',
      ['stray'],
      (db) => db.putSync(Buffer.concat([prefix(9, 0), Buffer.from('x')]), Buffer.from('x')),
    ],
    [
      'a record of no index',
      ['stray'],
      (db) => db.putSync(Buffer.concat([prefix(1, 9), Buffer.from('x')]), Buffer.from('x')),
    ],
    ['a record below all', ['stray'], (db) => db.putSync(Buffer.from([0, 0]), Buffer.from('x'))],
    ['a record above all', ['stray'], (db) => db.putSync(Buffer.alloc(8, 255), Buffer.from('x'))],
    [
      'a broken entry of the catalog',
      ['catalog', 'stray'],
      (db) => {
        const { key } = records(db, 0, 0).find((entry) => BSON.deserialize(entry.value).name === 'things')!;
        db.putSync(key, Buffer.from('no BSON'));
      },
    ],
    [
      'a collection that is in the catalog twice',
      ['catalog'],
      (db) => {
        const [one, two] = records(db, 0, 0);
        const { db: name, name: collection } = BSON.deserialize(one!.value);
        const stored = BSON.deserialize(two!.value, { promoteValues: false });
        db.putSync(two!.key, Buffer.from(BSON.serialize({ ...stored, db: name, name: collection })));
      },
    ],
    [
      'a broken outcome of a session',
      ['catalog'],
      (db) => db.putSync(Buffer.concat([prefix(0, 1), Buffer.alloc(16, 7)]), Buffer.from('no BSON')),
    ],
  ])('finds %s', async (_, expected, change) => {
    await fill();
    await damage(change);
    expect(await found()).toEqual(expected);
  });

  test('takes what a drop has left to remove for what it is', async () => {
    await fill();
    await damage((db) => {
      db.putSync(Buffer.concat([prefix(0, 3), prefix(9, 0).subarray(0, 4)]), Buffer.from(BSON.serialize({})));
      for (let i = 0; i < 5; i++) db.putSync(Buffer.concat([prefix(9, i), Buffer.from('x')]), Buffer.from('x'));
    });
    expect(await found()).toEqual([]);
    await damage((db) => db.putSync(Buffer.concat([prefix(10, 0), Buffer.from('x')]), Buffer.from('x')));
    expect(await found()).toEqual(['stray']);
  });

  test('tells many problems of one kind in few words', async () => {
    await fill();
    await damage((db) => {
      for (const { key } of records(db, 1, 2)) db.removeSync(key);
    });
    const { problems } = await check({ dir });
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toMatchObject({ kind: 'missingIndexEntry', index: 'tags_1', what: '20 more of this kind' });
  });

  test('by command: exit code 0 when all is well, 1 with each problem on a line, 1 without a database', async () => {
    await fill();
    expect(await run('check', '--dir', dir)).toEqual({
      code: 0,
      out: '2 collections, 20 documents, 79 index entries: no problems\n',
      err: '',
    });
    await damage((db) => db.removeSync(first(db, 1).key));
    const { code, out } = await run('check', '--dir', dir);
    expect(code).toBe(1);
    expect(out.split('\n')).toEqual([
      'missingIndexEntry: test.things: index n_1: the document 0 has no entry in the index',
      '2 collections, 20 documents, 78 index entries: 1 problems',
      '',
    ]);
    const none = join(dir, 'none');
    expect(await run('check', '--dir', none)).toMatchObject({
      code: 1,
      err: expect.stringContaining('no database in'),
    });
    expect(existsSync(none)).toBe(false);
  });

  (existsSync('/proc/self/task') ? test : test.skip)('a crash of the checking process is damage', async () => {
    const database = await openDatabase({ dir });
    const pad = 'x'.repeat(100);
    const things = Array.from({ length: 50_000 }, (_, n) => ({ n, pad }));
    await database.db.collection<Thing>('things').createIndex({ n: 1 });
    await database.db.collection<Thing>('things').insertMany(things);
    await database.close();
    const command = start('check', '--dir', dir);
    const { pid } = command.child;
    let child = '';
    while (child === '') child = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    while (!readFileSync(`/proc/${child}/maps`, 'utf8').includes('data.mdb')) await new Promise((r) => setImmediate(r));
    process.kill(Number(child), 'SIGSEGV');
    const { code, out } = await command.finished();
    expect(code).toBe(1);
    expect(out).toContain('crash: the check was ended by SIGSEGV while it looked at');
  });
});
