import { type Child, median, round, startChild } from '../children.js';
import type { Memory } from './paced.js';

const RESTAURANTS = 100;
const SCREENS = 20;
const ROUNDS = 7;
const EVENTS = 3_000;

interface Round {
  cpuMicros: number;
  wallMs: number;
}

/**
 * 100 restaurants of 20 sockets; one event reaches a restaurant's 20 sockets: through our relay and rooms, and by bare
 * Socket.IO's `io.to(room).emit` of the same payload. The two servers run side by side and take turns, so the machine's
 * noise meets both; the ratio is the median over the rounds.
 */
export async function fanOut(options: Map<string, string>): Promise<object> {
  const events = Number(options.get('events') ?? EVENTS);
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const servers = { bare: await startServer('bare'), brigade: await startServer('brigade') };
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
  for (const { server, clients } of Object.values(servers)) {
    await clients.stop();
    await server.stop();
  }
  return {
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
  server: Child;
  clients: Child;
}

async function startServer(kind: 'bare' | 'brigade'): Promise<Side> {
  const server = startChild(new URL(`./${kind}-server.js`, import.meta.url), [], ['--expose-gc']);
  const clients = startChild(new URL('./clients.js', import.meta.url));
  return { server, clients };
}

/** Connects everyone and answers the memory that each idle connection costs the server, bytes. */
async function connectAll({ server, clients }: Side): Promise<Memory> {
  const { url, tokens } = await server.ask<{ url: string; tokens: string[] }>('listen', {
    restaurants: RESTAURANTS,
    screens: SCREENS,
  });
  // The first connections load code and grow pools; they are not what a connection costs.
  await clients.ask('connect', { url, tokens: tokens.slice(0, 100) });
  const before = await server.ask<Memory>('memory');
  await clients.ask('connect', { url, tokens: tokens.slice(100) });
  const after = await server.ask<Memory>('memory');
  const count = tokens.length - 100;
  return { rss: (after.rss - before.rss) / count, live: (after.live - before.live) / count };
}

/** One round; answers the server's CPU time per delivery, microseconds. */
async function turn({ server, clients }: Side, events: number): Promise<number> {
  const expected = events * SCREENS;
  const received = clients.ask<void>('receive', expected);
  const { cpuMicros } = await server.ask<Round>('emit', events);
  await received;
  const rest = await server.ask<Round>('settle');
  return (cpuMicros + rest.cpuMicros) / expected;
}
