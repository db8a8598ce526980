import { type Child, median, percentile, round } from '../children.js';
import { openStage } from './stage.js';

const ROUNDS = 7;
const CALLS = 400;

type Kind = 'read' | 'fresh' | 'stored';
const kinds: readonly Kind[] = ['read', 'fresh', 'stored'];

interface Turn {
  /** CPU microseconds a call, of server and database. */
  cpu: number;
  p50: number;
}

/**
 * What a retried command costs beside reading the same order from the database (`order:get`): `fresh` when the lane still has its reply in
 * memory, `stored` when it is read from the journal. The three take turns; ratios are medians over the rounds.
 */
export async function replay(options: Map<string, string>): Promise<object> {
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const stage = await openStage({ restaurants: 1, only: ['brigade'], cache: false });
  const turns: Record<Kind, Turn[]> = { read: [], fresh: [], stored: [] };
  try {
    const server = stage.servers.brigade;
    await stage.clients.ask('placeKeyed', 300);
    for (const kind of kinds) await turn(server, stage.database, stage.clients, kind, 100);
    for (let i = 0; i < rounds; i += 1) {
      for (const kind of i % 2 === 0 ? kinds : [...kinds].reverse())
        turns[kind].push(await turn(server, stage.database, stage.clients, kind, CALLS));
    }
  } finally {
    await stage.stop();
  }
  const ratio = (kind: Kind, of: keyof Turn) =>
    round(median(turns[kind].map((one, i) => one[of] / (turns.read[i]?.[of] ?? 1))));
  const middle = (of: keyof Turn) =>
    Object.fromEntries(kinds.map((kind) => [kind, round(median(turns[kind].map((one) => one[of])), 1)]));
  return {
    rounds,
    cpuRatio: { fresh: ratio('fresh', 'cpu'), stored: ratio('stored', 'cpu') },
    p50Ratio: { fresh: ratio('fresh', 'p50'), stored: ratio('stored', 'p50') },
    cpuMicros: middle('cpu'),
    p50Ms: middle('p50'),
  };
}

async function turn(
  server: Child,
  database: Child | undefined,
  clients: Child,
  kind: Kind,
  calls: number,
): Promise<Turn> {
  const cpuOf = async () => (await server.ask<number>('cpuMicros')) + ((await database?.ask<number>('cpuMicros')) ?? 0);
  const before = await cpuOf();
  const latencies = await clients.ask<number[]>('repeat', { kind, calls });
  return { cpu: ((await cpuOf()) - before) / calls, p50: percentile(latencies, 0.5) };
}
