import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { lockFolder } from './lock.js';
import type { FromWorker, WorkerData } from './worker.js';

export interface PocketMongoOptions {
  /** The folder of the data; made when it does not exist. Not needed with `memory`. */
  readonly dir?: string;
  /** Listen on this port of the loopback interface (0: any free one) instead of a unix socket. */
  readonly port?: number;
  /** Where to put the unix socket; by default in `dir`, or in the temporary folder when that path is too long. */
  readonly socketPath?: string;
  /** A temporary folder without flushes to disk, removed on close: for tests. */
  readonly memory?: boolean;
  /** Seconds after which an open transaction is aborted. Default 60. */
  readonly transactionLifetimeLimitSeconds?: number;
  /** Milliseconds between two searches for expired documents, transactions and sessions. Default 10,000. */
  readonly sweepIntervalMs?: number;
  /** Told when the engine fails after it has started; by default the error is thrown as uncaught. */
  readonly onError?: (error: Error) => void;
}

export interface PocketMongo {
  /** For `mongoose.connect(uri, { dbName })` or `new MongoClient(uri)`. */
  readonly uri: string;
  /** Lets commands under way finish, writes everything to disk, and ends the engine's thread. */
  close(): Promise<void>;
}

/** Unix socket paths end at about 104 bytes. */
const MAX_SOCKET_PATH = 100;

function socketPathFor(dir: string): string {
  const inside = join(dir, 'pocket-mongo.sock');
  if (Buffer.byteLength(inside) < MAX_SOCKET_PATH) return inside;
  const name = createHash('sha256').update(dir).digest('hex').slice(0, 24);
  return join(tmpdir(), `pocket-mongo-${name}.sock`);
}

function uriOf(address: string): string {
  // A unix socket is written as a host, escaped. Direct: the driver must not look for other members of the set.
  return `mongodb://${encodeURIComponent(address).replace(/^127\.0\.0\.1%3A/, '127.0.0.1:')}/?directConnection=true`;
}

/** Opens the database in its own thread and listens. @throws Error when the folder is in use or cannot be opened. */
export async function createServer(options: PocketMongoOptions): Promise<PocketMongo> {
  if (options.dir === undefined && !options.memory)
    throw new Error('pocket-mongo needs a data folder: createServer({ dir })');
  const temporary = options.memory ? mkdtempSync(join(tmpdir(), 'pocket-mongo-')) : undefined;
  const dir = resolve(temporary ?? (options.dir as string));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const lock = lockFolder(dir);
  const cleanUp = () => {
    lock.release();
    if (temporary) rmSync(temporary, { recursive: true, force: true });
  };
  const data: WorkerData = {
    path: join(dir, 'data'),
    sync: !options.memory,
    listen:
      options.port === undefined ? { socketPath: options.socketPath ?? socketPathFor(dir) } : { port: options.port },
    transactionLifetimeSeconds: options.transactionLifetimeLimitSeconds ?? 60,
    sweepMs: options.sweepIntervalMs ?? 10_000,
  };
  try {
    return await startThread(data, cleanUp, options.onError);
  } catch (error) {
    cleanUp();
    throw error;
  }
}

function startThread(
  data: WorkerData,
  cleanUp: () => void,
  onError: ((error: Error) => void) | undefined,
): Promise<PocketMongo> {
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: data, name: 'pocket-mongo' });
  return new Promise((resolveStart, rejectStart) => {
    let started = false;
    let closing: Promise<void> | undefined;
    let exited = false;
    const exit = new Promise<void>((done) => {
      worker.once('exit', () => {
        exited = true;
        done();
      });
    });
    const failed = (cause: Error) => {
      const error = new Error(`pocket-mongo failed: ${cause.message}`, { cause });
      if (!started) rejectStart(error);
      else if (onError) onError(error);
      else if (!closing) queueMicrotask(() => raise(error));
    };
    const close = async () => {
      if (!exited) {
        worker.ref();
        worker.postMessage('close');
      }
      await exit;
      cleanUp();
    };
    worker.on('error', failed);
    worker.on('message', (message: FromWorker) => {
      if (message.type === 'failed') failed(message.error);
      if (message.type !== 'ready') return;
      started = true;
      // The application's own work keeps the process alive, not the database.
      worker.unref();
      resolveStart({
        uri: uriOf(message.address),
        close() {
          closing ??= close();
          return closing;
        },
      });
    });
  });
}

function raise(error: Error): never {
  throw error;
}
