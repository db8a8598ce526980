import type { Envelope, Heads, Page, Snapshot } from '../src/wire.js';

interface Stored extends Envelope {
  rooms: readonly string[];
}

/** A server as DESIGN.md section 4 describes it, reduced to one restaurant's journal. */
export class ModelServer {
  epoch = 'epoch-0';
  #epochs = 0;
  #events: Stored[] = [];
  readonly #past = new Map<string, Stored[]>();
  #lastOf = new Map<string, number>();
  /** Events up to this seq are past the retention. */
  #forgotten = 0;

  get seq(): number {
    return this.#events.at(-1)?.seq ?? 0;
  }

  /** `prev` names the event's rooms, and those spoken to since the oldest of them, as the server does (its ADR 7). */
  commit(rooms: readonly string[]): Stored {
    const seq = this.seq + 1;
    const prev: Record<string, number> = {};
    for (const room of rooms) prev[room] = this.#lastOf.get(room) ?? 0;
    const oldest = Math.min(...Object.values(prev));
    for (const [room, last] of this.#lastOf) if (last > oldest) prev[room] = last;
    for (const room of rooms) this.#lastOf.set(room, seq);
    const stored: Stored = {
      id: `${this.epoch}/${seq}`,
      epoch: this.epoch,
      seq,
      name: 'thing:happened',
      restaurantId: 'r1',
      at: '2026-01-01T00:00:00.000Z',
      actor: { id: 'a', name: 'A' },
      data: {},
      prev,
      rooms,
    };
    this.#events.push(stored);
    return stored;
  }

  /** The event of this seq; a test may fill it in. */
  at(seq: number): Envelope {
    const found = this.#events.find((event) => event.seq === seq);
    if (found === undefined) throw new Error(`No event ${seq}`);
    return found;
  }

  /** Of any epoch, as it was when it ended. */
  visible(rooms: ReadonlySet<string>, after = 0, epoch = this.epoch): Stored[] {
    const events = epoch === this.epoch ? this.#events : (this.#past.get(epoch) ?? []);
    return events.filter((event) => event.seq > after && event.rooms.some((room) => rooms.has(room)));
  }

  snapshot(rooms: ReadonlySet<string>): Snapshot {
    return { epoch: this.epoch, seq: this.seq, at: '', rooms: [...rooms], replicas: {} };
  }

  since(rooms: ReadonlySet<string>, epoch: string, seq: number, limit: number): Page {
    const reset = { reset: true, epoch: this.epoch, rooms: [...rooms] } as const;
    if (epoch !== this.epoch || seq > this.seq || seq < this.#forgotten) return reset;
    const read = this.#events.filter((event) => event.seq > seq).slice(0, limit);
    const position = read.at(-1)?.seq ?? seq;
    const events = read.filter((event) => event.rooms.some((room) => rooms.has(room)));
    return { ...reset, reset: false, events, position, more: position < this.seq };
  }

  heads(rooms: ReadonlySet<string>): Heads {
    return { epoch: this.epoch, heads: Object.fromEntries([...this.#lastOf].filter(([room]) => rooms.has(room))) };
  }

  /** A backup is restored: the last events never happened. */
  restore(lost: number): void {
    this.#past.set(this.epoch, this.#events);
    this.#epochs += 1;
    this.epoch = `epoch-${this.#epochs}`;
    this.#events = this.#events
      .slice(0, Math.max(0, this.#events.length - lost))
      .map((event) => ({ ...event, epoch: this.epoch }));
    this.#lastOf = new Map();
    for (const event of this.#events) for (const room of event.rooms) this.#lastOf.set(room, event.seq);
    this.#forgotten = Math.min(this.#forgotten, this.seq);
  }

  forget(): void {
    this.#forgotten = this.seq;
  }
}
