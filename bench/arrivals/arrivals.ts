import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { percentile, round, startChild } from '../children.js';
import type { Arrivals, Second } from './clients.js';

const SECONDS = 15;
const PATIENCE_MS = 5_000;
/** Arrivals as shares of what the server answers at most. */
const PHASES = [0.5, 2, 0.5] as const;

/**
 * Callers with a new connection each, who give up after five seconds: first half of what the server can answer, then
 * twice as many, then half again. How many were answered, told to come back, or gave up, and whether it still says that
 * it lives. `--capacity N`: requests a second; measured by a short flood when not given.
 */
export async function arrivals(options: Map<string, string>): Promise<object> {
  const seconds = Number(options.get('seconds') ?? SECONDS);
  const dataDir = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const server = startChild(new URL('../storm/storm-server.js', import.meta.url), [dataDir]);
  const [clients, watcher] = [0, 1].map(() => startChild(new URL('./clients.js', import.meta.url)));
  if (clients === undefined || watcher === undefined) throw new Error('No clients');
  try {
    const url = await server.ask<string>('start');
    const tokens = (await server.ask<string[][]>('open', { restaurants: 10, screens: 10 })).flat();
    await server.ask('placeOrders', 100);
    const arrive = (perSecond: number, length: number) =>
      clients.ask<Second[]>('arrive', {
        url,
        tokens,
        perSecond,
        seconds: length,
        patienceMs: PATIENCE_MS,
      } satisfies Arrivals);
    await arrive(50, 2);
    const capacity = Number(options.get('capacity') ?? (await capacityOf(arrive)));
    const phases: object[] = [];
    for (const times of PHASES) {
      const [made, livez] = await Promise.all([
        arrive(Math.round(capacity * times), seconds),
        watcher.ask<number[]>('watch', { url, seconds }),
      ]);
      const figures = { times, ...summary(made, livez) };
      phases.push(figures);
      console.log(JSON.stringify(figures));
    }
    return { seconds, capacity, phases };
  } finally {
    for (const child of [clients, watcher, server]) await child.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** The most that was answered in a second, of ever more. */
async function capacityOf(arrive: (perSecond: number, length: number) => Promise<Second[]>): Promise<number> {
  let best = 0;
  for (let perSecond = 50; ; perSecond *= 1.4) {
    const made = await arrive(Math.round(perSecond), 3);
    const answered = made.reduce((sum, { ok }) => sum + ok, 0) / made.length;
    if (answered < perSecond * 0.9 || perSecond > 5_000) return Math.round(Math.max(best, answered));
    best = answered;
  }
}

function summary(made: readonly Second[], livez: readonly number[]): object {
  const sum = (of: (second: Second) => number) => made.reduce((all, one) => all + of(one), 0);
  const latencies = made.flatMap((one) => one.latencies);
  return {
    arrivedPerSecond: Math.round(
      sum(({ ok, busy, gaveUp, otherwise }) => ok + busy + gaveUp + otherwise) / made.length,
    ),
    answeredPerSecond: Math.round(sum(({ ok }) => ok) / made.length),
    leastInASecond: Math.min(...made.map(({ ok }) => ok)),
    toldToComeBack: sum(({ busy }) => busy),
    gaveUp: sum(({ gaveUp }) => gaveUp),
    otherwise: sum(({ otherwise }) => otherwise),
    p50Ms: round(percentile(latencies, 0.5), 0),
    p99Ms: round(percentile(latencies, 0.99), 0),
    livezMaxMs: round(Math.max(...livez), 0),
  };
}
