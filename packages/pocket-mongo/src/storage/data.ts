import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { checkHead } from '../check/head.js';
import { dataFileOf, flushFile, flushFolder } from '../data-file.js';

/** Keys are latin1 strings of their bytes, see bson/keys.ts. */
const keyEncoder = {
  writeKey(key: string, target: Buffer, position: number): number {
    return position + target.latin1Write(key, position);
  },
  readKey(source: Buffer, start: number, end: number): string {
    return source.latin1Slice(start, end);
  },
};

export interface DataOptions {
  /** False: commits are not flushed to disk. */
  readonly sync?: boolean;
  /** Only to read, also beside a process that writes. */
  readonly readOnly?: boolean;
}

/** Opens the data again after they were closed, by the same process. */
export function reopenData(path: string, options: DataOptions): RootDatabase<Buffer, string> {
  return openFolder(path, options);
}

function openFolder(path: string, { sync = true, readOnly = false }: DataOptions): RootDatabase<Buffer, string> {
  return open<Buffer, string>({
    path,
    keyEncoder,
    encoding: 'binary',
    overlappingSync: false,
    // A batch is what we say it is. With its own batching lmdb leaves a promise of a failed commit that nobody can catch.
    eventTurnBatching: false,
    noSync: !sync,
    readOnly,
    noSubdir: false,
    maxReaders: 1024,
    mapSize: 1 << 30,
    permissionsMode: 0o600,
  } as Parameters<typeof open>[0]);
}

/**
 * Opens the data in an LMDB folder; made when it does not exist, and then in one step: an empty file where data should be
 * is damage, not a new database.
 * @throws DamagedFile before LMDB touches what it would crash on.
 */
export function openData(path: string, options: DataOptions): RootDatabase<Buffer, string> {
  if (!existsSync(path) && !options.readOnly) makeData(path, options);
  checkHead(dataFileOf(path));
  return openFolder(path, options);
}

function makeData(path: string, options: DataOptions): void {
  const unfinished = `${path}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  // Closes at once where nothing was written.
  void openFolder(unfinished, options).close();
  rmSync(join(unfinished, 'lock.mdb'), { force: true });
  if (options.sync !== false) {
    flushFile(dataFileOf(unfinished));
    flushFolder(unfinished);
  }
  renameSync(unfinished, path);
  if (options.sync !== false) flushFolder(dirname(path));
}
