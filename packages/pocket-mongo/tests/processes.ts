import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const CLI = fileURLToPath(new URL('../dist/cli.js', import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A process and what it prints. */
export class Command {
  readonly child: ChildProcess;
  out = '';
  err = '';
  private readonly closed: Promise<unknown>;

  constructor(program: string, args: readonly string[]) {
    this.child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
    });
    this.closed = once(this.child, 'close');
  }

  /** The URI that a server prints when it is ready; undefined when it ended without. */
  async uri(): Promise<string | undefined> {
    const printed = new Promise<void>((resolve) => this.child.stdout?.once('data', () => resolve()));
    if (this.out === '') await Promise.race([printed, this.closed]);
    return /^mongodb:\S+/.exec(this.out)?.[0];
  }

  async finished(): Promise<Finished> {
    await this.closed;
    return { code: this.child.exitCode, out: this.out, err: this.err };
  }

  kill(signal: NodeJS.Signals): Promise<Finished> {
    this.child.kill(signal);
    return this.finished();
  }
}

/** A command of pocket-mongo in a process of its own. */
export function start(...args: string[]): Command {
  return new Command(process.execPath, [CLI, ...args]);
}

export function run(...args: string[]): Promise<Finished> {
  return start(...args).finished();
}
