/** One operation on one object: when it was called and answered, and what its answer says about the object's state. */
export interface Operation<State> {
  readonly began: number;
  readonly ended: number;
  /** The state after it; undefined when in this state it could not have given the answer that it gave. */
  apply(state: State): State | undefined;
}

/**
 * Wing and Gong's search, with Lowe's memory of configurations: true when the operations can be put into one order that
 * explains all answers and in which none comes before one that had ended when it began. States are compared as text.
 */
export function isLinearizable<State>(initial: State, operations: readonly Operation<State>[]): boolean {
  const ordered = [...operations].sort((a, b) => a.began - b.began);
  const taken = new Array<boolean>(ordered.length).fill(false);
  const seen = new Set<string>();

  /** Those that may come next: none of the others had ended when they began. */
  function candidates(first: number): number[] {
    const found: number[] = [];
    let earliestEnd = Number.POSITIVE_INFINITY;
    for (let i = first; i < ordered.length; i++) {
      const operation = ordered[i] as Operation<State>;
      if (operation.began > earliestEnd) break;
      if (taken[i]) continue;
      found.push(i);
      earliestEnd = Math.min(earliestEnd, operation.ended);
    }
    return found;
  }

  function search(state: State, from: number): boolean {
    let first = from;
    while (taken[first]) first++;
    if (first === ordered.length) return true;
    const ahead = candidates(first);
    const last = (ahead.at(-1) as number) + 1;
    const configuration = `${first} ${taken.slice(first, last).map(Number).join('')} ${String(state)}`;
    if (seen.has(configuration)) return false;
    seen.add(configuration);
    for (const i of ahead) {
      const next = ordered[i]?.apply(state);
      if (next === undefined) continue;
      taken[i] = true;
      if (search(next, first)) return true;
      taken[i] = false;
    }
    return false;
  }

  return search(initial, 0);
}
