import { Unanswered } from './connection.js';
import { isAboutSessions, isPassing, isTokenProblem, localProblem } from './problem.js';
import type { Result } from './result.js';
import { backoff, pause } from './sync.js';
import type { Ack, Problem } from './wire.js';

interface Asking {
  request: (name: string, args: readonly unknown[], timeoutMs: number) => Promise<Ack>;
  /** Resolves at the deadline too. @throws BrigadeProblem when the client has ended */
  whenOnline: (deadline: number) => Promise<void>;
}

/** A query: no key, no queue; asked again until it is answered or its time is over. */
export async function ask(name: string, input: unknown, deadline: number, handlers: Asking): Promise<Result> {
  for (let attempts = 1; performance.now() < deadline; attempts += 1) {
    await handlers.whenOnline(deadline);
    let wait = 0;
    try {
      const ack = await handlers.request(name, [input, {}], Math.max(1, deadline - performance.now()));
      if (ack.ok) return { ok: true, data: ack.data, replayed: false };
      wait = retryDelay(ack.error, attempts);
      if (!shallRetry(name, ack.error, attempts) || performance.now() + wait >= deadline)
        return { ok: false, problem: ack.error };
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
    }
    await pause(wait);
  }
  return { ok: false, problem: localProblem('timed_out_here') };
}

/** A PIN or password has no place in a tablet's storage. */
export function holdsSecret(input: unknown): boolean {
  if (typeof input !== 'object' || input === null) return false;
  return Object.entries(input).some(
    ([field, value]) => /pin$|password|secret|token/i.test(field) || holdsSecret(value),
  );
}

/** Times a command or query is sent that the server stumbles over (500): a passing fault passes, a lasting one is told. */
const STUMBLES = 6;

/** A token problem passes too: the connection is about to be given a new token, or to end. */
export function shallRetry(name: string, problem: Problem, attempts: number): boolean {
  const hasStumbled = problem.status >= 500 && attempts < STUMBLES;
  return isPassing(problem) || hasStumbled || (isTokenProblem(problem) && !isAboutSessions(name));
}

export function retryDelay({ retryAfter }: Problem, attempts: number): number {
  // What the server asks for; a little more, for it asks it of everybody at the same moment.
  if (retryAfter !== undefined) return retryAfter * 1000 + Math.random() * 300;
  return backoff(Math.min(attempts - 1, 4));
}
