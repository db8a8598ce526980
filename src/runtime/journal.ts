import { randomBytes } from 'node:crypto';
import mongoose, { Schema } from 'mongoose';
import type { Envelope, Room } from '../kernel/event.js';
import { countReads } from '../platform/reads.js';

/** One event as it stands in its entry. */
export interface EntryEvent {
  id: string;
  seq: number;
  name: string;
  data: unknown;
  rooms: Room[];
  prev: Partial<Record<Room, number>>;
}

/**
 * One command's entry: at once outbox, reply store for retries, stream for catch-up, fence and audit trail.
 * `_id` is `{restaurantId}:{n}`, so its uniqueness is the fence: only who is right about the last entry can add one.
 */
export interface Entry {
  _id: string;
  restaurantId: string;
  /** Number of the entry in its restaurant, from 1, without gaps. */
  n: number;
  epoch: string;
  at: Date;
  actor: { id: string; name: string };
  device?: string;
  operation: string;
  /** Idempotency key; the request's id when the client sent none. Unique per restaurant and author. */
  author: string;
  key: string;
  fingerprint: string;
  reply: StoredReply;
  events: EntryEvent[];
  /** Seq of the last event up to and including this entry. */
  last: number;
  /** The documents written, as `collection/id`: what another process must read again. */
  touched: string[];
}

/** A reply as stored: often one event carries the same view, which then is not stored twice. */
export type StoredReply = { status: number } & (
  | { data: unknown }
  | { event: number; field: string }
  | { error: unknown }
);

/** Where a restaurant's journal stands. One small document per restaurant, moved in the same transaction as the entry. */
export interface Head {
  _id: string;
  n: number;
  seq: number;
  epoch: string;
  rooms: Partial<Record<Room, number>>;
}

const journalSchema = new Schema(
  { _id: String, restaurantId: String, n: Number, at: Date, author: String, key: String, last: Number },
  { collection: 'journal', strict: false, versionKey: false, autoIndex: false, autoCreate: false },
);
journalSchema.index({ restaurantId: 1, last: 1 });
journalSchema.index({ restaurantId: 1, author: 1, key: 1 }, { unique: true, name: 'command_once' });

const headSchema = new Schema(
  { _id: String, n: Number, seq: Number, epoch: String, rooms: Schema.Types.Mixed },
  { collection: 'journalHeads', versionKey: false, autoIndex: false, autoCreate: false, minimize: false },
);

countReads(journalSchema, 'journal');
countReads(headSchema, 'journalHeads');

// These two are the runtime's own and keyed by restaurant in every query below, so the tenancy plugin is not needed.
export const journalModel = mongoose.model('journal', journalSchema);
export const headModel = mongoose.model('journalHeads', headSchema);

/** Entries older than this are removed (TTL): catch-up and replays reach no further back. */
export function setRetention(days: number): void {
  journalSchema.index({ at: 1 }, { expireAfterSeconds: days * 86_400, name: 'retention' });
}

export const entryId = (restaurantId: string, n: number): string => `${restaurantId}:${String(n).padStart(10, '0')}`;

const newEpoch = (): string => randomBytes(6).toString('hex');

/**
 * Begins another epoch in every restaurant: history is not what screens have seen any more (a restored backup). Each then
 * takes a new snapshot. Answers how many restaurants there are.
 */
export async function changeEpochs(): Promise<number> {
  const heads = (await headModel.find().lean().exec()) as unknown as Head[];
  for (const { _id } of heads) await headModel.updateOne({ _id }, { $set: { epoch: newEpoch() } }).exec();
  return heads.length;
}

/** The head of a restaurant without any entry yet. */
export const freshHead = (restaurantId: string): Head => ({
  _id: restaurantId,
  n: 0,
  seq: 0,
  epoch: newEpoch(),
  rooms: {},
});

export async function readHead(restaurantId: string): Promise<Head | undefined> {
  return ((await headModel.findById(restaurantId).lean().exec()) ?? undefined) as Head | undefined;
}

export async function readHeads(restaurantIds: readonly string[]): Promise<Head[]> {
  return (await headModel
    .find({ _id: { $in: restaurantIds } })
    .lean()
    .exec()) as unknown as Head[];
}

/** The entry in which this author's key was used before. */
export async function readByKey(restaurantId: string, author: string, key: string): Promise<Entry | undefined> {
  const entry = await journalModel.findOne({ restaurantId, author, key }).lean().exec();
  return (entry ?? undefined) as unknown as Entry | undefined;
}

/** Whose keys the last entries hold. */
export async function readLastKeys(restaurantId: string, limit: number): Promise<Pick<Entry, 'author' | 'key'>[]> {
  const range = { $gt: entryId(restaurantId, 0), $lt: `${restaurantId}:~` };
  const found = journalModel.find({ _id: range }, { author: 1, key: 1 }).sort({ _id: -1 }).limit(limit);
  return (await found.lean().exec()) as unknown as Pick<Entry, 'author' | 'key'>[];
}

/**
 * What the entries after one number, up to another, have written. Undefined: more than `limit`, or not all of them are
 * there any more, and then nobody knows what was written.
 */
export async function readTouched(
  { _id: restaurantId, n }: Pick<Head, '_id' | 'n'>,
  upTo: number,
  limit: number,
): Promise<Set<string> | undefined> {
  if (upTo - n > limit) return undefined;
  const range = { $gt: entryId(restaurantId, n), $lte: entryId(restaurantId, upTo) };
  const found = (await journalModel.find({ _id: range }, { touched: 1 }).lean().exec()) as unknown as Entry[];
  return found.length < upTo - n ? undefined : new Set(found.flatMap(({ touched }) => touched));
}

/**
 * Entries that hold events after `seq`, oldest first. There may be holes: what was written while the machine's clock was
 * days behind, the database removes with the oldest. {@link isWholeAfter} tells.
 */
export async function readSince(restaurantId: string, seq: number, limit: number): Promise<Entry[]> {
  const found = journalModel.find({ restaurantId, last: { $gt: seq } }).sort({ restaurantId: 1, last: 1 });
  return (await found.limit(limit).lean().exec()) as unknown as Entry[];
}

/** Whether no event is missing in these entries and between them and `seq`. */
export function isWholeAfter(seq: number, entries: readonly Entry[]): boolean {
  let at = seq;
  for (const { events, last } of entries) {
    // An entry without events repeats the seq before it.
    if ((events[0]?.seq ?? last) > at + (events.length > 0 ? 1 : 0)) return false;
    at = last;
  }
  return true;
}

export function envelopeOf(entry: Entry, event: EntryEvent): Envelope {
  return {
    id: event.id,
    epoch: entry.epoch,
    seq: event.seq,
    name: event.name,
    restaurantId: entry.restaurantId,
    at: entry.at.toISOString(),
    actor: entry.actor,
    data: event.data,
    prev: event.prev,
  };
}

/** Turns the stored reply back into what was answered. */
export function replyOf(entry: Entry): { status: number; data: unknown; error?: unknown } {
  const { reply } = entry;
  if ('error' in reply) return { status: reply.status, data: undefined, error: reply.error };
  if ('data' in reply) return { status: reply.status, data: reply.data };
  const source = entry.events[reply.event]?.data as Record<string, unknown> | undefined;
  return { status: reply.status, data: source?.[reply.field] };
}
