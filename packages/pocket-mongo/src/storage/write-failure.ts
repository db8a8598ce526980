import { closeSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { dataFileOf } from '../data-file.js';
import { CommandError } from '../errors.js';

/** MongoDB's code for it. */
const OUT_OF_DISK_SPACE = 14031;

/** What the system says where there is no room: the disk, the user's quota, the process's limit of file sizes. */
const NO_ROOM: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const NO_ROOM_NUMBERS: ReadonlySet<number> = new Set([28, 122, 27, 112]);

/** A commit writes at most about this much into the room that is left before it fails. */
const PROBE = 4 << 20;

/** So much stays free of a disk (in bytes), or this part of a small one: for logs, and for the way out of it. */
const MARGIN = 32 << 20;
const MARGIN_PART = 8;
const PAGE = 4096;

/**
 * Refuses a batch for which the disk may be too full, before LMDB tries: when the disk is full to the last byte, lmdb 3.5
 * composes its error message beyond the memory it has for it, and the process can die of that.
 * @throws Error ENOSPC.
 */
export function checkRoom(path: string, records: number, bytes: number): void {
  const { bsize, blocks, bavail } = statfsSync(path);
  const margin = Math.min(MARGIN, (blocks * bsize) / MARGIN_PART);
  // Each record may need a page of its own and split another; long values take whole pages.
  if (bavail * bsize < margin + records * 2 * PAGE + bytes * 2)
    throw Object.assign(new Error('too little room is left'), { code: 'ENOSPC' });
}

/** The error of a file that could not be written for want of room; undefined where something else is the cause. */
export function outOfSpace(cause: unknown): CommandError | undefined {
  if (!NO_ROOM.has(String((cause as NodeJS.ErrnoException).code))) return undefined;
  const failure = new CommandError(OUT_OF_DISK_SPACE, 'No space left on the disk of the data folder');
  return Object.assign(failure, { cause });
}

/** The error of a commit that failed: 14031 where there is no room, else one that says the disk is at fault. */
export function writeFailure(path: string, cause: unknown): Error {
  if (!isOutOfSpace(path, cause)) return new Error('pocket-mongo cannot write its data to disk and stops', { cause });
  return Object.assign(
    new CommandError(OUT_OF_DISK_SPACE, 'No space left on the disk of the data folder: the write was not done'),
    { cause },
  );
}

/** True for an error after which the data are sound and writes work again once there is room. */
export function isRecoverable(error: Error): boolean {
  return error instanceof CommandError && error.code === OUT_OF_DISK_SPACE;
}

/** LMDB calls a write that was cut short, as happens on a full disk, an input/output error: trying it tells. */
function isOutOfSpace(path: string, cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  if (NO_ROOM_NUMBERS.has(Number(code)) || NO_ROOM.has(String(code))) return true;
  const probe = join(path, 'probe');
  try {
    const end = statSync(dataFileOf(path)).size;
    const descriptor = openSync(probe, 'w');
    try {
      writeWhole(descriptor, Buffer.alloc(PROBE), end);
    } finally {
      closeSync(descriptor);
    }
    return false;
  } catch (error) {
    return NO_ROOM.has(String((error as NodeJS.ErrnoException).code));
  } finally {
    rmSync(probe, { force: true });
  }
}

function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at, bytes.length - at, position + at);
}
