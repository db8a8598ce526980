import mongoose from 'mongoose';
import { RedisServer } from '../../cluster/redis-server.js';
import { newId } from '../../src/kernel/ids.js';
import { ensureIndexes } from '../../src/platform/indexes.js';
import { createMetrics, type Metrics } from '../../src/platform/metrics.js';
import { Redis } from '../../src/platform/redis.js';
import { Committer } from '../../src/runtime/committer.js';
import { Lanes } from '../../src/runtime/lanes.js';
import { Turns } from '../../src/runtime/turns.js';
import { describeWithRedis } from '../harness/cluster.js';
import { until } from '../harness/until.js';
import { bump, counters, create, job } from './counters.js';

const quiet = { info: () => undefined, warn: () => undefined };

describeWithRedis('the turns of several processes at one restaurant', () => {
  let server: RedisServer;
  const opened: { redis: Redis; turns: Turns }[] = [];

  /** What one process has: its own connections, turns, lanes and committer, on the shared Redis and database. */
  async function processOf(takesTurns = true) {
    const metrics: Metrics = createMetrics({ process: false });
    const redis = await Redis.connect({ url: server.url, sharded: false, prefix: 'test', logger: quiet, metrics });
    const turns = new Turns(redis, metrics);
    opened.push({ redis, turns });
    let conflicts = 0;
    const lanes = new Lanes({
      ...{
        committer: new Committer(),
        turns: takesTurns ? turns : undefined,
        freeze: true,
        onCommitted: () => undefined,
        roomsOf: () => ['all'],
      },
      ...{ onFound: () => undefined, onSaved: () => undefined },
      onConflict: () => {
        conflicts += 1;
      },
    });
    const figure = async (name: 'laneHandovers' | 'laneUnlocked') => (await metrics[name].get()).values[0]?.value ?? 0;
    return { lanes, turns, figure, conflicts: () => conflicts };
  }

  beforeAll(async () => {
    await mongoose.connect(process.env.TEST_MONGODB_URI ?? '', {
      dbName: `test-turns-${newId()}`,
      ignoreUndefined: true,
    });
    await ensureIndexes();
    server = await RedisServer.start();
  });
  afterAll(async () => {
    for (const { redis, turns } of opened) {
      turns.stop();
      redis.close();
    }
    await server.stop();
    await mongoose.connection.dropDatabase();
    await mongoose.disconnect();
  });

  /** Nine hundred commands, a third at each process: no process is done within one turn. */
  async function busy(three: { lanes: Lanes }[]) {
    const restaurantId = newId();
    const id = newId();
    const laneOf = (i: number) => (three[i % 3] as { lanes: Lanes }).lanes.of(restaurantId);
    await laneOf(0).submit(job(create(id)));
    const all = Array.from({ length: 900 }, (_, i) => laneOf(i).submit(job(bump(id))));
    return (await Promise.all(all)).map(({ data }) => (data as { value: number }).value).sort((a, b) => a - b);
  }

  it('are handed to and fro, each reads what the others wrote, and few commits are refused', async () => {
    const refused = (processes: { conflicts: () => number }[]) =>
      processes.reduce((sum, { conflicts }) => sum + conflicts(), 0);
    const alone = await Promise.all([processOf(false), processOf(false), processOf(false)]);
    await busy(alone);
    // On a machine that stalls who waits too long goes on without the lock, and says so: then this was no trial.
    const figures = await until('nobody had to go without the lock', async () => {
      const three = await Promise.all([processOf(), processOf(), processOf()]);
      expect(await busy(three)).toEqual(Array.from({ length: 900 }, (_, i) => i + 1));
      const handedOn = await Promise.all(three.map(({ figure }) => figure('laneHandovers')));
      const unlocked = await Promise.all(three.map(({ figure }) => figure('laneUnlocked')));
      const wasTrial = unlocked.every((times) => times === 0);
      return wasTrial && { handedOn, refused: refused(three) };
    });
    // Who ends last has nobody to hand on to.
    expect(figures.handedOn.filter((times) => times > 0).length).toBeGreaterThanOrEqual(2);
    expect(figures.refused).toBeLessThan(refused(alone) / 2);
  }, 120_000);

  it('pass a process by that holds the lock and is dead', async () => {
    const [dead, other] = await Promise.all([processOf(), processOf()]);
    const restaurantId = newId();
    expect(await dead.turns.take(restaurantId)).toMatchObject({ isSame: false });
    dead.turns.stop();
    const id = newId();
    expect(await other.lanes.of(restaurantId).submit(job(create(id)))).toMatchObject({ data: { id } });
  });

  it('decide nothing: without Redis the journal does', async () => {
    const [one, two] = await Promise.all([processOf(), processOf()]);
    const restaurantId = newId();
    const id = newId();
    await one.lanes.of(restaurantId).submit(job(create(id)));
    await server.kill();
    const all = Array.from({ length: 40 }, (_, i) =>
      (i % 2 === 0 ? one : two).lanes.of(restaurantId).submit(job(bump(id))),
    );
    await Promise.all(all);
    expect((await mongoose.connection.collection(counters.collection).findOne({ _id: id as never }))?.value).toBe(40);
    expect((await one.figure('laneUnlocked')) + (await two.figure('laneUnlocked'))).toBeGreaterThan(0);
    await server.restart();
  }, 120_000);
});
