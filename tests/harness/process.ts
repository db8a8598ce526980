import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { until } from './until.js';

const main = resolve('dist/src/main.js');

/** The built server as a process of its own with data of its own, to be killed and started again. */
export class OwnProcess {
  readonly #folder = mkdtempSync(join(tmpdir(), 'brigade-process-'));
  #child: ChildProcess | undefined;
  #output = '';

  constructor(private readonly env: Record<string, string> = {}) {}

  /** Starts it; answers where it serves. */
  async start(): Promise<string> {
    const { MONGODB_URI: _, ...inherited } = process.env;
    this.#output = '';
    const folders = { DATA_DIR: join(this.#folder, 'data'), LOG_DIR: join(this.#folder, 'logs') };
    const child = spawn(process.execPath, [main], {
      cwd: this.#folder,
      env: { ...inherited, NODE_ENV: 'development', PORT: '0', LOG_FORMAT: 'json', ...folders, ...this.env },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        this.#output += chunk.toString();
      });
    }
    const served = () => /serves at (http:\/\/[\w.:]+)/.exec(this.#output)?.[1];
    return until('the server serves', served, 20_000).catch((error: Error) => {
      throw new Error(`${error.message}:\n${this.#output}`);
    });
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
