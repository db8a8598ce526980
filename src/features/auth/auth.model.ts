import type { Doc } from '../../kernel/documents.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';

export const deviceKinds = ['kitchen', 'waiter', 'till', 'host', 'office'] as const;
export type DeviceKind = (typeof deviceKinds)[number];

/**
 * A tablet or till that people log in on with a PIN. Nothing secret is stored: its token is the id with a keyed digest
 * of it, and holds until the device is unpaired.
 */
export interface DeviceDoc extends Doc {
  name: string;
  kind: DeviceKind;
  /** The kitchen stations its screen is bound to. */
  stationIds: string[];
  /** False for ever once it is unpaired. */
  active: boolean;
}

export const devices = model<DeviceDoc>({
  collection: 'devices',
  title: 'device',
  hold: 'all',
  quota: quota('paired devices', 200, { field: 'active', values: [true] }),
  fields: { name: String, kind: String, stationIds: [String], active: Boolean },
  indexes: [[{ restaurantId: 1 }]],
});

/**
 * What was tried with PINs: at a device, at a person, or in a restaurant by PIN alone; `_id` is theirs. Apart from them,
 * because it is written in devices' own lanes while they themselves belong to the restaurant's.
 */
export interface PinPadDoc extends Doc {
  /** When the last wrong PINs were entered; twice for one entered alone at a device. */
  wrongAt: Date[];
  lockedUntil?: Date;
  lastLoginAt?: Date;
}

export const pinPads = model<PinPadDoc>({
  collection: 'pinPads',
  title: 'PIN pad',
  hold: 'recent',
  fields: { wrongAt: [Date], lockedUntil: Date, lastLoginAt: Date },
  indexes: [[{ restaurantId: 1 }]],
});

/** One log-in and all refresh tokens that follow from it. Written in account lanes only. */
export interface SessionDoc extends Doc {
  userId: string;
  deviceId?: string;
  how: 'password' | 'pin';
  /** Until when it may do what needs a password, because one was typed. */
  confirmedUntil?: Date;
  /** The person's when the session began; it ends when theirs moves on. */
  credentialsVersion: number;
  /** Number of the refresh token that is good now; each is good once. */
  generation: number;
  /** When that token was given out, UTC. */
  rotatedAt: Date;
  /** `requestKey` of the refresh that gave it out. */
  lastKey?: string;
  /** End of an unused session, UTC; the database removes it then. */
  expiresAt: Date;
  endedAt?: Date;
  endReason?: 'logged_out' | 'token_reused' | 'replaced';
}

export const sessions = model<SessionDoc>({
  collection: 'sessions',
  title: 'session',
  hold: 'recent',
  fields: {
    userId: String,
    deviceId: String,
    how: String,
    confirmedUntil: Date,
    credentialsVersion: Number,
    generation: Number,
    rotatedAt: Date,
    lastKey: String,
    expiresAt: Date,
    endedAt: Date,
    endReason: String,
  },
  indexes: [[{ restaurantId: 1, userId: 1 }], [{ expiresAt: 1 }, { expireAfterSeconds: 0 }]],
});
