import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import { type Document, Timestamp, type Value } from '../bson/values.js';
import type { Change, Clock } from './change.js';
import type { ChangeLogOptions } from './change-log-options.js';
import type { Store } from './store.js';
import { SYSTEM } from './system-tables.js';
import { scan, type Writer } from './view.js';

/** The catalog's third table: what changed, in the order of commit. Keys are cluster time and position. */
const LOG = SYSTEM.changeLog;
/** Whether changes are recorded, and from when on all of them are there. */
const STATE = SYSTEM.changeState;

const HOUR_MS = 3_600_000;

/** Which transaction changes belong to. */
export interface TransactionName {
  readonly lsid: Document;
  readonly txnNumber: bigint;
}

/** A recorded change: the place of its key in the log, and its bytes. */
export interface LogEntry {
  /** `timeKey` of its time, and its position within that time. */
  readonly place: string;
  readonly bytes: Buffer;
}

function u32(value: number): string {
  return String.fromCharCode((value >>> 24) & 255, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

/** Eight characters that sort as times do. */
export function timeKey({ t, i }: Timestamp): string {
  return u32(t) + u32(i);
}

function readU32(key: string, at: number): number {
  return (
    ((key.charCodeAt(at) << 24) |
      (key.charCodeAt(at + 1) << 16) |
      (key.charCodeAt(at + 2) << 8) |
      key.charCodeAt(at + 3)) >>>
    0
  );
}

export function timeOf(place: string): Timestamp {
  return new Timestamp({ t: readU32(place, 0), i: readU32(place, 4) });
}

export function positionOf(place: string): number {
  return readU32(place, 8);
}

export function placeOf(time: Timestamp, position: number): string {
  return timeKey(time) + u32(position);
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * The changes of all collections, recorded in the batch of the writes they tell of. Nothing is recorded before the first
 * change stream opens, nor after nobody has listened for an hour. Entries are given out when they are on disk.
 */
export class ChangeLog {
  /** False: nobody listens, and writes need not tell. */
  recording = false;
  /** Called with entries that have become durable, in order. */
  onDurable: (entries: readonly LogEntry[]) => void = () => undefined;
  private pending: (LogEntry & { readonly version: number })[] = [];
  private floor = '';
  private bytes: number | undefined;
  private lastUse = Date.now();

  constructor(
    private readonly store: Store,
    private readonly clock: Clock,
    private readonly options: ChangeLogOptions,
  ) {
    const stored = store.get(STATE);
    if (!stored) return;
    this.recording = true;
    this.floor = timeKey(decode(stored).floor as Timestamp);
    const last = store.read({ from: LOG, to: successor(LOG) }, true, 1).entries[0];
    if (last) clock.advanceTo(timeOf(last.key.slice(LOG.length)));
  }

  /** A time above all entries that can be read, and not above any that will come. */
  get horizon(): Timestamp {
    const [first] = this.pending;
    if (first) return timeOf(first.place);
    const { t, i } = this.clock.now;
    return new Timestamp({ t, i: i + 1 });
  }

  /** Somebody listens: from now on changes are recorded. */
  use(): void {
    this.lastUse = Date.now();
    if (this.recording) return;
    this.recording = true;
    this.bytes = 0;
    this.setFloor(timeKey(this.clock.tick()));
  }

  private setFloor(floor: string): void {
    this.floor = floor;
    this.store.put(STATE, encode({ floor: timeOf(floor) }));
  }

  /** All changes from this time on are in the log. */
  covers(time: Timestamp): boolean {
    return this.recording && timeKey(time) >= this.floor;
  }

  /** Records a change with the writer's writes: now, or at the commit of its transaction. */
  record(writer: Writer, change: Change): void {
    if (!this.recording) return;
    if (writer.changes) writer.changes.push(change);
    else this.append([change], undefined);
  }

  /** Puts changes that happen at one moment into the gathering batch. */
  append(changes: readonly Change[], transaction: TransactionName | undefined): void {
    if (!this.recording || changes.length === 0) return;
    const time = timeKey(this.clock.tick());
    const wallTime = new Date();
    changes.forEach((change, i) => {
      const place = time + u32(i);
      const bytes = encode({ ...(change as unknown as Document), wallTime, ...transaction });
      this.store.put(LOG + place, bytes);
      if (this.bytes !== undefined) this.bytes += bytes.length;
      this.pending.push({ place, bytes, version: this.store.version });
    });
    if (this.pending.length === changes.length) this.publishWhenDurable();
  }

  private publishWhenDurable(): void {
    this.store.durable().then(
      () => this.publish(),
      // The store has failed and stops everything; there is nothing to add.
      () => undefined,
    );
  }

  private publish(): void {
    const waiting = this.pending.findIndex(({ version }) => version > this.store.durableVersion);
    const count = waiting < 0 ? this.pending.length : waiting;
    const entries = this.pending.splice(0, count);
    if (this.pending.length > 0) this.publishWhenDurable();
    if (entries.length > 0) this.onDurable(entries);
  }

  /** Durable entries from a place on, at most about `limit` of them. */
  read(from: string, limit: number): LogEntry[] {
    const range = { from: LOG + from, to: LOG + timeKey(this.horizon) };
    if (range.from >= range.to) return [];
    const { entries } = this.store.read(range, false, limit);
    return entries.map(({ key, value }) => ({ place: key.slice(LOG.length), bytes: value }));
  }

  find(place: string): LogEntry | undefined {
    const bytes = place < timeKey(this.horizon) ? this.store.get(LOG + place) : undefined;
    return bytes && { place, bytes };
  }

  /** Keeps the log within its bounds; ends the recording when nobody has listened for an hour. Run it now and then. */
  async sweep(listening: boolean, now = Date.now()): Promise<void> {
    if (!this.recording) return;
    if (listening) this.lastUse = now;
    if (now - this.lastUse > HOUR_MS) {
      this.recording = false;
      this.store.remove(STATE);
      await this.removeBelow(successor(LOG));
      return;
    }
    this.bytes ??= await this.countBytes();
    const oldest = timeKey(new Timestamp({ t: Math.max(0, Math.floor((now - this.options.maxAgeMs) / 1000)), i: 0 }));
    const first = this.store.read({ from: LOG, to: successor(LOG) }, false, 1).entries[0];
    if (!first) return;
    let floor = oldest;
    if (this.bytes > this.options.maxBytes) floor = await this.floorBySize(oldest);
    if (first.key >= LOG + floor) return;
    this.setFloor(floor > this.floor ? floor : this.floor);
    await this.removeBelow(LOG + floor);
  }

  private async countBytes(): Promise<number> {
    let total = 0;
    let seen = 0;
    for (const { value } of scan(this.store, { from: LOG, to: successor(LOG) })) {
      total += value.length;
      if (++seen % 1000 === 0) await pause();
    }
    return total;
  }

  /** The time from which on the newest three quarters of the bytes allowed begin. */
  private async floorBySize(least: string): Promise<string> {
    let excess = (this.bytes ?? 0) - this.options.maxBytes * 0.75;
    let seen = 0;
    for (const { key, value } of scan(this.store, { from: LOG, to: successor(LOG) })) {
      const time = key.slice(LOG.length, LOG.length + 8);
      if (excess <= 0) return time > least ? time : least;
      excess -= value.length;
      if (++seen % 1000 === 0) await pause();
    }
    return timeKey(this.horizon);
  }

  private async removeBelow(to: string): Promise<void> {
    let removed = 0;
    for (const { key, value } of scan(this.store, { from: LOG, to })) {
      this.store.remove(key);
      if (this.bytes !== undefined) this.bytes -= value.length;
      if (++removed % 200 === 0) await pause();
    }
  }
}

/** The `_id` of a document as change streams name it. */
export function documentKey(document: Document): Document {
  return { _id: document._id as Value };
}
