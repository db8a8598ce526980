import { createHash } from 'node:crypto';
import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import { asNumber, Binary, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Catalog, Collection } from '../storage/catalog.js';
import type { ChangeLog } from '../storage/change-log.js';
import type { Store } from '../storage/store.js';
import { SYSTEM } from '../storage/system-tables.js';
import { scan } from '../storage/view.js';
import { type Claims, Transaction } from './transaction.js';
import { untoldChanges } from './untold.js';

/** Sessions that were not used for this long are forgotten, as MongoDB does. */
export const SESSION_LIFETIME_MS = 30 * 60_000;

/** MongoDB's own limit of open sessions. */
const MAX_SESSIONS = 1_000_000;

const OUTCOMES = SYSTEM.outcomes;

type State = 'none' | 'open' | 'committed' | 'aborted';

export class Session {
  txnNumber = -1n;
  state: State = 'none';
  transaction: Transaction | undefined;
  /** The reply to the last retryable write, or the write itself while it is under way. */
  retryable: Document | Promise<Document> | undefined;
  /** How far a retryable write of several statements has come, when it had to let others run in its middle. */
  progress: Document | undefined;
  lastUse = Date.now();

  constructor(readonly id: string) {}
}

function tooOld(session: Session, number: bigint): CommandError {
  return new CommandError(
    225,
    `Cannot start transaction ${number} on session ${session.id} because a newer transaction ${session.txnNumber} has already started.`,
  );
}

function noSuchTransaction(message: string): CommandError {
  return new CommandError(251, message, ['TransientTransactionError']);
}

function neverStarted(number: bigint, active: bigint): CommandError {
  return noSuchTransaction(
    `Given transaction number ${number} does not match any in-progress transactions. The active transaction number is ${active}`,
  );
}

function wasAborted(number: bigint): CommandError {
  return noSuchTransaction(`Transaction with { txnNumber: ${number} } has been aborted.`);
}

/** All sessions, their transactions, and the outcomes that retries ask for. */
export class Sessions {
  readonly claims: Claims = new Map();
  private readonly sessions = new Map<string, Session>();
  private readonly openTransactions = new Set<Transaction>();

  constructor(
    private readonly store: Store,
    public transactionLifetimeMs: number,
    private readonly log: ChangeLog,
    private readonly catalog: Catalog,
  ) {
    for (const { key, value } of scan(store, { from: OUTCOMES, to: successor(OUTCOMES) }))
      this.restore(key, decode(value));
  }

  private restore(key: string, stored: Document): void {
    const session = new Session(Buffer.from(key.slice(OUTCOMES.length), 'latin1').toString('hex'));
    session.txnNumber = BigInt(stored.txnNumber as number | bigint);
    session.state = stored.reply || stored.progress ? 'none' : 'committed';
    if (isDocument(stored.progress)) session.progress = stored.progress;
    if (isDocument(stored.reply)) session.retryable = stored.reply;
    session.lastUse = (stored.at as Date).getTime();
    this.sessions.set(session.id, session);
  }

  /** All sessions that are remembered. */
  all(): Iterable<Session> {
    return this.sessions.values();
  }

  /** The session a command names; undefined when it names none. */
  of(lsid: Value): Session | undefined {
    const id = sessionId(lsid);
    if (id === undefined) return undefined;
    let session = this.sessions.get(id);
    if (!session) {
      if (this.sessions.size >= MAX_SESSIONS)
        throw new CommandError(
          261,
          'Unable to add session into the cache because the number of active sessions is too high',
        );
      session = new Session(id);
      this.sessions.set(id, session);
    }
    session.lastUse = Date.now();
    return session;
  }

  /** The transaction a command belongs to; started here when the command says so. */
  transactionFor(session: Session, command: Document): Transaction {
    const number = txnNumber(command);
    if (number < session.txnNumber) throw tooOld(session, number);
    if (command.startTransaction === true) return this.start(session, number);
    if (number > session.txnNumber) throw neverStarted(number, session.txnNumber);
    if (session.state === 'committed')
      throw new CommandError(256, `Transaction with { txnNumber: ${number} } has been committed.`);
    if (!session.transaction) throw wasAborted(number);
    return session.transaction;
  }

  private start(session: Session, number: bigint): Transaction {
    if (number === session.txnNumber && session.state !== 'none' && session.state !== 'aborted') {
      throw new CommandError(117, `Transaction ${number} of the session is in progress or done already`);
    }
    this.abort(session);
    session.txnNumber = number;
    session.state = 'open';
    session.retryable = undefined;
    session.progress = undefined;
    const transaction = new Transaction(this.store, this.claims);
    transaction.told = this.log.recording;
    session.transaction = transaction;
    this.openTransactions.add(transaction);
    return transaction;
  }

  /** The open transactions that have read or written a collection. */
  usersOf(collection: Collection): Transaction[] {
    return [...this.openTransactions].filter((transaction) => transaction.hasUsed(collection));
  }

  /** Commits; doing it again, by a retry, is as good as doing it once. */
  commit(session: Session, command: Document): void {
    const number = txnNumber(command);
    if (number === session.txnNumber && session.state === 'committed') return;
    const transaction = this.transactionFor(session, { ...command, startTransaction: false });
    session.transaction = undefined;
    session.state = 'committed';
    this.openTransactions.delete(transaction);
    const changes =
      transaction.told || !this.log.recording ? transaction.changes : untoldChanges(transaction, this.catalog);
    transaction.commit();
    this.log.append(changes, { lsid: sessionName(session.id), txnNumber: session.txnNumber });
    this.record(session, undefined);
  }

  /** Ends the session's open transaction, if any, and frees its claims at once. */
  abort(session: Session): void {
    const { transaction } = session;
    if (transaction) {
      transaction.abort();
      this.openTransactions.delete(transaction);
      session.transaction = undefined;
    }
    if (session.state === 'open') session.state = 'aborted';
  }

  abortCommand(session: Session, command: Document): void {
    const number = txnNumber(command);
    if (number !== session.txnNumber) throw neverStarted(number, session.txnNumber);
    if (session.state === 'committed')
      throw new CommandError(256, `Transaction with { txnNumber: ${number} } has been committed.`);
    if (!session.transaction) throw wasAborted(number);
    this.abort(session);
  }

  /** The remembered reply of a retried write; undefined when the write is new. */
  remembered(session: Session, command: Document): Document | Promise<Document> | undefined {
    const number = txnNumber(command);
    if (number < session.txnNumber) throw tooOld(session, number);
    if (number === session.txnNumber) return session.retryable;
    this.abort(session);
    session.txnNumber = number;
    session.state = 'none';
    session.retryable = undefined;
    session.progress = undefined;
    return undefined;
  }

  /** Stores an outcome; it becomes durable with the writes it is about. */
  record(session: Session, reply: Document | undefined): void {
    if (reply) session.retryable = reply;
    session.progress = undefined;
    this.store.put(outcomeKey(session), encode({ txnNumber: session.txnNumber, at: new Date(), reply }));
  }

  /** Stores how far a retryable write has come, with the writes it is about. */
  recordProgress(session: Session, progress: Document): void {
    const bytes = encode({ txnNumber: session.txnNumber, at: new Date(), progress });
    // Read again: the command goes on adding to its own.
    session.progress = decode(bytes).progress as Document;
    this.store.put(outcomeKey(session), bytes);
  }

  /** Aborts what the session has open; the session itself may go on. Returns its id. */
  kill(lsid: Value): string | undefined {
    const id = sessionId(lsid);
    const session = this.sessions.get(id ?? '');
    if (session) this.abort(session);
    return id;
  }

  /** Aborts what sessions have open. */
  killAll(isMeant: (session: string) => boolean = () => true): void {
    for (const session of this.sessions.values()) if (isMeant(session.id)) this.abort(session);
  }

  /** Ends a session for good; what is stored of it goes with the next sweep. Returns its id. */
  end(lsid: Value): string | undefined {
    const id = sessionId(lsid);
    const session = this.sessions.get(id ?? '');
    if (!session) return id;
    this.abort(session);
    if (session.txnNumber < 0n) this.sessions.delete(session.id);
    else session.lastUse = 0;
    return id;
  }

  /** Ends transactions that live too long and forgets sessions that nobody uses. @returns the ids of those */
  sweep(now = Date.now()): ReadonlySet<string> {
    const ended = new Set<string>();
    for (const session of this.sessions.values()) {
      const { transaction } = session;
      if (transaction && now - transaction.startedAt > this.transactionLifetimeMs) this.abort(session);
      if (now - session.lastUse > SESSION_LIFETIME_MS) {
        this.abort(session);
        this.sessions.delete(session.id);
        // Of one that has numbered nothing there is nothing stored.
        if (session.txnNumber >= 0n) this.store.remove(outcomeKey(session));
        ended.add(session.id);
      }
    }
    return ended;
  }
}

function outcomeKey(session: Session): string {
  return OUTCOMES + Buffer.from(session.id, 'hex').latin1Slice();
}

export function sessionId(lsid: Value): string | undefined {
  const id = isDocument(lsid) ? lsid.id : undefined;
  return id instanceof Binary ? Buffer.from(id.buffer.subarray(0, id.position)).toString('hex') : undefined;
}

/** The digest of no user: sessions here belong to nobody. */
export const NOBODY = createHash('sha256').digest();

/** A session as others see it. */
export function sessionName(id: string): Document {
  return { id: new Binary(Buffer.from(id, 'hex'), Binary.SUBTYPE_UUID), uid: new Binary(NOBODY) };
}

function txnNumber(command: Document): bigint {
  const number = command.txnNumber;
  if (typeof number === 'bigint') return number;
  const plain = asNumber(number);
  if (plain === undefined) throw new CommandError(72, 'a transaction number is required');
  return BigInt(plain);
}
