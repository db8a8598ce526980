import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { checkRoom, outOfSpace } from './write-failure.js';

/** Written in pieces of this size, in bytes, and read in such at most. */
const PIECE = 128 << 10;
const LENGTH = 4;

/** Where in the file a sequence of records lies. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/**
 * A file for what a statement cannot hold in memory. It has no name from the start, so nothing stays of it, whether the
 * statement comes to its end or the process is killed.
 */
export class SpillFile {
  private readonly descriptor: number;
  private readonly piece = Buffer.allocUnsafe(PIECE);
  /** Bytes of `piece` that are not in the file yet. */
  private waiting = 0;
  private written = 0;

  constructor(private readonly folder: string) {
    const path = join(folder, `spill-${randomUUID()}`);
    this.descriptor = openSync(path, 'wx+', 0o600);
    unlinkSync(path);
  }

  /** Where the next record will be. */
  get end(): number {
    return this.written + this.waiting;
  }

  /** @throws CommandError 14031 when the disk has too little room */
  append(record: Buffer): void {
    if (this.waiting + LENGTH + record.length > PIECE) this.flush();
    this.waiting = this.piece.writeInt32LE(record.length, this.waiting);
    if (LENGTH + record.length > PIECE) {
      this.flush();
      this.write(record, record.length);
    } else {
      this.waiting += record.copy(this.piece, this.waiting);
    }
  }

  flush(): void {
    this.write(this.piece, this.waiting);
    this.waiting = 0;
  }

  private write(bytes: Buffer, length: number): void {
    try {
      checkRoom(this.folder, 0, length);
      for (let at = 0; at < length; ) at += writeSync(this.descriptor, bytes, at, length - at, this.written + at);
    } catch (error) {
      throw outOfSpace(error) ?? error;
    }
    this.written += length;
  }

  /** The records of a stretch that has been flushed, read about `ahead` bytes at once. */
  *records({ from, to }: Stretch, ahead: number): Generator<Buffer> {
    const most = Math.min(Math.max(ahead, 4096), PIECE);
    let piece: Buffer = Buffer.alloc(0);
    let at = 0;
    let next = from;
    const need = (size: number) => {
      if (piece.length - at >= size) return;
      const left = piece.length - at;
      const larger = Buffer.allocUnsafe(Math.max(size, Math.min(most, left + to - next)));
      piece.copy(larger, 0, at);
      const length = readSync(this.descriptor, larger, left, larger.length - left, next);
      next += length;
      piece = larger.subarray(0, left + length);
      at = 0;
      if (piece.length < size) need(size);
    };
    while (next - (piece.length - at) < to) {
      need(LENGTH);
      const length = piece.readInt32LE(at);
      need(LENGTH + length);
      const start = at + LENGTH;
      at = start + length;
      yield piece.subarray(start, at);
    }
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
