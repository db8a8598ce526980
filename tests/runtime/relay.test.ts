import mongoose from 'mongoose';
import type { Envelope, Room } from '../../src/kernel/event.js';
import { newId } from '../../src/kernel/ids.js';
import { type Entry, entryId, headModel, journalModel } from '../../src/runtime/journal.js';
import { type Broadcaster, Relay } from '../../src/runtime/relay.js';

class Ears implements Broadcaster {
  readonly heard: Envelope[] = [];
  /** What only the screens of this process were told. */
  readonly here: Envelope[] = [];
  readonly epochs: string[] = [];
  readonly heads: Partial<Record<Room, number>>[] = [];
  constructor(
    private readonly restaurants: string[],
    private readonly rooms: Room[] = ['all'],
  ) {}
  emitHere(_restaurantId: string, _rooms: readonly Room[], envelope: Envelope): void {
    this.heard.push(envelope);
    this.here.push(envelope);
  }
  isHeardHere(_restaurantId: string, room: Room): boolean {
    return this.rooms.includes(room);
  }
  emit(_restaurantId: string, _rooms: readonly Room[], envelope: Envelope): void {
    this.heard.push(envelope);
  }
  announce(_restaurantId: string, epoch: string, heads: Partial<Record<Room, number>>): void {
    this.epochs.push(epoch);
    this.heads.push(heads);
  }
  audience(): Iterable<string> {
    return this.restaurants;
  }
}

const EPOCH = 'one';

/** Commits an entry as a process does that dies before it publishes. */
async function commit(restaurantId: string, n: number): Promise<Entry> {
  const entry: Entry = {
    _id: entryId(restaurantId, n),
    ...{ restaurantId, n, epoch: EPOCH, at: new Date(), actor: { id: 'a', name: 'A' }, operation: 'x:y' },
    ...{ author: 'a', key: String(n), fingerprint: '', reply: { status: 200, data: {} }, last: n, touched: [] },
    events: [{ id: newId(), seq: n, name: 'x:done', data: {}, rooms: ['all'], prev: { all: n - 1 } }],
  };
  await journalModel.collection.insertOne({ ...entry } as never);
  const head = { _id: restaurantId, n, seq: n, epoch: EPOCH, rooms: { all: n } };
  await headModel.collection.replaceOne({ _id: restaurantId as never }, head, { upsert: true });
  return entry;
}

const options = { intervalMs: 60_000, onError: () => undefined };

beforeAll(async () => {
  await mongoose.connect(process.env.TEST_MONGODB_URI ?? '', { dbName: `test-relay-${newId()}` });
});
afterAll(async () => {
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
});

describe('the relay', () => {
  it('publishes what a dead process left, in order and once, and announces the heads every time', async () => {
    const restaurantId = newId();
    const ears = new Ears([restaurantId]);
    const relay = new Relay(ears, options);
    await commit(restaurantId, 1);
    await relay.sweep();
    expect(ears.heard).toEqual([]);
    expect(ears.heads).toEqual([{ all: 1 }]);
    relay.publish(await commit(restaurantId, 2));
    await commit(restaurantId, 3);
    await commit(restaurantId, 4);
    await relay.sweep();
    await relay.sweep();
    expect(ears.heard.map(({ seq }) => seq)).toEqual([2, 3, 4]);
    expect(ears.here.map(({ seq }) => seq)).toEqual([3, 4]);
    // Also when nothing moved: silence means that the line is dead.
    expect(ears.heads).toEqual([{ all: 1 }, { all: 4 }, { all: 4 }]);
  });

  it('tells its screens nothing again that they heard from another process, and nothing for rooms without screens', async () => {
    const restaurantId = newId();
    const ears = new Ears([restaurantId]);
    const elsewhere = new Ears([restaurantId], ['can:order:read']);
    const relays = [new Relay(ears, options), new Relay(elsewhere, options)] as const;
    await commit(restaurantId, 1);
    for (const relay of relays) await relay.sweep();
    await commit(restaurantId, 2);
    relays[0].heard(['all'], { restaurantId, epoch: EPOCH, seq: 2 });
    await commit(restaurantId, 3);
    for (const relay of relays) await relay.sweep();
    expect(ears.here.map(({ seq }) => seq)).toEqual([3]);
    expect(elsewhere.here).toEqual([]);
    expect(elsewhere.heads).toEqual([{ all: 1 }, { all: 3 }]);
  });

  it('says nothing of restaurants without screens here', async () => {
    const restaurantId = newId();
    const ears = new Ears([]);
    const relay = new Relay(ears, options);
    await commit(restaurantId, 1);
    await relay.sweep();
    expect(ears.heads).toEqual([]);
  });

  it('announces everything anew when history changed (a restored backup)', async () => {
    const restaurantId = newId();
    const ears = new Ears([restaurantId]);
    const relay = new Relay(ears, options);
    await commit(restaurantId, 1);
    await relay.sweep();
    await headModel.collection.updateOne({ _id: restaurantId as never }, { $set: { epoch: 'two' } });
    await relay.sweep();
    expect(ears.heads).toHaveLength(2);
    expect(ears.epochs).toEqual([EPOCH, 'two']);
  });
});
