import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from '../src/bson/encode.js';
import type { Document } from '../src/bson/values.js';
import { dispatch } from '../src/commands/dispatch.js';
import type { Engine } from '../src/engine/context.js';
import { createEngine } from '../src/engine/engine.js';
import { Store } from '../src/storage/store.js';

/** A store whose flushes seem to take as long as the test likes. */
class SlowStore extends Store {
  private waiting: (() => void)[] = [];

  override async durable(): Promise<void> {
    await new Promise<void>((resolve) => this.waiting.push(resolve));
    await super.durable();
  }

  flushed(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }
}

let dir: string;
let store: SlowStore;
let engine: Engine;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'pocket-concern-'));
  store = new SlowStore(join(dir, 'data'), {
    sync: false,
    onFailure: (error) => {
      throw error;
    },
  });
  engine = createEngine(store, { address: '', connections: () => 1, transactionLifetimeMs: 60_000 });
});
afterEach(async () => {
  const closed = store.close();
  const flushing = setInterval(() => store.flushed(), 1);
  await closed;
  clearInterval(flushing);
  rmSync(dir, { recursive: true, force: true });
});

function send(given: Document): Promise<Document | 'close'> {
  const command = { ...given, $db: 'test' };
  return dispatch(engine, { command, body: encode(command), sequences: new Map(), connectionId: 1 }, undefined);
}

/** The reply if it comes without waiting for the disk. */
async function atOnce(reply: Promise<Document | 'close'>): Promise<Document | 'close' | 'waits'> {
  // All that needs no flush is done within a few turns of the loop.
  const turns = (async () => {
    for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    return 'waits' as const;
  })();
  return Promise.race([reply, turns]);
}

const reading = (level: string | undefined, batchSize = 101): Document => ({
  find: 'c',
  filter: {},
  batchSize,
  ...(level === undefined ? {} : { readConcern: { level } }),
});

describe('read concern', () => {
  test.each([[{ $out: 'other' }], [{ $merge: 'other' }]])(
    'linearizable cannot be asked of a pipeline that writes: %j',
    async (stage) => {
      const pipeline = [{ $match: {} }, stage];
      const command = { aggregate: 'things', pipeline, cursor: {}, readConcern: { level: 'linearizable' } };
      expect(await send(command)).toMatchObject({ ok: 0, code: 72, codeName: 'InvalidOptions' });
    },
  );

  test.each(['majority', 'linearizable', 'snapshot'])('%s waits until what it saw is on disk', async (level) => {
    const write = send({ insert: 'c', documents: [{ _id: 1 }] });
    expect(await atOnce(write)).toBe('waits');
    const read = send(reading(level));
    expect(await atOnce(read)).toBe('waits');
    store.flushed();
    expect(await write).toMatchObject({ n: 1, ok: 1 });
    expect(await read).toMatchObject({ cursor: { firstBatch: [{ bytes: encode({ _id: 1 }) }] }, ok: 1 });
  });

  test.each([undefined, 'local', 'available'])('%s sees a write before it is on disk', async (level) => {
    const write = send({ insert: 'c', documents: [{ _id: 1 }] });
    expect(await atOnce(send(reading(level)))).toMatchObject({
      cursor: { firstBatch: [{ bytes: encode({ _id: 1 }) }] },
    });
    store.flushed();
    await write;
  });

  test.each<[string, Document]>([
    ['count', { count: 'c', query: {} }],
    ['distinct', { distinct: 'c', key: '_id', query: {} }],
    ['aggregate', { aggregate: 'c', pipeline: [], cursor: {} }],
  ])('majority holds for %s', async (_, command) => {
    const write = send({ insert: 'c', documents: [{ _id: 1 }] });
    expect(await atOnce(send(command))).toMatchObject({ ok: 1 });
    const read = send({ ...command, readConcern: { level: 'majority' } });
    expect(await atOnce(read)).toBe('waits');
    store.flushed();
    expect(await read).toMatchObject({ ok: 1 });
    await write;
  });

  test.each(['majority', undefined])('the further batches of a cursor read with %s do as the first', async (level) => {
    const documents = Array.from({ length: 4 }, (_, i) => ({ _id: i }));
    const write = send({ insert: 'c', documents });
    expect(await atOnce(write)).toBe('waits');
    const first = send(reading(level, 2));
    await atOnce(first);
    store.flushed();
    await write;
    const { cursor } = (await first) as { cursor: { id: bigint } };
    const more = send({ getMore: cursor.id, collection: 'c', batchSize: 1 });
    const expected = { cursor: { nextBatch: [{ bytes: encode({ _id: 2 }) }] } };
    if (level === undefined) {
      expect(await atOnce(more)).toMatchObject(expected);
      return;
    }
    expect(await atOnce(more)).toBe('waits');
    store.flushed();
    expect(await more).toMatchObject(expected);
  });
});
