import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './until.js';

const main = resolve('dist/src/main.js');

/** What is missing for a process to have a disk of its own; undefined where it can. */
export function missingForDisks(): string | undefined {
  const { status } = spawnSync('unshare', ['-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /mnt']);
  return status === 0 ? undefined : 'no file system of its own for a process (unshare -rm)';
}

/** The built server as a process of its own with data of its own, to be killed and started again. */
export class OwnProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'brigade-process-'));
  #child: ChildProcess | undefined;
  #output = '';

  /** `disk`: the folder is a file system of its own, of so many bytes, in memory; it is gone when the process is. */
  constructor(
    private readonly env: Record<string, string> = {},
    private readonly disk?: { bytes: number /** Taken before the start. */; ballast?: number },
  ) {}

  /** A file of its folder, as this process reaches it. */
  file(name: string): string {
    return join(this.disk === undefined ? '' : `/proc/${this.#child?.pid}/root`, this.#folder, name);
  }

  /** What it printed since it was started. */
  get output(): string {
    return this.#output;
  }

  /** Starts it; answers where it serves. */
  async start(): Promise<string> {
    const child = this.#spawn();
    const served = () => {
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      return /serves at (http:\/\/[\w.:]+)/.exec(this.#output)?.[1];
    };
    return until('the server serves', served, 20_000).catch((error: Error) => {
      throw new Error(`${error.message}:\n${this.#output}`);
    });
  }

  /** Starts it where it cannot serve; answers its exit code. */
  async startInVain(): Promise<number | null> {
    const child = this.#spawn();
    return new Promise((done) => child.once('close', done));
  }

  #spawn(): ChildProcess {
    const { MONGODB_URI: _, ...inherited } = process.env;
    this.#output = '';
    const folders = { DATA_DIR: join(this.#folder, 'data'), LOG_DIR: join(this.#folder, 'logs') };
    const [command, ...args] = this.#command();
    const child = spawn(command ?? '', args, {
      cwd: this.#folder,
      env: { ...inherited, NODE_ENV: 'development', PORT: '0', LOG_FORMAT: 'json', ...folders, ...this.env },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    return child;
  }

  #command(): string[] {
    const node = [process.execPath, main];
    if (this.disk === undefined) return node;
    const { bytes, ballast = 0 } = this.disk;
    const script = `mount -t tmpfs -o size=${bytes} tmpfs "$1" && cd "$1" && head -c ${ballast} /dev/zero > ballast && shift && exec "$@"`;
    return ['unshare', '-rm', 'sh', '-c', script, 'sh', this.#folder, ...node];
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }

  /** Kills it and removes its data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
