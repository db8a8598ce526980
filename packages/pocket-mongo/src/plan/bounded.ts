import { equal } from '../bson/compare.js';
import { fieldNames } from '../bson/field-order.js';
import { encodeCompound, fit, MAX_FIELDS_KEY, successor } from '../bson/keys.js';
import { BINARY } from '../bson/ordering.js';
import type { Document } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { Plan, Planned } from './plan.js';
import type { Predicates } from './predicates.js';

/**
 * The plan of a `find` with `min` and `max`: the keys of the hinted index from one up to the other. The filter is run on
 * what they find, and a sort sorts it. @throws CommandError 2 or 51173 without a fitting hint.
 */
export function boundedPlan(
  index: IndexDefinition | 'forward' | 'backward' | undefined,
  { min, max, order }: Planned,
  predicates: Predicates,
): Plan {
  if (index === undefined || typeof index === 'string')
    throw new CommandError(51173, 'When using min()/max() a hint of which index to use must be provided');
  if (index.ordering !== BINARY) throw notImplemented('min and max on an index with a collation');
  const bound = (given: Document) => {
    if (!equal(fieldNames(given), index.paths as string[]))
      throw new CommandError(51174, 'The index chosen is not compatible with min/max');
    return (
      index.prefix +
      fit(
        encodeCompound(
          index.paths.map((path) => given[path]),
          index.directions,
        ),
        MAX_FIELDS_KEY,
      )
    );
  };
  const from = min ? bound(min) : index.prefix;
  const to = max ? bound(max) : successor(index.prefix);
  if (min && max && from >= to)
    throw new CommandError(51175, 'The value provided for min() must be less than the value provided for max()');
  return {
    access: {
      kind: 'index',
      index,
      ranges: [{ from, to, shared: index.prefix.length }],
      reverse: false,
      fields: [],
      merge: false,
    },
    exact: predicates.total === 0 && !index.multikey,
    sorted: !order,
    score: 0,
  };
}
