import type { View } from '../storage/view.js';
import type { Plan } from './plan.js';

/** So many keys are counted at first, then more, and no more than the last: beyond it all plans count the same. */
const LEVELS = [16, 64, 200];
/** A document to be sorted costs as much more as this part of one to be read. */
const SORTING = 0.3;

/** The plan that reads the least. Counting costs no more than a few times what the cheapest plan does. */
export function cheapest(view: View, plans: readonly Plan[], wanted: number): Plan {
  const ranked = [...plans].sort((a, b) => b.score - a.score);
  for (const level of LEVELS) {
    let best: { plan: Plan; cost: number } | undefined;
    for (const plan of ranked) {
      const cost = costOf(view, plan, wanted, level);
      // In the order of preference: an equal one does not take the place of a better liked one.
      if (cost !== undefined && (!best || cost < best.cost)) best = { plan, cost };
    }
    if (best) return best.plan;
  }
  return ranked[0] as Plan;
}

/** What a plan reads; undefined when that is more than `level`. */
function costOf(view: View, plan: Plan, wanted: number, level: number): number | undefined {
  const keys = keysOf(view, plan, level);
  // It ends as soon as it has found what is wanted.
  if (plan.exact && plan.sorted && wanted <= level) return Math.min(keys ?? wanted, wanted);
  if (keys === undefined) return undefined;
  return plan.sorted ? keys : keys * (1 + SORTING);
}

/** How many keys or documents lie in the bounds of a plan; undefined when they are more than `level`. */
function keysOf(view: View, { access }: Plan, level: number): number | undefined {
  if (access.kind === 'scan') return undefined;
  if (access.kind === 'ids') return access.points.length <= level ? access.points.length : undefined;
  let total = 0;
  if (access.kind === 'union') {
    for (const branch of access.branches) {
      const keys = keysOf(view, branch, level - total);
      if (keys === undefined) return undefined;
      total += keys;
    }
    return total;
  }
  if (access.fields.length === 0) return undefined;
  for (const range of access.ranges) {
    if (range.from >= range.to) continue;
    // An empty range costs a search too.
    total += Math.max(view.read(range, false, level + 1 - total).entries.length, 1);
    if (total > level) return undefined;
  }
  return total;
}
