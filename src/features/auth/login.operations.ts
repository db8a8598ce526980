import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, failAfterCommit } from '../../kernel/errors.js';
import { command } from '../../kernel/operation.js';
import { secret } from '../../kernel/schema.js';
import { modelOf } from '../../platform/model.js';
import { acrossRestaurants } from '../../platform/tenancy.js';
import { email, findByEmail, type StaffDoc, staff } from '../staff/index.js';
import { knownAs } from './auth.known.js';
import { devices, type SessionDoc, sessions } from './auth.model.js';
import { isLive, readRefreshToken, refreshStep } from './auth.rules.js';
import { expiryOf, findOne, openSession, tokensOf } from './auth.sessions.js';
import {
  exampleLogin,
  exampleTokens,
  type LoginView,
  loginSchema,
  type TokensView,
  tokensSchema,
} from './auth.views.js';

export const login = command({
  name: 'auth:login',
  summary: 'Log in with e-mail and password',
  rest: { method: 'post', path: '/auth/login' },
  permission: 'public',
  limit: 'auth',
  limitBy: async ({ email: account, knownToken }, doors) => ({
    account,
    known: knownToken === undefined ? undefined : await knownAs(account, knownToken, doors),
  }),
  input: Joi.object<{ email: string; password: string; knownToken?: string }, true>({
    email: email.required(),
    password: secret(Joi.string().max(128).required().description('Password')),
    knownToken: secret(
      Joi.string()
        .max(128)
        .description(
          'A refresh token that this device was given for the account, even if it is over, or the token of a paired device of its restaurant: such a device does not wait for wrong passwords that others have tried',
        ),
    ),
  }),
  output: loginSchema,
  emits: [],
  example: { input: { email: 'ana@lantern.example', password: 'four tables by the window' }, output: exampleLogin },
  /** One error and one duration for all that can be wrong: nobody learns here who has an account. */
  async prepare({ input, doors, about }): Promise<{ person: StaffDoc; stronger?: string }> {
    const person = await findByEmail(input.email);
    if (person !== undefined) about?.({ userId: person._id, restaurantId: person.restaurantId });
    if (person?.passwordHash === undefined) await doors.passwords.verifyNothing(input.password);
    else if (await doors.passwords.verify(person.passwordHash, input.password)) {
      const { hash, isWeak } = doors.passwords;
      return isWeak(person.passwordHash) ? { person, stronger: await hash(input.password) } : { person };
    }
    throw fail('credentials_invalid', 'E-mail or password are not right');
  },
  scope: ({ prepared: { person } }) => ({ restaurantId: person.restaurantId, account: person._id }),
  async handle(ctx): Promise<LoginView> {
    const { person, stronger } = ctx.prepared;
    if (stronger !== undefined) await rehash(ctx, person, stronger);
    return openSession(ctx, person);
  },
});

/** The same password at today's cost, unless it was changed meanwhile. */
async function rehash(ctx: UnitContext, { _id, passwordHash }: StaffDoc, stronger: string): Promise<void> {
  const now = await findOne(ctx, staff, _id);
  if (now !== undefined && now.passwordHash === passwordHash) ctx.save(staff, { ...now, passwordHash: stronger });
}

export const refresh = command({
  name: 'auth:refresh',
  summary: 'Exchange a refresh token for new tokens',
  description:
    'Each refresh token is good once. A used one ends the session and its sockets, unless the same attempt asks again within 60 s: then it is given the same refresh token again (the access token is made anew, so text and end differ).',
  rest: { method: 'post', path: '/auth/refresh' },
  permission: 'public',
  // Not `auth`: every screen behind a restaurant's one address refreshes each quarter of an hour, and a digest of 256
  // bits is not guessed.
  limit: 'write',
  mayFail: ['token_invalid'],
  limitBy: ({ refreshToken }, doors) => {
    const sessionId = readRefreshToken(doors, refreshToken)?.sessionId;
    return sessionId === undefined ? undefined : { known: `session ${sessionId}` };
  },
  input: Joi.object<{ refreshToken: string; requestKey?: string }, true>({
    refreshToken: secret(Joi.string().max(128).required().description('The last refresh token received')),
    requestKey: Joi.string().min(8).max(64).description('New for each attempt, the same when its answer was lost'),
  }),
  output: tokensSchema,
  emits: [],
  example: {
    input: { refreshToken: exampleTokens.refreshToken, requestKey: '5f0c2c1e-3f4e' },
    output: { ...exampleTokens, refreshToken: '66f1a2b3c4d5e6f708192f01.2.77ab01...' },
  },
  async prepare({ input, doors }) {
    const token = readRefreshToken(doors, input.refreshToken);
    if (token === undefined) throw fail('token_invalid');
    const found = await acrossRestaurants('only the session tells whose restaurant it is', () =>
      modelOf(sessions).findOne({ _id: token.sessionId }).lean().exec(),
    );
    if (found === null) throw fail('session_ended');
    const { restaurantId, userId } = found as SessionDoc;
    return { ...token, restaurantId, userId };
  },
  scope: ({ prepared: { restaurantId, userId } }) => ({ restaurantId, account: userId }),
  async handle(ctx): Promise<TokensView> {
    const { input, prepared, now, doors } = ctx;
    const session = await ctx.get(sessions, prepared.sessionId);
    const [person, device] = await Promise.all([
      findOne(ctx, staff, session.userId),
      findOne(ctx, devices, session.deviceId),
    ]);
    if (person === undefined || !isLive(session, { person, device }, now)) throw fail('session_ended');
    const { generation } = prepared;
    const { requestKey } = input;
    switch (refreshStep(session, { generation, requestKey }, now)) {
      case 'rotate': {
        const { lastKey: _old, ...rest } = session;
        const next = {
          ...rest,
          generation: generation + 1,
          rotatedAt: now,
          expiresAt: expiryOf(session.createdAt, now, doors),
        };
        const key = requestKey === undefined ? {} : { lastKey: requestKey };
        return tokensOf(ctx.save(sessions, { ...next, ...key }), person, doors);
      }
      case 'repeat':
        return tokensOf(session, person, doors);
      case 'reused':
        ctx.save(sessions, { ...session, endedAt: now, endReason: 'token_reused' });
        ctx.revoke({ sessionId: session._id });
        return failAfterCommit(fail('session_ended', 'This refresh token was used before; log in again'));
    }
  },
});
