import type { Bed } from './bed.js';
import { memoryOf, percentile } from './figures.js';

/** What a statement over the whole collection does to another client's pings. */
export interface Delay {
  readonly statement: string;
  readonly seconds: number;
  /** Milliseconds, of pings sent one after another meanwhile. */
  readonly greatest: number;
  readonly p99: number;
  /** The greatest delay just before, with nothing else running, in as many seconds (one to three). */
  readonly calm: number;
  /** Resident memory after it, in MB. */
  readonly rss: number | undefined;
  readonly anonymous: number | undefined;
  /** Why the statement did not come to its end. */
  readonly failed?: string;
}

export const STATEMENTS = ['scan', 'count', 'distinct', 'group', 'sort', 'updateMany', 'createIndex', 'drop'];
const CALM_SECONDS = 3;

export async function measureDelays(bed: Bed, statements: readonly string[]): Promise<Delay[]> {
  const delays: Delay[] = [];
  for (const statement of statements) {
    const calm = await pingsDuring(bed, () => new Promise((resolve) => setTimeout(resolve, CALM_SECONDS * 1000)));
    const started = performance.now();
    let failed: string | undefined;
    const busy = await pingsDuring(bed, async () => {
      await bed.driver.ask('statement', statement).catch((error: Error) => {
        failed = error.message.split('\n')[0];
      });
    });
    const seconds = (performance.now() - started) / 1000;
    console.log(`${statement} over the large collection: ${seconds.toFixed(1)} s ${failed ?? ''}`);
    const memory = memoryOf(bed.server.process.pid);
    delays.push({
      statement,
      seconds,
      greatest: Math.max(...busy),
      p99: percentile(busy, 0.99),
      calm: Math.max(...calm),
      rss: memory?.total,
      anonymous: memory?.anonymous,
      ...(failed === undefined ? {} : { failed }),
    });
  }
  return delays;
}

async function pingsDuring(bed: Bed, run: () => Promise<unknown>): Promise<number[]> {
  await bed.watcher.ask('watch');
  await run();
  return bed.watcher.ask<number[]>('watched');
}
