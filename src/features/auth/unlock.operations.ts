import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { checkMaySet, exampleStaff, staff } from '../staff/index.js';
import { devices, pinPads } from './auth.model.js';
import { exampleDevice } from './auth.views.js';

interface Unlocked {
  unlocked: boolean;
}

const unlocked = Joi.object<Unlocked, true>({
  unlocked: Joi.boolean().required().description('False when nothing was counted there'),
});

/**
 * Forgets the wrong PINs that were counted there. Read from the database: devices' own lanes write them, so what the
 * restaurant's lane remembers of them is old.
 */
export async function forgetWrongPins(ctx: UnitContext, ids: readonly string[]): Promise<boolean> {
  const counted = (await ctx.find(pinPads, { _id: { $in: ids } })).filter(({ wrongAt, lockedUntil }) => {
    return wrongAt.length > 0 || lockedUntil !== undefined;
  });
  for (const { lockedUntil: _, ...pad } of counted) ctx.save(pinPads, { ...pad, wrongAt: [] });
  return counted.length > 0;
}

export const unlockDevice = command({
  name: 'device:unlock',
  summary: 'Let a device take PINs again that too many wrong ones have locked',
  description: 'By an owner, it also lets PINs be entered without a person again in the whole restaurant.',
  rest: { method: 'post', path: '/devices/:deviceId/unlock' },
  permission: 'device:write',
  limit: 'write',
  input: Joi.object<{ deviceId: string }, true>({ deviceId: id('the device').required() }),
  output: unlocked,
  emits: [],
  example: { input: { deviceId: exampleDevice.id }, output: { unlocked: true } },
  async handle(ctx): Promise<Unlocked> {
    const device = await ctx.get(devices, ctx.input.deviceId);
    // A PIN alone is tried on owners, too: whoever could forget those tries could find an owner's.
    const also = ctx.actor.role === 'owner' ? [ctx.restaurantId] : [];
    return { unlocked: await forgetWrongPins(ctx, [device._id, ...also]) };
  },
});

export const unlockPerson = command({
  name: 'staff:unlock-pin',
  summary: "Let a person's PIN be tried again at once, after too many wrong ones",
  description: 'An owner’s only by an owner, and that of another manager, too.',
  rest: { method: 'post', path: '/staff/:staffId/pin/unlock' },
  permission: 'staff:write',
  limit: 'write',
  input: Joi.object<{ staffId: string }, true>({ staffId: id('the staff member').required() }),
  output: unlocked,
  emits: [],
  example: { input: { staffId: exampleStaff.id }, output: { unlocked: true } },
  async handle(ctx): Promise<Unlocked> {
    const person = await ctx.get(staff, ctx.input.staffId);
    checkMaySet(ctx, person);
    return { unlocked: await forgetWrongPins(ctx, [person._id]) };
  },
});
