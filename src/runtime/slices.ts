import { setImmediate as nextTurn } from 'node:timers/promises';

/** Longest that long work keeps the event loop at a time, ms: an order that comes meanwhile does not notice. */
const SLICE_MS = 5;

/** Awaited between steps, lets everything else run whenever a slice is over; at first at once. */
export function resting(): () => Promise<void> {
  let started = Number.NEGATIVE_INFINITY;
  return async () => {
    if (performance.now() - started < SLICE_MS) return;
    await nextTurn();
    started = performance.now();
  };
}

let last: Promise<unknown> = Promise.resolve();

/**
 * Long work in slices that let everything else run in between. One piece of long work at a time: ten of them, each with a
 * slice in every turn of the event loop, would hold it ten times as long.
 */
export function inSlices<T>(work: (rest: () => Promise<void>) => Promise<T>): Promise<T> {
  const mine = last.then(() => work(resting()));
  last = mine.catch(() => undefined);
  return mine;
}
