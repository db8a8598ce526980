import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { until } from './until.js';

/** A program as somebody starts it in a terminal, and what it prints. */
export class Program {
  output = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;

  constructor(program: string, args: readonly string[], { cwd, env }: Required<Pick<SpawnOptions, 'cwd' | 'env'>>) {
    // A group of its own: npm does not hand every signal on to what it runs.
    this.#child = spawn(program, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.#ended = new Promise((done) => this.#child.once('close', (code, signal) => done({ code, signal })));
  }

  /** The first group of what it prints, once it does. */
  printed(pattern: RegExp): Promise<string> {
    return until(
      `it printed ${pattern}`,
      () => {
        const found = pattern.exec(this.output)?.[1];
        if (found === undefined && this.#child.exitCode !== null) throw new Error(`It ended:\n${this.output}`);
        return found;
      },
      60_000,
    );
  }

  /** When it ends by itself. */
  ended() {
    return this.#ended;
  }

  async end(signal: NodeJS.Signals) {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
    return this.#ended;
  }
}
