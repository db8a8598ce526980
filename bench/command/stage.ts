import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Child, startChild } from '../children.js';

export type Side = 'brigade' | 'rival';
export const sides: readonly Side[] = ['brigade', 'rival'];

/** Both servers, each in its own process and database, beside one database process and one with all the tablets. */
export interface Stage {
  readonly servers: Readonly<Record<Side, Child>>;
  readonly clients: Child;
  /** Absent where MONGODB_URI names a database that runs already. */
  readonly database: Child | undefined;
  readonly uri: string;
  stop(): Promise<void>;
}

export interface StageOptions {
  restaurants: number;
  /** Whose restaurants are opened; both by default. */
  only?: readonly Side[];
  /** A folder for CPU profiles of the servers and the database. */
  profile?: string | undefined;
  /** False: Brigade keeps no answers of queries, so that each is one of the database. */
  cache?: boolean;
}

/** Opens the restaurants on both sides and connects their tablets. */
export async function openStage({ restaurants, only = sides, profile, cache = true }: StageOptions): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-bench-'));
  const profiling = profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`];
  const start = (name: string, ...args: string[]) =>
    startChild(new URL(`./${name}.js`, import.meta.url), args, name === 'clients' ? [] : profiling);
  const given = process.env.MONGODB_URI;
  const database = given === undefined ? start('database-server', join(folder, 'db')) : undefined;
  const uri = given ?? (await database?.ask<string>('uri')) ?? '';
  const run = `bench_${process.pid}`;
  const servers = {
    brigade: start('brigade-server', uri, `${run}_brigade`, folder, cache ? '64' : '0'),
    rival: start('rival-server', uri, `${run}_rival`),
  };
  const clients = start('clients');
  const stop = async () => {
    await clients.stop();
    for (const side of sides) await servers[side].stop();
    await database?.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    for (const side of only) {
      const url = await servers[side].ask<string>('start');
      const opened = await servers[side].ask<object[]>('restaurants', restaurants);
      await clients.ask('connect', { side, url, restaurants: opened });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { servers, clients, database, uri, stop };
}
