import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasRedisServer, RedisServer } from '../../cluster/redis-server.js';
import { median, round, startChild } from '../children.js';
import type { Load, Measured } from './clients.js';

const ROUNDS = 6;
const SLICE_SECONDS = 4;
const IN_FLIGHT = 50;

/**
 * One hot restaurant, 50 commands in flight: all sent to one process, and half of them to each of two that share the
 * restaurant through Redis. The two ways take turns; the ratio of orders a second is the median over the rounds.
 */
export async function twoProcesses(options: Map<string, string>): Promise<object> {
  if (!hasRedisServer()) return { skipped: 'redis-server is not on the PATH' };
  const rounds = Number(options.get('rounds') ?? ROUNDS);
  const folder = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const redis = await RedisServer.start();
  const start = (name: string, ...args: string[]) => startChild(new URL(`./${name}.js`, import.meta.url), args);
  const database = start('database-server', join(folder, 'db'));
  const uri = await database.ask<string>('uri');
  const servers = ['first', 'second'].map((name) => ({
    name,
    process: start('brigade-server', uri, 'bench', folder, '64', redis.url),
    clients: start('clients'),
  }));
  const [first] = servers;
  const one: number[] = [];
  const two: number[] = [];
  try {
    const urls = await Promise.all(servers.map((server) => server.process.ask<string>('start')));
    const restaurants = (await first?.process.ask<object[]>('restaurants', 1)) ?? [];
    for (const [i, { clients, name }] of servers.entries())
      await clients.ask('connect', { side: name, url: urls[i], restaurants });
    const load = async (shares: typeof servers) => {
      const each = {
        restaurants: 1,
        inFlight: IN_FLIGHT / shares.length,
        seconds: SLICE_SECONDS,
        fire: 'now' as const,
      };
      const parts = await Promise.all(
        shares.map(({ clients, name }) => clients.ask<Measured>('load', { ...each, side: name } satisfies Load)),
      );
      return parts.reduce((sum, { latencies, seconds }) => sum + latencies.length / seconds, 0);
    };
    await load(servers);
    for (let i = 0; i < rounds; i += 1) {
      one.push(await load(servers.slice(0, 1)));
      two.push(await load(servers));
      console.log(`round ${i + 1}: one ${Math.round(one.at(-1) ?? 0)}, two ${Math.round(two.at(-1) ?? 0)} orders/s`);
    }
  } finally {
    for (const { clients } of servers) await clients.stop();
    for (const { process: server } of servers) await server.stop();
    await database.stop();
    await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  const ratio = median(two.map((both, i) => both / (one[i] ?? 1)));
  return {
    rounds,
    sliceSeconds: SLICE_SECONDS,
    ratio: round(ratio),
    one: round(median(one), 0),
    two: round(median(two), 0),
  };
}
