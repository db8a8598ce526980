import { type Document, RawDocument } from '../bson/values.js';
import { CommandError } from '../errors.js';

/** A cursor nobody asks for more is closed after this time. */
const IDLE_MS = 10 * 60_000;
/** A reply carries about this many bytes of documents at most. */
const BATCH_BYTES = 15 * 1024 * 1024;
/** A query that takes longer lets other connections' commands run in between. */
const SLICE_MS = 8;

export type Source = Iterator<Buffer | undefined>;

interface Cursor {
  readonly ns: string;
  readonly source: Source;
  /** Read already, but the last reply was full. */
  ahead: Buffer | undefined;
  lastUse: number;
  readonly session: string | undefined;
  readonly settled: (() => Promise<void>) | undefined;
}

export interface FirstBatch {
  readonly batchSize: number;
  readonly limit?: number | undefined;
  /** Close the cursor after the first batch. */
  readonly single?: boolean | undefined;
  readonly session?: string | undefined;
  /** Waited for before each further batch is given out. */
  readonly settled?: (() => Promise<void>) | undefined;
}

function pause(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/** Open cursors, by number. */
export class Cursors {
  private readonly open = new Map<bigint, Cursor>();
  private nextId = BigInt(Date.now()) * 1000n;

  get size(): number {
    return this.open.size;
  }

  /** The reply to a command that makes a cursor. A cursor that is read to its end is never registered. */
  async first(ns: string, source: Source, options: FirstBatch): Promise<Document> {
    const { session, settled } = options;
    const cursor: Cursor = { ns, source, ahead: undefined, lastUse: Date.now(), session, settled };
    const { documents, done } = await this.fill(cursor, options.batchSize);
    // A query that has reached its limit is done, whether or not its source knows already.
    if (done || options.single || documents.length === options.limit)
      return { cursor: { firstBatch: documents, id: 0n, ns }, ok: 1 };
    const id = this.nextId++;
    this.open.set(id, cursor);
    return { cursor: { firstBatch: documents, id, ns }, ok: 1 };
  }

  async more(id: bigint, ns: string, batchSize: number): Promise<Document> {
    const cursor = this.open.get(id);
    if (!cursor || cursor.ns !== ns) throw new CommandError(43, `cursor id ${id} not found`);
    cursor.lastUse = Date.now();
    const { documents, done } = await this.fill(cursor, batchSize);
    if (done) this.open.delete(id);
    await cursor.settled?.();
    return { cursor: { nextBatch: documents, id: done ? 0n : id, ns }, ok: 1 };
  }

  kill(ids: readonly bigint[]): Document {
    const killed = ids.filter((id) => this.open.delete(id));
    const unknown = ids.filter((id) => !killed.includes(id));
    return { cursorsKilled: killed, cursorsNotFound: unknown, cursorsAlive: [], cursorsUnknown: [], ok: 1 };
  }

  sweep(now = Date.now()): void {
    for (const [id, cursor] of this.open) if (now - cursor.lastUse > IDLE_MS) this.open.delete(id);
  }

  private async fill(cursor: Cursor, batchSize: number): Promise<{ documents: RawDocument[]; done: boolean }> {
    const documents: RawDocument[] = [];
    let size = 0;
    let sliceEnd = Date.now() + SLICE_MS;
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
      if (next.done) return { documents, done: true };
      if (next.value && size + next.value.length > BATCH_BYTES && documents.length > 0) {
        cursor.ahead = next.value;
        return { documents, done: false };
      }
      if (next.value) take(next.value);
      if ((next.value === undefined || documents.length % 256 === 0) && Date.now() > sliceEnd) {
        await pause();
        sliceEnd = Date.now() + SLICE_MS;
      }
    }
    return { documents, done: false };
  }
}
