import type { RootDatabase } from 'lmdb';
import { openData, reopenData } from './data.js';
import { MappedMemory } from './mapped-memory.js';
import { Overlay } from './sorted-table.js';
import {
  type Chunk,
  type Counted,
  countByReading,
  type Entry,
  type KeyRange,
  overlayChunk,
  type View,
} from './view.js';
import { checkRoom, writeFailure } from './write-failure.js';

interface Version {
  readonly seq: number;
  readonly value: Buffer | null;
}

/** Writes that go to LMDB together: one atomic commit, one flush. */
interface Batch {
  readonly writes: Map<string, Buffer | null>;
  /** Of the values. */
  bytes: number;
  lastSeq: number;
  readonly waiting: { resolve: () => void; reject: (error: Error) => void }[];
}

type ReadTransaction = ReturnType<RootDatabase<Buffer, string>['useReadTransaction']>;

/** A chunk of large records ends at so many bytes: an open cursor keeps what it has not given out yet. */
const CHUNK_BYTES = 512 * 1024;

function newBatch(): Batch {
  return { writes: new Map(), bytes: 0, lastSeq: 0, waiting: [] };
}

export interface StoreOptions {
  /** False: batches are not flushed to disk. */
  readonly sync: boolean;
  /** Only to read, beside a server that may be writing. */
  readonly readOnly?: boolean;
  /** Told once, when a batch could not be written; every waiting and later call has failed with the same error. */
  readonly onFailure: (error: Error) => void;
}

/**
 * LMDB, and over it the writes that are on their way to it. A write is visible to readers at once and durable when its
 * batch is flushed; while one batch is being flushed by LMDB's own thread the next one gathers (group commit).
 */
export class Store implements View {
  private readonly recent = new Overlay<Version[]>();
  private gathering = newBatch();
  private flushing: Batch | undefined;
  private scheduled = false;
  private seq = 0;
  private committedSeq = 0;
  private readonly snapshots = new Set<Snapshot>();
  /** Keys of which LMDB has all, but some snapshot still needs an older version that its LMDB view has not. */
  private readonly held = new Set<string>();
  private failure: Error | undefined;
  private readonly mapped = new MappedMemory();
  /** The map of the file takes too much memory, and is renewed as soon as nothing uses it. */
  private renewalDue = false;
  private renewing = false;
  /** So many need that the data stay open. */
  private pins = 0;

  constructor(
    readonly path: string,
    private readonly options: StoreOptions,
    private db = openData(path, { sync: options.sync, readOnly: options.readOnly ?? false }),
  ) {}

  /** Grows with every write; equal numbers mean that nothing was written in between. */
  get version(): number {
    return this.seq;
  }

  /** The version up to which everything is on disk. */
  get durableVersion(): number {
    return this.committedSeq;
  }

  get(key: string): Buffer | undefined {
    this.alive();
    const versions = this.recent.get(key);
    const last = versions?.[versions.length - 1];
    if (last) return last.value ?? undefined;
    const value = asBuffer(this.db.getBinary(key));
    this.accessed(value?.length ?? 0);
    return value;
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    const below = this.readStored(range, reverse, limit, undefined);
    return overlayChunk(
      below,
      reverse,
      this.recent.keys(range.from, range.to),
      (key) => this.recent.get(key)?.at(-1)?.value,
    );
  }

  count({ from, to }: KeyRange, limit: number): Counted {
    this.alive();
    const [next] = this.db.getKeys({ start: from, end: to, offset: limit, limit: 1 });
    const end = next ?? to;
    let count = next === undefined ? this.db.getKeysCount({ start: from, end: to }) : limit;
    for (const key of this.recent.keys(from, end)) {
      if (this.recent.get(key)?.at(-1)?.value) count++;
      if (this.db.doesExist(key)) count--;
    }
    return { count, rest: next === undefined ? undefined : { from: next, to } };
  }

  /** The state of now, kept until it is closed. */
  snapshot(): Snapshot {
    this.alive();
    const snapshot = new Snapshot(this, this.seq, this.committedSeq, this.db.useReadTransaction());
    this.snapshots.add(snapshot);
    return snapshot;
  }

  /** For a reader beside a server: sees what was committed since. */
  refresh(): void {
    this.db.resetReadTxn();
  }

  put(key: string, value: Buffer): void {
    this.write(key, value);
  }

  remove(key: string): void {
    this.write(key, null);
  }

  private write(key: string, value: Buffer | null): void {
    this.alive();
    const seq = ++this.seq;
    const versions = this.recent.get(key);
    if (versions) versions.push({ seq, value });
    else this.recent.set(key, [{ seq, value }]);
    this.gathering.writes.set(key, value);
    this.gathering.lastSeq = seq;
    this.gathering.bytes += value?.length ?? 0;
    this.schedule();
  }

  /** Resolves when everything written so far is on disk. */
  durable(): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    const batch = this.gathering.writes.size > 0 ? this.gathering : this.flushing;
    if (!batch) return Promise.resolve();
    return new Promise((resolve, reject) => batch.waiting.push({ resolve, reject }));
  }

  private schedule(): void {
    if (this.scheduled || this.flushing || this.renewing) return;
    this.scheduled = true;
    // After this turn of the loop, so that all messages that arrived together share one flush.
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.gathering;
    if (this.flushing || this.renewing || batch.writes.size === 0) return;
    this.gathering = newBatch();
    this.flushing = batch;
    try {
      checkRoom(this.path, batch.writes.size, batch.bytes);
      await this.db.batch(() => {
        for (const [key, value] of batch.writes) {
          if (value) void this.db.put(key, value);
          else void this.db.remove(key);
        }
      });
    } catch (error) {
      // The lmdb library tells the cause by a promise, which is settled by now.
      const cause = await (error as { commitError?: Promise<never> }).commitError?.catch((reason: unknown) => reason);
      this.fail(batch, cause ?? error);
      return;
    }
    this.flushing = undefined;
    this.committed(batch);
    for (const { resolve } of batch.waiting) resolve();
    this.accessed(batch.bytes, batch.writes.size);
    if (this.renewalDue && this.snapshots.size === 0) this.scheduleRenewal();
    else if (this.gathering.writes.size > 0) void this.flush();
  }

  /** Counts what may have made more of the file resident. */
  private accessed(bytes: number, places = 1): void {
    if (!this.mapped.grown(bytes, places)) return;
    this.renewalDue = true;
    if (!this.flushing && this.snapshots.size === 0) this.scheduleRenewal();
  }

  private scheduleRenewal(): void {
    if (this.renewing) return;
    this.renewing = true;
    setImmediate(() => void this.renewMap());
  }

  /**
   * Closes the data and opens them again: only so does LMDB let go of the pages that it has mapped. It takes some
   * milliseconds, between two batches and with no snapshot open. Begun in a turn of its own: closing takes microtasks, and
   * nobody else has one then, so nobody meets a closed database.
   */
  private async renewMap(): Promise<void> {
    try {
      if (this.failure || this.flushing || this.snapshots.size > 0 || this.pins > 0) return;
      this.renewalDue = false;
      await this.mapped.renew(async () => {
        await this.db.close();
        this.db = reopenData(this.path, this.options);
      });
    } catch (error) {
      this.fail(this.gathering, error);
    } finally {
      this.renewing = false;
      void this.flush();
    }
  }

  /**
   * LMDB has taken the batch back, but readers have seen it, and what came after builds on it. The only honest way on is to
   * start again from the disk: this store does nothing any more, and its owner opens another.
   */
  private fail(batch: Batch, cause: unknown): void {
    const failure = writeFailure(this.path, cause);
    this.failure = failure;
    for (const { reject } of [...batch.waiting, ...this.gathering.waiting]) reject(failure);
    this.options.onFailure(failure);
  }

  /** What is on disk, in the place of this store, which has failed. */
  again(): Store {
    for (const snapshot of [...this.snapshots]) snapshot.close();
    this.db.resetReadTxn();
    return new Store(this.path, this.options, this.db);
  }

  private alive(): void {
    if (this.failure) throw this.failure;
  }

  private committed(batch: Batch): void {
    // The shared read transaction must see the batch before its records leave memory.
    this.db.resetReadTxn();
    this.committedSeq = batch.lastSeq;
    this.release(batch.writes.keys());
  }

  /** Lets versions go from memory that LMDB has by now and no snapshot needs. */
  private release(keys: Iterable<string>): void {
    // Only snapshots taken while a write was on its way need it from memory: a later one has it in its LMDB view.
    const behind = [...this.snapshots].filter(({ committedSeq }) => committedSeq < this.committedSeq);
    const gone: string[] = [];
    for (const key of keys) {
      const versions = this.recent.get(key);
      if (!versions) continue;
      const left = versions.filter(
        ({ seq }, i) =>
          seq > this.committedSeq ||
          behind.some((snapshot) => snapshot.committedSeq < seq && isVisible(versions, i, snapshot.seq)),
      );
      this.held.delete(key);
      if (left.length === 0) {
        gone.push(key);
        continue;
      }
      // The newest stays as long as an older one does: readers of the latest state must not find the older.
      const newest = versions[versions.length - 1] as Version;
      if (left[left.length - 1] !== newest) left.push(newest);
      if ((left[0] as Version).seq <= this.committedSeq) this.held.add(key);
      if (left.length < versions.length) this.recent.set(key, left);
    }
    this.recent.deleteAll(gone);
  }

  /**
   * The recent record as a snapshot sees it; null where it was removed, undefined where LMDB decides. A version that was
   * committed when the snapshot was taken is no answer: it may be here for an older snapshot's sake, and one that came
   * after it gone, while the snapshot's LMDB view has the right one in any case.
   */
  recentAt(key: string, { seq, committedSeq }: Snapshot): Buffer | null | undefined {
    const versions = this.recent.get(key);
    if (!versions) return undefined;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i] as Version;
      if (version.seq <= committedSeq) return undefined;
      if (version.seq <= seq) return version.value;
    }
    return undefined;
  }

  recentKeys(range: KeyRange): string[] {
    return this.recent.keys(range.from, range.to);
  }

  storedAt(key: string, transaction: ReadTransaction): Buffer | undefined {
    this.alive();
    const db = this.db as unknown as {
      getBinary(key: string, options: { transaction: ReadTransaction }): Uint8Array | undefined;
    };
    const value = asBuffer(db.getBinary(key, { transaction }));
    this.accessed(value?.length ?? 0);
    return value;
  }

  readStored(range: KeyRange, reverse: boolean, limit: number, transaction: ReadTransaction | undefined): Chunk {
    this.alive();
    const entries: Entry[] = [];
    const bounds = reverse
      ? { start: range.to, exclusiveStart: true, end: range.from, inclusiveEnd: true, reverse }
      : { start: range.from, end: range.to };
    const options = { ...bounds, limit, ...(transaction ? { transaction } : {}) };
    let bytes = 0;
    for (const { key, value } of this.db.getRange(options)) {
      entries.push({ key, value: asBuffer(value) as Buffer });
      bytes += key.length + value.length;
      if (bytes >= CHUNK_BYTES) break;
    }
    this.accessed(bytes);
    const last = entries.at(-1);
    if (!last || (entries.length < limit && bytes < CHUNK_BYTES)) return { entries, rest: undefined };
    return { entries, rest: reverse ? { from: range.from, to: last.key } : { from: `${last.key}\0`, to: range.to } };
  }

  /** Copies everything that is durable now, as one moment, into `data.mdb` in a folder. */
  async copy(folder: string): Promise<void> {
    await this.durable();
    this.pins++;
    try {
      await this.db.backup(folder, true);
    } finally {
      this.pins--;
    }
  }

  closeSnapshot(snapshot: Snapshot): void {
    if (!this.snapshots.delete(snapshot)) return;
    if (this.held.size > 0) this.release([...this.held]);
    if (this.renewalDue && this.snapshots.size === 0 && !this.flushing) this.scheduleRenewal();
  }

  async close(): Promise<void> {
    while (!this.failure && (this.flushing || this.gathering.writes.size > 0)) await this.durable();
    this.pins++;
    for (const snapshot of [...this.snapshots]) snapshot.close();
    await this.db.close();
  }
}

/** True for the version that a reader at `seq` sees. */
function isVisible(versions: readonly Version[], i: number, seq: number): boolean {
  const next = versions[i + 1];
  return (versions[i] as Version).seq <= seq && (next === undefined || next.seq > seq);
}

function asBuffer(bytes: Uint8Array | undefined): Buffer | undefined {
  if (bytes === undefined || bytes instanceof Buffer) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The state of the store at one moment. */
export class Snapshot implements View {
  private closed = false;

  constructor(
    private readonly store: Store,
    readonly seq: number,
    readonly committedSeq: number,
    private readonly transaction: ReadTransaction,
  ) {}

  get version(): number {
    return this.seq;
  }

  get(key: string): Buffer | undefined {
    const recent = this.store.recentAt(key, this);
    if (recent !== undefined) return recent ?? undefined;
    return this.store.storedAt(key, this.transaction);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    const below = this.store.readStored(range, reverse, limit, this.transaction);
    return overlayChunk(below, reverse, this.store.recentKeys(range), (key) => this.store.recentAt(key, this));
  }

  count(range: KeyRange, limit: number): Counted {
    return countByReading(this, range, limit);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.transaction.done();
    this.store.closeSnapshot(this);
  }
}
