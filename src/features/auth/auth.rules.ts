import { timingSafeEqual } from 'node:crypto';
import type { Doors } from '../../kernel/context.js';
import { idPattern } from '../../kernel/ids.js';
import type { DeviceDoc, SessionDoc } from './auth.model.js';

type Digest = Pick<Doors, 'digest'>;

const MINUTE = 60_000;

/** Whether a digest sent by a client is ours, in a time that does not depend on where they differ. */
function isSame(own: string, sent: string): boolean {
  const [a, b] = [Buffer.from(own), Buffer.from(sent)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** `{sessionId}.{generation}.{digest}`: computed, so that nothing secret is stored and a lost reply can be given again. */
export function refreshToken(doors: Digest, sessionId: string, generation: number): string {
  const head = `${sessionId}.${generation}`;
  return `${head}.${doors.digest('refresh', head)}`;
}

/** What a refresh token says, or undefined for one that is not ours. */
export function readRefreshToken(doors: Digest, token: string): { sessionId: string; generation: number } | undefined {
  const [sessionId = '', digits = '', digest = '', ...rest] = token.split('.');
  if (!idPattern.test(sessionId) || !/^[1-9]\d{0,8}$/.test(digits) || rest.length > 0) return undefined;
  if (!isSame(doors.digest('refresh', `${sessionId}.${digits}`), digest)) return undefined;
  return { sessionId, generation: Number(digits) };
}

/** `{deviceId}.{digest}`. */
export const deviceToken = (doors: Digest, deviceId: string): string =>
  `${deviceId}.${doors.digest('device', deviceId)}`;

/** The id of the device whose token it is, or undefined for one that is not ours. */
export function readDeviceToken(doors: Digest, token: string): string | undefined {
  const [deviceId = '', digest = '', ...rest] = token.split('.');
  const known = idPattern.test(deviceId) && rest.length === 0 && isSame(doors.digest('device', deviceId), digest);
  return known ? deviceId : undefined;
}

interface Behind {
  person: { _id: string; active: boolean; credentialsVersion: number } | undefined;
  device: Pick<DeviceDoc, 'active'> | undefined;
}

/** Whether a session still stands: not ended, not over, its person here with the same credentials, its device paired. */
export function isLive(session: SessionDoc, { person, device }: Behind, now: Date): boolean {
  if (session.endedAt !== undefined || session.expiresAt <= now) return false;
  if (person?._id !== session.userId || !person.active) return false;
  if (person.credentialsVersion !== session.credentialsVersion) return false;
  return session.deviceId === undefined || device?.active === true;
}

/** How long the answer to a refresh may be asked for again: a client that lost it tries again at once. */
const REPEAT_MS = MINUTE;

/**
 * What a refresh token of a live session is worth. `repeat`: the answer to the last refresh was lost, and the same
 * attempt (by its key) asks again. `reused`: a token that was good once before, so two hold this session's tokens and
 * one of them is a thief (RFC 9700, section 4.14.2).
 */
export function refreshStep(
  session: Pick<SessionDoc, 'generation' | 'rotatedAt' | 'lastKey'>,
  { generation, requestKey }: { generation: number; requestKey: string | undefined },
  now: Date,
): 'rotate' | 'repeat' | 'reused' {
  if (generation === session.generation) return 'rotate';
  const isPrevious = generation === session.generation - 1;
  const isSameAttempt = requestKey !== undefined && requestKey === session.lastKey;
  const isRecent = now.getTime() - session.rotatedAt.getTime() <= REPEAT_MS;
  return isPrevious && isSameAttempt && isRecent ? 'repeat' : 'reused';
}
