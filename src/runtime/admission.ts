import type { Actor } from '../kernel/context.js';
import { BrigadeError } from '../kernel/errors.js';
import type { Operation } from '../kernel/operation.js';
import { type LimitStates, type Limits, networkOf } from './limits.js';

interface Asked {
  operation: Operation;
  actor: Actor;
  ip: string;
  limits: LimitStates;
}

/** What was counted for a request, to be settled when it is known how it ended. */
export interface Admission {
  /** The same again by what the valid input names: the account, the device. @throws rate_limited */
  countBy(subject: string | undefined): Promise<void>;
  /** Where only failures count, takes the count back, or makes it. */
  settle(error?: unknown): Promise<void>;
}

/**
 * Counts a request. People are counted as themselves and with their restaurant, callers without a session by their
 * address. Of log-ins and refreshes only failures stay counted, by address and by account (or device) behind it: thirty
 * people behind one address start their shift at once, and three hundred tablets renew their tokens.
 * @throws rate_limited
 */
export async function admit(limits: Limits, { operation, actor, ip, limits: states }: Asked): Promise<Admission> {
  const who = networkOf(ip);
  const undo: (() => void)[] = [];
  const taken = async (name: 'auth' | 'address', key: string) => {
    await limits.take(name, key, states);
    undo.push(() => limits.giveBack(name, key));
  };
  const refreshes = operation.limitBy !== undefined && operation.limit !== 'auth';
  if (actor.kind !== 'anonymous') {
    await limits.takeFor(actor, operation.limit, states);
    if (operation.limit === 'auth') undo.push(() => limits.giveBack('auth', actor.userId));
  } else if (refreshes) await limits.check('anonymous', who, states);
  else if (operation.limitBy !== undefined) await taken('address', who);
  else await limits.take('anonymous', who, states);
  return {
    countBy: async (subject) => (subject === undefined ? undefined : taken('auth', `${who} ${subject}`)),
    async settle(error) {
      if (!isTheirs(error)) for (const giveBack of undo) giveBack();
      else if (actor.kind === 'anonymous' && refreshes && !isLimit(error)) await limits.take('anonymous', who, states);
    },
  };
}

/** For what counts against no limit. */
export const free: Admission = { countBy: async () => undefined, settle: async () => undefined };

/** Whether the caller is to blame; an outage of ours counts against nobody. */
const isTheirs = (error: unknown): boolean => error instanceof BrigadeError && error.status < 500;

const isLimit = (error: unknown): boolean => error instanceof BrigadeError && error.code === 'rate_limited';
