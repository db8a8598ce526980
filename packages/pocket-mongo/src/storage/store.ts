import { open, type RootDatabase } from 'lmdb';
import { Overlay } from './sorted-table.js';
import { type Chunk, countByReading, type Entry, type KeyRange, overlayChunk, type View } from './view.js';

interface Version {
  readonly seq: number;
  readonly value: Buffer | null;
}

/** Writes that go to LMDB together: one atomic commit, one flush. */
interface Batch {
  readonly writes: Map<string, Buffer | null>;
  lastSeq: number;
  readonly waiting: { resolve: () => void; reject: (error: Error) => void }[];
}

type ReadTransaction = ReturnType<RootDatabase<Buffer, string>['useReadTransaction']>;

const keyEncoder = {
  writeKey(key: string, target: Buffer, position: number): number {
    return position + target.latin1Write(key, position);
  },
  readKey(source: Buffer, start: number, end: number): string {
    return source.latin1Slice(start, end);
  },
};

function newBatch(): Batch {
  return { writes: new Map(), lastSeq: 0, waiting: [] };
}

/**
 * LMDB, and over it the writes that are on their way to it. A write is visible to readers at once and durable when its
 * batch is flushed; while one batch is being flushed by LMDB's own thread the next one gathers (group commit).
 */
export class Store implements View {
  private readonly db: RootDatabase<Buffer, string>;
  private readonly recent = new Overlay<Version[]>();
  private gathering = newBatch();
  private flushing: Batch | undefined;
  private scheduled = false;
  private seq = 0;
  private committedSeq = 0;
  private readonly snapshots = new Set<Snapshot>();
  /** Batches that LMDB has but some snapshot's LMDB view has not. */
  private retained: Batch[] = [];
  private failure: Error | undefined;

  constructor(
    path: string,
    private readonly options: { sync: boolean; onFailure: (error: Error) => void },
  ) {
    this.db = open<Buffer, string>({
      path,
      keyEncoder,
      encoding: 'binary',
      overlappingSync: false,
      noSync: !options.sync,
      maxReaders: 1024,
      mapSize: 1 << 30,
    });
  }

  /** Grows with every write; equal numbers mean that nothing was written in between. */
  get version(): number {
    return this.seq;
  }

  get(key: string): Buffer | undefined {
    const versions = this.recent.get(key);
    const last = versions?.[versions.length - 1];
    if (last) return last.value ?? undefined;
    return asBuffer(this.db.getBinary(key));
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

  count(range: KeyRange): number {
    if (this.recent.keys(range.from, range.to).length > 0) return countByReading(this, range);
    return this.db.getKeysCount({ start: range.from, end: range.to });
  }

  /** The state of now, kept until it is closed. */
  snapshot(): Snapshot {
    const snapshot = new Snapshot(this, this.seq, this.committedSeq, this.db.useReadTransaction());
    this.snapshots.add(snapshot);
    return snapshot;
  }

  put(key: string, value: Buffer): void {
    this.write(key, value);
  }

  remove(key: string): void {
    this.write(key, null);
  }

  private write(key: string, value: Buffer | null): void {
    if (this.failure) throw this.failure;
    const seq = ++this.seq;
    const versions = this.recent.get(key);
    if (versions) versions.push({ seq, value });
    else this.recent.set(key, [{ seq, value }]);
    this.gathering.writes.set(key, value);
    this.gathering.lastSeq = seq;
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
    if (this.scheduled || this.flushing) return;
    this.scheduled = true;
    // After this turn of the loop, so that all messages that arrived together share one flush.
    setImmediate(() => {
      this.scheduled = false;
      void this.flush();
    });
  }

  private async flush(): Promise<void> {
    const batch = this.gathering;
    if (this.flushing || batch.writes.size === 0) return;
    this.gathering = newBatch();
    this.flushing = batch;
    try {
      await this.db.batch(() => {
        for (const [key, value] of batch.writes) {
          if (value) void this.db.put(key, value);
          else void this.db.remove(key);
        }
      });
    } catch (cause) {
      this.fail(batch, cause);
      return;
    }
    this.flushing = undefined;
    this.committed(batch);
    for (const { resolve } of batch.waiting) resolve();
    if (this.gathering.writes.size > 0) void this.flush();
  }

  /** What could not be written was seen by readers already: the only honest way on is to start again from the disk. */
  private fail(batch: Batch, cause: unknown): void {
    const failure = new Error('pocket-mongo cannot write its data to disk and stops', { cause });
    this.failure = failure;
    for (const { reject } of [...batch.waiting, ...this.gathering.waiting]) reject(failure);
    this.options.onFailure(failure);
  }

  private committed(batch: Batch): void {
    // The shared read transaction must see the batch before its records leave memory.
    this.db.resetReadTxn();
    this.committedSeq = batch.lastSeq;
    this.retained.push(batch);
    this.release();
  }

  private release(): void {
    let oldest = this.committedSeq;
    for (const snapshot of this.snapshots) oldest = Math.min(oldest, snapshot.committedSeq);
    while (this.retained[0] && this.retained[0].lastSeq <= oldest) {
      const batch = this.retained.shift() as Batch;
      const gone: string[] = [];
      for (const key of batch.writes.keys()) {
        const left = this.recent.get(key)?.filter((version) => version.seq > batch.lastSeq);
        if (left && left.length > 0) this.recent.set(key, left);
        else gone.push(key);
      }
      this.recent.deleteAll(gone);
    }
  }

  /** For snapshots: the recent record as it was at `seq`; null where it was removed, undefined where LMDB decides. */
  recentAt(key: string, seq: number): Buffer | null | undefined {
    const versions = this.recent.get(key);
    if (!versions) return undefined;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i] as Version;
      if (version.seq <= seq) return version.value;
    }
    return undefined;
  }

  recentKeys(range: KeyRange): string[] {
    return this.recent.keys(range.from, range.to);
  }

  storedAt(key: string, transaction: ReadTransaction): Buffer | undefined {
    return asBuffer(
      (
        this.db as unknown as {
          getBinary(key: string, options: { transaction: ReadTransaction }): Uint8Array | undefined;
        }
      ).getBinary(key, { transaction }),
    );
  }

  readStored(range: KeyRange, reverse: boolean, limit: number, transaction: ReadTransaction | undefined): Chunk {
    const entries: Entry[] = [];
    const bounds = reverse
      ? { start: range.to, exclusiveStart: true, end: range.from, inclusiveEnd: true, reverse }
      : { start: range.from, end: range.to };
    const options = { ...bounds, limit, ...(transaction ? { transaction } : {}) };
    for (const { key, value } of this.db.getRange(options)) entries.push({ key, value: asBuffer(value) as Buffer });
    const last = entries.at(-1);
    if (entries.length < limit || !last) return { entries, rest: undefined };
    return { entries, rest: reverse ? { from: range.from, to: last.key } : { from: `${last.key}\0`, to: range.to } };
  }

  closeSnapshot(snapshot: Snapshot): void {
    if (this.snapshots.delete(snapshot)) this.release();
  }

  async close(): Promise<void> {
    while (!this.failure && (this.flushing || this.gathering.writes.size > 0)) await this.durable();
    for (const snapshot of [...this.snapshots]) snapshot.close();
    await this.db.close();
  }
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

  get(key: string): Buffer | undefined {
    const recent = this.store.recentAt(key, this.seq);
    if (recent !== undefined) return recent ?? undefined;
    return this.store.storedAt(key, this.transaction);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    const below = this.store.readStored(range, reverse, limit, this.transaction);
    return overlayChunk(below, reverse, this.store.recentKeys(range), (key) => this.store.recentAt(key, this.seq));
  }

  count(range: KeyRange): number {
    return countByReading(this, range);
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.transaction.done();
    this.store.closeSnapshot(this);
  }
}
