import type { Presence, Present, Unsent } from '../kernel/presence.js';

export interface PresenceOptions {
  /** How long a screen whose connection broke still counts, ms. */
  graceMs: number;
}

/**
 * Told which restaurant's screens have come or gone, or hold something else; `isNews`: the first of its role and stations,
 * or the last.
 */
type Listener = (restaurantId: string, isNews: boolean) => void;

/** The sockets of this process, by restaurant. */
export class LocalPresence implements Presence {
  readonly #restaurants = new Map<string, Map<string, Present>>();
  readonly #leaving = new Map<string, NodeJS.Timeout>();
  readonly #listeners = new Set<Listener>();

  constructor(private readonly options: PresenceOptions) {}

  arrive(socketId: string, present: Present): void {
    const sockets = this.#restaurants.get(present.restaurantId) ?? new Map<string, Present>();
    const isNews = !hasAlike(sockets, present);
    this.#restaurants.set(present.restaurantId, sockets.set(socketId, present));
    this.tell(present.restaurantId, isNews);
  }

  /** What the device holds; undefined when it holds nothing. */
  holds(socketId: string, restaurantId: string, unsent: Unsent | undefined): void {
    const sockets = this.#restaurants.get(restaurantId);
    const present = sockets?.get(socketId);
    if (present === undefined) return;
    const { unsent: _, ...rest } = present;
    sockets?.set(socketId, unsent === undefined ? rest : { ...rest, unsent });
    this.tell(restaurantId, false);
  }

  /** `broken`: nobody meant to go, so it may well be back in a moment. */
  leave(socketId: string, restaurantId: string, broken: boolean): void {
    if (!broken || this.options.graceMs === 0) {
      this.#forget(socketId, restaurantId);
      return;
    }
    const timer = setTimeout(() => this.#forget(socketId, restaurantId), this.options.graceMs);
    timer.unref();
    this.#leaving.set(socketId, timer);
  }

  of(restaurantId: string): readonly Present[] {
    return [...(this.#restaurants.get(restaurantId)?.values() ?? [])];
  }

  /** Those with screens on this process. */
  restaurants(): Iterable<string> {
    return this.#restaurants.keys();
  }

  onChange(listener: Listener): void {
    this.#listeners.add(listener);
  }

  close(): void {
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    this.#leaving.clear();
    this.#listeners.clear();
  }

  #forget(socketId: string, restaurantId: string): void {
    this.#leaving.delete(socketId);
    const sockets = this.#restaurants.get(restaurantId);
    const gone = sockets?.get(socketId);
    if (sockets === undefined || gone === undefined) return;
    sockets.delete(socketId);
    if (sockets.size === 0) this.#restaurants.delete(restaurantId);
    this.tell(restaurantId, !hasAlike(sockets, gone));
  }

  /** Screens of the restaurant have come or gone, here or elsewhere. */
  tell(restaurantId: string, isNews = true): void {
    for (const listener of this.#listeners) listener(restaurantId, isNews);
  }
}

/** Whether one of them is a screen for the same role and stations. */
function hasAlike(sockets: ReadonlyMap<string, Present>, { role, stationIds }: Present): boolean {
  const stations = stationIds.join();
  for (const one of sockets.values()) if (one.role === role && one.stationIds.join() === stations) return true;
  return false;
}
