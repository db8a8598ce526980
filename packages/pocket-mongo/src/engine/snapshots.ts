import type { Timestamp } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Snapshot, Store } from '../storage/store.js';
import type { Chunk, Counted, KeyRange, Writer } from '../storage/view.js';
import type { ClusterClock } from './clock.js';

/** How long a snapshot can be asked for again after its last use. */
const IDLE_MS = 60_000;
/** Each holds a place in LMDB's table of readers. */
const MAX_SNAPSHOTS = 200;

interface Held {
  readonly time: Timestamp;
  readonly snapshot: Snapshot;
  readonly version: number;
  readonly since: number;
  lastUse: number;
}

/** The state of one cluster time, for reads with read concern `snapshot` outside transactions. */
export class SnapshotReader implements Writer {
  constructor(
    readonly time: Timestamp,
    private readonly snapshot: Snapshot,
    private readonly isOpen: () => boolean,
  ) {}

  private get open(): Snapshot {
    if (!this.isOpen()) throw tooOld(this.time);
    return this.snapshot;
  }

  /** True when the snapshot knows what was defined at this version of the store. */
  knows(version: number): boolean {
    return version <= this.snapshot.seq;
  }

  get(key: string): Buffer | undefined {
    return this.open.get(key);
  }

  read(range: KeyRange, reverse: boolean, limit: number): Chunk {
    return this.open.read(range, reverse, limit);
  }

  /** It never changes. */
  get version(): number {
    return 0;
  }

  count(range: KeyRange, limit: number): Counted {
    return this.open.count(range, limit);
  }

  put(): never {
    throw new CommandError(72, 'read concern snapshot is not for writes outside transactions');
  }

  remove(): never {
    return this.put();
  }

  claim(): never {
    return this.put();
  }

  claimAll(): never {
    return this.put();
  }
}

/** Snapshots that sessions read from outside transactions, by cluster time. */
export class Snapshots {
  private readonly held = new Map<bigint, Held>();
  private idleMs = IDLE_MS;
  private lifetimeMs = 5 * 60_000;

  constructor(
    private readonly store: Store,
    private readonly clock: ClusterClock,
  ) {}

  /**
   * The state at a cluster time that an earlier read was told, or of now.
   * @throws CommandError 239 when the time is not held any more, 72 when it is in the future
   */
  at(time: Timestamp | undefined): SnapshotReader {
    const wanted = time ?? this.clock.now;
    const key = wanted.toBigInt();
    const held = this.held.get(key);
    // Several writes may fall into one cluster time's tick; then the state of now gets a time of its own.
    if (held && time === undefined && held.version !== this.store.version) return this.take(this.clock.tick());
    if (!held) {
      if (key > this.clock.now.toBigInt())
        throw new CommandError(72, 'readConcern atClusterTime value must not be greater than the current clusterTime.');
      if (key !== this.clock.now.toBigInt()) throw tooOld(wanted);
      return this.take(wanted);
    }
    held.lastUse = Date.now();
    return this.readerOf(held);
  }

  private take(time: Timestamp): SnapshotReader {
    if (this.held.size >= MAX_SNAPSHOTS) this.close([...this.held.values()].sort((a, b) => a.lastUse - b.lastUse)[0]);
    const now = Date.now();
    const held = { time, snapshot: this.store.snapshot(), version: this.store.version, since: now, lastUse: now };
    this.held.set(time.toBigInt(), held);
    return this.readerOf(held);
  }

  private readerOf(held: Held): SnapshotReader {
    return new SnapshotReader(held.time, held.snapshot, () => {
      held.lastUse = Date.now();
      return this.held.get(held.time.toBigInt()) === held;
    });
  }

  private close(held: Held | undefined): void {
    if (!held) return;
    this.held.delete(held.time.toBigInt());
    held.snapshot.close();
  }

  /** How long a snapshot is held in all; MongoDB keeps five minutes of history. */
  get windowMs(): number {
    return this.lifetimeMs;
  }

  /** Who sets it wants it held that long, used or not. */
  set windowMs(milliseconds: number) {
    this.lifetimeMs = milliseconds;
    this.idleMs = milliseconds;
  }

  sweep(now = Date.now()): void {
    for (const held of this.held.values())
      if (now - held.lastUse > this.idleMs || now - held.since > this.lifetimeMs) this.close(held);
  }
}

function tooOld(time: Timestamp): CommandError {
  return new CommandError(
    239,
    `Read timestamp Timestamp(${time.t}, ${time.i}) is older than the oldest available timestamp.`,
  );
}
