import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { newId } from '../../kernel/ids.js';
import type { SessionDoc } from './auth.model.js';
import { deviceToken, isLive, readDeviceToken, readRefreshToken, refreshStep, refreshToken } from './auth.rules.js';

const doorsWith = (key: string) => ({
  digest: (purpose: string, value: string) => createHmac('sha256', key).update(`${purpose}\0${value}`).digest('hex'),
});
const doors = doorsWith('a pepper');
const now = new Date('2026-05-01T17:00:00Z');
const later = (ms: number) => new Date(now.getTime() + ms);

describe('refresh tokens', () => {
  it('say their session and generation', () => {
    const sessionId = newId();
    expect(readRefreshToken(doors, refreshToken(doors, sessionId, 17))).toEqual({ sessionId, generation: 17 });
  });

  it('are refused with anything changed, or made with another key or for another purpose', () => {
    const [id, token] = [newId(), refreshToken(doors, newId(), 2)];
    const digest = token.split('.')[2];
    expect(readRefreshToken(doors, token.replace('.2.', '.3.'))).toBeUndefined();
    expect(readRefreshToken(doors, token.replace('.2.', '.02.'))).toBeUndefined();
    expect(readRefreshToken(doors, `${id}.2.${digest}`)).toBeUndefined();
    expect(readRefreshToken(doors, `${token}.`)).toBeUndefined();
    expect(readRefreshToken(doors, token.slice(0, -1))).toBeUndefined();
    expect(readRefreshToken(doorsWith('another pepper'), token)).toBeUndefined();
    expect(readRefreshToken(doors, deviceToken(doors, id))).toBeUndefined();
    expect(readDeviceToken(doors, token)).toBeUndefined();
  });

  it('are refused whatever else they are', () => {
    fc.assert(fc.property(fc.string(), (text) => readRefreshToken(doors, text) === undefined));
    fc.assert(fc.property(fc.string(), (text) => readDeviceToken(doors, text) === undefined));
  });
});

it('knows the tokens of its devices', () => {
  const id = newId();
  expect(readDeviceToken(doors, deviceToken(doors, id))).toBe(id);
  expect(readDeviceToken(doorsWith('another pepper'), deviceToken(doors, id))).toBeUndefined();
});

describe('a step of the rotation', () => {
  const session = { generation: 5, rotatedAt: now, lastKey: 'attempt-1' };
  it.each([
    ['the present token', 5, 'attempt-2', 0, 'rotate'],
    ['the present token without a key', 5, undefined, 0, 'rotate'],
    ['the last one, asked again by the same attempt', 4, 'attempt-1', 59_000, 'repeat'],
    ['the last one, asked again too late', 4, 'attempt-1', 61_000, 'reused'],
    ['the last one in another attempt', 4, 'attempt-2', 1_000, 'reused'],
    ['the last one without a key', 4, undefined, 1_000, 'reused'],
    ['one older', 3, 'attempt-1', 1_000, 'reused'],
    ['one that was never given out', 6, 'attempt-1', 1_000, 'reused'],
  ] as const)('%s', (_what, generation, requestKey, after, step) => {
    expect(refreshStep(session, { generation, requestKey }, later(after))).toBe(step);
  });

  it('is no repeat when neither attempt had a key', () => {
    const { lastKey: _none, ...keyless } = session;
    expect(refreshStep(keyless, { generation: 4, requestKey: undefined }, now)).toBe('reused');
  });
});

describe('a session', () => {
  const session = { userId: 'u', credentialsVersion: 2, expiresAt: later(1_000) } as SessionDoc;
  const person = { _id: 'u', active: true, credentialsVersion: 2 };
  const behind = { person, device: undefined };

  it('stands while everything behind it stands', () => {
    expect(isLive(session, behind, now)).toBe(true);
    expect(isLive({ ...session, deviceId: 'd' }, { person, device: { active: true } }, now)).toBe(true);
  });

  it('falls with any of it', () => {
    expect(isLive({ ...session, endedAt: now }, behind, now)).toBe(false);
    expect(isLive(session, behind, later(1_000))).toBe(false);
    expect(isLive(session, { ...behind, person: undefined }, now)).toBe(false);
    expect(isLive(session, { ...behind, person: { ...person, _id: 'v' } }, now)).toBe(false);
    expect(isLive(session, { ...behind, person: { ...person, active: false } }, now)).toBe(false);
    expect(isLive(session, { ...behind, person: { ...person, credentialsVersion: 3 } }, now)).toBe(false);
    expect(isLive({ ...session, deviceId: 'd' }, behind, now)).toBe(false);
    expect(isLive({ ...session, deviceId: 'd' }, { person, device: { active: false } }, now)).toBe(false);
  });
});
