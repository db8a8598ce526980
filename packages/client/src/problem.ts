import type { Problem } from './wire.js';

/** Codes of problems that arise here and not on the server; their status is 0. */
const localProblems = {
  unreachable: 'The server cannot be reached',
  timed_out_here: 'No answer in time',
  expired: 'Never reached the server, and is given up',
  outcome_unknown: 'Sent, but never answered: it may have been carried out',
  key_in_use: 'The idempotency key belongs to another command',
  too_large: 'The command is too large to be sent',
  closed: 'The client was closed',
  session_over: 'The session is over',
  incomprehensible: 'The server answered something incomprehensible',
} as const;

export type LocalCode = keyof typeof localProblems;

/** What a failed `send` rejects with. Decide by `code`; show `message`. */
export class BrigadeProblem extends Error {
  override readonly name = 'BrigadeProblem';
  constructor(
    readonly problem: Problem,
    options?: ErrorOptions,
  ) {
    super(problem.detail ?? problem.title, options);
  }
  get code(): string {
    return this.problem.code;
  }
  /** HTTP's; 0 when the problem arose in the client. */
  get status(): number {
    return this.problem.status;
  }
}

export function localProblem(code: LocalCode, detail?: string): Problem {
  const problem: Problem = { type: `urn:brigade:client:${code}`, title: localProblems[code], status: 0, code };
  return detail === undefined ? problem : { ...problem, detail };
}

/** Worth sending again just as it is: nothing was done, and it may well work in a moment. */
export function isPassing(problem: Problem): boolean {
  return problem.status === 429 || problem.status === 503 || problem.code === 'in_flight';
}

/** The token, not the request, is at fault. */
export function isTokenProblem(problem: Problem): boolean {
  return problem.code === 'token_expired' || problem.code === 'token_invalid' || problem.code === 'unauthenticated';
}

/** Operations whose token problems are their own result and say nothing of the connection's token. */
export function isAboutSessions(operation: string): boolean {
  return operation.startsWith('auth:') || operation.startsWith('session:');
}

export function isProblem(value: unknown): value is Problem {
  return (
    typeof value === 'object' &&
    value !== null &&
    'code' in value &&
    typeof value.code === 'string' &&
    'status' in value
  );
}
