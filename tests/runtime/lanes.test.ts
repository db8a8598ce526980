import mongoose from 'mongoose';
import { fail, failAfterCommit } from '../../src/kernel/errors.js';
import { everyone, type Room } from '../../src/kernel/event.js';
import { newId } from '../../src/kernel/ids.js';
import { ensureIndexes } from '../../src/platform/indexes.js';
import { Committer } from '../../src/runtime/committer.js';
import { type Entry, journalModel, readHead } from '../../src/runtime/journal.js';
import { Lanes } from '../../src/runtime/lanes.js';
import type { UnitOfWork } from '../../src/runtime/unit-of-work.js';
import { until } from '../harness/until.js';
import { bump, bumped, counters, create, job } from './counters.js';

/** What one process has: its own lanes and committer, on the shared database. */
function processOf(committed: (Entry | undefined)[] = []) {
  return new Lanes({
    committer: new Committer(),
    freeze: true,
    roomsOf: () => [...everyone],
    onConflict: () => undefined,
    onFound: () => undefined,
    onSaved: () => undefined,
    onCommitted: (entry) => void committed.push(entry),
  });
}

const entriesOf = async (restaurantId: string) =>
  (await journalModel.find({ restaurantId }).sort({ _id: 1 }).lean()) as unknown as Entry[];
const stored = (id: string) => mongoose.connection.collection('laneCounters').findOne({ _id: id as never });

/** Fail points aim at it. */
const appName = `lanes-${newId()}`;

beforeAll(async () => {
  await mongoose.connect(process.env.TEST_MONGODB_URI ?? '', {
    dbName: `test-lanes-${newId()}`,
    appName,
    monitorCommands: true,
    ignoreUndefined: true,
  });
  await ensureIndexes();
});
afterAll(async () => {
  await mongoose.connection.dropDatabase();
  await mongoose.disconnect();
});

describe('a lane', () => {
  it('does not wait for the commit of another', async () => {
    const lanes = processOf();
    const [stuck, other] = [lanes.of(newId()), lanes.of(newId())];
    await mongoose.connection
      .getClient()
      .db('admin')
      .command({
        ...{ configureFailPoint: 'failCommand', mode: { times: 1 } },
        data: { failCommands: ['commitTransaction'], appName, blockConnection: true, blockTimeMS: 5_000 },
      });
    let isCommitting = false;
    mongoose.connection.getClient().on('commandStarted', ({ commandName }) => {
      isCommitting ||= commandName === 'commitTransaction';
    });
    let isDone = false;
    const late = stuck.submit(job(create(newId()))).then(() => {
      isDone = true;
    });
    await until('it is being committed', () => isCommitting);
    await other.submit(job(create(newId())));
    expect(isDone).toBe(false);
    await late;
  });

  it('runs commands one after the other, each seeing the one before, and numbers entries and events without gaps', async () => {
    const lane = processOf().of(newId());
    const id = newId();
    await lane.submit(job(create(id)));
    const results = await Promise.all(Array.from({ length: 50 }, () => lane.submit(job(bump(id)))));
    expect(results.map(({ data }) => (data as { value: number }).value)).toEqual(
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
    expect((await stored(id))?.value).toBe(50);
    const entries = await entriesOf(lane.restaurantId);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
    expect(entries.flatMap(({ events }) => events.map(({ seq, prev }) => [seq, prev.all]))).toEqual(
      Array.from({ length: 50 }, (_, i) => [i + 1, i]),
    );
    expect(await readHead(lane.restaurantId)).toMatchObject({ n: 51, seq: 50, rooms: { all: 50 } });
  });

  it('writes nothing of a command that fails, and goes on with the next', async () => {
    const lane = processOf().of(newId());
    const id = newId();
    await lane.submit(job(create(id)));
    const refused = lane.submit(
      job(async (unit) => {
        await bump(id)(unit);
        throw fail('illegal_step');
      }),
    );
    const after = lane.submit(job(bump(id)));
    await expect(refused).rejects.toMatchObject({ code: 'illegal_step' });
    expect((await after).data).toEqual({ value: 1 });
    expect((await stored(id))?.value).toBe(1);
  });

  it('keeps the writes of a command that answers an error after its commit, and replays that error', async () => {
    const lane = processOf().of(newId());
    const id = newId();
    await lane.submit(job(create(id)));
    const work = async (unit: UnitOfWork) => {
      await bump(id)(unit);
      return failAfterCommit(fail('credentials_invalid', 'wrong PIN'));
    };
    const keyed = job(work, { key: 'once' });
    await expect(lane.submit(keyed)).rejects.toMatchObject({ code: 'credentials_invalid' });
    await expect(lane.submit({ ...keyed })).rejects.toMatchObject({
      code: 'credentials_invalid',
      details: { detail: 'wrong PIN' },
    });
    expect((await stored(id))?.value).toBe(1);
  });

  it('answers a repeated key with the first reply, from memory and after a restart, and refuses it for another command', async () => {
    const restaurantId = newId();
    const id = newId();
    const lane = processOf().of(restaurantId);
    await lane.submit(job(create(id)));
    const keyed = job(bump(id), { key: 'retry-me' });
    expect(await lane.submit(keyed)).toMatchObject({ data: { value: 1 }, replayed: false });
    expect(await lane.submit({ ...keyed })).toMatchObject({ data: { value: 1 }, replayed: true });
    const restarted = processOf().of(restaurantId);
    expect(await restarted.submit({ ...keyed })).toMatchObject({ data: { value: 1 }, replayed: true });
    await expect(restarted.submit({ ...keyed, fingerprint: 'other' })).rejects.toMatchObject({ code: 'key_reused' });
    expect(await restarted.submit({ ...keyed, author: 'somebody else' })).toMatchObject({
      data: { value: 2 },
      replayed: false,
    });
    expect((await stored(id))?.value).toBe(2);
  });

  it('answers the first reply when the repeated command would now fail', async () => {
    const restaurantId = newId();
    const id = newId();
    const lane = processOf().of(restaurantId);
    const keyed = job(
      async (unit) => {
        if ((await unit.lookup(counters, id)) !== undefined) throw fail('illegal_step');
        return create(id)(unit);
      },
      { key: 'place-once' },
    );
    await lane.submit(keyed);
    expect(
      await processOf()
        .of(restaurantId)
        .submit({ ...keyed }),
    ).toMatchObject({ data: { id }, replayed: true });
  });

  it('refuses a key that is still under way', async () => {
    const lane = processOf().of(newId());
    const id = newId();
    const keyed = job(create(id), { key: 'double-tap' });
    const first = lane.submit(keyed);
    await expect(lane.submit({ ...keyed })).rejects.toMatchObject({ code: 'in_flight' });
    await first;
  });

  it('names the field of a unique index that refuses a command, and carries out the commands around it', async () => {
    const lane = processOf().of(newId());
    const [first, second, third] = [newId(), newId(), newId()];
    const tag = `tag-${newId()}`;
    const results = await Promise.allSettled([
      lane.submit(job(create(first, tag))),
      lane.submit(job(create(second, tag))),
      lane.submit(job(create(third))),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'duplicate', details: { errors: [{ field: 'tag' }] } } });
    expect((await entriesOf(lane.restaurantId)).map(({ n }) => n)).toEqual([1, 2]);
  });

  it('refuses what waited too long', async () => {
    const lane = processOf().of(newId());
    await expect(lane.submit(job(create(newId()), { deadline: performance.now() - 1 }))).rejects.toMatchObject({
      code: 'timed_out',
    });
  });

  it('throws when a handler changes a document in place', async () => {
    const lane = processOf().of(newId());
    const id = newId();
    await lane.submit(job(create(id)));
    const spoilt = lane.submit(
      job(async (unit) => {
        const doc = await unit.get(counters, id);
        doc.value = 99;
        return {};
      }),
    );
    await expect(spoilt).rejects.toThrow(TypeError);
  });
});

describe('the previous events named by an event', () => {
  it('are those of its own rooms, and of rooms that were spoken to since the oldest of them', async () => {
    const restaurantId = newId();
    const said: Room[][] = [
      ['all'],
      ['can:order:read'],
      ['can:kitchen:read'],
      ['can:order:read', 'user:ann'],
      ['all'],
      ['can:kitchen:read'],
    ];
    let turn = 0;
    const lanes = new Lanes({
      ...{
        committer: new Committer(),
        freeze: true,
        onConflict: () => undefined,
        onFound: () => undefined,
        onSaved: () => undefined,
        onCommitted: () => undefined,
      },
      roomsOf: () => said[turn++] ?? [],
    });
    const speak = async (unit: UnitOfWork) => unit.publish(bumped, {});
    for (const _rooms of said) await lanes.of(restaurantId).submit(job(speak));
    const events = (await entriesOf(restaurantId)).flatMap((entry) => entry.events);
    expect(events.map(({ prev }) => prev)).toEqual([
      { all: 0 },
      { 'can:order:read': 0, all: 1 },
      { 'can:kitchen:read': 0, all: 1, 'can:order:read': 2 },
      { 'can:order:read': 2, 'user:ann': 0, all: 1, 'can:kitchen:read': 3 },
      { all: 1, 'can:order:read': 4, 'user:ann': 4, 'can:kitchen:read': 3 },
      { 'can:kitchen:read': 3, all: 5, 'can:order:read': 4, 'user:ann': 4 },
    ]);
  });
});

describe('two processes on one restaurant, without any lock', () => {
  it('lose no command, double none, and number all of them without gaps', async () => {
    const restaurantId = newId();
    const id = newId();
    const [one, two] = [processOf().of(restaurantId), processOf().of(restaurantId)];
    await one.submit(job(create(id)));
    const results = await Promise.all(
      Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? one : two).submit(job(bump(id)))),
    );
    const values = results.map(({ data }) => (data as { value: number }).value).sort((a, b) => a - b);
    expect(values).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect((await stored(id))?.value).toBe(60);
    const entries = await entriesOf(restaurantId);
    expect(entries.map(({ n }) => n)).toEqual(Array.from({ length: 61 }, (_, i) => i + 1));
    expect(entries.flatMap(({ events }) => events.map(({ seq }) => seq))).toEqual(
      Array.from({ length: 60 }, (_, i) => i + 1),
    );
  });

  it('refuse nothing because of what one of them did not know yet', async () => {
    const restaurantId = newId();
    const id = newId();
    const [one, two] = [processOf().of(restaurantId), processOf().of(restaurantId)];
    await one.submit(job(create(id)));
    await two.submit(job(bump(id)));
    await one.submit(job(bump(id)));
    const onlyAtTwo = async (unit: UnitOfWork) => {
      const { value } = await unit.get(counters, id);
      if (value !== 2) throw fail('conflict', `It is ${value}`);
      return 'as expected';
    };
    expect(await two.submit(job(onlyAtTwo))).toMatchObject({ data: 'as expected' });
    await one.submit(job(bump(id)));
    await expect(two.submit(job(onlyAtTwo))).rejects.toMatchObject({ code: 'conflict', message: 'It is 3' });
  });

  it('rest on nothing old where the other has written what the journal no longer tells', async () => {
    const restaurantId = newId();
    const [price, order] = [newId(), newId()];
    const [one, two] = [processOf().of(restaurantId), processOf().of(restaurantId)];
    for (const id of [price, order]) await one.submit(job(create(id)));
    await two.submit(job(bump(price)));
    // What was written under a clock that is days behind, the database removes within a minute.
    await journalModel.collection.deleteOne({ restaurantId, n: 3 });
    const priced = async (unit: UnitOfWork) => {
      const { value } = await unit.get(counters, price);
      await bump(order)(unit);
      return value;
    };
    expect(await one.submit(job(priced))).toMatchObject({ data: 1 });
  });

  it('call nothing a duplicate that the other has only just made', async () => {
    const restaurantId = newId();
    const id = newId();
    const [one, two] = [processOf().of(restaurantId), processOf().of(restaurantId)];
    await two.submit(job(create(newId())));
    let runs = 0;
    const makeOrBump = async (unit: UnitOfWork) => {
      const doc = await unit.lookup(counters, id);
      runs += 1;
      // Between its look and its commit the other process is always first, twice.
      if (runs === 1) await one.submit(job(create(id)));
      if (runs === 2) await one.submit(job(bump(id)));
      if (doc === undefined) unit.insert(counters, { _id: id, value: 0 });
      else unit.save(counters, { ...doc, value: doc.value + 1 });
      return runs;
    };
    expect(await two.submit(job(makeOrBump))).toMatchObject({ data: 3 });
    expect((await stored(id))?.value).toBe(2);
  });

  it('carry out a command sent to both of them once', async () => {
    const restaurantId = newId();
    const id = newId();
    const [one, two] = [processOf().of(restaurantId), processOf().of(restaurantId)];
    await one.submit(job(create(id)));
    const keyed = job(bump(id), { key: 'both' });
    const results = await Promise.all([one.submit(keyed), two.submit({ ...keyed })]);
    expect(results.map(({ data }) => data)).toEqual([{ value: 1 }, { value: 1 }]);
    expect(results.filter(({ replayed }) => replayed)).toHaveLength(1);
  });
});

describe('two lanes of one process on one document', () => {
  it('lose no update, though both are flushed in one group', async () => {
    const restaurantId = newId();
    const id = newId();
    const lanes = processOf();
    await lanes.of(restaurantId, 'ann').submit(job(create(id)));
    await Promise.all(['ann', 'bob', 'cleo'].map((account) => lanes.of(restaurantId, account).submit(job(bump(id)))));
    expect((await stored(id))?.value).toBe(3);
  });

  it('do not remove what the other has changed in between, but look again', async () => {
    const restaurantId = newId();
    const id = newId();
    const lanes = processOf();
    await lanes.of(restaurantId, 'ann').submit(job(create(id)));
    const removeAtZero = async (unit: UnitOfWork) => {
      const doc = await unit.get(counters, id);
      if (doc.value > 0) return { kept: true };
      unit.remove(counters, doc);
      return { kept: false };
    };
    const [, removed] = await Promise.allSettled([
      lanes.of(restaurantId, 'ann').submit(job(bump(id))),
      lanes.of(restaurantId, 'bob').submit(job(removeAtZero)),
    ]);
    expect(removed).toMatchObject({ status: 'fulfilled', value: { data: { kept: true } } });
    expect((await stored(id))?.value).toBe(1);
  });
});

describe('many restaurants', () => {
  it('are committed in groups, and one that is refused harms no other', async () => {
    const lanes = processOf();
    const ids = Array.from({ length: 20 }, () => ({ restaurantId: newId(), id: newId() }));
    const tag = `tag-${newId()}`;
    const results = await Promise.allSettled(
      ids.map(({ restaurantId, id }, i) =>
        lanes.of(restaurantId).submit(job(create(id, i === 3 || i === 4 ? tag : undefined))),
      ),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(19);
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(1);
  });
});
