import Joi from 'joi';
import type { Actor } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import { id, secret } from '../../kernel/schema.js';
import { modelOf } from '../../platform/model.js';
import { withinRestaurant } from '../../platform/tenancy.js';
import { checkPinIsFree, pinDigest } from './staff.accounts.js';
import { announce, staffChanged } from './staff.events.js';
import { exampleStaff } from './staff.examples.js';
import { type StaffDoc, staff } from './staff.model.js';
import { checkMayChange } from './staff.rules.js';
import { password, pin, staffSchema } from './staff.views.js';

const staffId = id('the staff member').required();

/** Whoever may change a person sets their password and PIN; for oneself there are the rules of each. @throws not_found, forbidden */
function checkMaySet(actor: Actor, member: StaffDoc): void {
  if (actor.userId === member._id) return;
  if (!actor.permissions.has('staff:write')) throw fail('forbidden', 'Only a manager may do this for somebody else');
  checkMayChange(actor, member);
}

export const setPin = command({
  name: 'staff:set-pin',
  summary: "Set or take away a person's PIN",
  description: 'For oneself, or with staff:write for others. Replacing a PIN ends the sessions of the person.',
  rest: { method: 'put', path: '/staff/:staffId/pin' },
  permission: 'authenticated',
  // As few as log-ins: "is not free" tells that somebody has that PIN.
  limit: 'auth',
  input: Joi.object<{ staffId: string; pin: string | null }, true>({
    staffId,
    pin: pin.required().allow(null).description('PIN of 4 to 8 digits; null takes it away'),
  }),
  output: staffSchema,
  emits: [staffChanged],
  example: { input: { staffId: exampleStaff.id, pin: '481516' }, output: exampleStaff },
  async handle(ctx) {
    const before = await ctx.get(staff, ctx.input.staffId);
    checkMaySet(ctx.actor, before);
    if (!before.active) throw fail('illegal_step', 'This person has left', { legal: ['reactivate'] });
    const { pinDigest: old, ...rest } = before;
    const set = ctx.input.pin === null ? {} : { pinDigest: pinDigest(ctx.doors, ctx.restaurantId, ctx.input.pin) };
    if (set.pinDigest !== undefined) checkPinIsFree(await ctx.all(staff), set.pinDigest, before._id);
    const replaces = old !== undefined && old !== set.pinDigest;
    if (replaces) ctx.revoke({ userId: before._id });
    const credentialsVersion = before.credentialsVersion + (replaces ? 1 : 0);
    return announce(ctx, ctx.save(staff, { ...rest, ...set, credentialsVersion }), before);
  },
});

interface SetPassword {
  staffId: string;
  password: string;
  currentPassword?: string;
}

export const setPassword = command({
  name: 'staff:set-password',
  summary: "Set a person's password",
  description:
    'One’s own with the current password; with staff:write that of others without. Replacing a password ends all sessions of the person, the own one included.',
  rest: { method: 'put', path: '/staff/:staffId/password' },
  permission: 'authenticated',
  limit: 'auth',
  input: Joi.object<SetPassword, true>({
    staffId,
    password: password.required(),
    currentPassword: secret(Joi.string().max(128).description('Required for one’s own')),
  }),
  output: staffSchema,
  emits: [staffChanged],
  example: {
    input: {
      staffId: exampleStaff.id,
      password: 'the fish is off today',
      currentPassword: 'four tables by the window',
    },
    output: exampleStaff,
  },
  async prepare({ input, actor, restaurantId, doors }) {
    if (actor.userId !== input.staffId) return { passwordHash: await doors.passwords.hash(input.password) };
    const own = await withinRestaurant(restaurantId, () => modelOf(staff).findOne({ _id: actor.userId }).lean().exec());
    const known = (own as StaffDoc | null)?.passwordHash;
    const proven = known !== undefined && (await doors.passwords.verify(known, input.currentPassword ?? ''));
    return { passwordHash: await doors.passwords.hash(input.password), ...(proven ? { proven: known } : {}) };
  },
  async handle(ctx) {
    const { input, prepared } = ctx;
    const before = await ctx.get(staff, input.staffId);
    checkMaySet(ctx.actor, before);
    if (ctx.actor.userId === before._id) checkOwnPassword(before, prepared.proven);
    if (before.email === undefined) throw fail('conflict', 'Set an e-mail address first: it is what one logs in with');
    const replaces = before.passwordHash !== undefined;
    if (replaces) ctx.revoke({ userId: before._id });
    const credentialsVersion = before.credentialsVersion + (replaces ? 1 : 0);
    return announce(
      ctx,
      ctx.save(staff, { ...before, passwordHash: prepared.passwordHash, credentialsVersion }),
      before,
    );
  },
});

/** A PIN on a shared tablet must not become a password for everywhere, so the first one is a manager's to set. */
function checkOwnPassword(own: StaffDoc, proven: string | undefined): void {
  if (own.passwordHash === undefined) throw fail('forbidden', 'Ask a manager to set your first password');
  if (proven !== own.passwordHash) throw invalid('currentPassword', 'is not your password');
}
