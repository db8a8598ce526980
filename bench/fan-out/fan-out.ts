import { hasRedisServer, RedisServer } from '../../cluster/redis-server.js';
import { type Child, median, round, startChild } from '../children.js';
import type { Memory } from './paced.js';

const RESTAURANTS = 100;
const SCREENS = 20;
const ROUNDS = 7;
const EVENTS = 3_000;

/**
 * 100 restaurants of 20 sockets; one event reaches a restaurant's 20 sockets: through our relay and rooms, and by bare
 * Socket.IO's `io.to(room).emit` of the same payload. The two servers run side by side and take turns, so the machine's
 * noise meets both; the ratio is the median over the rounds. `--processes 2`: each side is two processes over the Redis
 * adapter, half of every restaurant's sockets on each, and CPU is that of both.
 */
export async function fanOut(options: Map<string, string>): Promise<object> {
  if (options.get('processes') !== '2') return compare(options, undefined);
  if (!hasRedisServer()) return { skipped: 'redis-server is not on the PATH' };
  const redis = await RedisServer.start();
  try {
    return await compare(options, redis.url);
  } finally {
    await redis.stop();
  }
}

async function compare(options: Map<string, string>, redisUrl: string | undefined): Promise<object> {
  const events = Number(options.get('events') ?? EVENTS);
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const servers = { bare: startSide('bare', redisUrl), brigade: startSide('brigade', redisUrl) };
  const memory = { bare: await connectAll(servers.bare), brigade: await connectAll(servers.brigade) };
  const cpu: Record<'bare' | 'brigade', number[]> = { bare: [], brigade: [] };
  const ratios: number[] = [];
  await turn(servers.bare, 500);
  await turn(servers.brigade, 500);
  for (let i = 0; i < rounds; i += 1) {
    const order = i % 2 === 0 ? (['bare', 'brigade'] as const) : (['brigade', 'bare'] as const);
    for (const name of order) cpu[name].push(await turn(servers[name], events));
    const ratio = (cpu.brigade.at(-1) ?? 0) / (cpu.bare.at(-1) ?? 1);
    ratios.push(ratio);
    console.log(
      `round ${i + 1}: bare ${round(cpu.bare.at(-1) ?? 0)} us, brigade ${round(cpu.brigade.at(-1) ?? 0)} us a delivery, ratio ${round(ratio, 3)}`,
    );
  }
  for (const { members, clients } of Object.values(servers)) {
    await clients.stop();
    for (const member of members) await member.stop();
  }
  return {
    processes: servers.bare.members.length,
    rounds,
    restaurants: RESTAURANTS,
    socketsEach: SCREENS,
    deliveriesPerRound: events * SCREENS,
    bareMicrosPerDelivery: round(median(cpu.bare)),
    brigadeMicrosPerDelivery: round(median(cpu.brigade)),
    ratio: round(median(ratios), 3),
    bareRssBytesPerConnection: Math.round(memory.bare.rss),
    brigadeRssBytesPerConnection: Math.round(memory.brigade.rss),
    rssRatio: round(memory.brigade.rss / memory.bare.rss, 3),
    // Resident memory flatters the larger process, whose heap has room to spare; what is alive does not.
    bareLiveBytesPerConnection: Math.round(memory.bare.live),
    brigadeLiveBytesPerConnection: Math.round(memory.brigade.live),
    liveRatio: round(memory.brigade.live / memory.bare.live, 3),
  };
}

interface Side {
  /** The first one emits. */
  members: readonly [Child, ...Child[]];
  clients: Child;
}

function startSide(kind: 'bare' | 'brigade', redisUrl: string | undefined): Side {
  const args = redisUrl === undefined ? [] : [redisUrl];
  const member = () => startChild(new URL(`./${kind}-server.js`, import.meta.url), args, ['--expose-gc']);
  const clients = startChild(new URL('./clients.js', import.meta.url));
  return { members: redisUrl === undefined ? [member()] : [member(), member()], clients };
}

/** Connects everyone, by turns to each process, and answers the memory that each idle connection costs the first, bytes. */
async function connectAll({ members: [first, ...others], clients }: Side): Promise<Memory> {
  const { url, tokens } = await first.ask<{ url: string; tokens: string[] }>('listen', {
    restaurants: RESTAURANTS,
    screens: SCREENS,
  });
  const urls = [url, ...(await Promise.all(others.map((other) => other.ask<string>('join'))))];
  const connect = async (from: number, to: number) => {
    for (const [i, address] of urls.entries()) {
      const own = tokens.filter((_, index) => index >= from && index < to && index % urls.length === i);
      await clients.ask('connect', { url: address, tokens: own });
    }
  };
  // The first connections load code and grow pools; they are not what a connection costs.
  await connect(0, 100);
  const before = await first.ask<Memory>('memory');
  await connect(100, tokens.length);
  const after = await first.ask<Memory>('memory');
  const count = (tokens.length - 100) / urls.length;
  return { rss: (after.rss - before.rss) / count, live: (after.live - before.live) / count };
}

/** One round; answers the CPU time of all processes of a side per delivery, microseconds. */
async function turn({ members, clients }: Side, events: number): Promise<number> {
  const cpu = async () => {
    const spent = await Promise.all(members.map((member) => member.ask<number>('cpuMicros')));
    return spent.reduce((sum, micros) => sum + micros, 0);
  };
  const expected = events * SCREENS;
  const before = await cpu();
  const received = clients.ask<void>('receive', expected);
  await members[0].ask('emit', events);
  await received;
  return ((await cpu()) - before) / expected;
}
