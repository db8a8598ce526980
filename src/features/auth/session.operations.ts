import Joi from 'joi';
import type { Actor, CommandContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { command, query, type Scope } from '../../kernel/operation.js';
import { id, type Nothing, nothing, secret, time } from '../../kernel/schema.js';
import { restaurantView, settingsOf } from '../restaurants/index.js';
import { checkMayEnd, provenHash, staff, staffView } from '../staff/index.js';
import { devices, sessions } from './auth.model.js';
import { isLive } from './auth.rules.js';
import {
  deviceView,
  exampleMe,
  exampleTokens,
  meSchema,
  type SessionView,
  sessionSchema,
  sessionView,
} from './auth.views.js';

interface Ended {
  sessionId: string;
}
const endedSchema = Joi.object<Ended, true>({ sessionId: id('the session that ended').required() });

// Sessions are written in their account's lane alone, so these leave the lane of the restaurant, too.
const ownAccount = async ({ actor }: { actor: Actor }): Promise<Scope> => ({
  restaurantId: actor.restaurantId,
  account: actor.userId,
});

/** Ends one of the actor's own sessions; one that has ended already stays as it ended. @throws not_found */
async function end(ctx: CommandContext<unknown, Scope>, sessionId: string): Promise<Ended> {
  const session = await ctx.get(sessions, sessionId);
  if (session.userId !== ctx.actor.userId) throw fail('not_found', 'No such session');
  if (session.endedAt === undefined) ctx.save(sessions, { ...session, endedAt: ctx.now, endReason: 'logged_out' });
  ctx.revoke({ sessionId });
  return { sessionId };
}

export const logout = command({
  name: 'auth:logout',
  summary: 'Log out: ends the own session and its sockets',
  rest: { method: 'post', path: '/auth/logout' },
  permission: 'authenticated',
  limit: 'write',
  input: nothing,
  output: endedSchema,
  emits: [],
  example: { input: {} as Nothing, output: { sessionId: exampleTokens.sessionId } },
  prepare: ownAccount,
  scope: ({ prepared }) => prepared,
  handle: (ctx) => end(ctx, ctx.actor.sessionId),
});

export const endSession = command({
  name: 'auth:end-session',
  summary: 'End one of the own sessions, for instance that of a lost phone',
  rest: { method: 'delete', path: '/auth/sessions/:sessionId' },
  permission: 'authenticated',
  limit: 'write',
  input: Joi.object<{ sessionId: string }, true>({ sessionId: id('the session').required() }),
  output: endedSchema,
  emits: [],
  example: { input: { sessionId: exampleTokens.sessionId }, output: { sessionId: exampleTokens.sessionId } },
  prepare: ownAccount,
  scope: ({ prepared }) => prepared,
  handle: (ctx) => end(ctx, ctx.input.sessionId),
});

/** How long a password counts on a tablet that everybody uses. */
const CONFIRMED_MS = 5 * 60_000;

export const confirmPassword = command({
  name: 'auth:confirm-password',
  summary: 'Type the password in a session that a PIN has opened, for what needs one',
  description:
    'For five minutes this session may then change people, devices, prices and settings, as far as the person may.',
  rest: { method: 'post', path: '/auth/confirmation' },
  permission: 'authenticated',
  limit: 'auth',
  input: Joi.object<{ password: string }, true>({
    password: secret(Joi.string().max(128).required().description('The own password')),
  }),
  output: Joi.object<{ confirmedUntil: string }, true>({ confirmedUntil: time('Until when it counts').required() }),
  emits: [],
  example: { input: { password: 'four tables by the window' }, output: { confirmedUntil: '2026-05-01T17:05:00.000Z' } },
  async prepare({ input, actor, doors }) {
    if ((await provenHash(actor, input.password, doors)) === undefined)
      throw invalid('password', 'is not your password');
    return ownAccount({ actor });
  },
  scope: ({ prepared }) => prepared,
  async handle(ctx) {
    const session = await ctx.get(sessions, ctx.actor.sessionId);
    const confirmedUntil = new Date(ctx.now.getTime() + CONFIRMED_MS);
    ctx.save(sessions, { ...session, confirmedUntil });
    // Everybody who remembers the session reads it again.
    ctx.revoke({ sessionId: session._id });
    return { confirmedUntil: confirmedUntil.toISOString() };
  },
});

export const listSessions = query({
  name: 'auth:sessions',
  summary: 'List where one is logged in, or where somebody is whom one may change',
  description: 'The last to log in first.',
  rest: { method: 'get', path: '/auth/sessions' },
  permission: 'authenticated',
  limit: 'read',
  input: Joi.object<{ staffId?: string }, true>({ staffId: id('somebody else; with staff:write') }),
  output: Joi.array<SessionView[]>().items(sessionSchema),
  page: { key: ({ startedAt, id }) => [startedAt, id], newestFirst: true },
  example: {
    input: {},
    output: [
      {
        id: exampleTokens.sessionId,
        how: 'password',
        current: true,
        startedAt: '2026-05-01T17:00:00.000Z',
        refreshedAt: '2026-05-01T17:00:00.000Z',
        expiresAt: exampleTokens.refreshExpiresAt,
      },
    ],
  },
  async handle(ctx) {
    const { sessionId } = ctx.actor;
    const userId = ctx.input.staffId ?? ctx.actor.userId;
    const person = await ctx.get(staff, userId);
    checkMayEnd(ctx.actor, person);
    const paired = new Map((await ctx.all(devices)).map((device) => [device._id, device]));
    const { credentialsVersion } = person;
    const own = await ctx.find(sessions, { userId, credentialsVersion }, { sort: { createdAt: -1 }, limit: 100 });
    return own
      .filter((session) => isLive(session, { person, device: paired.get(session.deviceId ?? '') }, ctx.now))
      .map((session) => sessionView(session, sessionId));
  },
});

export const showMe = query({
  name: 'auth:me',
  summary: 'Show who is logged in, with rights, restaurant and device',
  rest: { method: 'get', path: '/auth/me' },
  permission: 'authenticated',
  limit: 'read',
  input: nothing,
  output: meSchema,
  example: { input: {} as Nothing, output: exampleMe },
  async handle(ctx) {
    const { userId, sessionId, deviceId, how = 'password', confirmedUntil } = ctx.actor;
    const [person, restaurant, device] = await Promise.all([
      ctx.get(staff, userId),
      settingsOf(ctx, ctx.restaurantId),
      deviceId === undefined ? undefined : ctx.get(devices, deviceId),
    ]);
    return {
      user: staffView(person),
      restaurant: restaurantView(restaurant),
      sessionId,
      how,
      ...(confirmedUntil === undefined ? {} : { confirmedUntil: confirmedUntil.toISOString() }),
      ...(device === undefined ? {} : { device: deviceView(device) }),
      stationIds: [...ctx.actor.stationIds],
    };
  },
});
