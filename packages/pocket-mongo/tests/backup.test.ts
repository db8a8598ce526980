import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { check, createServer, restore } from 'pocket-mongo';
import { openDatabase } from './database.js';
import { run, start } from './processes.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-backup-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

interface Account {
  _id: number;
  balance: number;
}

/** Transfers money until it is stopped, and notes each transfer in the same transaction. */
async function transfer(uri: string): Promise<{ acknowledged: () => number; stop: () => Promise<void> }> {
  const client = await new MongoClient(uri).connect();
  const accounts = client.db('bank').collection<Account>('accounts');
  const journal = client.db('bank').collection<{ _id: number }>('journal');
  await accounts.insertMany(Array.from({ length: 10 }, (_, _id) => ({ _id, balance: 100 })));
  await accounts.createIndex({ balance: 1 });
  await client.db('bank').createCollection('journal');
  let running = true;
  let next = 0;
  let acknowledged = 0;
  const clients = Array.from({ length: 4 }, async () => {
    while (running) {
      const _id = ++next;
      await client.withSession((session) =>
        session.withTransaction(async () => {
          await accounts.updateOne({ _id: _id % 10 }, { $inc: { balance: -1 } }, { session });
          await accounts.updateOne({ _id: (_id * 7 + 3) % 10 }, { $inc: { balance: 1 } }, { session });
          await journal.insertOne({ _id }, { session });
        }),
      );
      acknowledged++;
    }
  });
  return {
    acknowledged: () => acknowledged,
    async stop() {
      running = false;
      await Promise.all(clients);
      await client.close();
    },
  };
}

/** Restores a backup and looks into it: it must be one moment with at least `least` transfers. */
async function expectMoment(file: string, to: string, least: number): Promise<void> {
  await restore({ from: file, dir: to });
  expect(await check({ dir: to })).toMatchObject({ ok: true, problems: [], collections: 2 });
  const database = await openDatabase({ dir: to });
  const bank = database.client.db('bank');
  const balances = await bank.collection<Account>('accounts').find().toArray();
  expect(balances.reduce((sum, { balance }) => sum + balance, 0)).toBe(1000);
  const booked = await bank.collection('journal').find().toArray();
  expect(booked.length).toBeGreaterThanOrEqual(least);
  const expected = Array.from({ length: 10 }, () => 100);
  for (const { _id } of booked as unknown as { _id: number }[]) {
    expected[_id % 10]! -= 1;
    expected[(_id * 7 + 3) % 10]! += 1;
  }
  expect(balances.map(({ balance }) => balance)).toEqual(expected);
  await database.close();
}

describe('backup and restore', () => {
  test('of a running server under load, by command and by API, hold everything acknowledged before, as one moment', async () => {
    const data = join(dir, 'data');
    const server = await createServer({ dir: data });
    const load = await transfer(server.uri);
    while (load.acknowledged() < 50) await new Promise((resolve) => setImmediate(resolve));
    for (const [i, back] of [
      (file: string) => server.backup(file),
      async (file: string) => expect(await run('backup', '--dir', data, '--to', file)).toMatchObject({ code: 0 }),
    ].entries()) {
      const before = load.acknowledged();
      const file = join(dir, `backup-${i}`);
      await back(file);
      await expectMoment(file, join(dir, `restored-${i}`), before);
      expect(statSync(file).mode & 0o777).toBe(0o600);
    }
    await load.stop();
    await server.close();
    expect(readdirSync(dir).sort()).toEqual(['backup-0', 'backup-1', 'data', 'restored-0', 'restored-1']);
  });

  test('keep types, indexes, options and the outcomes of sessions', async () => {
    const first = await openDatabase({ dir: join(dir, 'a') });
    await first.db.collection('a').createIndex({ n: -1, t: 1 }, { unique: true, name: 'special' });
    await first.db.collection('a').insertMany([
      { n: 1, t: [1, 2] },
      { n: 2, t: 'x' },
    ]);
    await first.server.backup(join(dir, 'b'));
    await first.close();
    await restore({ from: join(dir, 'b'), dir: join(dir, 'c') });
    const second = await openDatabase({ dir: join(dir, 'c') });
    expect(await second.db.collection('a').indexes()).toMatchObject([
      { name: '_id_' },
      { name: 'special', unique: true },
    ]);
    expect(await second.db.collection('a').countDocuments({ n: 1, t: 2 })).toBe(1);
    await expect(second.db.collection('a').insertOne({ n: 1, t: 2 })).rejects.toMatchObject({ code: 11000 });
    await second.close();
  });

  test('of a database in memory and of a stopped folder', async () => {
    const database = await openDatabase({ memory: true });
    await database.db.collection('a').insertOne({ n: 1 });
    await database.server.backup(join(dir, 'm'));
    await database.close();
    await expect(database.server.backup(join(dir, 'n'))).rejects.toThrow('closed');
    await restore({ from: join(dir, 'm'), dir: join(dir, 'c') });
    expect(await run('backup', '--dir', join(dir, 'c'), '--to', join(dir, 'n'))).toMatchObject({ code: 0 });
    expect(await run('restore', '--from', join(dir, 'n'), '--dir', join(dir, 'd'))).toMatchObject({ code: 0 });
    expect(await check({ dir: join(dir, 'd') })).toMatchObject({ ok: true, documents: 1 });
  });

  test('an existing file is overwritten only when that is asked for', async () => {
    const database = await openDatabase({ dir: join(dir, 'a') });
    const file = join(dir, 'b');
    writeFileSync(file, 'precious');
    await expect(database.server.backup(file)).rejects.toThrow('exists already');
    const refused = await run('backup', '--dir', join(dir, 'a'), '--to', file);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('exists already') });
    expect(readFileSync(file, 'utf8')).toBe('precious');
    await database.server.backup(file, { force: true });
    await database.close();
    await restore({ from: file, dir: join(dir, 'c') });
    await expect(restore({ from: file, dir: join(dir, 'c') })).rejects.toThrow('holds data');
  });

  test('a file that is not there, cut off, longer, changed or no backup is refused, and nothing is made', async () => {
    const database = await openDatabase({ dir: join(dir, 'a') });
    await database.db.collection('a').insertMany(Array.from({ length: 200 }, (_, n) => ({ n, pad: 'x'.repeat(100) })));
    const file = join(dir, 'b');
    await database.server.backup(file);
    await database.close();
    const good = readFileSync(file);
    const refused = async (message: string) => {
      await expect(restore({ from: file, dir: join(dir, 'c') })).rejects.toThrow(message);
      expect(existsSync(join(dir, 'c', 'data'))).toBe(false);
    };
    truncateSync(file, good.length - 1);
    await refused('is not a complete backup');
    truncateSync(file, 5000);
    await refused('is not a complete backup');
    writeFileSync(file, '');
    await refused('is not a complete backup');
    writeFileSync(file, good);
    appendFileSync(file, 'x');
    await refused('is not a complete backup');
    const changed = Buffer.from(good);
    changed[good.length >> 1]! ^= 1;
    writeFileSync(file, changed);
    await refused('was changed since it was written');
    rmSync(file);
    await refused('there is no backup');
    expect(await run('restore', '--from', file, '--dir', join(dir, 'c'))).toMatchObject({ code: 1 });
    writeFileSync(file, good);
    await restore({ from: file, dir: join(dir, 'c') });
  });

  test('a restore refuses a folder that is in use, and one that holds data', async () => {
    const database = await openDatabase({ dir: join(dir, 'a') });
    const file = join(dir, 'b');
    await database.server.backup(file);
    await expect(restore({ from: file, dir: join(dir, 'a') })).rejects.toThrow('in use by process');
    await database.close();
    await expect(restore({ from: file, dir: join(dir, 'a') })).rejects.toThrow('holds data');
  });

  test('a killed restore leaves no database, and the next one is as the first', async () => {
    const database = await openDatabase({ dir: join(dir, 'a') });
    const pad = 'x'.repeat(1000);
    await database.db.collection('a').insertMany(Array.from({ length: 5000 }, (_, n) => ({ n, pad })));
    const file = join(dir, 'b');
    await database.server.backup(file);
    await database.close();
    const to = join(dir, 'c');
    for (const seen of ['restoring', 'restoring/data.mdb', 'restoring/lock.mdb']) {
      const command = start('restore', '--from', file, '--dir', to);
      while (!existsSync(join(to, seen)) && command.child.exitCode === null) await new Promise((r) => setImmediate(r));
      await command.kill('SIGKILL');
      expect(existsSync(join(to, 'data'))).toBe(false);
    }
    expect(await run('restore', '--from', file, '--dir', to)).toMatchObject({ code: 0 });
    expect(readdirSync(to)).toEqual(['data']);
    expect(await check({ dir: to })).toMatchObject({ ok: true, documents: 5000 });
  });
});
