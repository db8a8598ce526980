import { io, type Socket } from 'socket.io-client';
import type { ErrorHandler } from './listeners.js';
import { BrigadeProblem, isAboutSessions, isPassing, isProblem, isTokenProblem, localProblem } from './problem.js';
import { lifetimeOf, SessionOver, type TokenProvider, Tokens } from './token.js';
import type { Unsent } from './unsent.js';
import type { Ack, Problem, SessionEnded } from './wire.js';

export interface ConnectionOptions {
  url: string;
  path: string;
  transports: ('websocket' | 'polling')[];
  token: string | TokenProvider;
  /** Longest pause before the first attempt to reconnect, in ms; it is drawn from a tenth of that up, and doubles with each failure up to `reconnectMaxMs`. */
  reconnectMinMs: number;
  reconnectMaxMs: number;
  connectTimeoutMs: number;
}

export interface ConnectionHandlers {
  connected: () => void;
  /** The connection is gone, or an attempt to make one failed. */
  disconnected: () => void;
  /** For good: it will not be made again. */
  ended: (problem: Problem) => void;
  /** Whose token is about to be used. Answers whether it may be: a client is one person's. */
  identified: (token: string) => Promise<boolean>;
  /** What the server is told of commands that wait here. */
  unsent: () => Unsent | undefined;
  message: (name: string, argument: unknown) => void;
  /** A sign of life of the server's, whatever it says. */
  heard: () => void;
  error: ErrorHandler;
}

/** No answer came: the request may or may not have been carried out. */
export class Unanswered extends Error {
  override readonly name = 'Unanswered';
}

/**
 * One authenticated connection that comes back by itself. Socket.IO's own reconnecting is off: what to do next depends
 * on why it ended, and the token must be in hand before the handshake.
 */
export class Connection {
  readonly #socket: Socket;
  readonly #tokens: Tokens;
  #over = false;
  #failures = 0;
  #sessionEnded: SessionEnded | undefined;
  #reopening: ReturnType<typeof setTimeout> | undefined;
  #answering: ReturnType<typeof setTimeout> | undefined;
  #renewing: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly options: ConnectionOptions,
    private readonly handlers: ConnectionHandlers,
  ) {
    this.#tokens = new Tokens(options.token);
    const { url, path, transports } = options;
    const manual = { autoConnect: false, reconnection: false, forceNew: true };
    this.#socket = io(url, { path, transports, tryAllTransports: true, ...manual });
    this.#socket.on('connect', () => this.#connected());
    this.#socket.on('connect_error', (error) => this.#refused(error));
    this.#socket.on('disconnect', () => this.#disconnected());
    this.#socket.io.on('ping', () => this.handlers.heard());
    this.#socket.onAny((name: string, argument: unknown) => {
      this.handlers.heard();
      if (name === 'session:ended') this.#sessionEnded = argument as SessionEnded;
      else this.handlers.message(name, argument);
    });
  }

  get connected(): boolean {
    return this.#socket.connected;
  }

  open(): void {
    clearTimeout(this.#reopening);
    this.#tokens.current().then(
      (token) => this.#handshake(token),
      (error: unknown) => this.#noToken(error),
    );
  }

  async #handshake(token: string): Promise<void> {
    const isTheirs = await this.handlers.identified(token);
    if (this.#over) return;
    if (!isTheirs) {
      this.#end(localProblem('session_over', 'The token belongs to somebody else: make a client of their own'));
      return;
    }
    const unsent = this.handlers.unsent();
    this.#socket.auth = unsent === undefined ? { token } : { token, unsent };
    clearTimeout(this.#answering);
    this.#answering = setTimeout(() => this.#silent(), this.options.connectTimeoutMs);
    this.#socket.connect();
  }

  /** Nothing is kept for a later connection: not connected is {@link Unanswered} at once. @throws Unanswered */
  async request(name: string, args: readonly unknown[], timeoutMs: number): Promise<Ack> {
    if (!this.#socket.connected) throw new Unanswered('Not connected');
    let answer: unknown;
    try {
      answer = await this.#socket.timeout(timeoutMs).emitWithAck(name, ...args);
    } catch (cause) {
      throw new Unanswered('No answer', { cause });
    }
    this.handlers.heard();
    if (!isAck(answer))
      return { ok: false, error: localProblem('incomprehensible', `The answer to ${name} is not an ack`) };
    if (!answer.ok && isTokenProblem(answer.error) && !isAboutSessions(name)) this.#renewNow();
    return answer;
  }

  /**
   * Gives the server a new token without reconnecting: the one given, or one from the provider.
   * @throws BrigadeProblem when the server refuses it, or there is none
   */
  async renew(given?: string): Promise<void> {
    if (given !== undefined) this.#tokens.set(given);
    const token = given ?? (await this.#tokens.fresh());
    this.#scheduleRenewal(token);
    if (!this.#socket.connected) return;
    const ack = await this.request('session:renew', [{ accessToken: token }], this.options.connectTimeoutMs);
    if (!ack.ok) throw new BrigadeProblem(ack.error);
  }

  /** Ends a connection that is dead without knowing it, and makes another. */
  drop(): void {
    this.#socket.disconnect();
  }

  close(): void {
    this.#over = true;
    for (const timer of [this.#reopening, this.#answering, this.#renewing]) clearTimeout(timer);
    this.#socket.disconnect();
  }

  #connected(): void {
    clearTimeout(this.#answering);
    this.#failures = 0;
    this.#sessionEnded = undefined;
    if (this.#renewing === undefined) this.#tokens.current().then((token) => this.#scheduleRenewal(token), noop);
    this.handlers.connected();
  }

  #disconnected(): void {
    // A handshake that broke off before its answer ends here as well; its timer must not cut the next connection.
    clearTimeout(this.#answering);
    this.handlers.disconnected();
    if (this.#over) return;
    const ended = this.#sessionEnded;
    this.#sessionEnded = undefined;
    if (ended === undefined) this.#reopen();
    else this.#tokenRefused({ ...localProblem('session_over', ended.detail), status: 401, code: ended.code });
  }

  #refused(error: Error & { data?: unknown }): void {
    clearTimeout(this.#answering);
    if (this.#over) return;
    this.handlers.disconnected();
    const problem = isProblem(error.data) ? error.data : undefined;
    if (problem === undefined) this.#reopen();
    // Nothing was done yet, so a fault of the server's own is no reason to give up for good either.
    else if (isPassing(problem) || problem.status >= 500) this.#reopen(problem.retryAfter);
    else if (isTokenProblem(problem) || problem.code === 'session_ended') this.#tokenRefused(problem);
    else this.#end(problem);
  }

  #tokenRefused(problem: Problem): void {
    this.#tokens.refuse(problem);
    clearTimeout(this.#renewing);
    this.#renewing = undefined;
    if (this.#tokens.canAsk) this.#reopen();
    else this.#end(problem);
  }

  #noToken(error: unknown): void {
    if (this.#over) return;
    if (error instanceof SessionOver) {
      this.#end(error.problem);
      return;
    }
    this.handlers.error(error, 'token');
    this.handlers.disconnected();
    this.#reopen(error instanceof BrigadeProblem ? error.problem.retryAfter : undefined);
  }

  /** Connected on the wire, but the server does not answer the handshake. */
  #silent(): void {
    this.#socket.disconnect();
    if (this.#over) return;
    this.handlers.disconnected();
    this.#reopen();
  }

  #reopen(afterSeconds = 0): void {
    const { reconnectMinMs, reconnectMaxMs } = this.options;
    const pause = Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(this.#failures, 20));
    this.#failures += 1;
    clearTimeout(this.#reopening);
    // Nearly all of it at random: a street full of restaurants lost its server at the same moment.
    this.#reopening = setTimeout(() => this.open(), afterSeconds * 1000 + pause * (0.1 + 0.9 * Math.random()));
  }

  #end(problem: Problem): void {
    this.close();
    this.handlers.ended(problem);
  }

  #scheduleRenewal(token: string): void {
    const lifetime = lifetimeOf(token);
    clearTimeout(this.#renewing);
    if (lifetime === undefined || !this.#tokens.canAsk || this.#over) return;
    this.#renewing = setTimeout(() => this.#renewInTime(lifetime), Math.min(lifetime * 0.75, longestTimer));
  }

  #renewNow(): void {
    if (this.#tokens.canAsk) this.renew().catch((error: unknown) => this.handlers.error(error, 'token renewal'));
  }

  #renewInTime(lifetime: number): void {
    this.renew().catch((error: unknown) => {
      this.handlers.error(error, 'token renewal');
      if (this.#over) return;
      this.#renewing = setTimeout(() => this.#renewInTime(lifetime), Math.max(1000, lifetime * 0.05));
    });
  }
}

/** What `setTimeout` can hold. */
export const longestTimer = 2 ** 31 - 1;

function isAck(answer: unknown): answer is Ack {
  if (typeof answer !== 'object' || answer === null || !('ok' in answer)) return false;
  return answer.ok === true || ('error' in answer && isProblem(answer.error));
}

function noop(): void {}
