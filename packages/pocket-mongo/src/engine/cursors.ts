import { type Document, RawDocument } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Pace } from './pace.js';
import type { Running } from './running.js';
import { sessionName } from './sessions.js';

/** A cursor nobody asks for more is closed after this time, where `cursorTimeoutMillis` says nothing else. */
const IDLE_MS = 10 * 60_000;
/** A reply carries so many bytes of documents at most, but one document in any case. */
const BATCH_BYTES = 16 * 1024 * 1024;
/** Where the client leaves the size to the server it carries less: 16 MB in one piece hold the thread for long. */
const PART_BYTES = 2 * 1024 * 1024;

export type Source = Iterator<Buffer | undefined>;

/** What keeps a cursor open at the end of its source, where more may come. */
export interface Tail {
  /** True while the source has nothing more for now: a `getMore` then waits. */
  readonly idle: boolean;
  /** False: a `getMore` at the end is answered at once. */
  readonly waits: boolean;
  /** Resolves to true when there may be more; to false when the time is over or the connection is gone. */
  wait(milliseconds: number, connectionId: number): Promise<boolean>;
  /** More fields of the reply's `cursor`; `last` is the last document of the batch. */
  fields(last: RawDocument | undefined): Document;
  /** The cursor is gone. */
  close(): void;
}

interface Cursor extends Pick<FirstBatch, 'settled' | 'tail' | 'noTimeout'> {
  readonly ns: string;
  readonly source: Source;
  /** Read already, but the last reply was full. */
  ahead: Buffer | undefined;
  readonly createdAt: number;
  lastUse: number;
  readonly session: string | undefined;
  /** Of the transaction in which it was made. */
  readonly txnNumber: bigint | undefined;
  /** What of the `maxTimeMS` of the command that made it is left for all further batches together, in ms. */
  leftMs: number;
  /** Documents until its limit; Infinity where it has none. */
  left: number;
  /** A `getMore` is under way. */
  busy: boolean;
}

export interface FirstBatch {
  readonly batchSize: number;
  readonly limit?: number | undefined;
  /** Close the cursor after the first batch. */
  readonly single?: boolean | undefined;
  /** Waited for before each further batch is given out. */
  readonly settled?: (() => Promise<void>) | undefined;
  readonly tail?: Tail | undefined;
  /** It is kept as long as its session. */
  readonly noTimeout?: boolean | undefined;
}

interface Batch {
  readonly documents: RawDocument[];
  readonly done: boolean;
}

function firstOf(documents: RawDocument[], id: bigint, ns: string, tail: Tail | undefined): Document {
  const cursor = { firstBatch: documents, id, ns };
  return tail ? { ...cursor, ...tail.fields(documents.at(-1)) } : cursor;
}

/** Open cursors, by number. */
export class Cursors {
  /** How long a cursor may wait for its client, in ms. */
  idleMs = IDLE_MS;
  timedOut = 0;
  private readonly open = new Map<bigint, Cursor>();
  private nextId = BigInt(Date.now()) * 1000n;

  get size(): number {
    return this.open.size;
  }

  /** The reply to a command that makes a cursor. A cursor that is read to its end is never registered. */
  async first(context: Running, ns: string, source: Source, options: FirstBatch): Promise<Document> {
    const { session, transaction, pace } = context;
    const { tail, settled, noTimeout } = options;
    const now = Date.now();
    // Every field by its name: a spread makes the object a slow one, which shows in each find.
    const cursor: Cursor = {
      tail,
      settled,
      noTimeout,
      ns,
      source,
      ahead: undefined,
      createdAt: now,
      lastUse: now,
      session: session?.id,
      txnNumber: transaction && session?.txnNumber,
      leftMs: Number.POSITIVE_INFINITY,
      left: options.limit ?? Number.POSITIVE_INFINITY,
      busy: false,
    };
    const { documents, done } = await this.fill(cursor, options.batchSize, pace).catch((error: unknown) => {
      source.return?.();
      tail?.close();
      throw error;
    });
    cursor.leftMs = pace.leftMs;
    // A query that has reached its limit is done, whether or not its source knows already.
    cursor.left -= documents.length;
    if (done || options.single || cursor.left === 0) {
      source.return?.();
      tail?.close();
      return { cursor: firstOf(documents, 0n, ns, tail), ok: 1 };
    }
    const id = this.nextId++;
    this.open.set(id, cursor);
    return { cursor: firstOf(documents, id, ns, tail), ok: 1 };
  }

  /**
   * The next batch. `awaitMs` is how long it waits for more at the end of a tail; undefined where the client did not say.
   * @throws CommandError 43 when there is no such cursor, 13, 50736 to 50741 for one that belongs elsewhere, 143 for one in use
   */
  async more(context: Running, id: bigint, ns: string, batchSize: number, awaitMs?: number): Promise<Document> {
    const cursor = this.open.get(id);
    if (!cursor) throw new CommandError(43, `cursor id ${id} not found`);
    checkOwner(context, id, cursor, ns);
    const { tail } = cursor;
    if (awaitMs !== undefined && !tail?.waits)
      throw new CommandError(2, 'cannot set maxTimeMS on getMore command for a non-awaitData cursor');
    cursor.busy = true;
    const { pace } = context;
    if (!tail?.waits) pace.within(cursor.leftMs);
    try {
      const { documents, done: ended } = tail?.waits
        ? await this.await(context, cursor, tail, batchSize, awaitMs ?? AWAIT_DATA_MS)
        : await this.fill(cursor, batchSize, pace);
      cursor.left -= documents.length;
      const done = ended || cursor.left === 0;
      if (this.open.get(id) !== cursor) throw new CommandError(237, `cursor id ${id} was killed`);
      if (done) this.close(id);
      await cursor.settled?.();
      const nextBatch = { nextBatch: documents, id: done ? 0n : id, ns, ...tail?.fields(documents.at(-1)) };
      return { cursor: nextBatch, ok: 1 };
    } catch (error) {
      // What was read is lost, so the cursor cannot go on.
      this.close(id);
      throw error;
    } finally {
      cursor.busy = false;
      cursor.lastUse = Date.now();
      if (!tail?.waits) cursor.leftMs = pace.leftMs;
    }
  }

  /** A batch of a tail: as soon as there is something, or when the time is over. */
  private async await(
    { pace, request: { connectionId } }: Running,
    cursor: Cursor,
    tail: Tail,
    batchSize: number,
    milliseconds: number,
  ): Promise<Batch> {
    const end = Date.now() + milliseconds;
    for (;;) {
      const batch = await this.fill(cursor, batchSize, pace);
      const left = end - Date.now();
      if (batch.documents.length > 0 || batch.done || left <= 0) return batch;
      if (!(await pace.until(tail.wait(left, connectionId)))) return batch;
    }
  }

  private close(id: bigint): boolean {
    const cursor = this.open.get(id);
    if (!cursor || !this.open.delete(id)) return false;
    // What the source holds, a file perhaps, it lets go.
    cursor.source.return?.();
    cursor.tail?.close();
    return true;
  }

  kill(ids: readonly bigint[]): Document {
    const killed = ids.filter((id) => this.close(id));
    const unknown = ids.filter((id) => !killed.includes(id));
    return { cursorsKilled: killed, cursorsNotFound: unknown, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  /** Closes the cursors of sessions. */
  killOf(isMeant: (session: string) => boolean): void {
    for (const [id, { session }] of this.open) if (session !== undefined && isMeant(session)) this.close(id);
  }

  /** Closes cursors that nobody asks for more, and those of sessions that are gone. */
  sweep(endedSessions: ReadonlySet<string>, now = Date.now()): void {
    this.killOf((session) => endedSessions.has(session));
    for (const [id, { busy, noTimeout, lastUse }] of this.open) {
      if (busy || noTimeout || now - lastUse <= this.idleMs) continue;
      this.close(id);
      this.timedOut++;
    }
  }

  /** How many may stay for ever, and how many are read from at this moment. */
  counts(): { noTimeout: bigint; pinned: bigint; total: bigint } {
    const all = [...this.open.values()];
    const noTimeout = all.filter((cursor) => cursor.noTimeout).length;
    const pinned = all.filter(({ busy }) => busy).length;
    return { noTimeout: BigInt(noTimeout), pinned: BigInt(pinned), total: BigInt(all.length) };
  }

  /** The cursors that wait for their clients, for `$currentOp`. */
  *described(): Generator<Document> {
    for (const [cursorId, { ns, busy, session, createdAt, lastUse, noTimeout = false, tail }] of this.open) {
      if (busy) continue;
      const lsid = session === undefined ? {} : { lsid: sessionName(session) };
      const dates = { createdDate: new Date(createdAt), lastAccessDate: new Date(lastUse) };
      const kind = { noCursorTimeout: noTimeout, tailable: tail !== undefined, awaitData: tail?.waits ?? false };
      yield { ns, ...lsid, cursor: { cursorId, ...dates, ...kind } };
    }
  }

  private async fill(cursor: Cursor, batchSize: number, pace: Pace): Promise<Batch> {
    const documents: RawDocument[] = [];
    let size = 0;
    const most = batchSize === Number.POSITIVE_INFINITY ? PART_BYTES : BATCH_BYTES;
    const take = (bytes: Buffer) => {
      documents.push(new RawDocument(bytes));
      size += bytes.length;
    };
    if (cursor.ahead && batchSize > 0) {
      take(cursor.ahead);
      cursor.ahead = undefined;
    }
    while (documents.length < batchSize) {
      const next = cursor.source.next();
      if (next.done) {
        pace.check();
        return { documents, done: true };
      }
      if (next.value && size + next.value.length > most && documents.length > 0) {
        cursor.ahead = next.value;
        return { documents, done: false };
      }
      if (next.value) take(next.value);
      else if (cursor.tail?.idle) return { documents, done: false };
      if ((next.value === undefined || documents.length % 64 === 0) && pace.due) await pace.rest();
    }
    return { documents, done: false };
  }
}

/** How long a `getMore` waits for more of a tail, where it does not say itself. */
const AWAIT_DATA_MS = 1000;

/** A cursor is read where it was made: in its namespace, its session and its transaction. */
function checkOwner({ session, transaction }: Running, id: bigint, cursor: Cursor, ns: string): void {
  if (cursor.ns !== ns)
    throw new CommandError(
      13,
      `Requested getMore on namespace '${ns}', but cursor belongs to a different namespace ${cursor.ns}`,
    );
  const what = `Cannot run getMore on cursor ${id}, which was`;
  if (cursor.session !== session?.id) {
    if (cursor.session === undefined)
      throw new CommandError(50736, `${what} not created in a session, in session ${session?.id}`);
    if (!session) throw new CommandError(50737, `${what} created in session ${cursor.session}, without an lsid`);
    throw new CommandError(50738, `${what} created in session ${cursor.session}, in session ${session.id}`);
  }
  const number = transaction && session?.txnNumber;
  if (cursor.txnNumber !== number) {
    if (cursor.txnNumber === undefined)
      throw new CommandError(50739, `${what} not created in a transaction, with txnNumber ${number}`);
    if (number === undefined)
      throw new CommandError(50740, `${what} created in transaction ${cursor.txnNumber}, without a txnNumber`);
    throw new CommandError(50741, `${what} created in transaction ${cursor.txnNumber}, in transaction ${number}`);
  }
  if (cursor.busy) throw new CommandError(143, `cursor id ${id} is already in use`);
}
