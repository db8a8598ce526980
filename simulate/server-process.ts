import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { polled } from './waits.js';

/** `dist/src/main.js`, beside this file's folder once built. */
const main = join(dirname(fileURLToPath(import.meta.url)), '../src/main.js');
const KEPT_OUTPUT = 8_000;

/** A Brigade of its own: a child process with a new data folder and the demo restaurant in it. */
export class ServerProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'brigade-simulate-'));
  #child: ChildProcess | undefined;
  #output = '';
  #kills = 0;
  #crashing: Promise<unknown> = Promise.resolve();

  private constructor(
    private readonly port: number,
    /** Called when it ends although nobody asked it to. */
    private readonly onDeath: (error: Error) => void,
  ) {}

  static async start(onDeath: (error: Error) => void): Promise<ServerProcess> {
    const server = new ServerProcess(await freePort(), onDeath);
    await server.#start();
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get kills(): number {
    return this.#kills;
  }

  /** The end of what it printed, for when something went wrong. */
  get output(): string {
    return this.#output;
  }

  /** Kill -9, and start again on the same data and port, one crash at a time. Answers after how many ms it serves again. */
  crash(): Promise<number> {
    const crashed = this.#crashing.then(() => this.#crash());
    this.#crashing = crashed.catch(() => undefined);
    return crashed;
  }

  async #crash(): Promise<number> {
    this.#kills += 1;
    await this.#end('SIGKILL');
    const started = performance.now();
    await this.#start();
    return performance.now() - started;
  }

  /** Gracefully, or at once; its data goes with it. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    await this.#end(signal);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #start(): Promise<void> {
    const { MONGODB_URI: _, ...inherited } = process.env;
    const child = spawn(process.execPath, [main], {
      cwd: this.#folder,
      env: {
        ...inherited,
        NODE_ENV: 'development',
        HOST: '127.0.0.1',
        PORT: String(this.port),
        DATA_DIR: join(this.#folder, 'data'),
        LOG_DIR: join(this.#folder, 'logs'),
        LOG_LEVEL: 'warn',
        FEATURE_DEMO: 'true',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      this.onDeath(new Error(`The server ended by itself (${signal ?? code}):\n${this.#output}`));
    });
    await polled('the server to be ready', 10, async () => {
      const answer = await fetch(`${this.url}/readyz`).catch(() => undefined);
      return answer?.ok ? true : undefined;
    });
    // The welcome is of no use to whoever looks for what went wrong.
    this.#output = '';
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }
}

/** Free now; a server that is killed must come back on the same one. */
async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('No free port');
  return address.port;
}
