import { type ChildProcess, spawn } from 'node:child_process';

const KEPT_OUTPUT = 8_000;
const STOP_MS = 15_000;

export interface SpawnOptions {
  /** What it is, for messages. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Passes on what it prints. */
  show?: 'all' | 'errors';
}

export interface StartOptions extends SpawnOptions {
  /** Answers what the child said once it serves, from what it printed or a message it sent. */
  ready: (said: { text: string; message?: unknown }) => string | undefined;
  /** A start that takes longer is a failure, ms. */
  startMs?: number;
}

const running = new Set<ChildProcess>();
// Nobody else ends them, however we end.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A process of ours: stopped by its signal, and remembered by what it printed last. */
export class Child {
  #output = '';
  /** How it ended: a signal, an exit code, or why it could not be started. */
  readonly exited: Promise<string>;

  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
  ) {
    running.add(process);
    const ended = new Promise<string>((resolve) => {
      process.once('exit', (code, signal) => resolve(String(signal ?? code)));
      process.once('error', (error) => resolve(error.message));
    });
    this.exited = ended.finally(() => running.delete(process));
  }

  static spawn({ name, command, args, env, cwd, show }: SpawnOptions): Child {
    const spawned = spawn(command, [...args], {
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const child = new Child(name, spawned);
    for (const stream of [spawned.stdout, spawned.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        child.#output = (child.#output + chunk.toString()).slice(-KEPT_OUTPUT);
        if (show === 'all' || (show === 'errors' && stream === spawned.stderr)) process.stdout.write(chunk);
      });
    }
    return child;
  }

  /** Answers when it serves. @throws when it ends, or does not serve in time; with what it printed */
  static async start({ ready, startMs = 20_000, ...options }: StartOptions): Promise<{ child: Child; said: string }> {
    const child = Child.spawn({ show: 'errors', ...options });
    const { name, process: spawned } = child;
    let timer: NodeJS.Timeout | undefined;
    const said = new Promise<string>((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${name} does not serve after ${startMs} ms`)), startMs);
      const look = (message?: unknown): void => {
        const found = ready({ text: child.#output, message });
        if (found !== undefined) resolve(found);
      };
      spawned.on('message', look);
      for (const stream of [spawned.stdout, spawned.stderr]) stream?.on('data', () => look());
      void child.exited.then((how) => reject(new Error(`${name} ended (${how}):\n${child.#output}`)));
    });
    try {
      return { child, said: await said };
    } catch (error) {
      spawned.kill('SIGKILL');
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  get pid(): number {
    return this.process.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output;
  }

  signal(signal: NodeJS.Signals): void {
    this.process.kill(signal);
  }

  /** Ends it and waits for its end; what does not heed the signal in time is killed. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    this.process.kill(signal);
    const timer = setTimeout(() => this.process.kill('SIGKILL'), STOP_MS);
    await this.exited;
    clearTimeout(timer);
  }
}
