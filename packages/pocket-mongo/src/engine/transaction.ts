import { CommandError, writeConflict } from '../errors.js';
import { Overlay } from '../storage/sorted-table.js';
import type { Snapshot, Store } from '../storage/store.js';
import { type Chunk, countByReading, type KeyRange, overlayChunk, type View, type Writer } from '../storage/view.js';

/** Thrown when a plain write meets a record that an open transaction has claimed: it waits and tries again. */
export class Blocked extends Error {
  constructor(readonly ended: Promise<void>) {
    super('the record is claimed by a transaction');
  }
}

/** Which transaction has claimed which record: documents and unique keys. */
export type Claims = Map<string, Transaction>;

/** Writes outside transactions: straight into the store. */
export class PlainWriter implements Writer {
  constructor(
    private readonly store: Store,
    private readonly claims: Claims,
  ) {}

  get(key: string): Buffer | undefined {
    return this.store.get(key);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    return this.store.read(range, reverse, limit);
  }

  count(range: KeyRange): number {
    return this.store.count(range);
  }

  put(key: string, value: Buffer): void {
    this.store.put(key, value);
  }

  remove(key: string): void {
    this.store.remove(key);
  }

  claim(key: string): void {
    const owner = this.claims.get(key);
    if (owner) throw new Blocked(owner.ended);
  }
}

/**
 * A transaction: a snapshot, its own writes over it, and its claims. Who claims a record first may write it; a record
 * that changed since the snapshot may not be claimed at all. Unique keys are records too, so they hold in the same way.
 */
export class Transaction implements Writer {
  readonly ended: Promise<void>;
  readonly startedAt = Date.now();
  private readonly writes = new Overlay<Buffer | null>();
  private readonly claimed: string[] = [];
  private snapshot: Snapshot | undefined;
  private open = true;
  private end: () => void = () => undefined;

  constructor(
    private readonly store: Store,
    private readonly claims: Claims,
  ) {
    this.ended = new Promise((resolve) => {
      this.end = resolve;
    });
  }

  /** The snapshot is taken by the first operation. */
  private get base(): Snapshot {
    if (!this.open) throw new CommandError(251, 'Transaction has been aborted.', ['TransientTransactionError']);
    this.snapshot ??= this.store.snapshot();
    return this.snapshot;
  }

  get(key: string): Buffer | undefined {
    const own = this.writes.get(key);
    return own === undefined ? this.base.get(key) : (own ?? undefined);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    const below = this.base.read(range, reverse, limit);
    return overlayChunk(below, reverse, this.writes.keys(range.from, range.to), (key) => this.writes.get(key));
  }

  count(range: KeyRange): number {
    return countByReading(this as View, range);
  }

  put(key: string, value: Buffer): void {
    this.writes.set(key, value);
  }

  remove(key: string): void {
    this.writes.set(key, null);
  }

  claim(key: string): void {
    const owner = this.claims.get(key);
    if (owner === this) return;
    if (owner) throw writeConflict();
    const base = this.base;
    if (this.store.version !== base.seq && !same(this.store.get(key), base.get(key))) throw writeConflict();
    this.claims.set(key, this);
    this.claimed.push(key);
  }

  /** Moves the writes into the store, where they become durable together. */
  commit(): void {
    for (const [key, value] of this.writes.all()) {
      if (value) this.store.put(key, value);
      else this.store.remove(key);
    }
    this.close();
  }

  /** Forgets the writes and frees the claims. */
  abort(): void {
    this.close();
  }

  private close(): void {
    if (!this.open) return;
    this.open = false;
    for (const key of this.claimed) this.claims.delete(key);
    this.snapshot?.close();
    this.snapshot = undefined;
    this.end();
  }
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b));
}
