import { decode } from '../bson/decode.js';
import { Binary, type Document, isDocument, type Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type LogEntry, timeOf } from '../storage/change-log.js';
import { eventToken } from './resume-token.js';

/** What a change stream shows and how. */
export interface StreamOptions {
  /** Undefined: all databases. */
  readonly db: string | undefined;
  /** Undefined: all collections. */
  readonly coll: string | undefined;
  readonly fullDocument: 'default' | 'updateLookup' | 'whenAvailable' | 'required';
  readonly fullDocumentBeforeChange: 'off' | 'whenAvailable' | 'required';
  readonly showExpandedEvents: boolean;
}

/** The kinds of events that are always shown. */
const CLASSIC = new Set(['insert', 'update', 'replace', 'delete', 'drop', 'rename', 'dropDatabase']);
const INTERNAL_DATABASES = new Set(['admin', 'config', 'local']);

/** A recorded change, decoded once for all streams that want it. */
export class Recorded {
  private decoded: Document | undefined;
  private readonly encoded = new Map<string, Buffer>();

  constructor(readonly entry: LogEntry) {}

  get change(): Document {
    this.decoded ??= decode(this.entry.bytes);
    return this.decoded;
  }

  get op(): string {
    return String(this.change.op);
  }

  get db(): string {
    return String(this.change.db);
  }

  get coll(): string {
    return String(this.change.coll);
  }

  get time(): Timestamp {
    return timeOf(this.entry.place);
  }

  /** The bytes of its event, made once for all streams that show it in the same way. */
  bytes(variant: string, make: () => Buffer): Buffer {
    let found = this.encoded.get(variant);
    if (!found) {
      found = make();
      this.encoded.set(variant, found);
    }
    return found;
  }
}

function isTarget(change: Document, { db, coll }: StreamOptions): boolean {
  const { to } = change;
  return isDocument(to) && to.db === db && to.coll === coll;
}

/** Whether a change is about what the stream watches. */
export function concerns(recorded: Recorded, options: StreamOptions): boolean {
  const { db, coll } = recorded;
  if (options.db === undefined) return !INTERNAL_DATABASES.has(db) && !coll.startsWith('system.');
  if (options.coll === undefined) return db === options.db && !coll.startsWith('system.');
  if (recorded.op === 'dropDatabase') return db === options.db;
  if (db === options.db && coll === options.coll) return true;
  return recorded.op === 'rename' && isTarget(recorded.change, options);
}

/** Whether the stream ends after this change. */
export function invalidates(recorded: Recorded, options: StreamOptions): boolean {
  if (options.db === undefined) return false;
  if (recorded.op === 'dropDatabase') return true;
  return options.coll !== undefined && (recorded.op === 'drop' || recorded.op === 'rename');
}

export function invalidateEvent(recorded: Recorded): Document {
  return {
    _id: eventToken(recorded.entry.place, true),
    operationType: 'invalidate',
    clusterTime: recorded.time,
    wallTime: recorded.change.wallTime,
  };
}

/** Finds the document of an update as it is now: null when it is gone. */
export type Lookup = (change: Document) => Document | null;

/** Some kinds of events are shown only where expanded events are asked for. */
export function isShown(recorded: Recorded, options: StreamOptions): boolean {
  return options.showExpandedEvents || CLASSIC.has(recorded.op);
}

/** The event of a change. @throws CommandError 47 for a missing image. */
export function eventOf(recorded: Recorded, options: StreamOptions, lookup: Lookup): Document {
  const { change, op } = recorded;
  const expanded = options.showExpandedEvents;
  const event: Document = {
    _id: eventToken(recorded.entry.place),
    operationType: op,
    clusterTime: recorded.time,
    ...(expanded && change.uuid instanceof Binary ? { collectionUUID: change.uuid } : {}),
    wallTime: change.wallTime,
    ...fullDocument(change, op, options, lookup),
    ns: change.coll === '' ? { db: change.db } : { db: change.db, coll: change.coll },
  };
  copy(change, event, ['to', 'documentKey']);
  if (expanded && change.description !== undefined) event.operationDescription = change.description;
  if (isDocument(change.updateDescription)) event.updateDescription = describe(change.updateDescription, expanded);
  if (change.stateBefore !== undefined) event.stateBeforeChange = change.stateBefore;
  if (['update', 'replace', 'delete'].includes(op)) addBefore(event, change, options);
  copy(change, event, ['lsid', 'txnNumber']);
  return event;
}

function copy(from: Document, to: Document, names: readonly string[]): void {
  for (const name of names) if (from[name] !== undefined) to[name] = from[name];
}

function describe(description: Document, expanded: boolean): Document {
  if (expanded) return description;
  const { disambiguatedPaths: _, ...classic } = description;
  return classic;
}

function missingImage(what: string, change: Document): CommandError {
  return new CommandError(
    47,
    `Change stream was configured to require a ${what} for all update${what === 'pre-image' ? ', delete and replace' : ''} events, but the ${what} was not found for event: ${JSON.stringify(change.documentKey ?? {})}`,
  );
}

function fullDocument(change: Document, op: string, options: StreamOptions, lookup: Lookup): Document {
  if (op === 'insert' || op === 'replace') return { fullDocument: change.document };
  if (op !== 'update' || options.fullDocument === 'default') return {};
  if (options.fullDocument === 'updateLookup') return { fullDocument: lookup(change) };
  if (change.after === undefined && options.fullDocument === 'required') throw missingImage('post-image', change);
  return { fullDocument: (change.after as Value) ?? null };
}

function addBefore(event: Document, change: Document, options: StreamOptions): void {
  const mode = options.fullDocumentBeforeChange;
  if (mode === 'off') return;
  if (change.before === undefined && mode === 'required') throw missingImage('pre-image', change);
  event.fullDocumentBeforeChange = (change.before as Value) ?? null;
}
