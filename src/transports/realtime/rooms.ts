import type { Server } from 'socket.io';
import type { Room } from '../../kernel/event.js';
import type { Broadcaster } from '../../runtime/relay.js';

/** A restaurant's room as Socket.IO knows it: `restaurant:{id}` for everyone there, `restaurant:{id}:{room}` else. */
export function socketRoom(restaurantId: string, room: Room): string {
  return room === 'all' ? `restaurant:${restaurantId}` : `restaurant:${restaurantId}:${room}`;
}

/** The room behind the name, within the restaurant; the inverse of {@link socketRoom}. */
export function roomOf(restaurantId: string, name: string): Room {
  const prefix = `restaurant:${restaurantId}`;
  return name === prefix ? 'all' : (name.slice(prefix.length + 1) as Room);
}

/** Counts the local screens of each restaurant, and carries events and heads to them. */
export class Rooms implements Broadcaster {
  readonly #present = new Map<string, number>();

  constructor(
    private readonly io: Server,
    private readonly options: {
      broadcast(screens: number): void;
      /** Between two announcements of the heads, ms. */
      everyMs: number;
    },
  ) {}

  arrive(restaurantId: string): void {
    this.#present.set(restaurantId, (this.#present.get(restaurantId) ?? 0) + 1);
  }

  leave(restaurantId: string): void {
    const left = (this.#present.get(restaurantId) ?? 0) - 1;
    if (left > 0) this.#present.set(restaurantId, left);
    else this.#present.delete(restaurantId);
  }

  audience(): Iterable<string> {
    return this.#present.keys();
  }

  emit(restaurantId: string, rooms: readonly Room[], envelope: { name: string }): void {
    // To no room at all would mean to everybody.
    if (rooms.length === 0) return;
    const names = rooms.map((room) => socketRoom(restaurantId, room));
    this.count(names);
    this.io.to(names).emit(envelope.name, envelope);
  }

  emitHere(restaurantId: string, rooms: readonly Room[], envelope: { name: string }): void {
    if (rooms.length === 0) return;
    const names = rooms.map((room) => socketRoom(restaurantId, room));
    this.count(names);
    this.io.local.to(names).emit(envelope.name, envelope);
  }

  isHeardHere(restaurantId: string, room: Room): boolean {
    return this.io.sockets.adapter.rooms.has(socketRoom(restaurantId, room));
  }

  /** Counts a message to these rooms and the local screens in them. */
  count(names: readonly string[]): void {
    let screens = 0;
    // Almost no screen is in two rooms of one event, so the sum is near enough for a counter.
    for (const name of names) screens += this.io.sockets.adapter.rooms.get(name)?.size ?? 0;
    this.options.broadcast(screens);
  }

  announce(restaurantId: string, epoch: string, heads: Partial<Record<Room, number>>): void {
    const { rooms, sids } = this.io.sockets.adapter;
    // Most screens of a house share their rooms but for the person's own: they share a message, encoded once.
    const alike = new Map<string, { own: Record<string, number>; ids: string[] }>();
    for (const id of rooms.get(socketRoom(restaurantId, 'all')) ?? []) {
      const own: Record<string, number> = {};
      for (const name of sids.get(id) ?? []) {
        const room = roomOf(restaurantId, name);
        const seq = name === id ? undefined : heads[room];
        if (seq !== undefined) own[room] = seq;
      }
      const key = JSON.stringify(own);
      const group = alike.get(key);
      if (group === undefined) alike.set(key, { own, ids: [id] });
      else group.ids.push(id);
    }
    const { everyMs } = this.options;
    for (const { own, ids } of alike.values()) {
      this.io.local.to(ids).emit('sync:head', { epoch, heads: own, everyMs });
    }
  }
}
