import { type Reads, shares, total } from './reads.js';
import type { Tally } from './tally.js';
import type { OrdersVerdict, ScreenVerdict } from './verdict.js';

export interface Evening {
  verdicts: readonly ScreenVerdict[];
  orders: OrdersVerdict;
  tally: Tally;
  seconds: number;
  /** During the service. */
  reads: Reads;
  kills: number;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

interface Figures {
  orders: number;
  tickets: number;
  events: number;
  delivered: number;
  lost: number;
  duplicated: number;
  outOfOrder: number;
  differing: number;
  p50Ms: number;
  p99Ms: number;
  /** Share of the database's reads that memory saved, and that the cache of answers alone did, percent. */
  readsSavedPercent: number;
  cacheSavedPercent: number;
}

function figuresOf({ verdicts, orders, tally, reads }: Evening): Figures {
  const events = new Map(verdicts.flatMap(({ expected }) => expected.map(({ seq, name }) => [seq, name])));
  return {
    orders: tally.orders.size,
    tickets: [...events.values()].filter((name) => name === 'kitchen:ticket-created').length,
    events: events.size,
    delivered: sum(verdicts.map(({ delivered }) => delivered)),
    lost: sum(verdicts.map(({ lost }) => lost)) + orders.missing.length,
    duplicated: sum(verdicts.map(({ duplicated }) => duplicated)) + orders.twice.length,
    outOfOrder: sum(verdicts.map(({ outOfOrder }) => outOfOrder)),
    differing: sum(verdicts.map(({ differing, foreign }) => differing.length + foreign)),
    p50Ms: tally.quantile(0.5),
    p99Ms: tally.quantile(0.99),
    readsSavedPercent: shares(reads).all,
    cacheSavedPercent: shares(reads).cache,
  };
}

export function isClean(evening: Evening): boolean {
  const { lost, duplicated, outOfOrder, differing } = figuresOf(evening);
  return lost + duplicated + outOfOrder + differing + evening.tally.unexpected.length === 0;
}

function sayReads(reads: Reads, say: (line: string) => void): void {
  const list = (counts: Reads['made']) =>
    Object.entries(counts)
      .filter(([, count]) => count > 0)
      .sort(([, one], [, other]) => other - one)
      .map(([name, count]) => `${name} ${count}`)
      .join(', ');
  const { all, cache } = shares(reads);
  say(`  ${total(reads.made)} reads of the database: ${list(reads.made)}`);
  say(`  saved by memory: ${list(reads.saved)}: ${all} % of all reads, ${cache} % of those a cached answer could save`);
}

/** Counts for people, and as the last line one JSON object for scripts. */
export function report(evening: Evening, say: (line: string) => void): void {
  const { verdicts, orders, tally, seconds, reads, kills } = evening;
  const figures = figuresOf(evening);
  say('');
  for (const { screen, delivered, lost, duplicated, outOfOrder, foreign, differing } of verdicts) {
    const faults = { lost, duplicated, 'out of order': outOfOrder, foreign, differing: differing.length };
    const wrong = Object.entries(faults).filter(([, count]) => count > 0);
    const verdict = wrong.length === 0 ? 'exact' : wrong.map(([what, count]) => `${count} ${what}`).join(', ');
    const resets = screen.ledger.resets === 0 ? '' : `, ${screen.ledger.resets} resets`;
    say(
      `  ${screen.name.padEnd(36)} ${String(delivered).padStart(6)} events, ${screen.line.cuts} cuts${resets}: ${verdict}`,
    );
    for (const difference of differing.slice(0, 5)) say(`    differs: ${difference}`);
  }
  say('');
  for (const order of orders.missing) say(`  acknowledged, but not there: ${order}`);
  for (const order of orders.twice) say(`  there twice: ${order}`);
  for (const fault of tally.unexpected.slice(0, 20)) say(`  unexpected: ${fault}`);
  const refusals = [...tally.refused].map(([code, count]) => `${count} ${code}`).join(', ') || 'none';
  const rate = Math.round(tally.commands / seconds);
  say(
    `  ${figures.orders} orders, ${figures.tickets} tickets, ${tally.commands} commands in ${seconds.toFixed(1)} s (${rate}/s)`,
  );
  say(`  refused as in any service: ${refusals}; answered from the journal: ${tally.replayed}; kills: ${kills}`);
  say(`  ${figures.events} events, ${figures.delivered} deliveries; ${tally.unexpected.length} unexpected errors`);
  sayReads(reads, say);
  say(JSON.stringify(figures));
}
