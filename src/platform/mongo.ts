import { join } from 'node:path';
import mongoose from 'mongoose';
import { createServer, type PocketMongo } from 'pocket-mongo';
import { BrigadeError } from '../kernel/errors.js';
import { endWritesWithTheirSocket } from './driver-writes.js';
import { databaseNotOpened, databaseNotReached, noReplicaSet, WrongSurroundings } from './surroundings.js';

export interface DatabaseOptions {
  /** Address of a replica set; without it the embedded database in `dataDir` is started. */
  uri?: string | undefined;
  name: string;
  poolSize: number;
  dataDir: string;
}

export interface Database {
  /** `pocket-mongo` or `mongodb`. */
  kind: 'pocket-mongo' | 'mongodb';
  /** Round trip of a ping, ms. @throws when the database does not answer within two seconds */
  ping(): Promise<number>;
  close(): Promise<void>;
}

/** Connects mongoose's default connection, starting the embedded database first where no address is given. */
export async function openDatabase({ uri, name, poolSize, dataDir }: DatabaseOptions): Promise<Database> {
  const embedded = uri === undefined ? await openEmbedded(join(dataDir, 'db')) : undefined;
  endWritesWithTheirSocket();
  mongoose.set('transactionAsyncLocalStorage', true);
  mongoose.set('bufferCommands', false);
  try {
    await mongoose.connect(uri ?? embedded?.uri ?? '', {
      dbName: name,
      maxPoolSize: poolSize,
      ignoreUndefined: true,
      // What a reader has seen stays true after a crash or a failover.
      readConcernLevel: 'majority',
      // Shorter than any client's patience: they hear of an outage and try again.
      serverSelectionTimeoutMS: 2_000,
      // A database that is there but says nothing is given up after these two together, not after the driver's 40 s.
      heartbeatFrequencyMS: 2_000,
      connectTimeoutMS: 5_000,
      autoIndex: false,
      autoCreate: false,
    });
    if (uri !== undefined) await checkReplicaSet();
  } catch (error) {
    await embedded?.close();
    if (uri === undefined || error instanceof WrongSurroundings) throw error;
    throw databaseNotReached(uri, error);
  }
  return {
    kind: embedded === undefined ? 'mongodb' : 'pocket-mongo',
    async ping() {
      const started = performance.now();
      await mongoose.connection.db?.admin().command({ ping: 1 }, { timeoutMS: 2_000 });
      return performance.now() - started;
    },
    async close() {
      await mongoose.disconnect();
      await embedded?.close();
    },
  };
}

async function openEmbedded(dir: string): Promise<PocketMongo> {
  try {
    return await createServer({ dir });
  } catch (error) {
    if (isDiskFull(error)) throw error;
    throw databaseNotOpened(dir, error);
  }
}

/** A MongoDB that stands alone answers everything but transactions: found now, not at the first order. */
async function checkReplicaSet(): Promise<void> {
  const hello = await mongoose.connection.db?.admin().command({ hello: 1 });
  const isMongos = hello?.msg === 'isdbgrid';
  if (hello?.setName === undefined && !isMongos) throw noReplicaSet();
}

/** How Node names a connection that is gone; the driver lets them through when it writes to one. */
const SOCKET_ERRORS = ['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

/** Whether an error means that the database cannot be reached, rather than that it refused something. */
export function isOutage(error: unknown): boolean {
  if (SOCKET_ERRORS.includes(String((error as { code?: unknown } | undefined)?.code))) return true;
  const { MongoNetworkError, MongoServerSelectionError, MongoNotConnectedError, MongoTopologyClosedError } =
    mongoose.mongo;
  const outages = [MongoNetworkError, MongoServerSelectionError, MongoNotConnectedError, MongoTopologyClosedError];
  return (
    outages.some((outage) => error instanceof outage) || error instanceof mongoose.Error.MongooseServerSelectionError
  );
}

/** `OutOfDiskSpace`, of MongoDB and of pocket-mongo. */
const OUT_OF_DISK_SPACE = 14031;

/** Whether the database refused a write for want of room. What it has is sound, and it writes again once there is some. */
export function isDiskFull(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return code === OUT_OF_DISK_SPACE || code === 'ENOSPC' || isDiskFull(cause);
}

const DISK_FULL = {
  detail: "The server's disk is full: tell whoever runs it. Nothing was changed; it goes on when there is room",
  retryAfter: 5,
};

/** What the work answers. @throws unavailable when the database cannot be reached, or has no room to write */
export async function fromDatabase<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // Without its cause, or each refusal would be written down as something unexpected, with a stack; the process says
    // once a minute that the disk is full.
    if (isDiskFull(error)) throw new BrigadeError('unavailable', DISK_FULL);
    if (!isOutage(error)) throw error;
    throw new BrigadeError('unavailable', { retryAfter: 2 }, { cause: error });
  }
}
