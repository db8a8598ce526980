import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import { type App, createApp } from '../../src/app.js';
import type { Feature } from '../../src/kernel/feature.js';
import type { Clock } from '../../src/kernel/time.js';
import { loadConfig } from '../../src/platform/config.js';
import { createLogger } from '../../src/platform/logger.js';

export interface Brigade {
  url: string;
  app: App;
  /** Moves the server's clock. */
  clock: Clock & { advance(ms: number): void; set(to: Date): void };
  stop(): Promise<void>;
}

/**
 * A whole Brigade on a free port, in this process: real transports, real database engine, its own database. The clock
 * follows the real one until a test moves it. `features`: other than the product's.
 */
export async function startBrigade(env: Record<string, string> = {}, features?: readonly Feature[]): Promise<Brigade> {
  const dataDir = mkdtempSync(join(tmpdir(), 'brigade-test-'));
  const database = `test-${Math.random().toString(36).slice(2, 10)}`;
  const config = loadConfig({
    file: false,
    env: {
      NODE_ENV: 'test',
      DATA_DIR: dataDir,
      MONGODB_URI: process.env.TEST_MONGODB_URI,
      MONGODB_DATABASE: database,
      RATE_LIMIT_AUTH: '10000/15m',
      RATE_LIMIT_AUTH_ADDRESS: '100000/15m',
      RATE_LIMIT_ANONYMOUS: '10000/15m',
      RATE_LIMIT_PINS: '10000/1h',
      SOCKET_HEADS_INTERVAL_MS: '200',
      SOCKET_GRACE_MS: '50',
      DUTY_INTERVAL_MS: '50',
      ...env,
    },
  });
  let offset = 0;
  const clock = {
    now: () => new Date(Date.now() + offset),
    advance(ms: number) {
      offset += ms;
    },
    set(to: Date) {
      offset = to.getTime() - Date.now();
    },
  };
  const app = await createApp({ config, logger: createLogger(config.logging), clock, ...(features && { features }) });
  const url = await app.listen();
  return {
    url,
    app,
    clock,
    async stop() {
      await mongoose.connection.dropDatabase();
      await app.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}
