import mongoose, { type mongo } from 'mongoose';
import { isOutage } from '../platform/mongo.js';
import { type Entry, type Head, headModel, journalModel } from './journal.js';
import { type RevocationDoc, revocationModel } from './revocations.js';
import { storedId, whereId } from './stored-ids.js';
import type { Change } from './unit-of-work.js';

/** A finished unit of work on its way to the database. */
export interface PendingUnit {
  /** The lane's id; units of one lane are flushed in the order of their submission. */
  lane: string;
  /** Whose documents it may write. */
  restaurantId: string;
  changes: readonly Change[];
  revocations: readonly RevocationDoc[];
  /** Absent for an account's lane, which keeps no journal. */
  entry?: Entry;
  /** The journal's head before and after this unit. */
  head?: { before: Head; after: Head };
}

/** Another process got in between, or a document is not as it was read: read again and run the handler again. */
export class ConflictError extends Error {
  override readonly name = 'ConflictError';
}

export interface CommitterOptions {
  /** Most units in one transaction. */
  groupSize?: number;
  onGroup?: (size: number, seconds: number) => void;
  /** Before a session's first transaction: so that, should this process die in it, another can end it. */
  onSession?: (session: mongo.ServerSessionId) => Promise<void>;
  /** The connection broke with a transaction open, which would keep its locks in the database for a minute. */
  onLost?: (session: mongo.ServerSessionId) => void;
}

/** Groups on their way to the database at once. */
const MOST_FLUSHES = 4;

interface Waiting {
  unit: PendingUnit;
  resolve: () => void;
  reject: (error: unknown) => void;
}

type Write = { namespace: string } & (
  | { name: 'insertOne'; document: Record<string, unknown> }
  | { name: 'replaceOne'; filter: Record<string, unknown>; replacement: Record<string, unknown> }
  | { name: 'deleteOne'; filter: Record<string, unknown> }
);

/**
 * Group commit: takes all finished units of all lanes and flushes them in one transaction, journal entries last; the
 * next group gathers meanwhile. A lane is in one flush at a time, so its entries reach the database in their order; other
 * lanes do not wait for a group that takes long. A refused group is flushed lane by lane, so that only the lane at fault
 * hears of it.
 */
export class Committer {
  #waiting: Waiting[] = [];
  /** Lanes whose units are on their way to the database. */
  readonly #busy = new Set<string>();
  #flushes = 0;
  #scheduled = false;

  constructor(private readonly options: CommitterOptions = {}) {}

  /** Resolves when the unit is durable. @throws ConflictError, or the database's error */
  commit(unit: PendingUnit): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ unit, resolve, reject });
      this.#schedule();
    });
  }

  /** Lanes whose handlers end in this turn of the loop still join the group. */
  #schedule(): void {
    if (this.#scheduled || this.#flushes >= MOST_FLUSHES) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#next();
    });
  }

  async #next(): Promise<void> {
    const group = this.#waiting
      .filter(({ unit }) => !this.#busy.has(unit.lane))
      .slice(0, this.options.groupSize ?? 100);
    if (group.length === 0) return;
    const taken = new Set(group);
    this.#waiting = this.#waiting.filter((one) => !taken.has(one));
    const lanes = new Set(group.map(({ unit }) => unit.lane));
    for (const lane of lanes) this.#busy.add(lane);
    this.#flushes += 1;
    const started = performance.now();
    await this.#flushGroup(group);
    this.options.onGroup?.(group.length, (performance.now() - started) / 1000);
    this.#flushes -= 1;
    for (const lane of lanes) this.#busy.delete(lane);
    if (this.#waiting.length > 0) this.#schedule();
  }

  async #flushGroup(group: Waiting[]): Promise<void> {
    try {
      await flush(
        group.map(({ unit }) => unit),
        this.options,
      );
      for (const { resolve } of group) resolve();
    } catch (error) {
      const lanes = groupBy(group, ({ unit }) => unit.lane);
      if (lanes.size === 1) this.#refuse(group, error);
      else for (const members of lanes.values()) await this.#flushGroup(members);
    }
  }

  /** What of the same lane waits in the next group stands on the refused units, so it is refused with them. */
  #refuse(group: Waiting[], error: unknown): void {
    const lane = group[0]?.unit.lane;
    const behind = this.#waiting.filter(({ unit }) => unit.lane === lane);
    this.#waiting = this.#waiting.filter(({ unit }) => unit.lane !== lane);
    for (const { reject } of [...group, ...behind]) reject(error);
  }
}

async function flush(units: readonly PendingUnit[], { onSession, onLost }: CommitterOptions): Promise<void> {
  const { writes, expected } = writesOf(units);
  if (writes.length === 0) return;
  const client = mongoose.connection.getClient() as unknown as mongo.MongoClient;
  const session = client.startSession();
  try {
    if (session.id !== undefined) await onSession?.(session.id);
    session.startTransaction({ writeConcern: { w: 'majority' }, readConcern: { level: 'snapshot' } });
    const found = await send(client, writes, session);
    if (found !== expected) throw new ConflictError('A document was changed in between');
    await session.commitTransaction();
  } catch (error) {
    if (session.inTransaction()) await session.abortTransaction().catch(() => undefined);
    const cause = classified(error);
    // The driver keeps to itself whether the abort got through; a session that saw a broken connection it calls dirty.
    if (session.id !== undefined && (session.serverSession.isDirty || isOutage(cause))) onLost?.(session.id);
    throw cause;
  } finally {
    await session.endSession();
  }
}

/** All writes of a group, and how many documents its replacements and deletions are expected to find. */
function writesOf(units: readonly PendingUnit[]): { writes: Write[]; expected: number } {
  const database = mongoose.connection.name;
  const writes = mergedChanges(units).map(({ restaurantId, ...change }) => writeOf(database, restaurantId, change));
  const heads = new Map<string, { before: Head; after: Head }>();
  for (const { entry, head } of units) {
    if (entry === undefined || head === undefined) continue;
    const first = heads.get(entry.restaurantId)?.before ?? head.before;
    heads.set(entry.restaurantId, { before: first, after: head.after });
  }
  for (const { before, after } of heads.values()) {
    const namespace = `${database}.${headModel.collection.collectionName}`;
    if (before.n === 0) writes.push({ name: 'insertOne', namespace, document: { ...after } });
    else {
      const filter = { _id: before._id, n: before.n, epoch: before.epoch };
      writes.push({ name: 'replaceOne', namespace, filter, replacement: { ...after } });
    }
  }
  for (const { entry, revocations } of units) {
    for (const revoked of revocations) {
      const namespace = `${database}.${revocationModel.collection.collectionName}`;
      writes.push({ name: 'insertOne', namespace, document: { ...revoked } });
    }
    if (entry === undefined) continue;
    const namespace = `${database}.${journalModel.collection.collectionName}`;
    writes.push({ name: 'insertOne', namespace, document: { ...entry } });
  }
  return { writes, expected: writes.filter((write) => write.name !== 'insertOne').length };
}

/**
 * Units of one lane may write the same document one after the other; the group then writes it once. Two lanes know
 * nothing of each other: there the document's version decides.
 */
function mergedChanges(units: readonly PendingUnit[]): (Change & { restaurantId: string })[] {
  const merged = new Map<string, Change & { restaurantId: string }>();
  for (const { lane, restaurantId, changes } of units) {
    for (const change of changes) {
      const key = `${lane} ${change.kind.collection}/${change.id}`;
      const earlier = merged.get(key);
      merged.set(key, { ...change, restaurantId, ...(earlier !== undefined && { before: earlier.before }) });
    }
  }
  return [...merged.values()].filter((change) => change.before !== undefined || change.after !== undefined);
}

/** The tenancy plugin does not see these writes: the restaurant is the unit's, whatever the document says. */
function writeOf(database: string, restaurantId: string, { kind, id, before, after }: Change): Write {
  const namespace = `${database}.${kind.collection}`;
  if (after !== undefined && after.restaurantId !== restaurantId)
    throw new Error(`${kind.collection}/${id} would be written for another restaurant than its unit's`);
  if (before === undefined)
    return { name: 'insertOne', namespace, document: { ...after, _id: storedId(kind, restaurantId, id) } };
  const filter = { _id: whereId(kind, restaurantId, id), restaurantId, version: before.version };
  if (after === undefined) return { name: 'deleteOne', namespace, filter };
  // A replacement without `_id` leaves it as it is stored, in either form.
  const { _id, ...content } = after;
  return {
    name: 'replaceOne',
    namespace,
    filter,
    replacement: kind.clientIds === true ? content : { _id, ...content },
  };
}

/**
 * Sends the writes and answers how many documents they found. MongoDB 8 takes writes to several collections in one
 * message; before it, one message a collection.
 */
async function send(client: mongo.MongoClient, writes: Write[], session: mongo.ClientSession): Promise<number> {
  if (takesClientBulkWrite(client)) {
    const { matchedCount, deletedCount } = await client.bulkWrite(writes, { session, ordered: true });
    return matchedCount + deletedCount;
  }
  let found = 0;
  for (const [namespace, members] of groupBy(writes, (write) => write.namespace)) {
    const [database = '', ...collection] = namespace.split('.');
    const operations = members.map(collectionWrite);
    const target = client.db(database).collection(collection.join('.'));
    const { matchedCount, deletedCount } = await target.bulkWrite(operations, { session, ordered: true });
    found += matchedCount + deletedCount;
  }
  return found;
}

function collectionWrite(write: Write): mongo.AnyBulkWriteOperation {
  switch (write.name) {
    case 'insertOne':
      return { insertOne: { document: write.document } };
    case 'replaceOne':
      return { replaceOne: { filter: write.filter, replacement: write.replacement } };
    case 'deleteOne':
      return { deleteOne: { filter: write.filter } };
  }
}

function groupBy<T>(things: readonly T[], keyOf: (thing: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const thing of things) {
    const group = groups.get(keyOf(thing));
    if (group === undefined) groups.set(keyOf(thing), [thing]);
    else group.push(thing);
  }
  return groups;
}

const CLIENT_BULK_WRITE_WIRE_VERSION = 25;

function takesClientBulkWrite(client: mongo.MongoClient): boolean {
  const { topology } = client as unknown as { topology?: { lastHello(): { maxWireVersion?: number } } };
  return (topology?.lastHello().maxWireVersion ?? 0) >= CLIENT_BULK_WRITE_WIRE_VERSION;
}

/** What the database refused because of another writer becomes a ConflictError. */
function classified(error: unknown): unknown {
  const flat = duplicateOf(error) ?? causeOf(error) ?? error;
  const { code, message = '' } = flat as { code?: number; message?: string };
  const transient = (flat as { hasErrorLabel?: (label: string) => boolean }).hasErrorLabel?.(
    'TransientTransactionError',
  );
  const fence = code === 11000 && /(journal|journalHeads) index: _id_/.test(message);
  return transient === true || code === 112 || fence
    ? new ConflictError('Another writer was first', { cause: error })
    : flat;
}

/** What the server refused as a whole arrives wrapped, its labels and code inside. */
function causeOf(error: unknown): unknown {
  return error instanceof mongoose.mongo.MongoClientBulkWriteError ? error.cause : undefined;
}

/** A bulk write reports a duplicate key inside a list of errors; the first one tells the index. */
function duplicateOf(error: unknown): unknown {
  const { writeErrors } = error as { writeErrors?: Map<number, unknown> | unknown[] };
  if (writeErrors === undefined) return undefined;
  const first = writeErrors instanceof Map ? [...writeErrors.values()][0] : writeErrors[0];
  return first;
}
