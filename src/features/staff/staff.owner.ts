import type { UnitContext } from '../../kernel/context.js';
import { announce } from './staff.events.js';
import { staff } from './staff.model.js';
import type { StaffView } from './staff.views.js';

interface NewOwner {
  _id: string;
  name: string;
  email: string;
  passwordHash: string;
}

/** Adds and announces the person who signs a restaurant up. */
export function newOwner(ctx: Pick<UnitContext, 'insert' | 'publish'>, owner: NewOwner): StaffView {
  const member = { ...owner, role: 'owner' as const, allow: [], deny: [], active: true, credentialsVersion: 1 };
  return announce(ctx, ctx.insert(staff, member));
}
