import { orderingOf } from '../bson/collation.js';
import { decode, rawDocuments } from '../bson/decode.js';
import { BINARY, sameOrdering } from '../bson/ordering.js';
import { asNumber, type Document, isDocument, RawDocument, truthy, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import type { Environment } from '../query/environment.js';
import { compileExpression } from '../query/expression.js';
import { type Catalog, type Collection, creation, nameKey } from '../storage/catalog.js';
import type { DocumentWriter } from '../storage/documents.js';
import type { Store } from '../storage/store.js';
import type { Writer } from '../storage/view.js';
import type { ChangeStreams } from './change-streams.js';
import type { ClusterClock } from './clock.js';
import type { Cursors } from './cursors.js';
import type { FailPoints } from './fail-points.js';
import type { Operations } from './operations.js';
import { Pace } from './pace.js';
import type { Session, Sessions } from './sessions.js';
import { SnapshotReader, type Snapshots } from './snapshots.js';
import { Blocked, CATALOG_CHANGED, type Transaction } from './transaction.js';

/** What all commands work with. */
export interface Engine {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly documents: DocumentWriter;
  readonly sessions: Sessions;
  readonly clock: ClusterClock;
  readonly changes: ChangeStreams;
  readonly cursors: Cursors;
  /** For read concern `snapshot` outside transactions. */
  readonly snapshots: Snapshots;
  readonly failPoints: FailPoints;
  readonly operations: Operations;
  readonly startedAt: number;
  /** The name clients reach the server by: a socket path, or host and port. */
  readonly address: string;
  readonly connections: () => number;
}

/** A command as it came in. */
export interface Request {
  readonly command: Document;
  /** The bytes of the command document, for what is stored as it came. */
  readonly body: Buffer;
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
  readonly connectionId: number;
  /** How many ms a fail point has held it up. */
  readonly heldMs?: number;
}

/** A retryable write of several statements: what is done is not done again, not even after a crash in its middle. */
export interface Retry {
  readonly progress: Document | undefined;
  save(progress: Document): void;
}

/** One running command. */
export class Context {
  readonly db: string;
  readonly name: string;
  private given: Environment | undefined;
  /** When to let others run, and when the command's own time (`maxTimeMS`) is over. */
  readonly pace: Pace;

  /** Of a retryable write: stores how far it has come, before others may run. */
  checkpoint: (() => void) | undefined;

  constructor(
    readonly engine: Engine,
    readonly request: Request,
    readonly session: Session | undefined,
    readonly transaction: Transaction | undefined,
    readonly writer: Writer,
    /** Of a retryable write: how far it had come when it was tried before, and where to keep how far it comes. */
    readonly retry?: Retry | undefined,
  ) {
    this.db = String(request.command.$db);
    this.name = Object.keys(request.command)[0] ?? '';
    this.pace = new Pace(deadlineOf(request, this.name));
  }

  get command(): Document {
    return this.request.command;
  }

  /** The collection named by the command's first field. */
  get collectionName(): string {
    const name = this.command[this.name];
    if (typeof name !== 'string' || name === '')
      throw new CommandError(73, `Invalid namespace specified '${this.db}.${String(name)}'`);
    return name;
  }

  /**
   * Writes are visible before they are on disk. Who asks for more than `local` never sees one that a crash takes back:
   * the reply waits for what it shows. In a transaction the commit does.
   */
  get readsOnlyDurable(): boolean {
    const { readConcern } = this.command;
    const level = isDocument(readConcern) && !this.transaction ? readConcern.level : undefined;
    return level === 'majority' || level === 'linearizable' || level === 'snapshot';
  }

  /** Where a sort may put what it cannot hold in memory; undefined where `allowDiskUse` is false. */
  get spillFolder(): string | undefined {
    return this.command.allowDiskUse === false ? undefined : this.engine.store.path;
  }

  /** `bypassDocumentValidation` of the command: its writes are not checked by the collection's validator. */
  get bypassesValidation(): boolean {
    return truthy(this.command.bypassDocumentValidation);
  }

  get ns(): string {
    return `${this.db}.${this.collectionName}`;
  }

  /** The command's `let` (expressions over nothing), its collation or its collection's, and its moment. */
  get environment(): Environment {
    this.given ??= this.makeEnvironment();
    return this.given;
  }

  private makeEnvironment(): Environment {
    const inner = this.command[this.name];
    const command = isDocument(inner) ? inner : this.command;
    const { let: given, collation } = command;
    const target = isDocument(inner) ? Object.values(inner)[0] : inner;
    const collection = typeof target === 'string' ? this.definition(this.db, target) : undefined;
    const asked = orderingOf(collation);
    if (asked && collection?.view && !sameOrdering(asked, collection.ordering))
      throw new CommandError(167, "Cannot override a view's default collation");
    const ordering = asked ?? collection?.ordering ?? BINARY;
    const plain: Environment = { variables: {}, ordering, now: new Date() };
    if (!isDocument(given)) return plain;
    const values = Object.entries(given).map(([name, value]) => [name, compileExpression(value, plain)({})]);
    return { ...plain, variables: Object.fromEntries(values) };
  }

  /** The bytes of the documents in an array argument, from the command or from a section of its own, unchecked. */
  documents(name: string): readonly Buffer[] {
    const found = this.request.sequences.get(name) ?? rawDocuments(this.request.body, name);
    if (!found) throw new CommandError(40414, `BSON field '${this.name}.${name}' is missing but a required field`);
    return found;
  }

  /** A collection as this command sees it. @throws CommandError 166 where the name is a view's */
  find(db: string, name: string): Collection | undefined {
    const found = this.definition(db, name);
    if (found?.view) throw new CommandError(166, `Namespace ${found.ns} is a view, not a collection`);
    return found;
  }

  /** A collection or view as this command sees it; in a transaction those it made itself too. */
  definition(db: string, name: string): Collection | undefined {
    const collection = this.transaction?.ownCollection(`${db}.${name}`) ?? this.engine.catalog.find(db, name);
    if (collection && this.writer instanceof SnapshotReader && !this.writer.knows(collection.changedAt))
      throw new CommandError(246, CATALOG_CHANGED);
    return collection && this.transaction ? this.transaction.use(collection) : collection;
  }

  /** The collection, made when a write meets it for the first time. */
  findOrCreate(db: string, name: string): Collection {
    return this.find(db, name) ?? this.create(db, name, {});
  }

  /** Makes a collection; in a transaction others see it after the commit. The caller has looked that there is none. */
  create(db: string, name: string, options: Document): Collection {
    const { catalog } = this.engine;
    const collection = catalog.make(db, name, options);
    this.writer.claim(nameKey(db, name));
    catalog.tell(collection, 'create', creation(collection), this.writer);
    if (this.transaction) return this.transaction.create(collection, () => catalog.register(collection));
    catalog.register(collection);
    return collection;
  }

  /** The definition of a collection changes only when no open transaction has used it. */
  waitForUsers(collection: Collection): void {
    const user = this.engine.sessions.usersOf(collection).find((transaction) => transaction !== this.transaction);
    if (user) throw new Blocked(user.ended);
  }

  /** Runs a statement; a plain write that meets a transaction's claim waits for its end and runs again. */
  async statement<T>(run: () => T): Promise<T> {
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!(error instanceof Blocked)) throw error;
        this.checkpoint?.();
        await this.pace.until(error.ended);
      }
    }
  }
}

/** `maxTimeMS` as a moment of the system clock; of `getMore` it is the time to wait for more instead. */
function deadlineOf({ command, heldMs = 0 }: Request, name: string): number {
  const milliseconds = count(command.maxTimeMS, 'maxTimeMS') ?? 0;
  return milliseconds === 0 || name === 'getMore' ? Number.POSITIVE_INFINITY : Date.now() - heldMs + milliseconds;
}

export type Handler = (context: Context) => Promise<Document> | Document;

export function documentOf(value: Value, what: string): Document {
  if (value instanceof RawDocument) return decode(value.bytes);
  if (!isDocument(value)) throw new CommandError(14, `BSON field '${what}' is the wrong type, expected type 'object'`);
  return value;
}

export function optionalDocument(value: Value, what: string): Document | undefined {
  return value === undefined || value === null ? undefined : documentOf(value, what);
}

/** A number that is not negative; undefined where it is not given. */
export function count(value: Value, what: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  const number = asNumber(value);
  if (number === undefined) throw new CommandError(14, `BSON field '${what}' is the wrong type, expected a number`);
  if (number < 0) throw new CommandError(51024, `BSON field '${what}' value must be >= 0, actual value '${number}'`);
  return Math.trunc(number);
}

/** The environment of one statement: with its own collation and constants, where it has some. */
export function statementEnvironment(
  context: Context,
  collation: Value,
  constants?: Value,
  collection?: Collection,
): Environment {
  const { environment } = context;
  const ordering = orderingOf(collation) ?? collection?.ordering ?? environment.ordering;
  if (ordering === environment.ordering && constants === undefined) return environment;
  const variables = isDocument(constants) ? { ...environment.variables, ...constants } : environment.variables;
  return { ...environment, variables, ordering };
}

/** Options that would change the result and that this server lacks are errors. */
export function refuse(command: Document, names: readonly string[]): void {
  for (const name of names) {
    const value = command[name];
    if (value !== undefined && value !== null && value !== false) throw notImplemented(`option ${name}`);
  }
}

export function flag(value: Value): boolean {
  return truthy(value);
}
