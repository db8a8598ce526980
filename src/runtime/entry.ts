import { BrigadeError, fail } from '../kernel/errors.js';
import type { Room } from '../kernel/event.js';
import { newId } from '../kernel/ids.js';
import { type Entry, type EntryEvent, entryId, type Head, replyOf, type StoredReply } from './journal.js';
import type { Published, UnitOfWork } from './unit-of-work.js';

/** A command in its lane. */
export interface Job {
  operation: string;
  status: number;
  author: string;
  actor: { id: string; name: string };
  device?: string;
  key: string;
  fingerprint: string;
  now: Date;
  /** Milliseconds of `performance.now()` after which nobody waits for the answer any more. */
  deadline: number;
  /** Runs the handler and its reactions. May be called again with a fresh unit when another writer was first. */
  work: (unit: UnitOfWork) => Promise<unknown>;
}

export interface JobResult {
  status: number;
  data: unknown;
  replayed: boolean;
}

/** Begins the key of a command whose client sent none. */
export const OWN_KEY = '~';

/** What a unit ended with: data, or an error to be answered although the unit is committed. */
export type UnitOutcome = { data: unknown } | { answer: BrigadeError };

/**
 * The journal entry of a finished unit (the next `n`, a `seq` for each event, and what its rooms heard before), and the
 * head after it.
 */
export function makeEntry(
  head: Head,
  job: Job,
  unit: UnitOfWork,
  outcome: UnitOutcome,
  roomsOf: (published: Published) => Room[],
): { entry: Entry; after: Head } {
  const heads = { ...head.rooms };
  const events: EntryEvent[] = [];
  for (const published of unit.published) {
    const rooms = roomsOf(published);
    if (rooms.length === 0) continue;
    const seq = head.seq + events.length + 1;
    const prev = previousOf(rooms, heads);
    for (const room of rooms) heads[room] = seq;
    events.push({ id: newId(), seq, name: published.event.name, data: published.data, rooms, prev });
  }
  const n = head.n + 1;
  const last = head.seq + events.length;
  const { restaurantId } = unit;
  const entry: Entry = {
    _id: entryId(restaurantId, n),
    restaurantId,
    n,
    epoch: head.epoch,
    at: job.now,
    actor: job.actor,
    ...(job.device === undefined ? {} : { device: job.device }),
    operation: job.operation,
    author: job.author,
    key: job.key,
    fingerprint: job.fingerprint,
    reply: storedReply(job.status, outcome, events),
    events,
    last,
    touched: [...unit.changes.keys()],
  };
  return { entry, after: { ...head, n, seq: last, rooms: heads } };
}

type Heads = Partial<Record<Room, number>>;

/**
 * The last event of each of the event's rooms, and of every other room that was spoken to since the oldest of those:
 * with several processes an event may overtake one of another room, and a screen in both rooms must see that. A room
 * that is not named has had nothing that a screen without a gap could lack. See ADR 7.
 */
function previousOf(rooms: readonly Room[], heads: Heads): Heads {
  const prev: Heads = {};
  for (const room of rooms) prev[room] = heads[room] ?? 0;
  const oldest = Math.min(...rooms.map((room) => heads[room] ?? 0));
  for (const [room, seq = 0] of Object.entries(heads)) if (seq > oldest) prev[room as Room] = seq;
  return prev;
}

/** Most replies are the very view an event carries; then only its place is stored. */
function storedReply(status: number, outcome: UnitOutcome, events: readonly EntryEvent[]): StoredReply {
  if ('answer' in outcome) return { status, error: { code: outcome.answer.code, details: outcome.answer.details } };
  for (const [event, { data }] of events.entries()) {
    for (const [field, value] of Object.entries(data as object)) {
      if (value === outcome.data && typeof value === 'object') return { status, event, field };
    }
  }
  return { status, data: outcome.data };
}

/** A reply kept for a retry of its command. */
export interface Remembered {
  fingerprint: string;
  status: number;
  data: unknown;
  error?: unknown;
}

/** The stored reply, marked as a replay. @throws key_reused when the key came with another command; the stored error */
export function replayOf(known: Remembered, job: Job): JobResult {
  if (known.fingerprint !== job.fingerprint)
    throw fail('key_reused', 'This idempotency key was used for another command');
  if (known.error !== undefined) {
    const { code, details } = known.error as Pick<BrigadeError, 'code' | 'details'>;
    throw new BrigadeError(code, details);
  }
  return { status: known.status, data: known.data, replayed: true };
}

/** The reply that stands in the journal. @throws as {@link replayOf} */
export function replayOfEntry(entry: Entry, job: Job): JobResult {
  return replayOf({ fingerprint: entry.fingerprint, ...replyOf(entry) }, job);
}

/** The field of a unique index that refused a document, or undefined for any other error. */
export function duplicateField(error: unknown): string | undefined {
  const {
    code,
    keyPattern,
    message = '',
  } = error as { code?: number; keyPattern?: Record<string, unknown>; message?: string };
  if (code !== 11000) return undefined;
  const inMessage = () =>
    [...message.slice(message.indexOf('dup key')).matchAll(/(\w+): /g)].map((match) => match[1] ?? '');
  const fields = keyPattern === undefined ? inMessage() : Object.keys(keyPattern);
  const field = fields.filter((one) => one !== 'restaurantId' && one !== 'key').at(-1) ?? 'id';
  // What the database calls `_id` is `id` to everybody else.
  return field === '_id' ? 'id' : field;
}
