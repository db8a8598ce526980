import { orderingOf } from '../bson/collation.js';
import type { Fields } from '../bson/decode.js';
import { entriesOf, fieldNames } from '../bson/field-order.js';
import { BINARY, type Ordering } from '../bson/ordering.js';
import { asNumber, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { plainWith } from '../query/environment.js';
import { compileFilter, type Matcher } from '../query/matcher.js';
import { checkPartialFilter } from '../query/partial-filter.js';
import { rootOf, rootsOf, union } from '../query/roots.js';
import { KeyMaker, type KeysOf, NO_KEYS } from './index-keys.js';

const KNOWN_OPTIONS = new Set([
  'key',
  'name',
  'v',
  'ns',
  'unique',
  'sparse',
  'partialFilterExpression',
  'expireAfterSeconds',
  'background',
  'hidden',
  'prepareUnique',
  'comment',
  'collation',
]);

/** An index of a collection: what was asked for and what keys it makes. */
export class IndexDefinition {
  readonly name: string;
  readonly key: Document;
  readonly paths: readonly string[];
  readonly directions: readonly (1 | -1)[];
  readonly unique: boolean;
  /** It is to become unique: what it holds may be there twice, and no more of it may come. */
  readonly preparing: boolean;
  readonly sparse: boolean;
  readonly partial: Document | undefined;
  readonly expireAfterSeconds: number | undefined;
  /** With a collation the keys of strings tell which are equal, but not their order. */
  readonly ordering: Ordering;
  /** Kept up, but not chosen by the planner. */
  readonly hidden: boolean;
  /** The top-level fields that its keys are made of. */
  readonly roots: Fields;
  /** The first bytes of all its keys. */
  readonly prefix: string;
  /** True once any document had several keys in it; never back. */
  multikey: boolean;
  /** While it is built from what is stored: writes keep it already, reads must not use it. */
  building: Promise<void> | undefined;
  /** The index is gone, and its keys go: who reads it must stop. */
  dropped = false;
  /** Use since the start, for `$indexStats`. */
  uses = 0;
  private readonly maker: KeyMaker;
  private readonly partialMatch: Matcher | undefined;

  constructor(
    readonly id: number,
    collectionId: number,
    readonly spec: Document,
    multikey: boolean,
  ) {
    this.name = String(spec.name);
    this.key = spec.key as Document;
    this.paths = fieldNames(this.key);
    this.directions = this.paths.map((path) => ((asNumber(this.key[path]) ?? 1) < 0 ? -1 : 1));
    this.unique = truthy(spec.unique) || this.isId;
    this.preparing = !this.unique && truthy(spec.prepareUnique);
    this.sparse = truthy(spec.sparse);
    this.partial = isDocument(spec.partialFilterExpression) ? spec.partialFilterExpression : undefined;
    this.roots = union([new Set(this.paths.map(rootOf)), rootsOf(this.partial ?? {})]);
    this.expireAfterSeconds = asNumber(spec.expireAfterSeconds);
    this.hidden = truthy(spec.hidden);
    this.prefix = keyPrefix(collectionId, id);
    this.multikey = multikey;
    this.ordering = orderingOf(spec.collation) ?? BINARY;
    const hashed = Object.values(this.key).includes('hashed');
    this.maker = new KeyMaker(this.paths, this.directions, this.sparse, this.ordering, hashed);
    this.partialMatch = this.partial && this.matcherOf(this.partial);
  }

  get isId(): boolean {
    return this.id === 0;
  }

  /**
   * `normalizeIndex` has refused what is no filter. A stored one that is none any more, because another version of this
   * server took it, keeps no database from opening: writes that concern the index are refused until it is dropped.
   */
  private matcherOf(filter: Document): Matcher {
    try {
      return compileFilter(filter, plainWith(this.ordering));
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return () => {
        throw new CommandError(
          error instanceof CommandError ? error.code : 2,
          `The stored partialFilterExpression of the index ${this.name} cannot be used, so nothing can be written until it is dropped: ${why}`,
        );
      };
    }
  }

  keysOf(document: Document): KeysOf {
    if (this.partialMatch && !this.partialMatch(document)) return NO_KEYS;
    return this.maker.keysOf(document);
  }
}

/** Collection and index number as the first six bytes of a key. */
export function keyPrefix(collectionId: number, indexId: number): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt32BE(collectionId, 0);
  bytes.writeUInt16BE(indexId, 4);
  return bytes.latin1Slice();
}

/** Checks what `createIndexes` asks for and fills in the name and the collation, the collection's own by default. @throws CommandError 67, 197, 238. */
export function normalizeIndex(spec: Document, standard: Ordering = BINARY): Document {
  for (const option of Object.keys(spec)) {
    if (!KNOWN_OPTIONS.has(option))
      throw new CommandError(197, `The field '${option}' is not valid for an index specification`);
  }
  const { key } = spec;
  if (!isDocument(key) || Object.keys(key).length === 0) throw new CommandError(67, 'Index keys cannot be empty.');
  for (const [path, direction] of entriesOf(key)) checkKeyField(path, direction);
  checkHashed(spec, key);
  if (spec.expireAfterSeconds !== undefined) checkTtl(spec, key);
  if (spec.partialFilterExpression !== undefined) {
    if (!isDocument(spec.partialFilterExpression))
      throw new CommandError(14, "The field 'partialFilterExpression' must be an object");
    if (truthy(spec.sparse)) throw new CommandError(67, "cannot mix 'partialFilterExpression' and 'sparse' options");
    checkPartialFilter(spec.partialFilterExpression);
  }
  const name =
    spec.name ??
    entriesOf(key)
      .map(([path, direction]) => `${path}_${String(direction)}`)
      .join('_');
  if (typeof name !== 'string') throw new CommandError(14, "The field 'name' must be a string");
  const { ns: _, comment: __, collation: given, ...rest } = spec;
  const { collation } = orderingOf(given) ?? standard;
  return { v: 2, ...rest, key, name, ...(collation ? { collation } : {}) };
}

function checkKeyField(path: string, direction: Value): void {
  if (typeof direction === 'string' && direction !== 'hashed') throw notImplemented(`index type '${direction}'`);
  const number = direction === 'hashed' ? 1 : asNumber(direction);
  if (number === undefined || number === 0 || Number.isNaN(number))
    throw new CommandError(67, `Values in v:2 index key pattern cannot be of this type or 0, for ${path}`);
  if (path === '' || path.split('.').some((part) => part === ''))
    throw new CommandError(67, 'Index keys cannot contain an empty field.');
  if (path.includes('$**')) throw notImplemented('wildcard index');
  if (path.split('.').some((part) => part.startsWith('$')))
    throw new CommandError(67, `Index key contains an illegal field name: field name starts with '$'.`);
}

/** A hashed field is indexed in its order like any other, which finds no less than its hash would. */
function checkHashed(spec: Document, key: Document): void {
  const hashed = Object.values(key).filter((direction) => direction === 'hashed').length;
  if (hashed > 1)
    throw new CommandError(31303, `A maximum of one index field is allowed to be hashed but found ${hashed}`);
  if (hashed > 0 && (truthy(spec.unique) || truthy(spec.prepareUnique)))
    throw new CommandError(16764, 'Currently hashed indexes cannot guarantee uniqueness. Use a regular index.');
}

function checkTtl(spec: Document, key: Document): void {
  const seconds = asNumber(spec.expireAfterSeconds);
  if (seconds === undefined) throw badValue('expireAfterSeconds must be a number');
  if (seconds < 0 || seconds > 2_147_483_647)
    throw new CommandError(67, 'TTL index expireAfterSeconds must be between 0 and 2147483647');
  if (Object.keys(key).length > 1 || '_id' in key)
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
}
