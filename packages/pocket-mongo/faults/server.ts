import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const EMBEDDED = fileURLToPath(new URL('./server-process.js', import.meta.url));

/** As a command of its own, or inside an application that also makes backups. */
export type Kind = 'command' | 'embedded';

/** A process of ours and what it prints. */
export class Process {
  readonly child: ChildProcess;
  private out = '';
  private err = '';
  private readonly ended: Promise<void>;

  constructor(script: string, args: readonly string[]) {
    this.child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    this.child.stdout?.on('data', (chunk) => {
      this.out += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.err += chunk;
    });
    this.ended = new Promise((resolve) => this.child.once('close', () => resolve()));
  }

  get printed(): string {
    return this.out + this.err;
  }

  /** The exit code; null when it was killed. */
  async end(): Promise<number | null> {
    await this.ended;
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  /** Resolves with what the pattern finds in what it prints. @throws Error when the process ends without */
  async prints(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.out)?.[0];
      if (found !== undefined) return found;
      const more = new Promise<'more'>((resolve) => this.child.stdout?.once('data', () => resolve('more')));
      if ((await Promise.race([more, this.ended])) !== 'more' && !pattern.test(this.out))
        throw new Error(`a server ended at its start: ${this.printed}`);
    }
  }
}

/** Starts a server on a folder; it prints its URI when it is ready. */
export function startServer(kind: Kind, dir: string): Process {
  return kind === 'command' ? new Process(CLI, ['--dir', dir]) : new Process(EMBEDDED, [dir]);
}

export function uriOf(server: Process): Promise<string> {
  return server.prints(/^mongodb:\S+/m);
}

/** A backup by the command, beside the server. */
export function startBackup(dir: string, file: string): Process {
  return new Process(CLI, ['backup', '--dir', dir, '--to', file]);
}
