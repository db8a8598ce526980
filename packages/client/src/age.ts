/**
 * The server's time as far as this client knows it. The device's own wall clock decides nothing: it may be hours off, and
 * jumps when somebody or the network sets it.
 */
export class ServerTime {
  /** Server's time minus the steady clock's. */
  #offset: number | undefined;

  /** When a token was issued: the server's time is that or later. */
  atLeast(ms: number | undefined): void {
    const offset = (ms ?? Number.NaN) - performance.now();
    if (Number.isFinite(offset) && offset > (this.#offset ?? Number.NEGATIVE_INFINITY)) this.#offset = offset;
  }

  /** The server has just said so. */
  is(ms: number): void {
    if (Number.isFinite(ms)) this.#offset = ms - performance.now();
  }

  /** Ms since 1970; undefined before the server was heard. */
  now(): number | undefined {
    return this.#offset === undefined ? undefined : this.#offset + performance.now();
  }
}

/** How old a stored command was when it was written, and when that was. */
export interface StoredAge {
  /** Its measured age. */
  ageMs: number;
  /** By the server's clock, when it was known. */
  server?: number | undefined;
  /** By the device's. */
  wall?: number | undefined;
}

/**
 * The age of a stored command when it is read again. Nobody measured while no client ran: the server's clock tells where
 * it was known both times. Else the time away is not counted (a clock that was set would make a minute years). Only for a
 * command that must not happen late the device's clock counts too: that may give it up, and never sends it late.
 */
export function ageAtRestore({ ageMs, server, wall }: StoredAge, isStrict: boolean, serverNow?: number): number {
  const byServer = server === undefined || serverNow === undefined ? 0 : serverNow - server;
  const byDevice = isStrict && wall !== undefined ? Date.now() - wall : 0;
  return ageMs + Math.max(0, byServer, byDevice);
}
