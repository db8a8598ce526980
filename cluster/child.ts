import { type ChildProcess, spawn } from 'node:child_process';

const KEPT_OUTPUT = 8_000;
const STOP_MS = 15_000;

export interface ChildOptions {
  /** What it is, for messages. */
  name: string;
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Answers what the child said once it serves, from a line it printed or a message it sent. */
  ready: (said: { text: string; message?: unknown }) => string | undefined;
  /** Passes its standard output on. */
  show?: boolean;
  /** A start that takes longer is a failure, ms. */
  startMs?: number;
}

/** A process of ours: started until it serves, stopped by its signal, and remembered by what it printed last. */
export class Child {
  #output = '';
  readonly exited: Promise<string>;

  private constructor(
    readonly name: string,
    private readonly process: ChildProcess,
  ) {
    this.exited = new Promise((resolve) => process.once('exit', (code, signal) => resolve(String(signal ?? code))));
  }

  /** @throws when it ends, or does not serve in time; with what it printed */
  static async start(options: ChildOptions): Promise<{ child: Child; said: string }> {
    const { command, args, env, cwd, name, ready, show, startMs = 20_000 } = options;
    const started = spawn(command, [...args], {
      ...(env === undefined ? {} : { env }),
      ...(cwd === undefined ? {} : { cwd }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const child = new Child(name, started);
    const said = new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${name} does not serve after ${startMs} ms`)), startMs);
      const look = (found: string | undefined): void => {
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(found);
      };
      started.on('message', (message) => look(ready({ text: child.#output, message })));
      for (const stream of [started.stdout, started.stderr]) {
        stream?.on('data', (chunk: Buffer) => {
          child.#output = (child.#output + chunk.toString()).slice(-KEPT_OUTPUT);
          if (show === true || stream === started.stderr) process.stdout.write(chunk);
          look(ready({ text: child.#output }));
        });
      }
      started.once('error', reject);
      void child.exited.then((how) => {
        clearTimeout(timer);
        reject(new Error(`${name} ended (${how}):\n${child.#output}`));
      });
    });
    try {
      return { child, said: await said };
    } catch (error) {
      started.kill('SIGKILL');
      throw error;
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
