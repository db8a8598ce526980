import { decode, rawDocuments } from '../bson/decode.js';
import { asNumber, type Document, isDocument, RawDocument, truthy, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { compileExpression } from '../query/expression.js';
import type { Variables } from '../query/matcher.js';
import type { Catalog } from '../storage/catalog.js';
import type { DocumentWriter } from '../storage/documents.js';
import type { Store } from '../storage/store.js';
import type { Writer } from '../storage/view.js';
import type { Cursors } from './cursors.js';
import type { FailPoints } from './fail-points.js';
import type { Session, Sessions } from './sessions.js';
import { Blocked, type Transaction } from './transaction.js';

/** What all commands work with. */
export interface Engine {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly documents: DocumentWriter;
  readonly sessions: Sessions;
  readonly cursors: Cursors;
  readonly failPoints: FailPoints;
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
}

/** One running command. */
export class Context {
  readonly db: string;
  readonly name: string;

  constructor(
    readonly engine: Engine,
    readonly request: Request,
    readonly session: Session | undefined,
    readonly transaction: Transaction | undefined,
    readonly writer: Writer,
  ) {
    this.db = String(request.command.$db);
    this.name = Object.keys(request.command)[0] ?? '';
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

  get ns(): string {
    return `${this.db}.${this.collectionName}`;
  }

  /** The command's `let`: expressions over nothing. */
  get variables(): Variables {
    const given = this.command.let;
    if (!isDocument(given)) return {};
    return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, compileExpression(value)({})]));
  }

  /** The bytes of the documents in an array argument, from the command or from a section of its own, unchecked. */
  documents(name: string): readonly Buffer[] {
    const found = this.request.sequences.get(name) ?? rawDocuments(this.request.body, name);
    if (!found) throw new CommandError(40414, `BSON field '${this.name}.${name}' is missing but a required field`);
    return found;
  }

  /** Runs a statement; a plain write that meets a transaction's claim waits for its end. */
  async statement<T>(run: () => T): Promise<T> {
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!(error instanceof Blocked)) throw error;
        await error.ended;
      }
    }
  }
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

/** Collation other than plain byte order is not supported, and never ignored. */
export function checkCollation(value: Value): void {
  if (isDocument(value) && Object.keys(value).length > 0 && value.locale !== 'simple')
    throw notImplemented('collation');
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
