import { memoryFigures, watchEventLoop } from './event-loop.js';

const STALL_MS = 150;

function stall(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function until(done: () => boolean): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!done()) {
    if (Date.now() > deadline) throw new Error('never came true');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test('a stall of the event loop is seen at once, and forgotten two windows later', async () => {
  const watch = watchEventLoop(100);
  expect(watch.lag()).toEqual({ meanMs: 0, p99Ms: 0, maxMs: 0 });
  const started = performance.now();
  await until(() => performance.now() - started > 50);
  // One that falls between a window's beginning and its first sample is not seen, so there is another.
  await until(() => {
    if (watch.lag().maxMs > STALL_MS / 2) return true;
    stall(STALL_MS);
    return false;
  });
  await until(() => watch.lag().maxMs < STALL_MS / 2);
  // Samples are 20 ms apart, and that is no lag: figures that held it could not come below it.
  await until(() => watch.lag().meanMs < 10);
  watch.close();
});

test('memory is that of this process, in bytes', () => {
  const memory = memoryFigures();
  expect(memory.rssBytes).toBeGreaterThan(15_000_000);
  expect(memory.heapUsedBytes).toBeLessThanOrEqual(memory.heapTotalBytes);
  expect(memory.heapTotalBytes).toBeLessThan(memory.rssBytes * 2);
});
