import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { Child } from './child.js';
import { freePort } from './free-port.js';

/** Whether a Redis can be started here. */
export function hasRedisServer(): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.some((folder) => existsSync(join(folder, 'redis-server')));
}

/** A redis-server of our own on a free port of this machine, keeping nothing on disk. */
export class RedisServer {
  #child: Child;

  private constructor(
    readonly port: number,
    child: Child,
    private readonly args: readonly string[],
  ) {
    this.#child = child;
  }

  /** `args` are further settings, as on its command line. */
  static async start(args: readonly string[] = []): Promise<RedisServer> {
    const port = await freePort();
    return new RedisServer(port, await run(port, args), args);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.#child.pid;
  }

  get isRunning(): boolean {
    return this.#child.isRunning;
  }

  /** Kill -9. All it knew is gone. */
  async kill(): Promise<void> {
    await this.#child.end('SIGKILL');
  }

  /** On the same port, empty. */
  async restart(): Promise<void> {
    await this.kill();
    this.#child = await run(this.port, this.args);
  }

  /** Holds it without ending any connection: they stay half open. */
  pause(): void {
    this.#child.signal('SIGSTOP');
  }

  resume(): void {
    this.#child.signal('SIGCONT');
  }

  async stop(): Promise<void> {
    this.resume();
    await this.#child.end();
  }
}

async function run(port: number, more: readonly string[]): Promise<Child> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...more];
  const { child } = await Child.start({
    name: 'redis-server',
    command: 'redis-server',
    args,
    ready: ({ text }) => (/Ready to accept connections/.test(text) ? text : undefined),
  });
  return child;
}
