import { decodeFields } from '../bson/decode.js';
import type { Document, RawDocument } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type ChangeLog, type LogEntry, timeKey, timeOf } from '../storage/change-log.js';
import { concerns, Recorded, type StreamOptions } from './change-events.js';
import type { Tail } from './cursors.js';
import { markToken, type ResumeToken, startOf } from './resume-token.js';

/** Changes that wait in memory for a stream whose client does not ask; with more of them it reads the log again. */
const MAX_WAITING = 1000;
const MAX_WAITING_BYTES = 4 * 1024 * 1024;
/** Entries read from the log at a time. */
const CHUNK = 100;

const ID = new Set(['_id']);

type EndWait = (more: boolean) => void;

/** 286: what the stream should start from is no longer, or not yet, in the log. */
function historyLost(): CommandError {
  return new CommandError(
    286,
    'Resume of change stream was not possible, as the resume point may no longer be in the oplog.',
    ['NonResumableChangeStreamError'],
  );
}

export function fatal(message: string): CommandError {
  return new CommandError(280, message, ['NonResumableChangeStreamError']);
}

/**
 * One open stream: where it stands in the log. It reads the log until it has caught up; from then on what concerns it is
 * put into its inbox.
 */
export class ChangeStream implements Tail {
  idle = false;
  readonly waits = true;
  private inbox: Recorded[] | undefined;
  private inboxBytes = 0;
  private wake: ((more: boolean) => void) | undefined;

  constructor(
    private readonly streams: ChangeStreams,
    readonly options: StreamOptions,
    private next: string,
    private token: Document,
  ) {}

  /** All changes that concern the stream, without an end; undefined is a pause, or nothing yet where `idle` is set. */
  *changes(): Generator<Recorded | undefined> {
    for (;;) {
      if (!this.inbox) {
        yield* this.readLog();
        continue;
      }
      const recorded = this.inbox.shift();
      if (recorded) {
        this.inboxBytes -= recorded.entry.bytes.length;
        this.next = `${recorded.entry.place}\0`;
        yield recorded;
        continue;
      }
      this.idle = true;
      yield undefined;
      this.idle = false;
    }
  }

  private *readLog(): Generator<Recorded | undefined> {
    const { log } = this.streams;
    if (!log.covers(timeOf(this.next))) throw historyLost();
    const entries = log.read(this.next, CHUNK);
    for (const entry of entries) {
      this.next = `${entry.place}\0`;
      const recorded = new Recorded(entry);
      if (concerns(recorded, this.options)) yield recorded;
    }
    if (entries.length > 0) {
      yield undefined;
      return;
    }
    this.inbox = [];
    this.inboxBytes = 0;
    this.streams.listen(this);
  }

  /** A recorded change of this stream. */
  find(place: string): Recorded | undefined {
    const entry = this.streams.log.find(place);
    return entry && new Recorded(entry);
  }

  /** Takes a new change. A client that does not keep up is left to read the log. */
  push(recorded: Recorded): void {
    // A stream may be told to start at a time that is still to come.
    if (!this.inbox || recorded.entry.place < this.next) return;
    this.inbox.push(recorded);
    this.inboxBytes += recorded.entry.bytes.length;
    if (this.inbox.length > MAX_WAITING || this.inboxBytes > MAX_WAITING_BYTES) {
      this.next = (this.inbox[0] as Recorded).entry.place;
      this.inbox = undefined;
      this.streams.leave(this);
    }
    this.wake?.(true);
  }

  /** The fields that stand in the cursor of each reply: where to go on from after its documents. */
  fields(last: RawDocument | undefined): Document {
    if (last) this.token = decodeFields(last.bytes, ID)._id as Document;
    else if (this.idle && this.inbox?.length === 0) this.token = this.tokenOfNow() ?? this.token;
    return { postBatchResumeToken: this.token };
  }

  /** Undefined before the time at which the stream starts. */
  private tokenOfNow(): Document | undefined {
    const { horizon } = this.streams.log;
    return timeKey(horizon) < this.next ? undefined : markToken(horizon);
  }

  wait(milliseconds: number, connectionId: number): Promise<boolean> {
    if (this.streams.closed) return Promise.resolve(false);
    // What came while the batch was made would wake nobody.
    if (!this.inbox || this.inbox.length > 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (more: boolean) => {
        clearTimeout(timer);
        this.wake = undefined;
        this.streams.doneWaiting(connectionId, done);
        resolve(more);
      };
      const timer = setTimeout(done, milliseconds, false);
      this.wake = done;
      this.streams.waiting(connectionId, done);
    });
  }

  close(): void {
    this.streams.remove(this);
    this.wake?.(false);
  }
}

/** All open change streams: who hears of which change. */
export class ChangeStreams {
  closed = false;
  private readonly open = new Set<ChangeStream>();
  /** Streams that have caught up, by what they watch: `db` and a zero and the collection, `db`, or nothing for all. */
  private readonly listeners = new Map<string, Set<ChangeStream>>();
  private readonly waits = new Map<number, Set<EndWait>>();

  constructor(readonly log: ChangeLog) {
    log.onDurable = (entries) => this.publish(entries);
  }

  get size(): number {
    return this.open.size;
  }

  /**
   * Opens a stream that starts at a token, or now.
   * @throws CommandError 286 when the log does not reach back so far, 280 when it has no such event
   */
  start(options: StreamOptions, from: ResumeToken | undefined, given: Document | undefined): ChangeStream {
    const { log } = this;
    // What is to come is recorded from here on, should the stream start with that.
    log.use();
    if (from) {
      const time = from.kind === 'mark' ? from.time : timeOf(from.place);
      if (!log.covers(time)) throw historyLost();
      if (from.kind === 'event') this.checkPresent(options, from.place, given);
    }
    const start = from ?? ({ kind: 'mark', time: log.horizon } as const);
    const token = given ?? markToken(start.kind === 'mark' ? start.time : timeOf(start.place));
    const stream = new ChangeStream(this, options, startOf(start), token);
    this.open.add(stream);
    return stream;
  }

  private checkPresent(options: StreamOptions, place: string, given: Document | undefined): void {
    const entry = this.log.find(place);
    if (!entry || !concerns(new Recorded(entry), options))
      throw fatal(`cannot resume stream; the resume token was not found. ${JSON.stringify(given)}`);
  }

  private publish(entries: readonly LogEntry[]): void {
    for (const entry of entries) {
      if (this.listeners.size === 0) return;
      const recorded = new Recorded(entry);
      for (const stream of this.concerned(recorded)) if (concerns(recorded, stream.options)) stream.push(recorded);
    }
  }

  private *concerned(recorded: Recorded): Generator<ChangeStream> {
    const { db, coll, op } = recorded;
    if (op === 'dropDatabase' || op === 'rename') {
      // Rare, and of interest to others than those who watch the collection.
      for (const streams of [...this.listeners.values()]) yield* [...streams];
      return;
    }
    for (const key of [`${db}\0${coll}`, db, '']) {
      const streams = this.listeners.get(key);
      if (streams) yield* [...streams];
    }
  }

  listen(stream: ChangeStream): void {
    const key = keyOf(stream.options);
    let streams = this.listeners.get(key);
    if (!streams) {
      streams = new Set();
      this.listeners.set(key, streams);
    }
    streams.add(stream);
  }

  leave(stream: ChangeStream): void {
    const key = keyOf(stream.options);
    const streams = this.listeners.get(key);
    streams?.delete(stream);
    if (streams?.size === 0) this.listeners.delete(key);
  }

  remove(stream: ChangeStream): void {
    this.open.delete(stream);
    this.leave(stream);
  }

  waiting(connectionId: number, done: EndWait): void {
    const waits = this.waits.get(connectionId) ?? new Set<EndWait>();
    waits.add(done);
    this.waits.set(connectionId, waits);
  }

  doneWaiting(connectionId: number, done: EndWait): void {
    const waits = this.waits.get(connectionId);
    waits?.delete(done);
    if (waits?.size === 0) this.waits.delete(connectionId);
  }

  /** Ends the waits of a connection that is gone. */
  disconnected(connectionId: number): void {
    for (const done of [...(this.waits.get(connectionId) ?? [])]) done(false);
  }

  /** Ends all waits: the server closes. */
  close(): void {
    this.closed = true;
    for (const connectionId of [...this.waits.keys()]) this.disconnected(connectionId);
  }

  async sweep(): Promise<void> {
    await this.log.sweep(this.open.size > 0);
  }
}

function keyOf({ db, coll }: StreamOptions): string {
  if (db === undefined) return '';
  return coll === undefined ? db : `${db}\0${coll}`;
}
