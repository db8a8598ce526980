import type { Entry } from './outbox.js';
import { isProblem, localProblem } from './problem.js';
import type { Result } from './result.js';
import type { Problem } from './wire.js';

/** The input of `sync:submit`. */
export function submission(author: string, entries: readonly Entry[]): object {
  const commands = entries.map(({ command: { name, input, key, expectedVersion } }) => ({
    ...{ name, key, input: input ?? {} },
    ...(expectedVersion !== undefined && { expectedVersion }),
  }));
  return { author, commands };
}

/** What a batch says of one command: how it ended, or that it is to be sent again. */
export type Verdict = { settled: Result } | { again: Problem | undefined };

/** The answers of a batch, by key. */
export function verdicts(data: unknown): Map<string, Verdict> {
  const byKey = new Map<string, Verdict>();
  const results: unknown = typeof data === 'object' && data !== null && 'results' in data ? data.results : undefined;
  if (!Array.isArray(results)) return byKey;
  for (const result of results as { key: string; outcome: string; data?: unknown; problem?: unknown }[]) {
    byKey.set(result.key, verdictOf(result));
  }
  return byKey;
}

function verdictOf({ outcome, data, problem }: { outcome: string; data?: unknown; problem?: unknown }): Verdict {
  if (outcome === 'applied' || outcome === 'replayed')
    return { settled: { ok: true, data, replayed: outcome === 'replayed' } };
  if (outcome === 'deferred') return { again: isProblem(problem) ? problem : undefined };
  const why = isProblem(problem) ? problem : localProblem('incomprehensible', `A result of ${outcome}`);
  return { settled: { ok: false, problem: why } };
}
