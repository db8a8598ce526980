import { successor } from '../bson/keys.js';
import { CommandError, writeConflict } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import type { Change } from '../storage/change.js';
import { Overlay } from '../storage/sorted-table.js';
import type { Snapshot, Store } from '../storage/store.js';
import {
  type Chunk,
  type Counted,
  countByReading,
  type Entry,
  type KeyRange,
  overlayChunk,
  scan,
  type View,
  type Writer,
} from '../storage/view.js';

/** Thrown when a plain write meets a record that an open transaction has claimed: it waits and tries again. */
export class Blocked extends Error {
  constructor(readonly ended: Promise<void>) {
    super('the record is claimed by a transaction');
  }
}

/** Which transaction has claimed which record: documents and unique keys. */
export type Claims = Map<string, Transaction>;

/** Why a snapshot cannot use a collection that was defined after it. */
export const CATALOG_CHANGED =
  'Unable to read from a snapshot due to pending collection catalog changes; please retry the operation.';

/** Writes outside transactions: straight into the store. */
export class PlainWriter implements Writer {
  constructor(
    private readonly store: Store,
    private readonly claims: Claims,
  ) {}

  get version(): number {
    return this.store.version;
  }

  get(key: string): Buffer | undefined {
    return this.store.get(key);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    return this.store.read(range, reverse, limit);
  }

  count(range: KeyRange, limit: number): Counted {
    return this.store.count(range, limit);
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

  claimAll(prefix: string): void {
    this.claim(prefix);
  }
}

/**
 * A transaction: a snapshot, its own writes over it, and its claims. Who claims a record first may write it; a record
 * that changed since the snapshot may not be claimed at all. Unique keys are records too, so they hold in the same way.
 */
export class Transaction implements Writer {
  /** What its commit tells the change log. */
  readonly changes: Change[] = [];
  /** False: it began before changes were recorded, and has not noted them all. */
  told = false;
  readonly ended: Promise<void>;
  readonly startedAt = Date.now();
  private readonly writes = new Overlay<Buffer | null>();
  private readonly claimed: string[] = [];
  private readonly created = new Map<string, Collection>();
  /** Numbers of the collections it has used. */
  private readonly touched = new Set<number>();
  private readonly commitSteps: (() => void)[] = [];
  private snapshot: Snapshot | undefined;
  private ownWrites = 0;
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

  /** The snapshot stays; only its own writes change what it sees. */
  get version(): number {
    return this.ownWrites;
  }

  get(key: string): Buffer | undefined {
    const own = this.writes.get(key);
    return own === undefined ? this.base.get(key) : (own ?? undefined);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    const below = this.base.read(range, reverse, limit);
    return overlayChunk(below, reverse, this.writes.keys(range.from, range.to), (key) => this.writes.get(key));
  }

  count(range: KeyRange, limit: number): Counted {
    return countByReading(this as View, range, limit);
  }

  put(key: string, value: Buffer): void {
    this.ownWrites++;
    this.writes.set(key, value);
  }

  remove(key: string): void {
    this.ownWrites++;
    this.writes.set(key, null);
  }

  claim(key: string): void {
    if (this.holds(key)) return;
    const base = this.base;
    if (this.store.version !== base.seq && !same(this.store.get(key), base.get(key))) throw writeConflict();
    this.hold(key);
  }

  claimAll(prefix: string): void {
    if (this.holds(prefix)) return;
    const base = this.base;
    const range = { from: prefix, to: successor(prefix) };
    if (this.store.version !== base.seq && !sameKeys(scan(this.store, range), scan(base, range))) throw writeConflict();
    this.hold(prefix);
  }

  private holds(key: string): boolean {
    const owner = this.claims.get(key);
    if (owner && owner !== this) throw writeConflict();
    return owner === this;
  }

  private hold(key: string): void {
    this.claims.set(key, this);
    this.claimed.push(key);
  }

  /** The collection as the transaction may use it. @throws CommandError 246 when it was defined after the snapshot. */
  use(collection: Collection): Collection {
    if (this.touched.has(collection.id)) return collection;
    if (collection.changedAt > this.base.seq)
      throw new CommandError(246, CATALOG_CHANGED, ['TransientTransactionError']);
    this.touched.add(collection.id);
    return collection;
  }

  /** True when it has read or written the collection: a change of its definition waits for the transaction's end. */
  hasUsed(collection: Collection): boolean {
    return this.touched.has(collection.id);
  }

  /** A collection that the transaction itself has made. */
  ownCollection(ns: string): Collection | undefined {
    return this.created.get(ns);
  }

  /** A collection that others see after the commit; `register` enters it in the catalog then. */
  create(collection: Collection, register: () => void): Collection {
    // The snapshot is older than the collection, and everything in it is the transaction's own.
    void this.base;
    this.created.set(collection.ns, collection);
    this.commitSteps.push(register);
    return collection;
  }

  made(): Iterable<Collection> {
    return this.created.values();
  }

  /** The records it has written, as they were and as they will be. */
  *differences(): Generator<{ key: string; before: Buffer | undefined; after: Buffer | undefined }> {
    for (const [key, value] of this.writes.all()) yield { key, before: this.base.get(key), after: value ?? undefined };
  }

  /** Done with the commit, in the same write to disk. */
  atCommit(step: () => void): void {
    this.commitSteps.push(step);
  }

  /** Moves the writes into the store, where they become durable together. */
  commit(): void {
    for (const step of this.commitSteps) step();
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

function sameKeys(some: Iterable<Entry>, others: Iterable<Entry>): boolean {
  const keys = Array.from(some, ({ key }) => key);
  const wanted = Array.from(others, ({ key }) => key);
  return keys.length === wanted.length && keys.every((key, i) => key === wanted[i]);
}

function same(a: Buffer | undefined, b: Buffer | undefined): boolean {
  return a === b || (a !== undefined && b !== undefined && a.equals(b));
}
