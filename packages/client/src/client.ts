import { ServerTime } from './age.js';
import { Connection } from './connection.js';
import type {
  EventTable,
  Operations,
  OperationTable,
  Replicas as ReplicaItems,
  ReplicaTable,
  Tables,
} from './contract.js';
import type { Refused } from './keeper.js';
import { newKey } from './key.js';
import { type ErrorHandler, Listeners, type Unsubscribe } from './listeners.js';
import { Online } from './online.js';
import { type AllOptions, type ConnectOptions, defaults } from './options.js';
import type { Command } from './outbox.js';
import { BrigadeProblem, localProblem } from './problem.js';
import { Pulse } from './pulse.js';
import { Replicas } from './replicas.js';
import { dataOf, type Result } from './result.js';
import { ask, holdsSecret } from './retry.js';
import { Sender } from './sender.js';
import type { ResetReason } from './stream.js';
import { Sync } from './sync.js';
import { issuedAt, subjectOf } from './token.js';
import { UnsentTeller } from './unsent.js';
import type { Ack, Envelope, Problem, Snapshot } from './wire.js';

/** `connecting` until the first attempt succeeds or fails; `ended` is final (see {@link Client.endedBy}). */
export type Status = 'connecting' | 'syncing' | 'live' | 'offline' | 'ended';

export interface SendOptions {
  /** Idempotency key; made when not given. The same key again is the same command, however often it is sent. */
  key?: string;
  /** Refused with `version_conflict` when the thing has another version by now. */
  expectedVersion?: number;
  /** How long to keep trying, in ms. A command then fails as `expired` (never sent) or `outcome_unknown`. */
  timeoutMs?: number;
  /** Keep it out of the storage. True when the input has a field named for a secret (pin, password, token). */
  volatile?: boolean;
}

/** A command not yet answered. */
export interface Pending {
  key: string;
  name: string;
  input: unknown;
  /** When it was given, ms since 1970 by this device's clock. */
  at: number;
  state: 'waiting' | 'sent';
  attempts: number;
}

/** How a command ended; `awaited` is false when the `send` that gave it is gone (it was restored after a reload). */
export type Outcome = Result & { command: Command; awaited: boolean };

export type State<R> = { readonly [N in keyof R]: ReadonlyMap<string, R[N]> };

export class Client<O extends Operations<O>, E extends object, R extends ReplicaItems<R>> {
  /** Live copies by id. The maps stay the same for the life of the client; their contents change. */
  readonly state: State<R>;
  /** The first snapshot is taken. Rejects with a BrigadeProblem when the client ends before. */
  readonly ready: Promise<void>;

  readonly #options: AllOptions;
  readonly #operations: Readonly<Record<string, OperationTable>>;
  readonly #connection: Connection;
  readonly #sync: Sync;
  readonly #pulse: Pulse;
  readonly #serverTime = new ServerTime();
  readonly #sender: Sender;
  readonly #replicas: Replicas;
  readonly #onError: ErrorHandler;
  readonly #events = new Map<string, Listeners<[data: unknown, envelope: Envelope]>>();
  readonly #anyEvent: Listeners<[envelope: Envelope]>;
  readonly #changes = new Map<string, Listeners<[]>>();
  readonly #statuses: Listeners<[status: Status, upToDate: boolean]>;
  readonly #resets: Listeners<[reason: ResetReason]>;
  readonly #outcomes: Listeners<[outcome: Outcome]>;
  readonly #queue: Listeners<[pending: Pending[]]>;
  readonly #refusals: Listeners<[refused: readonly Refused[]]>;
  readonly #online: Online;
  readonly #teller: UnsentTeller;
  #isReady: { resolve: () => void; reject: (error: Error) => void } | undefined;
  #tried = false;
  #ended: Problem | undefined;
  #told: { status: Status; upToDate: boolean } = { status: 'connecting', upToDate: false };

  constructor(tables: Tables<O, E, R>, options: ConnectOptions) {
    this.#options = { ...defaults, ...options };
    this.#onError = this.#options.onError;
    this.#operations = tables.operations;
    this.#replicas = new Replicas(
      tables.replicas as Readonly<Record<string, ReplicaTable>>,
      tables.events as Readonly<Record<string, EventTable>>,
    );
    this.state = Object.fromEntries(
      Object.keys(tables.replicas).map((name) => [name, this.#replicas.copy(name)]),
    ) as State<R>;
    this.#anyEvent = this.#listeners('any event');
    this.#statuses = this.#listeners('status');
    this.#resets = this.#listeners('reset');
    this.#outcomes = this.#listeners('outcome');
    this.#queue = this.#listeners('queue');
    this.#refusals = this.#listeners('refused');
    this.#online = new Online(
      () => this.#connection.connected,
      () => this.#ended,
    );
    this.ready = new Promise((resolve, reject) => {
      this.#isReady = { resolve, reject };
    });
    // Whoever does not wait for it must not crash because of it.
    this.ready.catch(() => undefined);
    this.#connection = this.#makeConnection();
    this.#sync = this.#makeSync();
    this.#pulse = new Pulse(this.#options, {
      ask: (timeoutMs) => this.#sync.probe(timeoutMs).catch((error: unknown) => this.#onError(error, 'probe')),
      dead: () => this.#connection.drop(),
      moved: () => this.#moved(),
    });
    this.#sender = this.#makeSender();
    this.#teller = new UnsentTeller(() => this.#sender.unsent, this.#request, this.#isOnline);
    if (this.#options.userId !== undefined) void this.#sender.identified(this.#options.userId);
    this.#connection.open();
  }

  get status(): Status {
    if (this.#ended !== undefined) return 'ended';
    if (!this.#connection.connected) return this.#tried ? 'offline' : 'connecting';
    const { phase } = this.#sync.stream;
    return phase === 'live' || phase === 'gap' ? 'live' : 'syncing';
  }

  /** Connected, heard from within the last seconds, and every event known to exist for this client is applied. */
  get upToDate(): boolean {
    return this.status === 'live' && this.#sync.stream.upToDate && this.#pulse.isFresh;
  }

  /** Every event for this client up to this seq is applied. */
  get position(): number {
    return this.#sync.stream.position;
  }

  /** Why the client ended. */
  get endedBy(): Problem | undefined {
    return this.#ended;
  }

  /** Commands not yet answered, in order. */
  get pending(): Pending[] {
    return this.#sender.outbox.entries.map(({ command, state, attempts }) => {
      const { key, name, input, at } = command;
      return { key, name, input, at, state: state === 'sent' ? 'sent' : 'waiting', attempts };
    });
  }

  /**
   * Commands that had waited and then were not carried out, with the reason. They stay, also across a reload, until
   * {@link dismiss}: nothing vanishes silently.
   */
  get refused(): readonly Refused[] {
    return this.#sender.refused;
  }

  /** Commands in the storage that somebody else gave on this device; they go out when that person logs in on it. */
  get heldForOthers(): number {
    return this.#sender.heldForOthers;
  }

  /** The person has seen it. */
  dismiss(key: string): void {
    this.#sender.dismiss(key);
  }

  /**
   * Sends a command or a query, and answers its output. A command is sent until the server answers it, across outages
   * and (with a storage) reloads, and carried out once; a query is asked again for `timeoutMs` at most.
   * @throws BrigadeProblem: the server's, or one of the client's own (status 0)
   */
  async send<N extends keyof O & string>(
    name: N,
    input: O[N]['input'],
    options: SendOptions = {},
  ): Promise<O[N]['output']> {
    const result = await this.#send(name, input, options);
    return dataOf(result) as O[N]['output'];
  }

  /** Called once for each event, in the order of seq, after `state` has taken it in. */
  on<N extends keyof E & string>(name: N, call: (data: E[N], envelope: Envelope<E[N]>) => void): Unsubscribe {
    const listeners = this.#events.get(name) ?? this.#listeners<[data: unknown, envelope: Envelope]>(name);
    this.#events.set(name, listeners);
    return listeners.add((data, envelope) => call(data as E[N], envelope as Envelope<E[N]>));
  }

  /** Every event, whatever its name, before the listeners of its name. */
  onAny(call: (envelope: Envelope) => void): Unsubscribe {
    return this.#anyEvent.add(call);
  }

  /** Called after a replica changed, also by a snapshot; after the event's listeners. */
  onChange<N extends keyof R & string>(name: N, call: (items: State<R>[N]) => void): Unsubscribe {
    const listeners = this.#changes.get(name) ?? this.#listeners<[]>(`change of ${name}`);
    this.#changes.set(name, listeners);
    return listeners.add(() => call(this.state[name]));
  }

  onStatus(call: (status: Status, upToDate: boolean) => void): Unsubscribe {
    return this.#statuses.add(call);
  }

  /** Events were skipped: the replicas were loaded anew instead. */
  onReset(call: (reason: ResetReason) => void): Unsubscribe {
    return this.#resets.add(call);
  }

  /** How each command ended; the only word on those restored after a reload. Listen right after connecting. */
  onOutcome(call: (outcome: Outcome) => void): Unsubscribe {
    return this.#outcomes.add(call);
  }

  onRefused(call: (refused: readonly Refused[]) => void): Unsubscribe {
    return this.#refusals.add(call);
  }

  onPending(call: (pending: Pending[]) => void): Unsubscribe {
    return this.#queue.add(call);
  }

  /**
   * Gives the server a new access token on the open connection. With a token function this happens by itself before the
   * token expires. @throws BrigadeProblem when it is refused
   */
  renew(token?: string): Promise<void> {
    return this.#connection.renew(token);
  }

  /**
   * For good. Commands still on their way reject as `closed`; stored ones are sent by the next client. Resolves when the
   * storage is written, and another client may use it.
   */
  async close(): Promise<void> {
    this.#end(localProblem('closed'));
    this.#connection.close();
    await this.#sender.close();
  }

  #send(name: string, input: unknown, options: SendOptions): Promise<Result> {
    const { key = newKey(), expectedVersion, volatile = holdsSecret(input) } = options;
    if (this.#operations[name]?.kind !== 'command') {
      return ask(name, input, performance.now() + (options.timeoutMs ?? this.#options.queryTimeoutMs), {
        request: this.#request,
        whenOnline: (deadline) => this.#online.wait(deadline),
      });
    }
    const at = Date.now();
    const expiresAt = at + (options.timeoutMs ?? this.#options.expiresMs);
    const command: Command = {
      key,
      name,
      input,
      at,
      expiresAt,
      ...(options.timeoutMs !== undefined && { strict: true as const }),
      ...(expectedVersion !== undefined && { expectedVersion }),
    };
    return this.#sender.send(command, volatile);
  }

  readonly #request = (name: string, args: readonly unknown[], timeoutMs: number): Promise<Ack> =>
    this.#connection.request(name, args, timeoutMs);

  readonly #isOnline = (): boolean => this.#connection.connected;

  #makeConnection(): Connection {
    return new Connection(this.#options, {
      connected: () => {
        this.#tried = true;
        this.#pulse.connected();
        this.#sync.connected();
        this.#sender.pump();
        this.#online.tell();
        this.#moved();
      },
      disconnected: () => {
        this.#tried = true;
        this.#pulse.disconnected();
        this.#sync.disconnected();
        this.#sender.disconnected();
        this.#moved();
      },
      ended: (problem) => this.#end(problem),
      identified: (token) => {
        this.#serverTime.atLeast(issuedAt(token));
        this.#sender.timeTold();
        return this.#sender.identified(subjectOf(token) ?? this.#options.userId ?? '');
      },
      unsent: () => this.#teller.atHandshake(),
      message: (name, argument) => this.#sync.message(name, argument),
      heard: () => this.#pulse.heard(),
      error: this.#onError,
    });
  }

  #makeSync(): Sync {
    return new Sync(this.#options, {
      request: this.#request,
      apply: (envelope) => this.#apply(envelope),
      load: (snapshot, reset) => this.#load(snapshot, reset),
      rules: (live) => this.#replicas.follow(live),
      confirmed: (everyMs) => this.#pulse.confirmed(everyMs),
      moved: () => this.#moved(),
      error: this.#onError,
    });
  }

  #makeSender(): Sender {
    return new Sender(this.#options, this.#serverTime, {
      request: this.#request,
      isOnline: this.#isOnline,
      settled: (command, result, awaited) => this.#settled({ ...result, command, awaited }),
      refused: () => this.#refusals.tell(this.refused),
      notMine: (problem) => {
        this.#end(problem);
        this.#connection.close();
      },
      moved: () => {
        if (this.#queue.size > 0) this.#queue.tell(this.pending);
        this.#teller.moved();
      },
      error: this.#onError,
    });
  }

  #apply(envelope: Envelope): void {
    if (this.#ended !== undefined) return;
    const changed = this.#replicas.apply(envelope);
    this.#anyEvent.tell(envelope);
    this.#events.get(envelope.name)?.tell(envelope.data, envelope);
    for (const name of changed) this.#changes.get(name)?.tell();
  }

  #load(snapshot: Snapshot, reset?: ResetReason): void {
    if (this.#ended !== undefined) return;
    this.#serverTime.is(Date.parse(snapshot.at));
    this.#sender.timeTold();
    const changed = this.#replicas.load(snapshot);
    if (reset !== undefined) this.#resets.tell(reset);
    for (const name of changed) this.#changes.get(name)?.tell();
    this.#isReady?.resolve();
  }

  #settled(outcome: Outcome): void {
    this.#outcomes.tell(outcome);
    if (outcome.ok || outcome.awaited || this.#outcomes.size > 0) return;
    this.#onError(new BrigadeProblem(outcome.problem), `stored command ${outcome.command.name}`);
  }

  #moved(): void {
    const { status, upToDate } = this;
    if (status === this.#told.status && upToDate === this.#told.upToDate) return;
    this.#told = { status, upToDate };
    this.#statuses.tell(status, upToDate);
  }

  #end(problem: Problem): void {
    if (this.#ended !== undefined) return;
    this.#ended = problem;
    this.#pulse.disconnected();
    this.#sync.disconnected();
    void this.#sender.close();
    this.#teller.close();
    this.#online.tell();
    this.#isReady?.reject(new BrigadeProblem(problem));
    this.#moved();
  }

  #listeners<A extends unknown[]>(where: string): Listeners<A> {
    return new Listeners<A>(where, this.#onError);
  }
}
