import { type Child, median, percentile, round } from '../children.js';
import type { Load, Measured } from './clients.js';
import { topOfFolder } from './profile.js';
import { openStage, type Side, type Stage, sides } from './stage.js';

const RESTAURANTS = 50;
const ROUNDS = 5;
const SLICE_SECONDS = 3;

const loads = {
  fifty: { restaurants: RESTAURANTS, inFlight: 1 },
  hot: { restaurants: 1, inFlight: 50 },
  calm: { restaurants: 1, inFlight: 1 },
};
type LoadName = keyof typeof loads;
type Fire = Load['fire'];

/** One server under one load for a few seconds. */
interface Slice {
  perSecond: number;
  p50: number;
  p99: number;
  /** CPU microseconds an order, of the server and, where it is ours to ask, of the database. */
  cpu: number;
  databaseCpu: number;
  refused: number;
}

/**
 * Acknowledged `order:place` per second beside the usual stack (`rival-server.ts`) on the same database. Both servers take
 * turns in short slices, and every ratio is the median over the rounds of a slice by the one beside it: the machine's
 * noise meets both. `hold`: the order alone, a single `create` for the rival. `now`: with its number and kitchen tickets,
 * which both make. `--profile FOLDER` profiles the servers and prints where each spent its time.
 */
export async function command(options: Map<string, string>): Promise<object> {
  const profile = options.get('profile');
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const seconds = Number(options.get('seconds') ?? SLICE_SECONDS);
  const names = (options.get('loads')?.split(',') ?? Object.keys(loads)) as LoadName[];
  const fires = (options.get('fire')?.split(',') ?? ['hold', 'now']) as Fire[];
  const stage = await openStage({ restaurants: RESTAURANTS, profile });
  const figures: Record<string, object> = {};
  try {
    for (const fire of fires) await warmUp(stage, fire);
    for (const name of names) figures[name] = await compare(stage, name, fires, rounds, seconds);
  } finally {
    await stage.stop();
    if (profile !== undefined) for (const line of topOfFolder(profile)) console.log(line);
  }
  return { rounds, sliceSeconds: seconds, ...figures };
}

async function warmUp(stage: Stage, fire: Fire): Promise<void> {
  for (const side of sides) await slice(stage, side, { restaurants: RESTAURANTS, inFlight: 1, seconds: 2, fire });
}

async function compare(stage: Stage, name: LoadName, fires: Fire[], rounds: number, seconds: number): Promise<object> {
  const slices = new Map<string, Slice[]>();
  for (let i = 0; i < rounds; i += 1) {
    for (const fire of fires) {
      for (const side of i % 2 === 0 ? sides : [...sides].reverse()) {
        const key = `${side} ${fire}`;
        slices.set(key, [...(slices.get(key) ?? []), await slice(stage, side, { ...loads[name], seconds, fire })]);
      }
    }
  }
  const of = (side: Side, fire: Fire) => slices.get(`${side} ${fire}`) ?? [];
  const figures: Record<string, object> = {};
  for (const fire of fires) figures[fire] = ratios(of('brigade', fire), of('rival', fire));
  // The whole of Brigade's work against the rival's least: not like for like, and said beside it.
  if (fires.length === 2) figures.nowToHold = ratios(of('brigade', 'now'), of('rival', 'hold'));
  for (const [fire, figure] of Object.entries(figures)) console.log(name, fire, JSON.stringify(figure));
  return figures;
}

async function slice({ servers, database, clients }: Stage, side: Side, load: Omit<Load, 'side'>): Promise<Slice> {
  const cpuOf = async (process: Child | undefined) => (await process?.ask<number>('cpuMicros')) ?? 0;
  const before = { server: await cpuOf(servers[side]), database: await cpuOf(database) };
  const { latencies, seconds, refused } = await clients.ask<Measured>('load', { ...load, side });
  const orders = Math.max(1, latencies.length);
  return {
    perSecond: latencies.length / seconds,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    cpu: ((await cpuOf(servers[side])) - before.server) / orders,
    databaseCpu: ((await cpuOf(database)) - before.database) / orders,
    refused,
  };
}

function ratios(brigade: Slice[], rival: Slice[]): object {
  const middle = (slices: Slice[], of: keyof Slice) => median(slices.map((one) => one[of]));
  const ratio = (of: keyof Slice) => round(median(brigade.map((one, i) => one[of] / (rival[i]?.[of] ?? 1))));
  const both = (of: keyof Slice, digits = 0) => [round(middle(brigade, of), digits), round(middle(rival, of), digits)];
  return {
    perSecondRatio: ratio('perSecond'),
    perSecond: both('perSecond'),
    p50Ratio: ratio('p50'),
    p50Ms: both('p50', 1),
    p99Ms: both('p99', 1),
    cpuRatio: ratio('cpu'),
    cpuMicrosPerOrder: both('cpu'),
    databaseCpuMicrosPerOrder: both('databaseCpu'),
    refused: both('refused'),
  };
}
