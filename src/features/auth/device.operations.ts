import Joi from 'joi';
import { checkConfirmed, type UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { id, type Nothing, nothing, secret } from '../../kernel/schema.js';
import { deviceChanged } from './auth.events.js';
import { type DeviceDoc, type DeviceKind, devices, pinPads } from './auth.model.js';
import { deviceToken } from './auth.rules.js';
import {
  deviceKind,
  deviceName,
  deviceSchema,
  deviceView,
  exampleDevice,
  type ListedDevice,
  listedDevice,
  listedDeviceSchema,
  stationIds,
} from './auth.views.js';
import { exampleUnsent } from './presence.views.js';
import { forgetWrongPins } from './unlock.operations.js';

const deviceId = id('the device').required();

/** A bound screen leaves the room of its role, and only a kitchen's screen has another to go to. */
function checkStations(kind: DeviceKind, ids: readonly string[]): void {
  if (kind !== 'kitchen' && ids.length > 0)
    throw invalid('stationIds', 'must be empty: only a kitchen screen has stations');
}

function checkPaired(device: DeviceDoc): void {
  if (!device.active) throw fail('illegal_step', 'This device is unpaired: pair it anew', { legal: [] });
}

export const pairDevice = command({
  name: 'device:pair',
  summary: 'Pair a tablet or till, on which people then log in with their PIN',
  description: 'The device then needs its token (`device:token`).',
  rest: { method: 'post', path: '/devices', status: 201 },
  permission: 'device:write',
  limit: 'write',
  input: Joi.object<{ name: string; kind: DeviceKind; stationIds: string[] }, true>({
    name: deviceName.required(),
    kind: deviceKind.required(),
    stationIds: stationIds.default([]),
  }),
  output: deviceSchema,
  emits: [deviceChanged],
  example: {
    input: { name: exampleDevice.name, kind: exampleDevice.kind, stationIds: exampleDevice.stationIds },
    output: exampleDevice,
  },
  handle({ input, insert, publish }) {
    checkStations(input.kind, input.stationIds);
    const device = deviceView(insert(devices, { _id: newId(), ...input, active: true }));
    publish(deviceChanged, { device });
    return device;
  },
});

export const showDeviceToken = query({
  name: 'device:token',
  summary: 'Show the token that a paired device keeps',
  description: 'Good until the device is unpaired. It is not stored; whoever has it can try PINs on this device.',
  rest: { method: 'get', path: '/devices/:deviceId/token' },
  permission: 'device:write',
  limit: 'read',
  input: Joi.object<{ deviceId: string }, true>({ deviceId }),
  output: Joi.object<{ deviceToken: string }, true>({
    deviceToken: secret(Joi.string().required().description('For `auth:pin-login`')),
  }),
  example: { input: { deviceId: exampleDevice.id }, output: { deviceToken: `${exampleDevice.id}.5b0f77...` } },
  async handle({ input, get, doors, actor, now }) {
    checkConfirmed(actor, now);
    const device = await get(devices, input.deviceId);
    checkPaired(device);
    return { deviceToken: deviceToken(doors, device._id) };
  },
});

export const listDevices = query({
  name: 'device:list',
  summary: 'List the paired devices, which are on line, and which hold commands not yet handed over',
  rest: { method: 'get', path: '/devices' },
  permission: 'device:write',
  limit: 'read',
  input: nothing,
  output: Joi.array<ListedDevice[]>().items(listedDeviceSchema),
  page: { key: ({ name, id }) => [name, id] },
  example: {
    input: {} as Nothing,
    output: [{ ...exampleDevice, lastLoginAt: '2026-05-01T17:00:00.000Z', online: true, unsent: exampleUnsent }],
  },
  async handle({ all, find, doors, restaurantId }) {
    const present = doors.presence.of(restaurantId);
    const [known, pads] = await Promise.all([all(devices), find(pinPads, {})]);
    const padOf = new Map(pads.map((pad) => [pad._id, pad]));
    return known.filter(({ active }) => active).map((device) => listedDevice(device, padOf.get(device._id), present));
  },
});

export const updateDevice = command({
  name: 'device:update',
  summary: 'Rename a device or bind its screen to other stations',
  description:
    'Other stations end the sockets of the device; they connect again with the new rooms. A device locked by wrong PINs takes them again.',
  rest: { method: 'patch', path: '/devices/:deviceId' },
  permission: 'device:write',
  limit: 'write',
  input: Joi.object<{ deviceId: string; name?: string; stationIds?: string[] }, true>({
    deviceId,
    name: deviceName.optional(),
    stationIds: stationIds.optional(),
  }),
  output: deviceSchema,
  emits: [deviceChanged],
  example: {
    input: { deviceId: exampleDevice.id, name: 'Grill screen, left' },
    output: { ...exampleDevice, version: 2, name: 'Grill screen, left' },
  },
  async handle(ctx) {
    const before = await ctx.get(devices, ctx.input.deviceId);
    checkVersion(ctx.expectedVersion, before, deviceView(before));
    checkPaired(before);
    const { name = before.name, stationIds = before.stationIds } = ctx.input;
    checkStations(before.kind, stationIds);
    await forgetWrongPins(ctx, [before._id]);
    if (stationIds !== before.stationIds) ctx.revoke({ deviceId: before._id });
    const device = deviceView(ctx.save(devices, { ...before, name, stationIds }));
    ctx.publish(deviceChanged, { device });
    return device;
  },
});

export const unpairDevice = command({
  name: 'device:unpair',
  summary: 'Unpair a device: nobody logs in on it any more, and its sessions end at once',
  rest: { method: 'post', path: '/devices/:deviceId/unpairing' },
  permission: 'device:write',
  limit: 'write',
  input: Joi.object<{ deviceId: string }, true>({ deviceId }),
  output: deviceSchema,
  emits: [deviceChanged],
  example: { input: { deviceId: exampleDevice.id }, output: { ...exampleDevice, version: 2, active: false } },
  async handle(ctx) {
    const before = await ctx.get(devices, ctx.input.deviceId);
    checkPaired(before);
    ctx.revoke({ deviceId: before._id });
    const device = deviceView(ctx.save(devices, { ...before, active: false }));
    ctx.publish(deviceChanged, { device });
    return device;
  },
});

/** A station is gone: the screens bound to it are so no more, and connect again with the rooms they have now. */
export async function unbindScreens(ctx: UnitContext, stationId: string): Promise<void> {
  for (const before of await ctx.all(devices)) {
    if (!before.stationIds.includes(stationId)) continue;
    const stationIds = before.stationIds.filter((one) => one !== stationId);
    if (before.active) ctx.revoke({ deviceId: before._id });
    const device = deviceView(ctx.save(devices, { ...before, stationIds }));
    ctx.publish(deviceChanged, { device });
  }
}
