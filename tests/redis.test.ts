import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisServer } from '../cluster/redis-server.js';
import type { Present } from '../src/kernel/presence.js';
import { createMetrics } from '../src/platform/metrics.js';
import { LocalPresence } from '../src/platform/presence.js';
import { Redis } from '../src/platform/redis.js';
import { SharedPresence } from '../src/platform/shared-presence.js';
import { describeWithRedis, startCluster } from './harness/cluster.js';
import { metricsOf, openHouse, Screen, until } from './harness/index.js';

const quiet = { info: () => undefined, warn: () => undefined };

/** A way to Redis on which what comes back to a subscriber can be held up, the connection staying open. */
class Way {
  readonly #server: Server;
  readonly #subscribers = new Set<Socket>();

  private constructor(target: number) {
    this.#server = createServer((client) => {
      const redis = connect(target, '127.0.0.1');
      client.on('data', (chunk) => {
        if (/subscribe/i.test(chunk.toString('latin1'))) this.#subscribers.add(redis);
        redis.write(chunk);
      });
      redis.pipe(client);
      for (const [one, other] of [
        [client, redis],
        [redis, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
      }
    });
  }

  static async to(target: number): Promise<Way> {
    const way = new Way(target);
    await new Promise<void>((resolve) => way.#server.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** From here on the subscribers there are hear nothing more. */
  mute(): void {
    for (const one of this.#subscribers) one.unpipe().pause();
  }

  close(): void {
    this.#server.close();
  }
}

describeWithRedis('a connection to Redis', () => {
  let server: RedisServer;
  const opened: Redis[] = [];
  const open = async (url = server.url, sharded = false) => {
    const metrics = createMetrics({ process: false });
    const redis = await Redis.connect({ url, sharded, prefix: 'test', logger: quiet, metrics });
    opened.push(redis);
    const figure = async (name: 'redisDeaf' | 'redisPublishFailures') => (await metrics[name].get()).values[0]?.value;
    return { redis, figure };
  };

  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(async () => {
    for (const redis of opened) redis.close();
    await server.stop();
  });

  it('brings what is published to whoever listens, itself included', async () => {
    const [one, two] = await Promise.all([open(), open()]);
    const heard: unknown[] = [];
    for (const { redis } of [one, two]) redis.on('news', (message) => heard.push(message));
    await until('both have heard it', () => {
      if (heard.length < 2) one.redis.publish('news', { id: 7 });
      return heard.length >= 2;
    });
    expect(heard.slice(0, 2)).toEqual([{ id: 7 }, { id: 7 }]);
  });

  it('notices that it hears nothing any more though all connections stand, and subscribes anew', async () => {
    const way = await Way.to(server.port);
    const { redis, figure } = await open(way.url);
    expect(redis.state).toBe('ok');
    way.mute();
    await until('it is deaf', () => redis.state === 'deaf');
    await until('it hears again', () => redis.state === 'ok');
    expect(await figure('redisDeaf')).toBe(1);
    way.close();
  });

  it('comes back when an operator kills the subscribers', async () => {
    const [{ redis }, other] = await Promise.all([open(), open()]);
    const heard: unknown[] = [];
    redis.on('after', (message) => heard.push(message));
    await other.redis.commands.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until('it hears what is published', () => {
      other.redis.publish('after', 'the kill');
      return heard.length > 0;
    });
  });

  it('rejects nothing and counts when Redis is gone, starts without it, and finds it when it comes', async () => {
    const { redis, figure } = await open();
    await server.kill();
    await until('it is seen', () => redis.state === 'lost');
    redis.publish('news', 'nobody hears');
    await until('it is counted', async () => Number(await figure('redisPublishFailures')) > 0);
    const late = await open();
    expect(late.redis.state).toBe('lost');
    await server.restart();
    for (const one of [redis, late.redis]) await until('Redis is heard', () => one.state === 'ok');
  }, 120_000);

  const present = (userId: string): Present => ({
    ...{ restaurantId: 'chez', userId, name: userId, role: 'waiter', stationIds: [] },
    since: new Date('2026-11-21T19:30:00.000Z'),
  });

  it('tells who is on line at other processes, forgets the dead, and remembers while Redis is away', async () => {
    const processes = await Promise.all(
      ['p1', 'p2'].map(async (id) => {
        const { redis } = await open();
        const local = new LocalPresence({ graceMs: 0 });
        return { local, redis, all: new SharedPresence(id, local, redis) };
      }),
    );
    const [one, two] = processes as [(typeof processes)[0], (typeof processes)[0]];
    one.local.arrive('s1', present('ann'));
    two.local.arrive('s2', present('bob'));
    two.local.arrive('s3', present('cleo'));
    const people = ({ all }: typeof one) =>
      all
        .of('chez')
        .map(({ userId }) => userId)
        .join();
    await until('the one knows all', () => people(one) === 'ann,bob,cleo');
    await until('the other, too', () => people(two) === 'bob,cleo,ann');
    expect(one.all.of('chez')[1]).toEqual(present('bob'));
    two.local.leave('s3', 'chez', false);
    await until('one has gone', () => people(one) === 'ann,bob');
    await server.kill();
    await until('it is seen', () => one.redis.state === 'lost');
    expect(people(one)).toBe('ann,bob');
    await server.restart();
    two.local.arrive('s4', present('dora'));
    await until('what is new is told again', () => people(one) === 'ann,bob,dora');
    const { redis } = await open();
    const late = new SharedPresence('p3', new LocalPresence({ graceMs: 0 }), redis);
    await late.start();
    await until('who comes later is told of all', () => late.of('chez').length === 3);
    late.close();
    two.all.close();
    let told = 0;
    one.local.onChange(() => {
      told += 1;
    });
    await until('the dead one is forgotten', async () => {
      one.all.forget('p2');
      return people(one) === 'ann';
    });
    expect(told).toBeGreaterThan(0);
    one.all.close();
  }, 120_000);
});

describeWithRedis('several processes over a Redis Cluster', () => {
  it('hear each other by sharded publishing, and share their lanes', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'brigade-redis-'));
    const alone = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', dir];
    const server = await RedisServer.start(alone);
    const plain = await Redis.connect({
      ...{ url: server.url, sharded: false, prefix: 'setup', logger: quiet },
      metrics: createMetrics({ process: false }),
    });
    await plain.commands.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
    await until('it serves all slots', async () =>
      String(await plain.commands.call('CLUSTER', 'INFO')).includes('cluster_state:ok'),
    );
    plain.close();
    const running = await startCluster(2, { REDIS_URL: server.url, REDIS_SHARDED: 'true' });
    const [one = '', two = ''] = running.urls;
    const house = await openHouse({ url: one } as never);
    const { token } = house.owner;
    const screen = await Screen.open(two, token);
    await house.owner.must('restaurant:update', { name: 'Chez les Seize' });
    await screen.saw('restaurant:updated');
    const ready = (await (await fetch(`${two}/readyz`)).json()) as object;
    expect(ready).toMatchObject({ status: 'ok', redis: { state: 'ok' } });
    const figures = await metricsOf(one);
    expect(figures).toMatch(/brigade_lane_lock_wait_seconds_count [1-9]/);
    expect(figures).toMatch(/brigade_lane_unlocked_total 0\n/);
    screen.close();
    await running.stop();
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }, 120_000);
});
