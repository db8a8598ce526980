import type { Doc } from '../../kernel/documents.js';
import type { Permission, Role } from '../../kernel/permissions.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';

/** A person who works here. Kept when they leave: what they did stays theirs. */
export interface StaffDoc extends Doc {
  name: string;
  /** Lower-cased; one active person at most has it, over all restaurants: it is what they log in with. */
  email?: string;
  /** argon2id, PHC string. */
  passwordHash?: string;
  /** Keyed digest of the person and their PIN. */
  pinDigest?: string;
  role: Role;
  allow: Permission[];
  deny: Permission[];
  active: boolean;
  /** Counts what ends all log-ins (a new password or PIN, leaving); a session carries the one it was opened with. */
  credentialsVersion: number;
}

export const staff = model<StaffDoc>({
  collection: 'staff',
  title: 'staff member',
  hold: 'all',
  quota: quota('people who work there', 500, { field: 'active', values: [true] }),
  fields: {
    name: String,
    email: String,
    passwordHash: String,
    pinDigest: String,
    role: String,
    allow: [String],
    deny: [String],
    active: Boolean,
    credentialsVersion: Number,
  },
  indexes: [
    [{ restaurantId: 1, name: 1 }],
    [{ email: 1 }, { unique: true, partialFilterExpression: { email: { $exists: true }, active: true } }],
  ],
});
