import { Child as Process } from '../cluster/child.js';
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

/** A process of ours that is killed, paused and started again, always the same one under the same name. */
export class Child {
  /** How often it was killed with -9. */
  kills = 0;
  #process: Process | undefined;
  #output = '';

  constructor(private readonly options: ChildOptions) {}

  /** The end of what it printed, for when something went wrong. */
  get output(): string {
    return this.#process?.output ?? this.#output;
  }

  get isRunning(): boolean {
    return this.#process !== undefined;
  }

  /** Answers when it is ready. */
  async start(): Promise<void> {
    const { isReady, onDeath, ...options } = this.options;
    const process = Process.spawn(options);
    this.#process = process;
    void process.exited.then((how) => {
      if (this.#process === process) onDeath(new Error(`${process.name} ended by itself (${how}):\n${process.output}`));
    });
    const look = async () => (await isReady().catch(() => false)) || this.#process !== process || undefined;
    await polled(`${process.name} to be ready`, 20, look);
  }

  /** Answers when it is gone; at once when it does not run. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const process = this.#process;
    this.#process = undefined;
    if (process === undefined) return;
    this.#output = process.output;
    const ended = process.end(signal);
    // Whoever is paused hears of nothing but SIGKILL.
    process.signal('SIGCONT');
    await ended;
  }

  async kill(): Promise<void> {
    this.kills += 1;
    await this.stop('SIGKILL');
  }

  /** Stands still: connections stay open and nothing answers. */
  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }
}
