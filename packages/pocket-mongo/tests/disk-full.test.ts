import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { check } from 'pocket-mongo';
import type { Thing } from './database.js';
import { canMount, type FullDisk, startOnSmallDisk } from './full-disk.js';

let dir: string;
let disk: FullDisk;
let client: MongoClient;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-full-'));
});
afterEach(async () => {
  await client?.close();
  await disk?.server.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

const pad = 'x'.repeat(3000);
const OUT_OF_SPACE = { code: 14031, codeName: 'OutOfDiskSpace' };

/** Inserts until there is no room. Returns what was acknowledged and what was refused. */
async function insertUntilFull(from: number): Promise<{ acknowledged: number[]; refused: number[] }> {
  const acknowledged: number[] = [];
  const refused: number[] = [];
  let next = from;
  const things = client.db('test').collection<Thing>('things');
  const clients = Array.from({ length: 8 }, async () => {
    while (refused.length < 20 && next < from + 20_000) {
      const _id = next++;
      try {
        await things.insertOne({ _id, n: -_id, pad });
        acknowledged.push(_id);
      } catch (error) {
        expect(error).toMatchObject(OUT_OF_SPACE);
        refused.push(_id);
      }
    }
  });
  await Promise.all(clients);
  return { acknowledged, refused };
}

async function ids(): Promise<number[]> {
  const found = await client
    .db('test')
    .collection<Thing>('things')
    .find({}, { projection: { _id: 1 } })
    .toArray();
  return found.map(({ _id }) => _id as number);
}

const sorted = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

// Where a disk cannot be made full, the test is not run; on a build server that is a failure.
const possible = canMount() || process.env.CI === 'true' ? test : test.skip;

describe('a full disk', () => {
  possible(
    'refuses writes with 14031, keeps what was acknowledged, reads on, and writes again when there is room',
    async () => {
      disk = await startOnSmallDisk(dir);
      client = await new MongoClient((await disk.server.uri()) as string).connect();
      const things = client.db('test').collection<Thing>('things');
      await things.createIndex({ n: 1 }, { unique: true });
      await client.db('test').createCollection('other');
      const session = client.startSession();
      session.startTransaction();
      await client.db('test').collection('other').insertOne({ half: true }, { session });

      disk.fill();
      const first = await insertUntilFull(0);
      expect(first.acknowledged.length).toBeGreaterThan(50);
      expect(first.refused.length).toBeGreaterThanOrEqual(20);
      // Reads go on, and show what was acknowledged and nothing else.
      expect(sorted(await ids())).toEqual(sorted(first.acknowledged));
      expect(await things.countDocuments({ n: { $lte: 0 } })).toBe(first.acknowledged.length);
      // The transaction that was open is gone as a whole.
      await expect(session.commitTransaction()).rejects.toMatchObject({
        code: 251,
        errorLabels: ['TransientTransactionError'],
      });
      await session.endSession();
      // A transaction that does not fit leaves nothing.
      await expect(
        client.withSession((own) =>
          own.withTransaction(async () => {
            await client.db('test').collection('other').insertOne({ half: true }, { session: own });
            await things.insertMany(
              Array.from({ length: 1000 }, (_, i) => ({ _id: -1 - i, n: i + 1, pad })),
              { session: own },
            );
          }),
        ),
      ).rejects.toMatchObject(OUT_OF_SPACE);
      expect(await client.db('test').collection('other').countDocuments()).toBe(0);

      disk.free();
      const more = Array.from({ length: 200 }, (_, i) => 50_000 + i);
      for (const _id of more) await things.insertOne({ _id, n: -_id, pad });
      // What was refused can be done now: neither its _id nor its unique key is taken.
      for (const _id of first.refused) await things.insertOne({ _id, n: -_id, pad });
      expect(sorted(await ids())).toEqual(sorted([...first.acknowledged, ...more, ...first.refused]));
      expect(await check({ dir: disk.data })).toMatchObject({ ok: true, problems: [] });
    },
  );
});
