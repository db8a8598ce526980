import type { Role } from './permissions.js';

/** Commands that a device holds and has not been able to hand over. */
export interface Unsent {
  count: number;
  /** When the oldest of them was given, UTC, by the server's clock. */
  since: Date;
}

/** One connected socket, and who is behind it. */
export interface Present {
  restaurantId: string;
  userId: string;
  name: string;
  role: Role;
  deviceId?: string;
  /** The kitchen stations the screen is bound to; empty for an expo or any other screen. */
  stationIds: readonly string[];
  since: Date;
  /** As the device last said. */
  unsent?: Unsent;
}

/** Who is on line. A screen whose connection broke counts for a few seconds more, so that a blink is no absence. */
export interface Presence {
  /** The sockets of a restaurant, on whichever process, as this one knows it. From memory: lanes ask, and do no I/O. */
  of(restaurantId: string): readonly Present[];
}
