import Joi from 'joi';
import type { Doc, Filter, Kind, Reads } from './documents.js';
import { invalid } from './errors.js';

/** Which part of a list is asked for. */
export interface Page {
  limit: number;
  cursor?: string;
}

/** A page of a list that says so itself; other lists are bare arrays, and the answer's `meta` has the cursor. */
export interface Paged<T> {
  items: T[];
  nextCursor?: string;
}

/** Where a thing stands in its list: what it is ordered by, then what tells it from its neighbours. */
export type Key = readonly (string | number)[];

/** How a whole list is ordered and cut into pages. Numbers, times and names make good keys; ids only break ties. */
export interface PageRule<V, I = never> {
  key: (view: V) => Key;
  /** The highest key first; a list may have it so for some inputs only. */
  newestFirst?: boolean | ((input: I) => boolean);
}

/** Longest page of a list, which is also what is given to who asks for no less. */
export const LONGEST_PAGE = 500;

/** The fields of a paged query; spread them into its input. */
export const pageFields = (most = LONGEST_PAGE, usual = most) => ({
  limit: Joi.number().integer().min(1).max(most).default(usual).description('How many at most'),
  cursor: Joi.string()
    .pattern(/^[\w-]{1,600}$/, 'cursor')
    .description('`nextCursor` of the page before, as it came'),
});

export const paged = <T>(item: Joi.Schema<T>) =>
  Joi.object<Paged<T>>({
    items: Joi.array().items(item).required(),
    nextCursor: Joi.string().description('Present while there is more'),
  });

const cursorOf = (key: Key): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** @throws validation_failed for what is no cursor of a list with such keys */
function keyOf(cursor: string): Key {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(key) && key.every((part) => typeof part === 'string' || typeof part === 'number')) return key;
  } catch {
    // Said below.
  }
  throw invalid('cursor', 'must be the nextCursor of an earlier answer');
}

const names = new Intl.Collator('en', { numeric: true });

function compareParts(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  const [a, b] = [String(one), String(other)];
  return names.compare(a, b) || (a < b ? -1 : Number(a > b));
}

/** Before (negative) or after (positive) in the list. Names as people sort them: `Table 9` before `Table 10`. */
export function compareKeys(one: Key, other: Key): number {
  for (const [index, part] of one.entries()) {
    const order = compareParts(part, other[index] ?? '');
    if (order !== 0) return order;
  }
  return 0;
}

/**
 * A page of a list that was read whole. What comes or goes between two pages moves nothing else: the next one begins
 * after the last thing that was shown, also when that is gone.
 */
export function cutPage<V, I extends Page>(things: readonly V[], rule: PageRule<V, I>, input: I): Paged<V> {
  const { limit, cursor } = input;
  const { newestFirst = false } = rule;
  const sign = (typeof newestFirst === 'boolean' ? newestFirst : newestFirst(input)) ? -1 : 1;
  const keyed = things.map((thing) => ({ thing, key: rule.key(thing) }));
  keyed.sort((one, other) => sign * compareKeys(one.key, other.key));
  const from = cursor === undefined ? undefined : keyOf(cursor);
  const left = from === undefined ? keyed : keyed.filter(({ key }) => sign * compareKeys(key, from) > 0);
  const page = left.slice(0, limit);
  const last = page.at(-1);
  const items = page.map(({ thing }) => thing);
  return left.length > limit && last !== undefined ? { items, nextCursor: cursorOf(last.key) } : { items };
}

/**
 * A page read from the database, the highest keys first. `by` are fields with texts or numbers, unique together in the
 * restaurant; there must be an index of the filter's field and these.
 */
export async function readPage<T extends Doc>(
  { find }: Pick<Reads, 'find'>,
  kind: Kind<T>,
  filter: Filter,
  by: readonly (keyof T & string)[],
  { limit, cursor }: Page,
): Promise<Paged<T>> {
  const after = cursor === undefined ? {} : beyond(by, keyOf(cursor));
  const sort = Object.fromEntries(by.map((field) => [field, -1 as const]));
  const found = await find(kind, { ...filter, ...after }, { sort, limit: limit + 1 });
  const items = found.slice(0, limit);
  const last = items.at(-1);
  if (found.length <= limit || last === undefined) return { items };
  return { items, nextCursor: cursorOf(by.map((field) => last[field] as string | number)) };
}

/** The first field bounds the search in the index, the alternatives say it exactly. */
function beyond(by: readonly string[], key: Key): Filter {
  if (key.length !== by.length) throw invalid('cursor', 'belongs to another list');
  const same = (until: number) => Object.fromEntries(by.slice(0, until).map((field, index) => [field, key[index]]));
  const alternatives = by.map((field, index) => ({ ...same(index), [field]: { $lt: key[index] } }));
  return { [by[0] ?? '']: { $lte: key[0] }, $or: alternatives };
}
