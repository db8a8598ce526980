import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, median, percentile, round, startChild } from '../children.js';

const RESTAURANTS = 100;
const SCREENS = 20;
const ROUNDS = 3;
/** Orders that each restaurant takes while its screens are away. */
const ORDERS = 5;
const CALM_MS = 4_000;

interface Back {
  ms: number;
  missed: number;
}
interface Figures {
  reads: number;
  peakRss: number;
  rss: number;
  byCollection: Record<string, number>;
}
interface Round {
  caughtUpMs: number;
  readsPerSocket: number;
  missedPerSocket: number;
  extraMb: number;
  calm: number[];
  storm: number[];
}

/**
 * All screens of 100 restaurants lose their network, five orders a restaurant later it is back, and 2,000 sockets come
 * back as the client makes them: when 99 % have caught up, what the server read for each, its memory, and how long a REST
 * request takes meanwhile beside the calm just before, in the same run.
 */
export async function storm(options: Map<string, string>): Promise<object> {
  const restaurants = Number(options.get('restaurants') ?? RESTAURANTS);
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const orders = Number(options.get('orders') ?? ORDERS);
  const dataDir = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const server = startChild(new URL('./storm-server.js', import.meta.url), [dataDir]);
  const [screens, tills] = ['screens', 'tills'].map(() => startChild(new URL('./clients.js', import.meta.url)));
  if (screens === undefined || tills === undefined) throw new Error('No clients');
  try {
    const url = await server.ask<string>('start');
    const tokens = await server.ask<string[][]>('open', { restaurants, screens: SCREENS });
    await screens.ask('connect', { url, tokens: tokens.flat() });
    const till = { url, token: tokens[0]?.[0] ?? '' };
    const done: Round[] = [];
    for (let i = 0; i < rounds; i += 1) {
      const figures = await oneRound(server, screens, tills, till, { sockets: tokens.flat().length, orders });
      done.push(figures);
      console.log(`round ${i + 1}:`, JSON.stringify(shown(figures)));
    }
    return { sockets: tokens.flat().length, rounds, ...summary(done) };
  } finally {
    for (const child of [screens, tills, server]) await child.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function oneRound(
  server: Child,
  screens: Child,
  tills: Child,
  till: { url: string; token: string },
  { sockets, orders }: { sockets: number; orders: number },
): Promise<Round> {
  await tills.ask('startProbe', till);
  await new Promise((resolve) => setTimeout(resolve, CALM_MS));
  const calm = await tills.ask<number[]>('stopProbe');
  await screens.ask('drop');
  await server.ask('placeOrders', orders);
  const before = await server.ask<Figures>('figures');
  await tills.ask('startProbe', till);
  const back = await screens.ask<Back[]>('comeBack');
  const storm = await tills.ask<number[]>('stopProbe');
  const { reads, peakRss, byCollection } = await server.ask<Figures>('figures');
  console.log('reads by collection:', JSON.stringify(byCollection));
  return {
    caughtUpMs: percentile(
      back.map(({ ms }) => ms),
      0.99,
    ),
    // The probe alone asks for orders, and is no screen.
    readsPerSocket: (reads - (byCollection.orders ?? 0)) / sockets,
    missedPerSocket: back.reduce((sum, { missed }) => sum + missed, 0) / sockets,
    extraMb: (peakRss - before.rss) / 1_048_576,
    calm,
    storm,
  };
}

const shown = ({ calm, storm, ...rest }: Round) => ({
  caughtUp99Ms: Math.round(rest.caughtUpMs),
  readsPerSocket: round(rest.readsPerSocket, 3),
  missedPerSocket: round(rest.missedPerSocket, 1),
  extraMb: Math.round(rest.extraMb),
  calm: spread(calm),
  storm: spread(storm),
  p99Ratio: round(percentile(storm, 0.99) / percentile(calm, 0.99)),
});

const spread = (latencies: readonly number[]) => ({
  requests: latencies.length,
  p50Ms: round(percentile(latencies, 0.5), 1),
  p99Ms: round(percentile(latencies, 0.99), 1),
});

function summary(rounds: readonly Round[]): object {
  const all = rounds.map(shown);
  const middle = (of: (figures: ReturnType<typeof shown>) => number) => round(median(all.map(of)), 3);
  return {
    caughtUp99Ms: middle(({ caughtUp99Ms }) => caughtUp99Ms),
    readsPerSocket: middle(({ readsPerSocket }) => readsPerSocket),
    missedPerSocket: middle(({ missedPerSocket }) => missedPerSocket),
    extraMb: middle(({ extraMb }) => extraMb),
    restP50Ratio: middle(({ calm, storm }) => storm.p50Ms / calm.p50Ms),
    restP99Ratio: middle(({ p99Ratio }) => p99Ratio),
  };
}
