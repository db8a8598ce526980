import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Collection, Db } from 'mongodb';
import { openDatabase } from './database.js';

/** More than a sort may hold, and more than MongoDB allows one that may not use the disk. */
const COUNT = 5500;
const PAYLOAD = 'x'.repeat(20_000);

interface Item {
  _id: number;
  rank: number;
  group: number;
  payload: string;
}

let database: Awaited<ReturnType<typeof openDatabase>>;
let db: Db;
let items: Collection<Item>;
let mappedBefore: number;

beforeAll(async () => {
  database = await openDatabase();
  db = database.db;
  if (process.platform === 'linux') mappedBefore = mappedFiles();
  items = db.collection<Item>('items');
  for (let start = 0; start < COUNT; start += 500)
    await items.insertMany(
      Array.from({ length: 500 }, (_, i) => {
        const id = start + i;
        return { _id: id, rank: (id * 7919) % COUNT, group: id % 7, payload: PAYLOAD };
      }),
    );
});

afterAll(() => database.close());

const onLinux = process.platform === 'linux' ? test : test.skip;

/** Of this process, in MB. */
function mappedFiles(): number {
  return Number(/^RssFile:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]) / 1024;
}

/** Files in use that sorts have made. */
function spilled(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('/spill-');
    } catch {
      return false;
    }
  }).length;
}

test('a sort larger than its memory gives every document once and in order, equal ones as they are stored', async () => {
  const ranks = await items
    .find({}, { sort: { rank: -1 } })
    .map(({ rank }) => rank)
    .toArray();
  expect(ranks).toEqual(Array.from({ length: COUNT }, (_, i) => COUNT - 1 - i));
  const groups = await items
    .find({}, { sort: { group: 1 } })
    .map(({ _id, group }) => [group, _id])
    .toArray();
  const stored = Array.from({ length: COUNT }, (_, id) => [id % 7, id] as [number, number]);
  expect(groups).toEqual(stored.sort(([a], [b]) => a - b));
});

test('a $sort of computed rows does so too, whole rows included', async () => {
  const rows = items.aggregate<Item & { twice: number; at: Date }>([
    { $addFields: { twice: { $multiply: ['$rank', 2] }, at: new Date(5) } },
    { $sort: { twice: 1 } },
  ]);
  let next = 0;
  for await (const row of rows) {
    expect([row.twice, row.rank, row.payload.length]).toEqual([next * 2, next, PAYLOAD.length]);
    expect(row.at).toEqual(new Date(5));
    next++;
  }
  expect(next).toBe(COUNT);
});

test('a sort of a few finds the first of them all', async () => {
  const few = await items
    .find({}, { sort: { rank: 1 }, skip: 2, limit: 3 })
    .map(({ rank }) => rank)
    .toArray();
  expect(few).toEqual([2, 3, 4]);
  const many = await items
    .find({}, { sort: { rank: 1 }, skip: 3000, limit: 1000 })
    .map(({ rank }) => rank)
    .toArray();
  expect([many.length, many[0], many[999]]).toEqual([1000, 3000, 3999]);
});

test('without the use of the disk it fails at 100 MB, as in MongoDB', async () => {
  const find = items.find({}, { sort: { rank: 1 }, allowDiskUse: false });
  await expect(find.toArray()).rejects.toMatchObject({ code: 292 });
  const aggregate = items.aggregate([{ $sort: { rank: 1 } }], { allowDiskUse: false });
  await expect(aggregate.toArray()).rejects.toMatchObject({ code: 292 });
  expect(await items.find({}, { sort: { rank: 1 }, limit: 2, allowDiskUse: false }).toArray()).toHaveLength(2);
});

onLinux('the file of a sort is gone with its cursor', async () => {
  const cursor = items.find({}, { sort: { rank: 1 }, batchSize: 10 });
  expect((await cursor.next())?.rank).toBe(0);
  expect(spilled()).toBe(1);
  await cursor.close();
  // The driver does not wait for the answer to killCursors; another command is answered after it.
  await db.command({ ping: 1 });
  expect(spilled()).toBe(0);
});

onLinux('what has been read does not stay in memory as pages of the file', async () => {
  for (let i = 0; i < 3; i++) {
    expect(await items.countDocuments({ payload: { $ne: '' } })).toBe(COUNT);
    expect(mappedFiles() - mappedBefore).toBeLessThan(96);
  }
});

test('documents that an update of many changes while they are read are changed once', async () => {
  const { modifiedCount } = await items.updateMany({}, { $inc: { rank: 1 } });
  expect(modifiedCount).toBe(COUNT);
  const [sum] = await items.aggregate([{ $group: { _id: null, sum: { $sum: '$rank' } } }]).toArray();
  expect(sum?.sum).toBe((COUNT * (COUNT - 1)) / 2 + COUNT);
});
