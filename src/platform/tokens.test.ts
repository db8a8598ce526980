import jwt from 'jsonwebtoken';
import { newId } from '../kernel/ids.js';
import { createTokens } from './tokens.js';

const secret = 'a key of the tests, thirty-two bytes or more';
const start = new Date('2026-05-01T17:00:00Z');
let now = start;
const tokens = createTokens({ secret, accessTtlSeconds: 900, refreshTtlSeconds: 86_400, clock: { now: () => now } });
const claims = { sub: newId(), sid: newId(), rid: newId(), role: 'waiter' as const };
const payload = {
  ...claims,
  iss: 'brigade',
  aud: 'brigade:access',
  iat: start.getTime() / 1000,
  exp: start.getTime() / 1000 + 900,
};

const codeOf = (token: string): string => {
  try {
    tokens.verifyAccess(token);
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

beforeEach(() => {
  now = start;
});

it('takes its own tokens until their end', () => {
  const { token, expiresAt } = tokens.signAccess(claims);
  expect(expiresAt).toBe('2026-05-01T17:15:00.000Z');
  now = new Date('2026-05-01T17:14:59Z');
  expect(tokens.verifyAccess(token)).toEqual({ ...claims, expiresAt: new Date(expiresAt) });
  now = new Date('2026-05-01T17:15:00Z');
  expect(codeOf(token)).toBe('token_expired');
});

it('takes the tokens of another process with the same key', () => {
  const other = createTokens({ secret, accessTtlSeconds: 60, refreshTtlSeconds: 60, clock: { now: () => now } });
  expect(codeOf(other.signAccess(claims).token)).toBe('accepted');
});

it.each([
  ['another key', jwt.sign(payload, 'another key of the tests, also thirty-two bytes')],
  ['no signature at all (alg none)', jwt.sign(payload, '', { algorithm: 'none' })],
  ['another algorithm with the same key', jwt.sign(payload, secret, { algorithm: 'HS512' })],
  ['another audience', jwt.sign({ ...payload, aud: 'brigade:refresh' }, secret)],
  ['another issuer', jwt.sign({ ...payload, iss: 'somebody' }, secret)],
  ['an unknown role', jwt.sign({ ...payload, role: 'emperor' }, secret)],
  ['no session', jwt.sign({ ...payload, sid: undefined }, secret)],
  ['an id that is none', jwt.sign({ ...payload, rid: { $ne: '' } }, secret)],
  ['no end', jwt.sign(Object.fromEntries(Object.entries(payload).filter(([name]) => name !== 'exp')), secret)],
  ['a time that has not begun', jwt.sign({ ...payload, nbf: payload.iat + 60 }, secret)],
  ['a plain text as its content', jwt.sign('waiter', secret)],
  ['nothing in it', ''],
  ['three dots', '...'],
  ['a word', 'waiter'],
])('refuses a token with %s', (_what, token) => {
  expect(codeOf(token)).toBe('token_invalid');
});

it('refuses a token in which one bit was changed', () => {
  const { token } = tokens.signAccess(claims);
  const [head, body = '', signature] = token.split('.');
  const raised = Buffer.from(Buffer.from(body, 'base64url').toString().replace('waiter', 'owner')).toString(
    'base64url',
  );
  expect(codeOf([head, raised, signature].join('.'))).toBe('token_invalid');
});

it('wants a key as long as its digest', () => {
  const options = { accessTtlSeconds: 900, refreshTtlSeconds: 900, clock: { now: () => now } };
  expect(() => createTokens({ ...options, secret: 'short' })).toThrow(RangeError);
});
