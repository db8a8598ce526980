import type { Delay } from './delays.js';
import { type Memory, median } from './figures.js';
import { type Measurement, type Round, WORKLOADS, type Workload } from './rates.js';

interface Results {
  readonly rounds: readonly Round[];
  readonly memory: Memory | undefined;
  readonly delays: readonly Delay[];
  readonly loadSeconds: number;
  readonly seconds: number;
}

interface Aim {
  readonly name: string;
  readonly value: number;
  readonly unit: '%' | 'ms' | 'MB';
  readonly aim: number;
  readonly atLeast: boolean;
}

/** Shares of the ping rate that an operation is to reach. */
const SHARES: Readonly<Record<Exclude<Workload, 'ping'>, number>> = {
  find: 60,
  insert: 45,
  findAndModify: 45,
  transaction: 20,
};
const AGAINST_SMALL = 80;
const MOST_DELAY_MS = 20;
const MOST_RSS_MB = 250;

const shares = Object.entries(SHARES) as [Exclude<Workload, 'ping'>, number][];

function allRates(rounds: readonly Round[]) {
  const fdatasync = median(rounds.map((round) => round.fdatasync));
  const [small, large] = (['small', 'large'] as const).map((size) => ratesOf(rounds, size, fdatasync));
  return { fdatasync: Math.round(fdatasync), small, large };
}

export function printRates(rounds: readonly Round[]): void {
  const { fdatasync, small, large } = allRates(rounds);
  console.log(`\nfdatasync of a page, one after another: ${fdatasync}/s`);
  console.log('small collection, 50 at a time (medians):');
  console.table(small);
  console.log('large collection:');
  console.table(large);
}

/** Prints the delays, each aim with whether it was met, and all figures as one line of JSON. */
export function report(results: Results): void {
  const { rounds, delays } = results;
  if (delays.length > 0) {
    console.log("another client's pings while a statement goes over the large collection:");
    console.table(Object.fromEntries(delays.map(({ statement, ...rest }) => [statement, mapped(rest)])));
  }
  const aims = aimsOf(results);
  const met = ({ value, aim, atLeast }: Aim) => (atLeast ? value >= aim : value <= aim);
  const rows = aims.map((aim) => {
    const wanted = `${aim.atLeast ? 'at least' : 'at most'} ${aim.aim}`;
    return [`${aim.name}, ${aim.unit}`, { measured: tenths(aim.value), wanted, result: met(aim) ? 'met' : 'MISSED' }];
  });
  console.table(Object.fromEntries(rows));
  const figures = {
    rates: allRates(rounds),
    delays: delays.map((delay) => ({ ...delay, ...mapped(delay) })),
    memory: results.memory,
    loadSeconds: results.loadSeconds,
    aims: aims.map((aim) => ({ ...aim, value: Math.round(aim.value * 10) / 10, met: met(aim) })),
    seconds: Math.round(results.seconds),
  };
  console.log(JSON.stringify(figures));
  console.log(`${aims.filter(met).length} of ${aims.length} aims met in ${figures.seconds} s`);
}

function ratesOf(rounds: readonly Round[], size: 'small' | 'large', fdatasync: number): Record<string, object> {
  const of = (workload: Workload, field: keyof Measurement) =>
    median(rounds.map((round) => round[size][workload][field]));
  const rows = WORKLOADS.map((workload) => {
    const rate = of(workload, 'rate');
    const row = {
      'per second': Math.round(rate),
      '% of ping': Math.round(ofPing(rounds, size, workload)),
      '% of fdatasync': Math.round((100 * rate) / fdatasync),
      'p50 ms': tenths(of(workload, 'p50')),
      'p99 ms': tenths(of(workload, 'p99')),
      'server µs': Math.round(of(workload, 'serverMicros')),
      'driver µs': Math.round(of(workload, 'clientMicros')),
    };
    return [workload, row] as const;
  });
  return Object.fromEntries(rows);
}

/** The median over the rounds of the ratio within each. */
function ofPing(rounds: readonly Round[], size: 'small' | 'large', workload: Workload): number {
  return median(rounds.map((round) => (100 * round[size][workload].rate) / round[size].ping.rate));
}

function aimsOf({ rounds, memory, delays }: Results): Aim[] {
  const aims: Aim[] = shares.map(([workload, aim]) => ({
    name: `${workload}, of ping's rate`,
    value: ofPing(rounds, 'small', workload),
    unit: '%',
    aim,
    atLeast: true,
  }));
  for (const [workload] of shares) {
    const ratios = rounds.map(({ small, large }) => (100 * large[workload].rate) / small[workload].rate);
    aims.push({
      name: `${workload}, large of small`,
      value: median(ratios),
      unit: '%',
      aim: AGAINST_SMALL,
      atLeast: true,
    });
  }
  for (const { statement, greatest, calm, failed } of delays) {
    const value = failed === undefined ? Math.max(0, greatest - calm) : Number.POSITIVE_INFINITY;
    aims.push({ name: `${statement}: ping's delay over calm`, value, unit: 'ms', aim: MOST_DELAY_MS, atLeast: false });
  }
  if (memory) {
    const { total: value } = memory;
    aims.push({ name: 'RSS after a scan of the large', value, unit: 'MB', aim: MOST_RSS_MB, atLeast: false });
  }
  return aims;
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

function mapped(figures: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? tenths(value) : value]),
  );
}
