import { mkdirSync } from 'node:fs';
import { type Child, startChild } from './children.js';

/** A server with a loaded collection, the driver that works on it, and another client that only watches. */
export interface Bed {
  readonly documents: number;
  readonly server: Child;
  readonly driver: Child;
  readonly watcher: Child;
  /** How many seconds the load took. */
  readonly loadSeconds: number;
  stop(): Promise<void>;
}

export const AT_A_TIME = 50;

export async function openBed(dir: string, documents: number, profile: string | undefined): Promise<Bed> {
  mkdirSync(dir);
  const server = startChild(
    'server-process',
    [dir],
    profile === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profile}`],
  );
  const driver = startChild('client-process');
  const watcher = startChild('client-process');
  const stop = async () => {
    await Promise.all([driver.stop(), watcher.stop()]);
    await server.stop();
  };
  try {
    const uri = await server.ask<string>('uri');
    await driver.ask('connect', { uri, connections: AT_A_TIME });
    await watcher.ask('connect', { uri, connections: 1 });
    const start = performance.now();
    await driver.ask('load', documents);
    return { documents, server, driver, watcher, stop, loadSeconds: (performance.now() - start) / 1000 };
  } catch (error) {
    await stop();
    throw error;
  }
}
