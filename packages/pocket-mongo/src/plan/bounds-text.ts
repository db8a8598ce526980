import { Rank } from '../bson/compare.js';
import { show } from '../bson/show.js';
import type { FieldBounds } from './predicates.js';

/** Where the values of a type begin and end. */
const ENDS: Readonly<Record<number, readonly [string, string]>> = {
  [Rank.number]: ['[-inf.0', 'inf.0]'],
  [Rank.string]: ['[""', '{})'],
  [Rank.bool]: ['[false', 'true]'],
  [Rank.date]: ['[new Date(-9223372036854775808)', 'new Date(9223372036854775807)]'],
  [Rank.objectId]: ["[ObjectId('000000000000000000000000')", "ObjectId('ffffffffffffffffffffffff')]"],
  [Rank.timestamp]: ['[Timestamp(0, 0)', 'Timestamp(4294967295, 4294967295)]'],
};

/** The intervals of one index field, as `explain` shows them. */
export function boundsText(bounds: FieldBounds | undefined, backward: boolean): string[] {
  if (!bounds) return [backward ? '[MaxKey, MinKey]' : '[MinKey, MaxKey]'];
  const { points, low, high, type } = bounds;
  if (points) {
    const text = points.map((point) => `[${show(point)}, ${show(point)}]`);
    return backward ? text.reverse() : text;
  }
  const [start, end] = ENDS[type] ?? ['[MinKey', 'MaxKey]'];
  const from = low ? `${low.inclusive ? '[' : '('}${show(low.value)}` : start;
  const to = high ? highText(high) : end;
  return [backward ? `${flip(to)}, ${flip(from)}` : `${from}, ${to}`];
}

function highText({ value, inclusive, prefix }: NonNullable<FieldBounds['high']>): string {
  if (!prefix) return `${show(value)}${inclusive ? ']' : ')'}`;
  const text = String(value);
  const next = text.slice(0, -1) + String.fromCodePoint((text.codePointAt(text.length - 1) ?? 0) + 1);
  return `${show(next)})`;
}

/** `[1` for `1]` and the other way round. */
function flip(end: string): string {
  const first = end[0];
  if (first === '[' || first === '(') return end.slice(1) + (first === '[' ? ']' : ')');
  return (end.endsWith(']') ? '[' : '(') + end.slice(0, -1);
}
