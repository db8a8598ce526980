import Joi from 'joi';
import type { CommandContext, Doors } from '../../kernel/context.js';
import { type BrigadeError, fail, failAfterCommit } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import type { Role } from '../../kernel/permissions.js';
import { id, secret, time } from '../../kernel/schema.js';
import { modelOf } from '../../platform/model.js';
import { acrossRestaurants } from '../../platform/tenancy.js';
import { restaurantName, restaurants } from '../restaurants/index.js';
import { holdersOf, isPinOf, pin, role, type StaffDoc, staff, staffName } from '../staff/index.js';
import { type DeviceDoc, devices, type PinPadDoc, pinPads } from './auth.model.js';
import { readDeviceToken } from './auth.rules.js';
import { findOne, openSession } from './auth.sessions.js';
import { deviceName, exampleDevice, exampleLogin, type LoginView, loginSchema } from './auth.views.js';
import { afterWrongAlone, afterWrongAtDevice, afterWrongOfPerson, lockedSeconds } from './pin.rules.js';

const deviceToken = secret(Joi.string().max(128).required().description('Token of the paired device (`device:token`)'));
const exampleToken = '66f1a2b3c4d5e6f708192d01.5b0f77...';

interface OfDevice {
  device: DeviceDoc;
}

/** The paired device whose token it is. @throws token_invalid */
async function deviceOf(token: string, doors: Doors): Promise<OfDevice> {
  const deviceId = readDeviceToken(doors, token);
  const found = await acrossRestaurants('only the device tells whose restaurant it is', () =>
    deviceId === undefined ? null : modelOf(devices).findOne({ _id: deviceId }).lean().exec(),
  );
  const device = found as DeviceDoc | null;
  if (device?.active !== true) throw fail('token_invalid', 'This device is not paired');
  return { device };
}

/** A right token is no guess, so neither an address nor others can lock the device out: its pad counts for itself. */
const byDevice = (input: { deviceToken: string }, doors: Doors) => {
  const deviceId = readDeviceToken(doors, input.deviceToken);
  return deviceId === undefined ? undefined : { known: `device ${deviceId}` };
};

/** In the device's own lane: what belongs to the restaurant is read there from the database. */
const inDeviceLane = ({ prepared: { device } }: { prepared: OfDevice }) => ({
  restaurantId: device.restaurantId,
  account: device._id,
});

interface PadView {
  restaurant: string;
  device: { id: string; name: string; lockedUntil?: string };
  people: { id: string; name: string; role: Role }[];
}

export const showPad = command({
  name: 'auth:pad',
  summary: 'Show who may log in on a paired device, for the screen on which one chooses oneself',
  description: 'Everybody who works here and has a PIN. Then `auth:pin-login` with `staffId`.',
  rest: { method: 'post', path: '/auth/pad' },
  permission: 'public',
  limit: 'auth',
  limitBy: byDevice,
  input: Joi.object<{ deviceToken: string }, true>({ deviceToken }),
  output: Joi.object<PadView, true>({
    restaurant: restaurantName.required(),
    device: Joi.object<PadView['device'], true>({
      id: id('the device').required(),
      name: deviceName.required(),
      lockedUntil: time('Until when it takes no PIN, after too many wrong ones').optional(),
    })
      .required()
      .description('The device itself'),
    people: Joi.array<PadView['people']>()
      .items(
        Joi.object<PadView['people'][number], true>({
          id: id('the person; `staffId` of the log-in').required(),
          name: staffName.required(),
          role: role.required().description('Role'),
        }).meta({ typeName: 'PadPerson' }),
      )
      .required()
      .description('By name; no two have the same'),
  }).meta({ typeName: 'Pad' }),
  emits: [],
  example: {
    input: { deviceToken: exampleToken },
    output: {
      restaurant: 'The Lantern',
      device: { id: exampleDevice.id, name: exampleDevice.name },
      people: [{ id: exampleLogin.user.id, name: exampleLogin.user.name, role: exampleLogin.user.role }],
    },
  },
  prepare: ({ input, doors }) => deviceOf(input.deviceToken, doors),
  scope: inDeviceLane,
  async handle(ctx) {
    const { device } = ctx.prepared;
    const [restaurant, members, pad] = await Promise.all([
      findOne(ctx, restaurants, ctx.restaurantId),
      ctx.find(staff, { active: true }),
      ctx.lookup(pinPads, device._id),
    ]);
    const people = members.filter(({ pinDigest }) => pinDigest !== undefined);
    const isLocked = lockedSeconds(pad, ctx.now) > 0;
    return {
      restaurant: restaurant?.name ?? '',
      device: {
        id: device._id,
        name: device.name,
        ...(isLocked && pad?.lockedUntil !== undefined && { lockedUntil: pad.lockedUntil.toISOString() }),
      },
      people: people
        .map(({ _id, name, role }) => ({ id: _id, name, role }))
        .sort((a, b) => a.name.localeCompare(b.name)),
    };
  },
});

interface PinLogin {
  deviceToken: string;
  staffId?: string;
  pin: string;
}

type Entering = CommandContext<PinLogin, OfDevice>;

export const pinLogin = command({
  name: 'auth:pin-login',
  summary: 'Log in with a PIN on a paired device',
  description:
    'Choose the person first (`auth:pad`). A PIN without `staffId` is taken when it is one person’s alone, and counts harder: five wrong ones within 15 minutes lock the device for 15, with the person chosen ten; after 20 in an hour in the restaurant the person must be chosen. After five wrong ones of a person each makes the next wait twice as long, up to an hour. A manager unlocks both (`device:unlock`, `staff:unlock-pin`). Such a session needs the password for what changes people, devices, prices or settings (`auth:confirm-password`).',
  rest: { method: 'post', path: '/auth/pin' },
  permission: 'public',
  limit: 'auth',
  limitBy: byDevice,
  input: Joi.object<PinLogin, true>({
    deviceToken,
    staffId: id('who logs in, as chosen from `auth:pad`'),
    pin: pin.required().description('PIN of 4 to 8 digits'),
  }),
  output: loginSchema,
  emits: [],
  example: {
    input: { deviceToken: exampleToken, staffId: exampleLogin.user.id, pin: '481516' },
    output: exampleLogin,
  },
  async prepare({ input, doors, about }) {
    const { device } = await deviceOf(input.deviceToken, doors);
    about?.({
      restaurantId: device.restaurantId,
      deviceId: device._id,
      ...(input.staffId && { userId: input.staffId }),
    });
    return { device };
  },
  scope: inDeviceLane,
  async handle(ctx): Promise<LoginView> {
    const { input, prepared, now } = ctx;
    const { device } = prepared;
    const [pad, tried] = await Promise.all([
      ctx.lookup(pinPads, device._id),
      // Somebody who is not there is counted at the device only.
      ctx.lookup(pinPads, input.staffId ?? ctx.restaurantId),
    ]);
    checkUnlocked(pad, now, 'Too many wrong PINs on this device');
    if (input.staffId === undefined) checkMayBeAlone(tried, now);
    else checkUnlocked(tried, now, 'Too many wrong PINs of this person');
    const [person, ...others] = await holders(ctx);
    if (person === undefined || others.length > 0) return refuse(ctx, pad, tried);
    ctx.about?.({ userId: person._id });
    if (input.staffId !== undefined && tried !== undefined) ctx.remove(pinPads, tried);
    ctx.save(pinPads, { ...(pad ?? ctx.insert(pinPads, { _id: device._id, wrongAt: [] })), lastLoginAt: now });
    return openSession(ctx, person, device);
  },
});

/** Who has this PIN: the chosen person, or else everybody who might. */
async function holders(ctx: Entering): Promise<StaffDoc[]> {
  const { input, doors } = ctx;
  if (input.staffId === undefined) return holdersOf(doors, await ctx.find(staff, { active: true }), input.pin);
  const person = await findOne(ctx, staff, input.staffId);
  return person?.active && isPinOf(doors, person, input.pin) ? [person] : [];
}

function checkUnlocked(tried: PinPadDoc | undefined, now: Date, what: string): void {
  const retryAfter = lockedSeconds(tried, now);
  if (retryAfter > 0) throw tooMany(what, retryAfter);
}

function checkMayBeAlone(tried: PinPadDoc | undefined, now: Date): void {
  const retryAfter = lockedSeconds(tried, now);
  if (retryAfter === 0) return;
  const errors = [{ field: 'staffId', message: 'is needed now: choose the person, then the PIN' }];
  throw fail('rate_limited', 'Too many wrong PINs in this restaurant: choose the person first', { retryAfter, errors });
}

const tooMany = (what: string, retryAfter: number): BrigadeError => fail('rate_limited', what, { retryAfter });

/** Counts a wrong PIN against all it may have been tried at. The same answer whatever was wrong. */
async function refuse(ctx: Entering, pad: PinPadDoc | undefined, tried: PinPadDoc | undefined): Promise<never> {
  const { input, prepared, now, restaurantId } = ctx;
  const isAlone = input.staffId === undefined;
  const count = (
    known: PinPadDoc | undefined,
    _id: string,
    after: (wrongAt: readonly Date[]) => Partial<PinPadDoc>,
  ) => {
    const before = known ?? ctx.insert(pinPads, { _id, wrongAt: [] });
    return ctx.save(pinPads, { ...before, ...after(before.wrongAt) });
  };
  const after = count(pad, prepared.device._id, (at) => afterWrongAtDevice(at, now, isAlone ? 'alone' : 'chosen'));
  if (input.staffId === undefined) count(tried, restaurantId, (at) => afterWrongAlone(at, now));
  else if (await findOne(ctx, staff, input.staffId)) count(tried, input.staffId, (at) => afterWrongOfPerson(at, now));
  const retryAfter = lockedSeconds(after, now);
  if (retryAfter > 0) failAfterCommit(tooMany('Too many wrong PINs on this device', retryAfter));
  return failAfterCommit(
    fail(
      'credentials_invalid',
      isAlone ? 'This is not the PIN of one person here; choose the person first' : 'Person and PIN do not match',
    ),
  );
}
