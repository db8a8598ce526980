import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest that long work keeps the event loop at a time, ms: an order that comes meanwhile does not notice. */
const SLICE_MS = 5;

let last: Promise<unknown> = Promise.resolve();

/**
 * Long work in slices that let everything else run in between. One piece of long work at a time: ten of them, each with a
 * slice in every turn of the event loop, would hold it ten times as long. `rest` is awaited between steps.
 */
export function inSlices<T>(work: (rest: () => Promise<void>) => Promise<T>): Promise<T> {
  const mine = last.then(async () => {
    await nextTurn();
    let started = performance.now();
    return work(async () => {
      if (performance.now() - started < SLICE_MS) return;
      await nextTurn();
      started = performance.now();
    });
  });
  last = mine.catch(() => undefined);
  return mine;
}
