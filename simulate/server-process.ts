import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../cluster/free-port.js';
import { Child } from './child.js';

/** `dist/src/main.js`, beside this file's folder once built. */
const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.js');

export interface BrigadeOptions {
  name: string;
  port: number;
  /** Its working folder; data and logs go into it. */
  folder: string;
  env?: NodeJS.ProcessEnv;
  onDeath: (error: Error) => void;
}

/** A Brigade as a child process, on loopback, with the demo restaurant. */
export function brigadeProcess({ name, port, folder, env, onDeath }: BrigadeOptions): Child {
  const { MONGODB_URI: _mongo, REDIS_URL: _redis, ...inherited } = process.env;
  return new Child({
    name,
    command: process.execPath,
    args: [main],
    cwd: folder,
    env: {
      ...inherited,
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: join(folder, 'data'),
      LOG_DIR: join(folder, 'logs'),
      LOG_LEVEL: 'warn',
      FEATURE_DEMO: 'true',
      // An evening in two minutes: the till asks as often in one as it else would in an hour.
      RATE_LIMIT_READ: '100000/1m',
      RATE_LIMIT_WRITE: '100000/1m',
      ...env,
    },
    isReady: async () => (await fetch(`http://127.0.0.1:${port}/readyz`)).ok,
    onDeath,
  });
}

/** A Brigade of its own on its embedded database: a new data folder and the demo restaurant in it. */
export class ServerProcess {
  #crashing: Promise<unknown> = Promise.resolve();

  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly child: Child,
  ) {}

  static async start(onDeath: (error: Error) => void): Promise<ServerProcess> {
    const folder = mkdtempSync(join(tmpdir(), 'brigade-simulate-'));
    const port = await freePort();
    const child = brigadeProcess({ name: 'the server', port, folder, onDeath });
    await child.start();
    return new ServerProcess(`http://127.0.0.1:${port}`, folder, child);
  }

  get kills(): number {
    return this.child.kills;
  }

  get output(): string {
    return this.child.output;
  }

  /** Kill -9, and start again on the same data and port, one crash at a time. Answers after how many ms it serves again. */
  crash(): Promise<number> {
    const crashed = this.#crashing.then(() => this.#crash());
    this.#crashing = crashed.catch(() => undefined);
    return crashed;
  }

  async #crash(): Promise<number> {
    await this.child.kill();
    const started = performance.now();
    await this.child.start();
    return performance.now() - started;
  }

  /** Gracefully, or at once; its data goes with it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.child.stop(signal);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
