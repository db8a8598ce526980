import type { Actor } from '../kernel/context.js';
import { BrigadeError } from '../kernel/errors.js';
import type { Operation, SeldomLimit, Subject } from '../kernel/operation.js';
import type { AccountQueue, Leave } from './account-queue.js';
import { type LimitStates, type Limits, networkOf } from './limits.js';

interface Asked {
  operation: Operation;
  actor: Actor;
  ip: string;
  limits: LimitStates;
}

export interface AdmissionOptions {
  limits: Limits;
  accounts: AccountQueue;
}

/** What was counted for a request, to be settled when it is known how it ended. */
export interface Admission {
  /** What the valid input adds: who it is about, and what is done seldom. @throws rate_limited */
  countBy(subject: Subject | undefined, also: readonly SeldomLimit[]): Promise<void>;
  /** Where only failures count, takes the count back, or makes it. */
  settle(error?: unknown): Promise<void>;
}

/**
 * Counts a request. People are counted as themselves and with their restaurant, callers without a session by their
 * address. Of log-ins and refreshes only failures stay counted, by address and by account behind it: thirty people behind
 * one address start their shift at once, and three hundred tablets renew their tokens.
 * @throws rate_limited
 */
export async function admit(options: AdmissionOptions, asked: Asked): Promise<Admission> {
  const { operation, actor, ip, limits: states } = asked;
  if (actor.kind === 'anonymous' && operation.limitBy !== undefined) return admitStranger(options, asked);
  const { limits } = options;
  const isGuess = operation.limit === 'auth';
  if (actor.kind === 'anonymous') await limits.take('anonymous', networkOf(ip), states);
  else await limits.takeFor(actor, operation.limit, states);
  const { restaurantId } = actor;
  let also: readonly SeldomLimit[] = [];
  return {
    async countBy(_subject, names) {
      also = names;
      if (names.includes('pins')) await limits.take('pins', restaurantId, states);
      if (names.includes('own-pin')) await limits.take('own-pin', actor.userId, states);
      if (names.includes('emails')) await limits.check('emails', restaurantId, states);
    },
    async settle(error) {
      const isTaken = error instanceof BrigadeError && error.code === 'duplicate';
      if (isTaken && also.includes('emails')) await limits.take('emails', restaurantId, []);
      if (!isTheirs(error) && isGuess && actor.kind !== 'anonymous') limits.giveBack('auth', actor.userId);
    },
  };
}

/**
 * Somebody who wants in. Who proves to be a known device or session passes, whatever others at its address have done;
 * nobody else can be made to pay for tokens that are only made up.
 */
async function admitStranger({ limits, accounts }: AdmissionOptions, asked: Asked): Promise<Admission> {
  const { operation, ip, limits: states } = asked;
  const who = networkOf(ip);
  const isGuess = operation.limit === 'auth';
  const ofAddress = isGuess ? 'address' : 'anonymous';
  const undo: (() => void)[] = [];
  let subject: Subject | undefined;
  let leave: Leave | undefined;
  const over = await limits.check(ofAddress, who, states).catch((error: unknown) => ({ error }));
  const taken = async (name: 'auth' | 'address', key: string) => {
    const giveBack = () => limits.giveBack(name, key);
    await limits.take(name, key, states).catch((error: unknown) => {
      giveBack();
      throw error;
    });
    undo.push(giveBack);
  };
  const countFailure = async () => {
    const { account, known } = subject ?? {};
    if (account !== undefined) await limits.failedAccount(account);
    else if (!isGuess && known !== undefined) await limits.take('auth', `${who} ${known}`, []);
    else if (!isGuess || subject === undefined) await limits.take(ofAddress, who, states);
  };
  return {
    async countBy(given) {
      subject = given ?? {};
      const { account, known } = subject;
      if (known === undefined && over !== undefined) throw over.error;
      if (!isGuess) return known === undefined ? undefined : limits.check('auth', `${who} ${known}`, states);
      if (known === undefined) await taken('address', who);
      if (account === undefined) return undefined;
      await taken('auth', `${known ?? who} ${account}`);
      if (known === undefined) await limits.checkAccount(account, states);
      leave = await accounts.enter(account);
      // Others may have failed while it waited.
      if (known === undefined) await limits.checkAccount(account, states);
    },
    async settle(error) {
      try {
        if (!isTheirs(error) || isLimit(error)) for (const giveBack of undo) giveBack();
        else await countFailure();
      } finally {
        leave?.(error === undefined);
      }
    },
  };
}

/** For what counts against no limit. */
export const free: Admission = { countBy: async () => undefined, settle: async () => undefined };

/** Whether the caller is to blame; an outage of ours counts against nobody. */
const isTheirs = (error: unknown): boolean => error instanceof BrigadeError && error.status < 500;

const isLimit = (error: unknown): boolean => error instanceof BrigadeError && error.code === 'rate_limited';
