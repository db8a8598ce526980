import { Worker } from 'node:worker_threads';
import type { FromWorker, ToWorker, WorkerData } from './worker.js';

/** Short-lived objects, in MB: half of Node's own. What is cleared at once is less, and so is the pause for it. */
const YOUNG_MB = 24;

/** The engine's thread, seen from the thread of the application. */
export class EngineThread {
  private readonly worker: Worker;
  private readonly exited: Promise<void>;
  private readonly backups = new Map<number, { resolve(size: number): void; reject(error: Error): void }>();
  private nextBackup = 1;
  private started = false;
  private ended = false;
  private closing: Promise<void> | undefined;

  constructor(
    data: WorkerData,
    /** Frees what the thread used; called once, when it has ended by `close` or has not started. */
    private readonly cleanUp: () => void,
    private readonly onError: ((error: Error) => void) | undefined,
  ) {
    this.worker = new Worker(new URL('./worker.js', import.meta.url), {
      workerData: data,
      name: 'pocket-mongo',
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.exited = new Promise((resolve) => {
      this.worker.once('exit', () => {
        this.ended = true;
        for (const { reject } of this.backups.values()) reject(new Error('pocket-mongo was closed'));
        resolve();
      });
    });
  }

  /** Resolves with the address it listens on. */
  async start(): Promise<string> {
    try {
      return await new Promise<string>((resolve, reject) => {
        const failed = (cause: Error) => this.failed(cause, reject);
        this.worker.on('error', failed);
        this.worker.on('message', (message: FromWorker) => {
          if (message.type === 'failed') failed(message.error);
          else if (message.type === 'backup') this.backedUp(message);
          else {
            this.started = true;
            // The application's own work keeps the process alive, not the database.
            this.worker.unref();
            resolve(message.address);
          }
        });
        void this.exited.then(() => reject(new Error('pocket-mongo failed: its thread ended')));
      });
    } catch (error) {
      await this.exited;
      this.cleanUp();
      throw error;
    }
  }

  private failed(cause: Error, reject: (error: Error) => void): void {
    const error = new Error(`pocket-mongo failed: ${cause.message}`, { cause });
    if (!this.started) reject(error);
    else if (this.onError) this.onError(error);
    else if (!this.closing) queueMicrotask(() => raise(error));
  }

  private backedUp({ id, result }: FromWorker & { type: 'backup' }): void {
    const waiting = this.backups.get(id);
    this.backups.delete(id);
    if (typeof result === 'number') waiting?.resolve(result);
    else waiting?.reject(result);
    if (this.backups.size === 0) this.worker.unref();
  }

  private say(message: ToWorker): void {
    // Until it has answered, the process must not end.
    this.worker.ref();
    this.worker.postMessage(message);
  }

  backup(file: string, force: boolean): Promise<number> {
    if (this.ended || this.closing) return Promise.reject(new Error('pocket-mongo was closed'));
    const id = this.nextBackup++;
    return new Promise((resolve, reject) => {
      this.backups.set(id, { resolve, reject });
      this.say({ type: 'backup', id, file, force });
    });
  }

  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    if (!this.ended) this.say({ type: 'close' });
    await this.exited;
    this.cleanUp();
  }
}

function raise(error: Error): never {
  throw error;
}
