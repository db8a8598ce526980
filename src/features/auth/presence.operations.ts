import Joi from 'joi';
import { LRUCache } from 'lru-cache';
import type { UnitContext } from '../../kernel/context.js';
import { query } from '../../kernel/operation.js';
import { type Role, roleNames } from '../../kernel/permissions.js';
import type { Present } from '../../kernel/presence.js';
import { id, type Nothing, nothing, time } from '../../kernel/schema.js';
import { deviceReturned } from './auth.events.js';
import { devices } from './auth.model.js';
import { exampleUnsent, type UnsentView, unsentSchema, viewUnsent } from './presence.views.js';

interface PresentView {
  userId: string;
  name: string;
  role: Role;
  deviceId?: string;
  stationIds: string[];
  since: string;
  unsent?: UnsentView;
}

export const listPresence = query<Nothing, PresentView[]>({
  name: 'presence:list',
  summary: 'Who is on line now, on which device, and who holds commands not yet handed over',
  description: 'One entry for each connection. One that broke is listed for a few seconds more.',
  rest: { method: 'get', path: '/presence' },
  permission: 'device:write',
  limit: 'read',
  input: nothing,
  output: Joi.array()
    .items(
      Joi.object<PresentView, true>({
        userId: id('the person').required(),
        name: Joi.string().required().description('Name of the person'),
        role: Joi.string()
          .valid(...roleNames)
          .required()
          .description('Role of the person'),
        deviceId: id('the paired device, if it is one'),
        stationIds: Joi.array().items(id('a station')).required().description('Stations the screen is bound to'),
        since: time('Since when').required(),
        unsent: unsentSchema,
      }).meta({ typeName: 'Present' }),
    )
    .required()
    .description('The first to come first'),
  page: { key: ({ since, userId, deviceId = '' }) => [since, userId, deviceId] },
  example: {
    input: {},
    output: [
      {
        ...{ userId: '6740f1c2a1b2c3d4e5000091', name: 'Mara Lind', role: 'waiter', stationIds: [] },
        ...{ since: '2026-11-21T19:31:00.000Z', unsent: exampleUnsent },
      },
    ],
  },
  async handle({ doors, restaurantId }) {
    const present = doors.presence.of(restaurantId);
    return present.map(viewPresent);
  },
});

function viewPresent({ restaurantId: _, stationIds, since, unsent, ...who }: Present): PresentView {
  const held = unsent === undefined ? {} : { unsent: viewUnsent(unsent) };
  return { ...who, stationIds: [...stationIds], since: since.toISOString(), ...held };
}

/** A command that waited no longer than this is no news. */
const BLINK_MS = 5_000;

/** What a device says of itself cannot be checked: however often it says so, it is news once in so long. */
const NEWS_MS = 5 * 60_000;
const told = new LRUCache<string, number>({ max: 20_000 });

/** Tells the managers that a device is back with commands it could not hand over. */
export async function reportReturned(ctx: UnitContext, { userId, name, deviceId, unsent }: Present): Promise<void> {
  if (unsent === undefined || ctx.now.getTime() - unsent.since.getTime() < BLINK_MS) return;
  const who = `${ctx.restaurantId} ${deviceId ?? userId}`;
  const toldAt = told.get(who);
  // The same moment: the lane runs this unit again.
  const since = toldAt === undefined ? undefined : Math.abs(ctx.now.getTime() - toldAt);
  if (since !== undefined && since > 0 && since < NEWS_MS) return;
  told.set(who, ctx.now.getTime());
  const device = deviceId === undefined ? undefined : await ctx.lookup(devices, deviceId);
  ctx.publish(deviceReturned, {
    userId,
    name,
    ...(device !== undefined && { deviceId: device._id, deviceName: device.name }),
    unsent: viewUnsent(unsent),
  });
}
