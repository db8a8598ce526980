import type { AccessClaims, Actor, Doors, UnitContext } from '../../kernel/context.js';
import type { Doc, Kind, Reads } from '../../kernel/documents.js';
import { fail } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { permissionsOf } from '../../kernel/permissions.js';
import { systemClock } from '../../kernel/time.js';
import { modelOf } from '../../platform/model.js';
import { withinRestaurant } from '../../platform/tenancy.js';
import { restaurants } from '../restaurants/index.js';
import { type StaffDoc, staff, staffView } from '../staff/index.js';
import { type DeviceDoc, devices, type SessionDoc, sessions } from './auth.model.js';
import { isLive, refreshToken } from './auth.rules.js';
import type { LoginView, TokensView } from './auth.views.js';

/** One document by id alone: an account's lane need not load a kind that restaurants' lanes hold whole. */
export async function findOne<T extends Doc>(
  reads: Pick<Reads, 'find'>,
  kind: Kind<T>,
  id: string | undefined,
): Promise<T | undefined> {
  return id === undefined ? undefined : (await reads.find(kind, { _id: id }, { limit: 1 }))[0];
}

/** End of a session that is not refreshed from now on; and of any, so long after its log-in. */
export function expiryOf(startedAt: Date, now: Date, { tokens }: Doors): Date {
  const [unused, whole] = [tokens.refreshTtlSeconds, tokens.sessionTtlSeconds].map((seconds) => seconds * 1000);
  return new Date(Math.min(now.getTime() + (unused ?? 0), startedAt.getTime() + (whole ?? 0)));
}

/** The tokens of a session's present generation. */
export function tokensOf(session: SessionDoc, person: StaffDoc, doors: Doors): TokensView {
  const claims = { sub: person._id, sid: session._id, rid: session.restaurantId, role: person.role };
  const access = doors.tokens.signAccess(claims);
  return {
    accessToken: access.token,
    accessExpiresAt: access.expiresAt,
    refreshToken: refreshToken(doors, session._id, session.generation),
    refreshExpiresAt: session.expiresAt.toISOString(),
    sessionId: session._id,
  };
}

type Opening = Pick<UnitContext, 'insert' | 'save' | 'find' | 'revoke' | 'now' | 'doors'>;

/** Begins a session for a person whose credentials were checked; `person` is as it was read when they were. */
export async function openSession(ctx: Opening, person: StaffDoc, device?: DeviceDoc): Promise<LoginView> {
  const { insert, now, doors } = ctx;
  await endUnused(ctx, person);
  const session = insert(sessions, {
    _id: newId(),
    userId: person._id,
    how: device === undefined ? 'password' : 'pin',
    ...(device === undefined ? {} : { deviceId: device._id }),
    credentialsVersion: person.credentialsVersion,
    generation: 1,
    rotatedAt: now,
    expiresAt: expiryOf(now, now, doors),
  });
  return { ...tokensOf(session, person, doors), restaurantId: person.restaurantId, user: staffView(person) };
}

/** Who has as many sessions as a person may have loses the one that was used longest ago: the others are somebody's screen. */
async function endUnused({ find, save, revoke, now, doors }: Opening, person: StaffDoc): Promise<void> {
  const { _id: userId, credentialsVersion } = person;
  const live = await find(
    sessions,
    { userId, credentialsVersion, endedAt: { $exists: false }, expiresAt: { $gt: now } },
    { sort: { rotatedAt: -1 }, limit: doors.tokens.sessionsPerPerson + 100 },
  );
  for (const session of live.slice(doors.tokens.sessionsPerPerson - 1)) {
    save(sessions, { ...session, endedAt: now, endReason: 'replaced' });
    revoke({ sessionId: session._id });
  }
}

/**
 * Who is behind the claims of a checked access token, with the rights of this moment (the token's role is only a hint
 * for the client).
 * @throws session_ended when session, person or device are not what they were
 */
export function loadActor({ sid, sub, rid }: AccessClaims, now: Date = systemClock.now()): Promise<Actor> {
  return withinRestaurant(rid, async (): Promise<Actor> => {
    const [session, person, restaurant] = await Promise.all([
      readOne(sessions, sid),
      readOne(staff, sub),
      readOne(restaurants, rid),
    ]);
    const device = session?.deviceId === undefined ? undefined : await readOne(devices, session.deviceId);
    if (session === undefined || person === undefined || !isLive(session, { person, device }, now)) {
      throw fail('session_ended');
    }
    return {
      kind: 'staff',
      userId: person._id,
      name: person.name,
      restaurantId: rid,
      role: person.role,
      permissions: permissionsOf(person.role, person.allow, person.deny),
      sessionId: sid,
      how: session.how,
      ...(session.confirmedUntil === undefined ? {} : { confirmedUntil: session.confirmedUntil }),
      ...(device === undefined ? {} : { deviceId: device._id }),
      plan: restaurant?.plan ?? 'standard',
      stationIds: device?.stationIds ?? [],
    };
  });
}

async function readOne<T extends Doc>(kind: Kind<T>, id: string): Promise<T | undefined> {
  const found = await modelOf(kind).findOne({ _id: id }).lean().exec();
  return (found ?? undefined) as T | undefined;
}
