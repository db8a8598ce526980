import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Binary, Long } from 'bson';
import { MongoClient, ObjectId } from 'mongodb';
import { openDatabase, until } from './database.js';
import { Wire } from './wire.js';

interface Counted {
  _id: number;
  n?: number;
  open?: boolean;
  held?: boolean;
  text?: string;
}

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase({ memory: true }, { maxPoolSize: 60 });
});
afterAll(() => database.close());

const fresh = () => database.db.collection<Counted>(`c${new ObjectId().toHexString()}`);

describe('writes of many documents', () => {
  test('that meet a transaction in their middle change each document once', async () => {
    const c = fresh();
    await c.insertMany(Array.from({ length: 100 }, (_, i) => ({ _id: i, n: 0 })));
    const session = database.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 50 }, { $inc: { n: 10 } }, { session });
    const many = c.updateMany({}, { $inc: { n: 1 } });
    await until(async () => (await c.countDocuments({ n: 1 })) === 50, 'the update waits at document 50');
    await session.commitTransaction();
    expect(await many).toMatchObject({ matchedCount: 100, modifiedCount: 100 });
    expect(await c.countDocuments({ n: 1 })).toBe(99);
    expect(await c.findOne({ _id: 50 })).toEqual({ _id: 50, n: 11 });
    await session.endSession();
  });

  test('leave alone what no longer matches when its turn comes', async () => {
    const c = fresh();
    await c.insertMany(Array.from({ length: 10 }, (_, i) => ({ _id: i, open: true })));
    const session = database.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 5 }, { $set: { open: false } }, { session });
    const many = c.deleteMany({ open: true });
    await until(async () => (await c.countDocuments()) === 5, 'the delete waits at document 5');
    await session.commitTransaction();
    expect(await many).toMatchObject({ deletedCount: 9 });
    expect(await c.find().toArray()).toEqual([{ _id: 5, open: false }]);
    await session.endSession();
  });

  test('let others in between, and end at maxTimeMS', async () => {
    const c = fresh();
    await c.insertMany(Array.from({ length: 30_000 }, (_, i) => ({ _id: i, n: 0, text: 'x'.repeat(100) })));
    let done = false;
    const many = c.updateMany({}, { $inc: { n: 1 } }).then((result) => {
      done = true;
      return result;
    });
    let pings = 0;
    while (!done) {
      await database.db.command({ ping: 1 });
      pings++;
    }
    expect(await many).toMatchObject({ modifiedCount: 30_000 });
    expect(pings).toBeGreaterThan(5);
    const late = database.db.command({
      update: c.collectionName,
      updates: [{ q: {}, u: { $inc: { n: 1 } }, multi: true }],
      maxTimeMS: 1,
    });
    await expect(late).rejects.toMatchObject({ code: 50, codeName: 'MaxTimeMSExpired' });
  });

  test('a plain write that waits for a transaction gives up at its maxTimeMS', async () => {
    const c = fresh();
    await c.insertOne({ _id: 1 });
    const session = database.client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 1 }, { $set: { n: 1 } }, { session });
    await expect(c.findOneAndUpdate({ _id: 1 }, { $set: { n: 2 } }, { maxTimeMS: 50 })).rejects.toMatchObject({
      code: 50,
    });
    await session.abortTransaction();
    await session.endSession();
    expect(await c.findOne({ _id: 1 })).toEqual({ _id: 1 });
  });
});

describe('a retryable write of several statements whose process is killed in its middle', () => {
  let dir: string;
  let child: ChildProcess | undefined;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pocket-retry-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });

  async function start(): Promise<string> {
    const started = fork(new URL('./server-process.mjs', import.meta.url), [dir]);
    child = started;
    return new Promise((resolve, reject) => {
      started.once('message', ({ uri }: { uri: string }) => resolve(uri));
      started.once('exit', () => reject(new Error('the server ended')));
    });
  }

  async function kill(): Promise<void> {
    const ended = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await ended;
  }

  test('goes on where it was, when it is tried again', async () => {
    const uri = await start();
    const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 500 }).connect();
    const c = client.db('test').collection<Counted>('retried');
    await c.insertOne({ _id: 3, n: 0 });
    const session = client.startSession();
    session.startTransaction();
    await c.updateOne({ _id: 3 }, { $set: { held: true } }, { session });
    const lsid = { id: new Binary(Buffer.alloc(16, 7), Binary.SUBTYPE_UUID) };
    const command = {
      update: 'retried',
      updates: [1, 2, 3, 4].map((_id) => ({ q: { _id }, u: { $inc: { n: 1 } }, upsert: true })),
      lsid,
      txnNumber: Long.fromNumber(1),
      $db: 'test',
    };
    const wire = await Wire.open(uri);
    const lost = wire.command(command);
    await until(async () => (await c.countDocuments({ n: 1 })) === 2, 'two statements are done, the third waits');
    // What they wrote is on disk when a later write is.
    await client.db('test').collection('other').insertOne({ n: 1 });
    await kill();
    await expect(lost).rejects.toThrow();
    void client.close().catch(() => undefined);

    const again = await Wire.open(await start());
    expect(await again.command(command)).toMatchObject({
      ok: 1,
      n: 4,
      nModified: 1,
      upserted: [
        { index: 0, _id: 1 },
        { index: 1, _id: 2 },
        { index: 3, _id: 4 },
      ],
    });
    const found = await again.command({ find: 'retried', sort: { _id: 1 }, $db: 'test' });
    expect(found.cursor.firstBatch).toEqual([1, 2, 3, 4].map((_id) => ({ _id, n: 1 })));
    // And once more: the remembered answer.
    expect(await again.command(command)).toMatchObject({ ok: 1, n: 4 });
    again.close();
  });
});
