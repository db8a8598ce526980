import { median, percentile, round } from '../children.js';
import type { Flooded, Measured } from './clients.js';
import { openStage, type Side, type Stage, sides } from './stage.js';

const RESTAURANTS = 50;
const ROUNDS = 4;
const SLICE_SECONDS = 5;
const LEAD_SECONDS = 3;
const TIMES = 2;

/** One slice at the maximum rate (closed loop, four in flight in each restaurant), and one flooded at twice that. */
interface Round {
  maximum: number;
  sent: number;
  goodput: number;
  p50: number;
  p99: number;
  settled: number;
  flooded: Flooded;
}

/**
 * Orders arrive at twice the rate that the server can take, whether it answers or not. Each round measures the maximum and
 * the flood one after the other, Brigade and the rival by turns; the share of the maximum still acknowledged is the
 * median over the rounds. What is refused must be refused with a time to come back.
 */
export async function overload(options: Map<string, string>): Promise<object> {
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const seconds = Number(options.get('seconds') ?? SLICE_SECONDS);
  const compared = (options.get('sides')?.split(',') ?? sides) as Side[];
  const stage = await openStage({ restaurants: RESTAURANTS });
  const measured = new Map<Side, Round[]>(compared.map((side) => [side, []]));
  try {
    for (const side of compared) await maximumOf(stage, side, 2);
    for (let i = 0; i < rounds; i += 1) {
      for (const side of compared) {
        const one = await measureRound(stage, side, seconds);
        measured.get(side)?.push(one);
        const { flooded, ...shown } = one;
        console.log(side, JSON.stringify({ ...shown, refusals: flooded.refusals }));
      }
    }
  } finally {
    await stage.stop();
  }
  const figures = compared.map((side) => [side, summary(measured.get(side) ?? [])]);
  return { rounds, sliceSeconds: seconds, times: TIMES, ...Object.fromEntries(figures) };
}

async function maximumOf({ clients }: Stage, side: Side, seconds: number): Promise<number> {
  const load = { side, restaurants: RESTAURANTS, inFlight: 4, seconds, fire: 'now' };
  const closed = await clients.ask<Measured>('load', load);
  return closed.latencies.length / closed.seconds;
}

async function measureRound(stage: Stage, side: Side, seconds: number): Promise<Round> {
  const maximum = await maximumOf(stage, side, seconds);
  const flood = { side, restaurants: RESTAURANTS, perSecond: TIMES * maximum, leadSeconds: LEAD_SECONDS, seconds };
  const flooded = await stage.clients.ask<Flooded>('flood', flood);
  return {
    maximum: Math.round(maximum),
    sent: Math.round(flooded.sent / (LEAD_SECONDS + seconds)),
    goodput: Math.round(flooded.acknowledged / seconds),
    p50: Math.round(percentile(flooded.latencies, 0.5)),
    p99: Math.round(percentile(flooded.latencies, 0.99)),
    settled: Math.round(flooded.settledMs),
    flooded,
  };
}

function summary(rounds: readonly Round[]): object {
  const middle = (of: (round: Round) => number) => median(rounds.map(of));
  const refused = ({ flooded }: Round) => Object.values(flooded.refusals).reduce((sum, count) => sum + count, 0);
  const codes = new Set(rounds.flatMap(({ flooded }) => Object.keys(flooded.refusals)));
  return {
    goodputShare: round(middle(({ goodput, maximum }) => goodput / maximum)),
    maximumPerSecond: middle(({ maximum }) => maximum),
    sentPerSecond: middle(({ sent }) => sent),
    goodputPerSecond: middle(({ goodput }) => goodput),
    p50Ms: middle(({ p50 }) => p50),
    p99Ms: middle(({ p99 }) => p99),
    settledMs: middle(({ settled }) => settled),
    refusedPerSlice: middle(refused),
    refusedWithRetryAfter: middle(({ flooded }) => flooded.withRetryAfter),
    codes: [...codes],
  };
}
