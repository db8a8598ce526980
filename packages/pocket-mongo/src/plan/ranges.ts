import { encodeKey, encodeKeyDescending, MAX_FIELDS_KEY, MAX_ID_KEY, successor } from '../bson/keys.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { KeyRange } from '../storage/view.js';
import type { Bound, FieldBounds } from './predicates.js';

/** Keys longer than this may have been cut, so bounds must not be. */
const SAFE_BOUND = Math.min(MAX_FIELDS_KEY, MAX_ID_KEY) - 100;

/** A part of an index. */
export interface IndexRange extends KeyRange {
  /** How many characters all its keys begin with: index and points. What follows is in the order of the next fields. */
  readonly shared: number;
}

export interface IndexRanges {
  /** In the order of the index, apart from each other. */
  readonly ranges: readonly IndexRange[];
  /** Some bounds were widened: what is found may lie outside. */
  readonly cut: boolean;
}

/** The parts of an index that hold what its leading fields are bound to. */
export function rangesOf(index: IndexDefinition, fields: readonly FieldBounds[]): IndexRanges {
  let prefixes = [index.prefix];
  for (const [i, { points }] of fields.entries()) {
    if (!points) continue;
    const encode = index.directions[i] === -1 ? encodeKeyDescending : encodeKey;
    const encoded = [...new Set(points.map((value) => encode(index.ordering.fold(value))))].sort();
    prefixes = prefixes.flatMap((prefix) => encoded.map((key) => prefix + key));
  }
  const last = fields.at(-1);
  const range = last && !last.points ? encodeRange(last, index.directions[fields.length - 1] === -1) : undefined;
  let cut = false;
  const ranges = prefixes.map((prefix) => {
    const from = range ? prefix + range.from : prefix;
    const to = range ? prefix + range.to : successor(prefix);
    if (from.length <= SAFE_BOUND && to.length <= SAFE_BOUND) return { from, to, shared: prefix.length };
    cut = true;
    return {
      from: from.slice(0, SAFE_BOUND),
      to: to.length > SAFE_BOUND ? successor(to.slice(0, SAFE_BOUND)) : to,
      shared: Math.min(prefix.length, SAFE_BOUND),
    };
  });
  return { ranges: cut ? merged(ranges) : ranges, cut };
}

/** Ranges that were widened may overlap. */
function merged(ranges: readonly IndexRange[]): IndexRange[] {
  const result: { from: string; to: string; shared: number }[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last && range.from <= last.to) {
      if (range.to > last.to) last.to = range.to;
      last.shared = Math.min(last.shared, range.shared);
    } else result.push({ ...range });
  }
  return result;
}

/** The keys of a range of one field. Without a bound it ends where the type's values end. */
function encodeRange({ low, high, type }: FieldBounds, descending: boolean): KeyRange {
  const typeByte = String.fromCharCode(descending ? ~type & 0xff : type);
  const encode = ({ value, prefix }: Bound) => {
    const key = descending ? encodeKeyDescending(value) : encodeKey(value);
    // Without the two bytes that end a string it is the beginning of all that begin with it.
    return prefix ? key.slice(0, -2) : key;
  };
  const [first, last] = descending ? [high, low] : [low, high];
  const start = first ? encode(first) : typeByte;
  const end = last ? encode(last) : typeByte;
  return {
    from: first && !first.inclusive ? successor(start) : start,
    to: !last || last.inclusive ? successor(end) : end,
  };
}
