import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { BackupOptions } from './backup.js';
import { DATA } from './data-file.js';
import { lockFolder } from './lock.js';
import { CHANGE_LOG_BOUNDS } from './storage/change-log-options.js';
import { EngineThread } from './thread.js';
import type { WorkerData } from './worker.js';

export type { BackupOptions } from './backup.js';
export { type CheckResult, check, type Problem } from './check/check.js';
export { type RestoreOptions, restore } from './restore.js';

export interface PocketMongoOptions {
  /** The folder of the data; made when it does not exist. Not needed with `memory`. */
  readonly dir?: string;
  /** Listen on this port of the loopback interface (0: any free one) instead of a unix socket. */
  readonly port?: number;
  /** Where to put the unix socket, a name that ends in `.sock`; by default in `dir`, or in the temporary folder when that path is too long or has a `%` in it. */
  readonly socketPath?: string;
  /** A temporary folder without flushes to disk, removed on close: for tests. */
  readonly memory?: boolean;
  /** Seconds after which an open transaction is aborted. Default 60. */
  readonly transactionLifetimeLimitSeconds?: number;
  /** Bytes of recorded changes that are kept for change streams to resume from. Default 128 MiB. */
  readonly changeLogBytes?: number;
  /** Hours after which a recorded change may be forgotten. Default 24. */
  readonly changeLogHours?: number;
  /** Milliseconds between two searches for expired documents, transactions and sessions. Default 10,000. */
  readonly sweepIntervalMs?: number;
  /** Told when the engine fails after it has started; by default the error is thrown as uncaught. */
  readonly onError?: (error: Error) => void;
}

export interface PocketMongo {
  /** For `mongoose.connect(uri, { dbName })` or `new MongoClient(uri)`. */
  readonly uri: string;
  /**
   * Writes everything acknowledged so far to a file, as one moment, while others go on writing. The file appears when it is
   * complete and on disk; one that exists is overwritten only with `force`. `restore` makes a data folder of it.
   */
  backup(file: string, options?: BackupOptions): Promise<void>;
  /** Lets commands under way finish, writes everything to disk, and ends the engine's thread. */
  close(): Promise<void>;
}

/** Unix socket paths end at about 104 bytes. */
const MAX_SOCKET_PATH = 100;

function socketPathFor(dir: string): string {
  const inside = join(dir, 'pocket-mongo.sock');
  // Some drivers decode the address twice, and of `100%` nothing is left that way.
  if (Buffer.byteLength(inside) < MAX_SOCKET_PATH && !inside.includes('%')) return inside;
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
  if (process.platform === 'win32' && options.port === undefined)
    throw new Error('on Windows pocket-mongo listens on a loopback port: createServer({ dir, port: 0 })');
  if (options.socketPath !== undefined && !options.socketPath.endsWith('.sock'))
    throw new Error(`drivers know a unix socket by its name, which must end in .sock: ${options.socketPath}`);
  const temporary = options.memory ? mkdtempSync(join(tmpdir(), 'pocket-mongo-')) : undefined;
  const dir = resolve(temporary ?? (options.dir as string));
  // Nobody else knows the name of a temporary folder.
  const lock = temporary ? undefined : await lockFolder(dir);
  const data: WorkerData = {
    path: join(dir, DATA),
    sync: !options.memory,
    listen:
      options.port === undefined
        ? { socketPath: resolve(options.socketPath ?? socketPathFor(dir)) }
        : { port: options.port },
    transactionLifetimeSeconds: options.transactionLifetimeLimitSeconds ?? 60,
    sweepMs: options.sweepIntervalMs ?? 10_000,
    changeLog: {
      maxBytes: options.changeLogBytes ?? CHANGE_LOG_BOUNDS.maxBytes,
      maxAgeMs: options.changeLogHours === undefined ? CHANGE_LOG_BOUNDS.maxAgeMs : options.changeLogHours * 3_600_000,
    },
  };
  const cleanUp = () => {
    lock?.release();
    if (temporary) rmSync(temporary, { recursive: true, force: true });
  };
  const thread = new EngineThread(data, cleanUp, options.onError);
  const address = await thread.start();
  return {
    uri: uriOf(address),
    async backup(file, { force = false } = {}) {
      await thread.backup(resolve(file), force);
    },
    close() {
      return thread.close();
    },
  };
}
