import type { Envelope } from '@brigade/client';

export interface Applied {
  seq: number;
  name: string;
}

/** What one screen saw: every event it applied, in the order in which it did. */
export class Ledger {
  readonly applied: Applied[] = [];
  /** How often the replicas were loaded anew instead of catching up; in a simulation that is a fault. */
  resets = 0;
  #first: number | undefined;

  record({ seq, name }: Envelope): void {
    this.applied.push({ seq, name });
  }

  /** From here on every event must be seen; called when the screen is up to date and the restaurant at rest. */
  begin(position: number): void {
    this.applied.length = 0;
    this.#first = position;
  }

  /** The position before the first event that counts. */
  get first(): number {
    if (this.#first === undefined) throw new Error('The ledger was never begun');
    return this.#first;
  }
}

export interface Comparison {
  lost: number;
  duplicated: number;
  outOfOrder: number;
  /** Applied, but not in the journal for this screen: told before it was durable, or to the wrong room. */
  foreign: number;
}

/** Compares what was applied with what the journal holds for this screen. */
export function compare(applied: readonly Applied[], expected: readonly Applied[]): Comparison {
  const names = new Map(expected.map(({ seq, name }) => [seq, name]));
  const seen = new Set<number>();
  const result: Comparison = { lost: 0, duplicated: 0, outOfOrder: 0, foreign: 0 };
  let before = 0;
  for (const { seq, name } of applied) {
    if (seen.has(seq)) result.duplicated += 1;
    else if (seq < before) result.outOfOrder += 1;
    if (names.get(seq) !== name) result.foreign += 1;
    seen.add(seq);
    before = Math.max(before, seq);
  }
  result.lost = expected.filter(({ seq }) => !seen.has(seq)).length;
  return result;
}
