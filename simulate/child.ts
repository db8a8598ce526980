import { type ChildProcess, spawn } from 'node:child_process';
import { polled } from './waits.js';

export interface ChildOptions {
  /** For messages, for instance `process 2`. */
  name: string;
  command: string;
  args: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  isReady: () => Promise<boolean>;
  /** Called when it ends although nobody asked it to. */
  onDeath: (error: Error) => void;
}

const KEPT_OUTPUT = 8_000;
const running = new Set<ChildProcess>();
// Nobody else ends them, however we end.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process of ours that is killed, paused and started again, always the same one under the same name. */
export class Child {
  /** How often it was killed with -9. */
  kills = 0;
  #child: ChildProcess | undefined;
  #output = '';

  constructor(private readonly options: ChildOptions) {}

  /** The end of what it printed since it was ready, for when something went wrong. */
  get output(): string {
    return this.#output;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Answers when it is ready. */
  async start(): Promise<void> {
    const { name, command, args, cwd, env, isReady, onDeath } = this.options;
    const child = spawn(command, [...args], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    running.add(child);
    child.once('exit', () => running.delete(child));
    const keep = (chunk: Buffer) => {
      this.#output = (this.#output + chunk.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', onDeath);
    child.once('exit', (code, signal) => {
      if (this.#child !== child) return;
      onDeath(new Error(`${name} ended by itself (${signal ?? code}):\n${this.#output}`));
    });
    const look = async () => (await isReady().catch(() => false)) || this.#child !== child || undefined;
    await polled(`${name} to be ready`, 20, look);
    // The welcome is of no use to whoever looks for what went wrong.
    this.#output = '';
  }

  /** Answers when it is gone; at once when it does not run. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    // Whoever is paused hears of nothing but SIGKILL.
    if (signal !== 'SIGKILL') child.kill('SIGCONT');
    await gone;
  }

  async kill(): Promise<void> {
    this.kills += 1;
    await this.stop('SIGKILL');
  }

  /** Stands still: connections stay open and nothing answers. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }
}
