import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BSON, Long, MongoClient, UUID } from 'mongodb';
import { type Thing, until } from './database.js';
import { bodySection, framed, header, message, RawConnection, sequenceSection } from './raw.js';

/** The server has a process of its own, whose memory is its alone. */
let dir: string;
let server: ChildProcess;
let uri: string;
let client: MongoClient;
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-flood-'));
  const options = JSON.stringify({ port: 0, sweepIntervalMs: 50 });
  server = fork(new URL('./server-process.mjs', import.meta.url), [dir, options], { execArgv: [] });
  [{ uri }] = (await once(server, 'message')) as [{ uri: string }];
  client = await new MongoClient(uri).connect();
  const pad = 'x'.repeat(250);
  await client
    .db('test')
    .collection<Thing>('small')
    .insertMany(Array.from({ length: 2000 }, (_, _id) => ({ _id, pad })));
});
afterAll(async () => {
  await client.close();
  const ended = once(server, 'exit');
  server.kill('SIGKILL');
  await ended;
  rmSync(dir, { recursive: true, force: true });
});

const MB = 1024 * 1024;

/** The server's memory that is no mapped file, in bytes. */
function memory(): number {
  const status = readFileSync(`/proc/${server.pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

async function openCursors(): Promise<number> {
  return Number((await client.db('admin').command({ serverStatus: 1 })).metrics.cursor.open.total);
}

async function connections(): Promise<number> {
  return Number((await client.db('admin').command({ serverStatus: 1 })).connections.current);
}

/** Does it again and again: what stays would add up. Returns the memory after each time but the first. */
async function repeated(times: number, flood: () => Promise<void>): Promise<number[]> {
  const after: number[] = [];
  for (let i = 0; i <= times; i++) {
    await flood();
    if (i > 0) after.push(memory());
  }
  return after;
}

const linux = process.platform === 'linux' ? test : test.skip;

describe('floods', () => {
  linux(
    'of cursors left open: they end after cursorTimeoutMillis, by name or with their session, and leave nothing',
    async () => {
      const admin = client.db('admin');
      const COUNT = 800;
      const after = await repeated(3, async () => {
        const connection = await RawConnection.open(uri);
        const lsid = { id: new UUID() };
        let last: Long = Long.ZERO;
        connection.send(...Array.from({ length: COUNT }, () => message({ find: 'small', batchSize: 2, lsid })));
        for (let i = 0; i < COUNT; i++) last = (await connection.reply())?.document.cursor.id;
        expect(await openCursors()).toBe(COUNT);
        expect(
          await connection.run({ getMore: Long.fromValue(last), collection: 'small', batchSize: 2, lsid }),
        ).toMatchObject({ ok: 1 });
        await admin.command({ setParameter: 1, cursorTimeoutMillis: 1 });
        await until(async () => (await openCursors()) === 0, 'idle cursors are closed');
        await admin.command({ setParameter: 1, cursorTimeoutMillis: 600_000 });
        expect(await connection.run({ getMore: Long.fromValue(last), collection: 'small', lsid })).toMatchObject({
          ok: 0,
          code: 43,
        });
        connection.close();
      });
      expect(Math.max(...after) - (after[0] as number)).toBeLessThan(40 * MB);
    },
    60_000,
  );

  linux(
    'of sessions: each ends its cursors with it, and leaves nothing',
    async () => {
      const COUNT = 1500;
      const after = await repeated(3, async () => {
        const connection = await RawConnection.open(uri);
        const sessions = Array.from({ length: COUNT }, () => ({ id: new UUID() }));
        connection.send(...sessions.map((lsid) => message({ find: 'small', batchSize: 1, lsid })));
        for (let i = 0; i < COUNT; i++) expect((await connection.reply())?.document.ok).toBe(1);
        expect(await openCursors()).toBe(COUNT);
        expect(await connection.run({ endSessions: sessions, $db: 'admin' })).toMatchObject({ ok: 1 });
        expect(await openCursors()).toBe(0);
        connection.close();
      });
      expect(Math.max(...after) - (after[0] as number)).toBeLessThan(40 * MB);
    },
    60_000,
  );

  test('a getMore that waits for a change ends when its session is killed', async () => {
    const [waiting, other] = [await RawConnection.open(uri), await RawConnection.open(uri)];
    const lsid = { id: new UUID() };
    const opened = await waiting.run({ aggregate: 'small', pipeline: [{ $changeStream: {} }], cursor: {}, lsid });
    const getMore = Long.fromValue(opened?.cursor.id);
    waiting.send(message({ getMore, collection: 'small', maxTimeMS: 600_000, lsid }));
    // A connection's commands are done in turn: the other's answer says nothing of when the first waits.
    await until(async () => (await other.run({ ping: 1 }))?.ok === 1, 'the server answers');
    expect(await other.run({ killSessions: [lsid], $db: 'admin' })).toMatchObject({ ok: 1 });
    expect((await waiting.reply())?.document).toMatchObject({ ok: 0 });
    waiting.close();
    other.close();
  });

  linux(
    'of connections that say nothing, half a header or half a message hold nobody up, and leave nothing',
    async () => {
      const COUNT = 800;
      const before = await connections();
      const half = message({ insert: 'small', documents: [{ pad: 'x'.repeat(20_000) }] });
      const after = await repeated(3, async () => {
        const open = await Promise.all(Array.from({ length: COUNT }, () => RawConnection.open(uri)));
        for (const [i, connection] of open.entries())
          if (i % 3 > 0) connection.send(half.subarray(0, i % 3 === 1 ? 7 : 15_000));
        await until(async () => (await connections()) > COUNT, 'all are connected');
        expect(await client.db('test').collection('small').countDocuments()).toBe(2000);
        for (const connection of open) connection.close();
        // The test's own client may have opened some meanwhile.
        await until(async () => (await connections()) < before + 20, 'all are gone');
      });
      expect(Math.max(...after) - (after[0] as number)).toBeLessThan(40 * MB);
    },
    60_000,
  );

  linux(
    'of requests whose large answers nobody reads are answered no further',
    async () => {
      await client
        .db('test')
        .collection<Thing>('large')
        .insertOne({ _id: 1, text: 'x'.repeat(4 * MB) });
      const before = memory();
      const connection = await RawConnection.open(uri);
      connection.socket.pause();
      connection.send(...Array.from({ length: 100 }, (_, i) => message({ find: 'large' }, i)));
      // Each answer of others gives the server the time for one of the 100.
      let most = 0;
      for (let i = 0; i < 300; i++) {
        expect(await client.db('test').collection<Thing>('small').findOne({ _id: -1 })).toBeNull();
        most = Math.max(most, memory() - before);
      }
      expect(most).toBeLessThan(150 * MB);
      connection.socket.resume();
      for (let i = 0; i < 5; i++) expect((await connection.reply())?.responseTo).toBe(i);
      connection.close();
    },
    60_000,
  );

  linux(
    'of large requests sent without waiting are read no faster than they are done',
    async () => {
      const COUNT = 30;
      const connection = await RawConnection.open(uri);
      const body = bodySection(Buffer.from(BSON.serialize({ insert: 'sent', $db: 'test' })));
      const document = Buffer.from(BSON.serialize({ text: 'x'.repeat(10 * MB) }));
      const whole = framed(0, Buffer.concat([body, sequenceSection('documents', [document])]));
      const before = memory();
      let most = 0;
      connection.send(...Array.from({ length: COUNT }, () => whole));
      for (let i = 0; i < COUNT; i++) {
        expect(await connection.reply()).toMatchObject({ document: { ok: 1, n: 1 } });
        most = Math.max(most, memory() - before);
      }
      expect(most).toBeLessThan(350 * MB);
      connection.close();
      await client.db('test').collection('sent').drop();
    },
    60_000,
  );

  linux(
    'a cursor over large documents holds little of what it has not given out',
    async () => {
      const documents = Array.from({ length: 120 }, (_, _id) => ({ _id, text: 'x'.repeat(MB) }));
      for (let i = 0; i < documents.length; i += 30)
        await client
          .db('test')
          .collection<Thing>('wide')
          .insertMany(documents.slice(i, i + 30));
      const before = memory();
      const cursors = Array.from({ length: 3 }, () =>
        client.db('test').collection('wide').find({ text: /^x/ }, { batchSize: 1 }),
      );
      for (const cursor of cursors) for (let i = 0; i < 20; i++) await cursor.next();
      expect(memory() - before).toBeLessThan(100 * MB);
      for (const cursor of cursors) await cursor.close();
    },
    60_000,
  );

  test('a message that claims to be the largest and never comes takes no memory', async () => {
    const connections = await Promise.all(Array.from({ length: 200 }, () => RawConnection.open(uri)));
    const before = process.platform === 'linux' ? memory() : 0;
    for (const connection of connections) connection.send(header(48_000_000, 1, 2013), Buffer.alloc(100));
    expect(await client.db('test').command({ ping: 1 })).toMatchObject({ ok: 1 });
    if (process.platform === 'linux') expect(memory() - before).toBeLessThan(100 * MB);
    for (const connection of connections) connection.close();
  });
});
