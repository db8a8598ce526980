import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';

interface Waiting {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly since: number;
}

export interface TurnstileOptions {
  /** Never waits, nor counts: whether the process lives must be answered first of all. */
  isUrgent: (req: IncomingMessage) => boolean;
  serve: RequestListener;
  /** Answers one that has waited too long. */
  refuse: RequestListener;
  /** Told of callers who had gone before their turn. */
  onGone: () => void;
  now?: () => number;
}

/** Requests under way that are always taken. */
const ALWAYS = 100;
/** Of what was finished in the last second, how much may be under way: so it takes half a second (Little's law). */
const SHARE = 0.5;
const SECOND_MS = 1_000;
/** A queue that has not been empty for so long is no burst but too much. */
const STANDING_MS = 3_000;
/** How long a request waits at most in a burst, and in a queue that stands (Controlled Delay, Nichols and Jacobson). */
const BURST_PATIENCE_MS = 3_000;
const STANDING_PATIENCE_MS = 500;
/** New requests are begun for so long before the loop has its turn again, ms. */
const SLICE_MS = 2;
/** For so long turns of the loop are left to new connections, each of which takes in one, before requests have theirs. */
const ACCEPT_MS = 15;
const LOOK_MS = 50;
/** A body that is not here after this time has its place taken by others. */
const SLOW_MS = 200;

/**
 * Where REST requests wait. Node takes in one connection in each turn of its loop, so a server with too much to do leaves
 * callers in the kernel's queue, where nobody sees how long they wait or that they have gone, and works for the dead.
 * Here connections are taken in first, and requests are begun a few at a time: who leaves is forgotten, and who waits
 * too long is told to come back.
 */
export class Turnstile {
  readonly #now: () => number;
  #line: Waiting[] = [];
  /** Requests under way whose body may not be here yet, the oldest first. */
  readonly #slow = new Map<IncomingMessage, { since: number; leave: () => void }>();
  #running = 0;
  #finished = 0;
  #finishedBefore = 0;
  #second = 0;
  #standingSince: number | undefined;
  #armed = false;
  #timer: NodeJS.Timeout | undefined;
  #accepted = false;
  /** Since when turns have been left to new connections. */
  #acceptingSince: number | undefined;
  #refusedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: TurnstileOptions) {
    this.#now = options.now ?? (() => performance.now());
  }

  get waiting(): number {
    return this.#line.length;
  }

  /** Whether somebody was refused in the last two seconds. */
  get isOverloaded(): boolean {
    return this.#now() - this.#refusedAt < 2 * SECOND_MS;
  }

  /** To be told of each new connection: there may be more behind it. */
  readonly accepted = (): void => {
    this.#accepted = true;
  };

  readonly handle: RequestListener = (req, res) => {
    if (this.options.isUrgent(req)) return this.options.serve(req, res);
    if (this.#line.length === 0 && !this.#accepted && this.#hasRoom()) return this.#begin(req, res);
    this.#standingSince ??= this.#now();
    this.#line.push({ req, res, since: this.#now() });
    this.#arm();
  };

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#armed = false;
    const wereAccepted = this.#accepted;
    this.#accepted = false;
    if (wereAccepted) {
      this.#acceptingSince ??= performance.now();
      if (performance.now() - this.#acceptingSince < ACCEPT_MS) {
        this.#arm();
        return;
      }
    }
    this.#acceptingSince = undefined;
    this.#refuseLate();
    const end = performance.now() + SLICE_MS;
    while (this.#hasRoom() && performance.now() < end) {
      const next = this.#line.shift();
      if (next === undefined) break;
      if (hasLeft(next)) this.options.onGone();
      else this.#begin(next.req, next.res);
    }
    if (this.#line.length === 0) this.#standingSince = undefined;
    else if (this.#hasRoom()) this.#arm();
    else this.#lookLater();
  };

  /** Somebody may wait too long, or send too slowly, while nothing ends. */
  #lookLater(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#passSlow();
      if (this.#line.length > 0) this.#arm();
    }, LOOK_MS).unref();
  }

  #refuseLate(): void {
    const now = this.#now();
    const stands = this.#standingSince !== undefined && now - this.#standingSince > STANDING_MS;
    const oldest = now - (stands ? STANDING_PATIENCE_MS : BURST_PATIENCE_MS);
    while (this.#line[0] !== undefined && this.#line[0].since < oldest) {
      const late = this.#line.shift() as Waiting;
      if (hasLeft(late)) this.options.onGone();
      else {
        this.#refusedAt = now;
        this.options.refuse(late.req, late.res);
      }
    }
  }

  #begin(req: IncomingMessage, res: ServerResponse): void {
    this.#running += 1;
    let isInside = true;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      this.#slow.delete(req);
      this.#running -= 1;
      this.#tick();
      this.#finished += 1;
      if (this.#line.length > 0) this.#arm();
    };
    // The first is when the answer is given: how fast it is taken is the caller's business.
    res.once('prefinish', leave).once('close', leave);
    if (hasBody(req)) {
      this.#slow.set(req, { since: this.#now(), leave });
      this.#lookLater();
    }
    this.options.serve(req, res);
  }

  /** Who sends a byte a second is waited for, but takes up nobody's place. */
  #passSlow(): void {
    const oldest = this.#now() - SLOW_MS;
    for (const [req, { since, leave }] of this.#slow) {
      if (since > oldest) break;
      if (req.complete) this.#slow.delete(req);
      else leave();
    }
    if (this.#slow.size > 0) this.#lookLater();
  }

  #hasRoom(): boolean {
    this.#tick();
    return this.#running < Math.max(ALWAYS, SHARE * Math.max(this.#finished, this.#finishedBefore));
  }

  #tick(): void {
    const passed = this.#now() - this.#second;
    if (passed < SECOND_MS) return;
    this.#finishedBefore = passed < 2 * SECOND_MS ? this.#finished : 0;
    this.#finished = 0;
    this.#second += passed;
  }
}

const hasLeft = ({ req, res }: Waiting): boolean => req.socket.destroyed || res.destroyed || res.closed;

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
