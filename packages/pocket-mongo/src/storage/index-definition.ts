import type { Fields } from '../bson/decode.js';
import { asNumber, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { compileFilter, type Matcher } from '../query/matcher.js';
import { rootOf, rootsOf, union } from '../query/roots.js';
import { KeyMaker, type KeysOf } from './index-keys.js';

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
  'comment',
]);

/** An index of a collection: what was asked for and what keys it makes. */
export class IndexDefinition {
  readonly name: string;
  readonly key: Document;
  readonly paths: readonly string[];
  readonly directions: readonly (1 | -1)[];
  readonly unique: boolean;
  readonly sparse: boolean;
  readonly partial: Document | undefined;
  readonly expireAfterSeconds: number | undefined;
  /** The top-level fields that its keys are made of. */
  readonly roots: Fields;
  /** The first bytes of all its keys. */
  readonly prefix: string;
  /** True once any document had several keys in it; never back. */
  multikey: boolean;
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
    this.paths = Object.keys(this.key);
    this.directions = Object.values(this.key).map((direction) => ((asNumber(direction) ?? 1) < 0 ? -1 : 1));
    this.unique = truthy(spec.unique) || this.isId;
    this.sparse = truthy(spec.sparse);
    this.partial = isDocument(spec.partialFilterExpression) ? spec.partialFilterExpression : undefined;
    this.roots = union([new Set(this.paths.map(rootOf)), rootsOf(this.partial ?? {})]);
    this.expireAfterSeconds = asNumber(spec.expireAfterSeconds);
    this.prefix = keyPrefix(collectionId, id);
    this.multikey = multikey;
    this.maker = new KeyMaker(this.paths, this.directions);
    this.partialMatch = this.partial ? compileFilter(this.partial) : undefined;
  }

  get isId(): boolean {
    return this.id === 0;
  }

  keysOf(document: Document): KeysOf {
    if (this.partialMatch && !this.partialMatch(document)) return NO_KEYS;
    const keys = this.maker.keysOf(document);
    return this.sparse && keys.missing ? NO_KEYS : keys;
  }
}

const NO_KEYS: KeysOf = { keys: [], multikey: false, missing: true };

/** Collection and index number as the first six bytes of a key. */
export function keyPrefix(collectionId: number, indexId: number): string {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt32BE(collectionId, 0);
  bytes.writeUInt16BE(indexId, 4);
  return bytes.latin1Slice();
}

/** Checks what `createIndexes` asks for and fills in the name. @throws CommandError 67, 197, 238. */
export function normalizeIndex(spec: Document): Document {
  for (const option of Object.keys(spec)) {
    if (option === 'collation') {
      if (isDocument(spec.collation) && spec.collation.locale === 'simple') continue;
      throw notImplemented('index option collation');
    }
    if (!KNOWN_OPTIONS.has(option))
      throw new CommandError(197, `The field '${option}' is not valid for an index specification`);
  }
  const { key } = spec;
  if (!isDocument(key) || Object.keys(key).length === 0) throw new CommandError(67, 'Index keys cannot be empty.');
  for (const [path, direction] of Object.entries(key)) checkKeyField(path, direction);
  if (spec.expireAfterSeconds !== undefined) checkTtl(spec, key);
  if (spec.partialFilterExpression !== undefined) {
    if (!isDocument(spec.partialFilterExpression))
      throw new CommandError(14, "The field 'partialFilterExpression' must be an object");
    if (truthy(spec.sparse)) throw new CommandError(67, "cannot mix 'partialFilterExpression' and 'sparse' options");
    compileFilter(spec.partialFilterExpression);
  }
  const name =
    spec.name ??
    Object.entries(key)
      .map(([path, direction]) => `${path}_${String(direction)}`)
      .join('_');
  if (typeof name !== 'string') throw new CommandError(14, "The field 'name' must be a string");
  const { background: _, ns: __, comment: ___, collation: ____, ...rest } = spec;
  return { v: 2, ...rest, key, name };
}

function checkKeyField(path: string, direction: Value): void {
  if (typeof direction === 'string') throw notImplemented(`index type '${direction}'`);
  const number = asNumber(direction);
  if (number === undefined || number === 0 || Number.isNaN(number))
    throw new CommandError(67, `Values in v:2 index key pattern cannot be of this type or 0, for ${path}`);
  if (path === '' || path.split('.').some((part) => part === ''))
    throw new CommandError(67, 'Index keys cannot contain an empty field.');
  if (path.includes('$**')) throw notImplemented('wildcard index');
  if (path.split('.').some((part) => part.startsWith('$')))
    throw new CommandError(67, `Index key contains an illegal field name: field name starts with '$'.`);
}

function checkTtl(spec: Document, key: Document): void {
  const seconds = asNumber(spec.expireAfterSeconds);
  if (seconds === undefined) throw badValue('expireAfterSeconds must be a number');
  if (seconds < 0 || seconds > 2_147_483_647)
    throw new CommandError(67, 'TTL index expireAfterSeconds must be between 0 and 2147483647');
  if (Object.keys(key).length > 1 || '_id' in key)
    throw new CommandError(67, 'TTL indexes are single-field indexes, compound indexes do not support TTL');
}
