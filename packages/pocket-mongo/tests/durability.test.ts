import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'pocket-mongo';
import { openDatabase } from './database.js';
import { CLI, Command } from './processes.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-durability-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** Runs the writing process until it has acknowledged enough, then kills it. Returns what it acknowledged. */
async function writeAndKill(enough: number): Promise<Set<number>> {
  const child: ChildProcess = fork(new URL('./killed-process.mjs', import.meta.url), [dir]);
  const acknowledged = new Set<number>();
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.on('message', (message: { acknowledged?: number }) => {
    if (message.acknowledged === undefined) return;
    acknowledged.add(message.acknowledged);
    if (acknowledged.size === enough) child.kill('SIGKILL');
  });
  await ended;
  return acknowledged;
}

describe('durability', () => {
  test('kill -9 under load loses nothing acknowledged and leaves no half transaction', async () => {
    const acknowledged = new Set<number>();
    for (const enough of [60, 90]) {
      for (const number of await writeAndKill(enough)) acknowledged.add(number);
      const database = await openDatabase({ dir });
      const numbers = async (name: string, field: string) =>
        (await database.db.collection(name).find().toArray())
          .map((document) => document[field] as number)
          .sort((a, b) => a - b);
      const journal = await numbers('journal', 'n');
      const orders = await numbers('orders', '_id');
      const tables = await database.db.collection('tables').find().toArray();
      expect(orders).toEqual(journal);
      expect(tables.reduce((sum, { orders: count }) => sum + Number(count), 0)).toBe(journal.length);
      const stored = new Set(journal);
      expect([...acknowledged].filter((number) => !stored.has(number))).toEqual([]);
      for (const number of journal.slice(-20))
        expect(await database.db.collection('journal').countDocuments({ n: number })).toBe(1);
      await database.close();
    }
  });

  test('what was closed is there when it is opened again, indexes and retries included', async () => {
    const first = await openDatabase({ dir });
    await first.db.collection('a').createIndex({ n: 1 }, { unique: true });
    await first.db.collection('a').insertOne({ n: 1 });
    expect(
      statSync(new URL(decodeURIComponent(first.server.uri.replace('mongodb://', 'file://').split('/?')[0] as string)))
        .mode & 0o777,
    ).toBe(0o600);
    await first.close();
    const second = await openDatabase({ dir });
    await expect(second.db.collection('a').insertOne({ n: 1 })).rejects.toMatchObject({ code: 11000 });
    expect(await second.db.collection('a').indexes()).toHaveLength(2);
    await second.close();
  });

  test('one process per folder, with a clear message', async () => {
    const server = await createServer({ dir });
    await expect(createServer({ dir })).rejects.toThrow(`in use by process ${process.pid}`);
    await server.close();
    const again = await createServer({ dir });
    await again.close();
    await again.close();
  });

  test('a new database is on disk with the names of all folders that were made for it, before anything is acknowledged', async () => {
    const log = join(dir, 'log');
    const data = join(dir, 'new', 'deep', 'folder');
    const hook = new URL(`./flush-log.mjs?${encodeURIComponent(log)}`, import.meta.url).href;
    const server = new Command(process.execPath, ['--import', hook, CLI, '--dir', data]);
    expect(await server.uri()).toBeDefined();
    const done = readFileSync(log, 'utf8').trim().split('\n');
    await server.kill('SIGKILL');
    for (const folder of [dir, join(dir, 'new'), join(dir, 'new', 'deep')]) expect(done).toContain(`flushed ${folder}`);
    // The file has its contents when it gets its name, and the name stays.
    expect(done.filter((line) => line.includes(join(data, 'data')) || line.endsWith(data))).toEqual([
      `flushed ${join(data, 'data.new', 'data.mdb')}`,
      `flushed ${join(data, 'data.new')}`,
      `renamed ${join(data, 'data.new')} to ${join(data, 'data')}`,
      `flushed ${data}`,
    ]);
  });
});
