import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { dataFileOf, flushFolder } from './data-file.js';
import { openData } from './storage/data.js';

/**
 * A backup is a data file as LMDB copies it (one committed moment, without free pages), and behind it a trailer with its
 * SHA-256: a copy that lost a bit on its way is refused.
 */
const TRAILER_SIZE = 128;
const TITLE = 'pocket-mongo backup 1';

/** Bytes read at once: little enough that the engine's thread is not held. */
const CHUNK = 128 * 1024;

function trailer(hash: string): Buffer {
  return Buffer.from(`\n${TITLE} ${new Date().toISOString()} sha256 ${hash}`.padEnd(TRAILER_SIZE - 1).concat('\n'));
}

/** Reads the first `size` bytes of a file in pieces and returns their SHA-256. */
async function digest(file: FileHandle, size: number, visit?: (chunk: Buffer) => Promise<unknown>): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.alloc(CHUNK);
  for (let at = 0; at < size; ) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(CHUNK, size - at), at);
    if (bytesRead === 0) throw new Error('the file ended while it was read');
    const chunk = buffer.subarray(0, bytesRead);
    hash.update(chunk);
    await visit?.(chunk);
    at += bytesRead;
  }
  return hash.digest('hex');
}

/** Gives a finished file its name; without `force` never to the cost of another file. */
async function publish(from: string, to: string, force: boolean): Promise<void> {
  if (!force) {
    try {
      await link(from, to);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') throw alreadyThere(to);
      // File systems without links, as on memory sticks.
      if (existsSync(to)) throw alreadyThere(to);
    }
  }
  await rename(from, to);
}

function alreadyThere(file: string): Error {
  return new Error(`${file} exists already: choose another name, or overwrite it with --force ({ force: true })`);
}

export interface BackupOptions {
  /** Overwrite a file that exists. */
  readonly force?: boolean;
}

/**
 * Writes what `copy` puts into a folder as a backup: complete and on disk under its name, or not there at all.
 * @returns the size of the backup in bytes.
 */
export async function writeBackup(
  file: string,
  { force = false }: BackupOptions,
  copy: (folder: string) => Promise<void>,
): Promise<number> {
  const target = resolve(file);
  if (!force && existsSync(target)) throw alreadyThere(target);
  const folder = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.partial`);
  await mkdir(folder, { mode: 0o700 });
  try {
    await copy(folder);
    const copied = dataFileOf(folder);
    const handle = await open(copied, 'r+');
    try {
      await handle.chmod(0o600);
      const { size } = await handle.stat();
      const hash = await digest(handle, size);
      await handle.write(trailer(hash), 0, TRAILER_SIZE, size);
      await handle.sync();
      await publish(copied, target, force);
      flushFolder(dirname(target));
      return size + TRAILER_SIZE;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw new Error(`the backup ${target} was not made: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Backs up a data folder from outside of its server, which may be running. @returns the size of the backup in bytes. */
export async function backupFolder(dir: string, file: string, options: BackupOptions): Promise<number> {
  const path = join(resolve(dir), 'data');
  if (!existsSync(dataFileOf(path))) throw new Error(`there is no database in ${resolve(dir)}`);
  const db = openData(path, { readOnly: true });
  try {
    return await writeBackup(file, options, (folder) => db.backup(folder, true));
  } finally {
    await db.close();
  }
}

/** Copies the data file in a backup. @throws Error when the backup is incomplete or was changed. */
export async function unpackBackup(file: string, to: string): Promise<void> {
  const from = await open(file, 'r');
  const into = await open(to, 'wx', 0o600);
  try {
    const size = (await from.stat()).size - TRAILER_SIZE;
    const end = Buffer.alloc(TRAILER_SIZE);
    if (size > 0) await from.read(end, 0, TRAILER_SIZE, size);
    const found = new RegExp(`^\n${TITLE} \\S+ sha256 ([0-9a-f]{64}) *\n$`).exec(end.toString('latin1'));
    if (!found) throw new Error(`${file} is not a complete backup of pocket-mongo`);
    const hash = await digest(from, size, (chunk) => into.writeFile(chunk));
    if (hash !== found[1]) throw new Error(`${file} was changed since it was written: its SHA-256 is another`);
    await into.sync();
  } finally {
    await into.close();
    await from.close();
  }
}
