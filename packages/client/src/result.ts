import { BrigadeProblem } from './problem.js';
import type { Problem } from './wire.js';

/** How a command or query ended. */
export type Result = { ok: true; data: unknown; replayed: boolean } | { ok: false; problem: Problem };

export function dataOf(result: Result): unknown {
  if (result.ok) return result.data;
  throw new BrigadeProblem(result.problem);
}
