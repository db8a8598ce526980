import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, percentile, round, startChild } from '../children.js';
import { topOfFolder } from './profile.js';

const SECONDS = 10;

interface Load {
  latencies: number[];
  seconds: number;
  refused: number;
}

/**
 * Acknowledged `order:place` per second through the whole server (socket, pipeline, lane, group commit, fsync, relay) on
 * the embedded database: one restaurant with 50 commands in flight, and 100 restaurants with one each. Orders are
 * takeaways of three lines with kitchen tickets; two screens a restaurant listen. `--profile FOLDER` profiles the server's
 * threads and prints where each spent its time.
 */
export async function command(options: Map<string, string>): Promise<object> {
  const seconds = Number(options.get('seconds') ?? SECONDS);
  const dataDir = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const profile = options.get('profile');
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const server = startChild(new URL('./server.js', import.meta.url), [dataDir], profiling);
  const clients = startChild(new URL('./clients.js', import.meta.url));
  try {
    const url = await server.ask<string>('start');
    const restaurants = await server.ask<object[]>('restaurants', 100);
    await clients.ask('connect', { url, restaurants });
    await measure(server, clients, { restaurants: 1, inFlight: 20, seconds: 3 });
    const one = await measure(server, clients, { restaurants: 1, inFlight: 50, seconds });
    const hundred = await measure(server, clients, { restaurants: 100, inFlight: 1, seconds });
    const calm = await measure(server, clients, { restaurants: 1, inFlight: 1, seconds: Math.min(5, seconds) });
    return { one, hundred, calm };
  } finally {
    await clients.stop();
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
    if (profile !== undefined) for (const line of topOfFolder(profile)) console.log(line);
  }
}

async function measure(
  server: Child,
  clients: Child,
  load: { restaurants: number; inFlight: number; seconds: number },
): Promise<object> {
  const before = await server.ask<number>('cpuMicros');
  const { latencies, seconds, refused } = await clients.ask<Load>('load', load);
  const cpu = (await server.ask<number>('cpuMicros')) - before;
  const figures = {
    restaurants: load.restaurants,
    inFlightEach: load.inFlight,
    ordersPerSecond: Math.round(latencies.length / seconds),
    p50Ms: round(percentile(latencies, 0.5)),
    p99Ms: round(percentile(latencies, 0.99)),
    cpuMicrosPerOrder: Math.round(cpu / Math.max(1, latencies.length)),
    refused,
  };
  console.log(JSON.stringify(figures));
  return figures;
}
