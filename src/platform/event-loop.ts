import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How late the event loop was, in ms, over the last ten to twenty seconds. */
export interface EventLoopLag {
  readonly meanMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Memory of the process, in bytes (see `process.memoryUsage`). */
export interface MemoryFigures {
  readonly rssBytes: number;
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly externalBytes: number;
}

export interface EventLoopWatch {
  lag(): EventLoopLag;
  close(): void;
}

/** How often the delay is sampled: a timer a hundred times a second would be one per cent of an idle machine. */
const RESOLUTION_MS = 20;
const WINDOW_MS = 10_000;
const NS_PER_MS = 1_000_000;

/**
 * Watches how late the event loop runs (`perf_hooks.monitorEventLoopDelay`). Figures cover the last full window and the
 * running one, so an old stall is forgotten and a new one seen at once. Keeps no process alive.
 */
export function watchEventLoop(windowMs = WINDOW_MS): EventLoopWatch {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delay.enable();
  let last = figures(delay);
  const timer = setInterval(() => {
    last = figures(delay);
    delay.reset();
  }, windowMs);
  timer.unref();
  return {
    lag() {
      const now = figures(delay);
      return {
        meanMs: Math.max(last.meanMs, now.meanMs),
        p99Ms: Math.max(last.p99Ms, now.p99Ms),
        maxMs: Math.max(last.maxMs, now.maxMs),
      };
    },
    close() {
      clearInterval(timer);
      delay.disable();
    },
  };
}

type Delay = ReturnType<typeof monitorEventLoopDelay>;

/** Node reports the whole time between two samples, of which the resolution is no delay. */
function figures(delay: Delay): EventLoopLag {
  if (delay.count === 0) return { meanMs: 0, p99Ms: 0, maxMs: 0 };
  return { meanMs: lateMs(delay.mean), p99Ms: lateMs(delay.percentile(99)), maxMs: lateMs(delay.max) };
}

function lateMs(betweenNs: number): number {
  return Math.max(0, Math.round((betweenNs / NS_PER_MS - RESOLUTION_MS) * 100) / 100);
}

/** Memory of this process now. */
export function memoryFigures(): MemoryFigures {
  const { rss, heapUsed, heapTotal, external } = process.memoryUsage();
  return { rssBytes: rss, heapUsedBytes: heapUsed, heapTotalBytes: heapTotal, externalBytes: external };
}
