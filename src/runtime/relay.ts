import type { Envelope, Room } from '../kernel/event.js';
import { type Entry, envelopeOf, type Head, readHeads, readSince } from './journal.js';
import { Rounds } from './rounds.js';

/** What carries events to the screens; the Socket.IO transport is one. Must not throw for a screen that is gone. */
export interface Broadcaster {
  /** To the screens of all processes. */
  emit(restaurantId: string, rooms: readonly Room[], envelope: Envelope): void;
  /** To the screens of this process. */
  emitHere(restaurantId: string, rooms: readonly Room[], envelope: Envelope): void;
  /** Tells every local screen of the restaurant where the streams of its rooms stand, in one message. */
  announce(restaurantId: string, epoch: string, heads: Heads): void;
  /** The restaurants with screens on this process. */
  audience(): Iterable<string>;
  /** Whether a screen of this process is in the room. */
  isHeardHere(restaurantId: string, room: Room): boolean;
}

export interface RelayOptions {
  /** Between two sweeps, ms. */
  intervalMs: number;
  onError: (error: unknown) => void;
  onPublished?: (name: string) => void;
}

type Heads = Partial<Record<Room, number>>;

interface Told {
  epoch: string;
  /** The last event of each room that went to the screens here. */
  rooms: Heads;
}

/** What is committed but not yet heard here may be on its way; ms. */
const ON_ITS_WAY_MS = 50;
/** Restaurants told of their heads in one turn of the loop. */
const AT_ONCE = 20;
/** A screen that is further behind asks for what it misses by itself. */
const MOST_ENTRIES = 200;

/**
 * Brings committed entries to the rooms. What this process commits it publishes at once, to the screens of all
 * processes; every two seconds it compares each restaurant's head in the database with what its own screens were told,
 * tells them what is missing (a commit whose answer was lost, a process that died before publishing, a Redis that is
 * gone) and announces the rooms' heads, moved or not: a screen that hears none for a while knows that its line is dead
 * though nobody has said so. Clients apply by seq, so a second copy is harmless and no mark
 * "published" needs to be written. See ADR 3.
 */
export class Relay {
  readonly #told = new Map<string, Told>();
  readonly #rounds: Rounds;

  constructor(
    private readonly broadcaster: Broadcaster,
    private readonly options: RelayOptions,
  ) {
    this.#rounds = new Rounds(options.intervalMs, () => this.sweep(), options.onError);
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  publish(entry: Entry): void {
    for (const event of entry.events) {
      const envelope = envelopeOf(entry, event);
      this.broadcaster.emit(entry.restaurantId, event.rooms, envelope);
      this.heard(event.rooms, envelope);
      this.options.onPublished?.(event.name);
    }
  }

  /** An event has gone to the screens of this process, from whichever process it came. */
  heard(rooms: readonly Room[], { restaurantId, epoch, seq }: Pick<Envelope, 'restaurantId' | 'epoch' | 'seq'>): void {
    const told = this.#told.get(restaurantId);
    if (told?.epoch !== epoch) return;
    for (const room of rooms) told.rooms[room] = Math.max(told.rooms[room] ?? 0, seq);
  }

  /** One comparison of every watched restaurant's head with what was told here. */
  async sweep(): Promise<void> {
    const watched = new Set(this.broadcaster.audience());
    for (const id of this.#told.keys()) if (!watched.has(id)) this.#told.delete(id);
    if (watched.size === 0) return;
    const heads = await readHeads([...watched]);
    if (heads.some((head) => this.#missing(head).length > 0)) {
      await new Promise((resolve) => setTimeout(resolve, ON_ITS_WAY_MS));
    }
    for (const [i, head] of heads.entries()) {
      // Thousands of screens hear of it: those who wait for an answer come in between.
      if (i % AT_ONCE === AT_ONCE - 1) await new Promise((resolve) => setImmediate(resolve));
      await this.#tellMissing(head);
      if (this.#told.get(head._id)?.epoch !== head.epoch)
        this.#told.set(head._id, { epoch: head.epoch, rooms: { ...head.rooms } });
      this.broadcaster.announce(head._id, head.epoch, head.rooms);
    }
  }

  /** The rooms heard here whose last event was not. */
  #missing(head: Head): Room[] {
    const told = this.#told.get(head._id);
    if (told?.epoch !== head.epoch) return [];
    return (Object.entries(head.rooms) as [Room, number][])
      .filter(([room, seq]) => seq > (told.rooms[room] ?? 0) && this.broadcaster.isHeardHere(head._id, room))
      .map(([room]) => room);
  }

  async #tellMissing(head: Head): Promise<void> {
    const told = this.#told.get(head._id);
    const missing = this.#missing(head);
    if (told === undefined || missing.length === 0) return;
    const from = Math.min(...missing.map((room) => told.rooms[room] ?? 0));
    for (const entry of await readSince(head._id, from, MOST_ENTRIES)) {
      for (const event of entry.events) {
        const rooms = event.rooms.filter((room) => missing.includes(room) && event.seq > (told.rooms[room] ?? 0));
        if (rooms.length === 0) continue;
        const envelope = envelopeOf(entry, event);
        this.broadcaster.emitHere(head._id, rooms, envelope);
        this.heard(rooms, envelope);
      }
    }
    for (const room of missing) told.rooms[room] = Math.max(told.rooms[room] ?? 0, head.rooms[room] ?? 0);
  }
}
