import type { Envelope, Room } from '../kernel/event.js';
import { type Entry, envelopeOf, readAfter, readHeads } from './journal.js';

/** What carries events to the screens; the Socket.IO transport is one. Must not throw for a screen that is gone. */
export interface Broadcaster {
  emit(restaurantId: string, rooms: readonly Room[], envelope: Envelope): void;
  /** Tells the local screens of these rooms where their stream stands. */
  announce(restaurantId: string, epoch: string, heads: Partial<Record<Room, number>>): void;
  /** The restaurants with screens on this process. */
  audience(): Iterable<string>;
}

export interface RelayOptions {
  /** Between two sweeps, ms. */
  intervalMs: number;
  onError: (error: unknown) => void;
  onPublished?: (name: string) => void;
}

interface Told {
  /** Where this process began to watch; entries up to it are not the sweeper's business. */
  from: number;
  /** All entries up to this one are published here. */
  n: number;
  epoch: string;
  heads: Partial<Record<Room, number>>;
}

/**
 * Brings committed entries to the rooms. What this process commits it publishes at once; every two seconds it compares
 * each restaurant's head in the database with what it has published, publishes what is missing (a commit whose answer
 * was lost, another process that died before publishing) and announces the rooms' heads that have moved. Clients
 * apply by seq, so a second copy is harmless and no mark "published" needs to be written. See ADR 3.
 */
export class Relay {
  readonly #told = new Map<string, Told>();
  #timer: NodeJS.Timeout | undefined;
  #sweeping: Promise<void> = Promise.resolve();

  constructor(
    private readonly broadcaster: Broadcaster,
    private readonly options: RelayOptions,
  ) {}

  start(): void {
    this.#timer = setInterval(() => {
      this.#sweeping = this.#sweeping.then(() => this.sweep()).catch(this.options.onError);
    }, this.options.intervalMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }

  publish(entry: Entry): void {
    const told = this.#told.get(entry.restaurantId);
    if (told?.epoch === entry.epoch) {
      // The sweeper may see an entry in the database before its own process hears that it is committed.
      if (entry.n > told.from && entry.n <= told.n) return;
      if (entry.n === told.n + 1) told.n = entry.n;
    }
    for (const event of entry.events) {
      this.broadcaster.emit(entry.restaurantId, event.rooms, envelopeOf(entry, event));
      this.options.onPublished?.(event.name);
    }
  }

  /** One comparison of every watched restaurant's head with what was published here. */
  async sweep(): Promise<void> {
    const watched = new Set(this.broadcaster.audience());
    for (const id of this.#told.keys()) if (!watched.has(id)) this.#told.delete(id);
    if (watched.size === 0) return;
    for (const head of await readHeads([...watched])) {
      const told = this.#told.get(head._id);
      if (told === undefined || told.epoch !== head.epoch) {
        this.broadcaster.announce(head._id, head.epoch, head.rooms);
        this.#told.set(head._id, { from: head.n, n: head.n, epoch: head.epoch, heads: head.rooms });
        continue;
      }
      if (head.n > told.n) await this.#publishMissed(head._id, told);
      this.#announceMoved(head._id, told, head.rooms);
    }
  }

  async #publishMissed(restaurantId: string, told: Told): Promise<void> {
    for (const entry of await readAfter(restaurantId, told.n, 200)) {
      this.publish(entry);
      told.n = Math.max(told.n, entry.n);
    }
  }

  #announceMoved(restaurantId: string, told: Told, rooms: Partial<Record<Room, number>>): void {
    const moved = Object.entries(rooms).filter(([room, seq]) => told.heads[room as Room] !== seq);
    if (moved.length === 0) return;
    told.heads = rooms;
    this.broadcaster.announce(restaurantId, told.epoch, Object.fromEntries(moved));
  }
}
