import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { successor } from '../bson/keys.js';
import { asNumber, Binary, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { keyPrefix } from '../storage/index-definition.js';
import type { Store } from '../storage/store.js';
import { scan } from '../storage/view.js';
import { type Claims, Transaction } from './transaction.js';

/** Sessions that were not used for this long are forgotten, as MongoDB does. */
export const SESSION_LIFETIME_MS = 30 * 60_000;

/** Records of the catalog's second table: what the last write or transaction of a session came to. */
const OUTCOMES = keyPrefix(0, 1);

type State = 'none' | 'open' | 'committed' | 'aborted';

export class Session {
  txnNumber = -1n;
  state: State = 'none';
  transaction: Transaction | undefined;
  /** The reply to the last retryable write, or the write itself while it is under way. */
  retryable: Document | Promise<Document> | undefined;
  lastUse = Date.now();

  constructor(readonly id: string) {}
}

function tooOld(session: Session, number: bigint): CommandError {
  return new CommandError(
    225,
    `Cannot start transaction ${number} on session ${session.id} because a newer transaction ${session.txnNumber} has already started.`,
  );
}

function noSuchTransaction(number: bigint, why: string): CommandError {
  return new CommandError(
    251,
    `Given transaction number ${number} does not match any in-progress transactions. ${why}`,
    ['TransientTransactionError'],
  );
}

/** All sessions, their transactions, and the outcomes that retries ask for. */
export class Sessions {
  readonly claims: Claims = new Map();
  private readonly sessions = new Map<string, Session>();

  constructor(
    private readonly store: Store,
    public transactionLifetimeMs: number,
  ) {
    for (const { key, value } of scan(store, { from: OUTCOMES, to: successor(OUTCOMES) }))
      this.restore(key, decode(value));
  }

  private restore(key: string, stored: Document): void {
    const session = new Session(Buffer.from(key.slice(OUTCOMES.length), 'latin1').toString('hex'));
    session.txnNumber = BigInt(stored.txnNumber as number | bigint);
    session.state = stored.reply ? 'none' : 'committed';
    if (isDocument(stored.reply)) session.retryable = stored.reply;
    session.lastUse = (stored.at as Date).getTime();
    this.sessions.set(session.id, session);
  }

  /** The session a command names; undefined when it names none. */
  of(lsid: Value): Session | undefined {
    const id = sessionId(lsid);
    if (id === undefined) return undefined;
    let session = this.sessions.get(id);
    if (!session) {
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
    if (number > session.txnNumber) throw noSuchTransaction(number, 'It was never started.');
    if (session.state === 'committed')
      throw new CommandError(256, `Transaction with { txnNumber: ${number} } has been committed.`);
    if (!session.transaction) throw noSuchTransaction(number, 'It has been aborted.');
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
    session.transaction = new Transaction(this.store, this.claims);
    return session.transaction;
  }

  /** Commits; doing it again, by a retry, is as good as doing it once. */
  commit(session: Session, command: Document): void {
    const number = txnNumber(command);
    if (number === session.txnNumber && session.state === 'committed') return;
    const transaction = this.transactionFor(session, { ...command, startTransaction: false });
    session.transaction = undefined;
    session.state = 'committed';
    transaction.commit();
    this.record(session, undefined);
  }

  /** Ends the session's open transaction, if any, and frees its claims at once. */
  abort(session: Session): void {
    session.transaction?.abort();
    session.transaction = undefined;
    if (session.state === 'open') session.state = 'aborted';
  }

  abortCommand(session: Session, command: Document): void {
    const number = txnNumber(command);
    if (number !== session.txnNumber) throw noSuchTransaction(number, 'It was never started.');
    if (session.state === 'committed')
      throw new CommandError(256, `Transaction with { txnNumber: ${number} } has been committed.`);
    if (!session.transaction) throw noSuchTransaction(number, 'It has been aborted.');
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
    return undefined;
  }

  /** Stores an outcome; it becomes durable with the writes it is about. */
  record(session: Session, reply: Document | undefined): void {
    if (reply) session.retryable = reply;
    const { txnNumber } = session;
    this.store.put(
      OUTCOMES + Buffer.from(session.id, 'hex').latin1Slice(),
      encode({ txnNumber, at: new Date(), reply }),
    );
  }

  kill(lsid: Value): void {
    const session = this.sessions.get(sessionId(lsid) ?? '');
    if (session) this.abort(session);
  }

  killAll(): void {
    for (const session of this.sessions.values()) this.abort(session);
  }

  end(lsid: Value): void {
    this.kill(lsid);
  }

  /** Ends transactions that live too long and forgets sessions that nobody uses. */
  sweep(now = Date.now()): void {
    for (const session of this.sessions.values()) {
      const { transaction } = session;
      if (transaction && now - transaction.startedAt > this.transactionLifetimeMs) this.abort(session);
      if (now - session.lastUse > SESSION_LIFETIME_MS) {
        this.abort(session);
        this.sessions.delete(session.id);
        this.store.remove(OUTCOMES + Buffer.from(session.id, 'hex').latin1Slice());
      }
    }
  }
}

function sessionId(lsid: Value): string | undefined {
  const id = isDocument(lsid) ? lsid.id : undefined;
  return id instanceof Binary ? Buffer.from(id.buffer.subarray(0, id.position)).toString('hex') : undefined;
}

function txnNumber(command: Document): bigint {
  const number = command.txnNumber;
  if (typeof number === 'bigint') return number;
  const plain = asNumber(number);
  if (plain === undefined) throw new CommandError(72, 'a transaction number is required');
  return BigInt(plain);
}
