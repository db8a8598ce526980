import Joi from 'joi';
import { type Actor, type BaseContext, checkConfirmed, type Doors } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { command, query } from '../../kernel/operation.js';
import { id, type Nothing, nothing, secret } from '../../kernel/schema.js';
import { modelOf } from '../../platform/model.js';
import { withinRestaurant } from '../../platform/tenancy.js';
import { announce, staffChanged } from './staff.events.js';
import { exampleStaff } from './staff.examples.js';
import { type StaffDoc, staff } from './staff.model.js';
import { checkPassword } from './staff.passwords.js';
import { checkNameOnPad, checkPin, isPinOf, newPin, pinDigest } from './staff.pins.js';
import { checkMayChange } from './staff.rules.js';
import { password, pin, staffSchema } from './staff.views.js';

const staffId = id('the staff member').required();
const currentPassword = secret(Joi.string().max(128));

/**
 * Whoever may change a person sets their password and PIN, and lifts what wrong PINs lock, but of owners and managers only an owner, for else they could
 * act in each other's name; for oneself there are the rules of each.
 * @throws not_found, forbidden, confirmation_needed
 */
export function checkMaySet({ actor, now }: Pick<BaseContext, 'actor' | 'now'>, member: StaffDoc): void {
  if (actor.userId === member._id) return;
  if (!actor.permissions.has('staff:write')) throw fail('forbidden', 'Only a manager may do this for somebody else');
  checkConfirmed(actor, now);
  checkMayChange(actor, member);
  if (actor.role !== 'owner' && member.role === 'manager')
    throw fail('forbidden', 'Only an owner may do this for a manager');
}

/** Whose sessions one may see and end: one's own, and those of people one may change. @throws forbidden */
export function checkMayEnd(actor: Actor, member: StaffDoc): void {
  if (actor.userId === member._id) return;
  if (!actor.permissions.has('staff:write')) throw fail('forbidden', 'Only a manager may do this for somebody else');
  checkMayChange(actor, member);
}

export const endSessions = command({
  name: 'staff:end-sessions',
  summary: 'End all sessions of a person, for instance when a phone is lost',
  description: 'One’s own, this one included, or with staff:write those of others. Password and PIN stay.',
  rest: { method: 'delete', path: '/staff/:staffId/sessions' },
  permission: 'authenticated',
  limit: 'write',
  input: Joi.object<{ staffId: string }, true>({ staffId }),
  output: staffSchema,
  emits: [staffChanged],
  example: { input: { staffId: exampleStaff.id }, output: exampleStaff },
  async handle(ctx) {
    const before = await ctx.get(staff, ctx.input.staffId);
    checkMayEnd(ctx.actor, before);
    ctx.revoke({ userId: before._id });
    return announce(ctx, ctx.save(staff, { ...before, credentialsVersion: before.credentialsVersion + 1 }), before);
  },
});

/** Whether somebody's own password was typed right: the hash it was right for, or undefined. */
export async function provenHash(
  actor: Actor,
  password: string | undefined,
  doors: Doors,
): Promise<string | undefined> {
  if (password === undefined) return undefined;
  const own = await withinRestaurant(actor.restaurantId, () =>
    modelOf(staff).findOne({ _id: actor.userId }).lean().exec(),
  );
  const known = (own as StaffDoc | null)?.passwordHash;
  return known !== undefined && (await doors.passwords.verify(known, password)) ? known : undefined;
}

interface SetPin {
  staffId: string;
  pin: string | null;
  currentPin?: string;
  currentPassword?: string;
}

export const setPin = command({
  name: 'staff:set-pin',
  summary: "Set or take away a person's PIN",
  description:
    'One’s own with the current PIN or the password; with staff:write that of others without, of managers by an owner. Replacing a PIN ends the sessions of the person. Two people may have the same PIN; `staff:propose-pin` proposes one.',
  rest: { method: 'put', path: '/staff/:staffId/pin' },
  permission: 'authenticated',
  limit: 'auth',
  limitAlso: ({ staffId }, { userId }) => [staffId === userId ? 'own-pin' : 'pins'],
  input: Joi.object<SetPin, true>({
    staffId,
    pin: pin.required().allow(null).description('PIN of 4 to 8 digits; null takes it away'),
    currentPin: pin.optional().description('For one’s own: the PIN until now, or instead the password'),
    currentPassword: currentPassword.description('For one’s own, instead of the PIN until now'),
  }),
  output: staffSchema,
  emits: [staffChanged],
  example: { input: { staffId: exampleStaff.id, pin: '481516' }, output: exampleStaff },
  prepare: async ({ input, actor, doors }) => ({ proven: await provenHash(actor, input.currentPassword, doors) }),
  async handle(ctx) {
    const { input, prepared, doors } = ctx;
    const before = await ctx.get(staff, input.staffId);
    checkMaySet(ctx, before);
    checkPin(input.pin);
    if (ctx.actor.userId === before._id) checkOwnPin(before, input, prepared.proven, doors);
    if (!before.active) throw fail('illegal_step', 'This person has left', { legal: ['reactivate'] });
    const { pinDigest: old, ...rest } = before;
    if (input.pin !== null) checkNameOnPad(await ctx.all(staff), before);
    const set = input.pin === null ? {} : { pinDigest: pinDigest(doors, before, input.pin) };
    const replaces = old !== undefined && old !== set.pinDigest;
    if (replaces) ctx.revoke({ userId: before._id });
    const credentialsVersion = before.credentialsVersion + (replaces ? 1 : 0);
    return announce(ctx, ctx.save(staff, { ...rest, ...set, credentialsVersion }), before);
  },
});

/** Whoever finds a tablet that somebody left open must not keep it by a PIN of their own. */
function checkOwnPin(own: StaffDoc, input: SetPin, proven: string | undefined, doors: Doors): void {
  if (proven !== undefined && proven === own.passwordHash) return;
  if (input.currentPassword !== undefined) throw invalid('currentPassword', 'is not your password');
  if (own.pinDigest !== undefined && input.currentPin !== undefined && isPinOf(doors, own, input.currentPin)) return;
  if (input.currentPin !== undefined) throw invalid('currentPin', 'is not your PIN');
  const field = own.pinDigest === undefined ? 'currentPassword' : 'currentPin';
  throw invalid(field, 'is needed to set one’s own PIN');
}

export const proposePin = query({
  name: 'staff:propose-pin',
  summary: 'Propose a PIN: six digits by chance, none that is tried first',
  description: 'It is set by `staff:set-pin` or `staff:create`; the server does not keep it.',
  rest: { method: 'get', path: '/pin-proposal' },
  permission: 'authenticated',
  limit: 'read',
  input: nothing,
  output: Joi.object<{ pin: string }, true>({ pin: pin.required() }),
  example: { input: {} as Nothing, output: { pin: '481516' } },
  handle: () => ({ pin: newPin() }),
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
    'One’s own with the current password; with staff:write that of others without, of managers by an owner. Replacing a password ends all sessions of the person, the own one included.',
  rest: { method: 'put', path: '/staff/:staffId/password' },
  permission: 'authenticated',
  limit: 'auth',
  input: Joi.object<SetPassword, true>({
    staffId,
    password: password.required(),
    currentPassword: currentPassword.description('Required for one’s own'),
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
  async prepare({ input, actor, doors }) {
    const member = await withinRestaurant(actor.restaurantId, () =>
      modelOf(staff).findOne({ _id: input.staffId }, { name: 1, email: 1 }).lean().exec(),
    );
    const { name, email } = (member ?? {}) as Partial<StaffDoc>;
    await checkPassword(doors, input.password, [name, email]);
    const passwordHash = await doors.passwords.hash(input.password);
    const isOwn = actor.userId === input.staffId;
    return { passwordHash, proven: isOwn ? await provenHash(actor, input.currentPassword, doors) : undefined };
  },
  async handle(ctx) {
    const { input, prepared } = ctx;
    const before = await ctx.get(staff, input.staffId);
    checkMaySet(ctx, before);
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
