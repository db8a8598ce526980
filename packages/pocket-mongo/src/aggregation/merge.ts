import { decode } from '../bson/decode.js';
import { encode, encodeStored } from '../bson/encode.js';
import { withId } from '../bson/field-order.js';
import { type Document, isDocument, ObjectId, RawDocument, type Value } from '../bson/values.js';
import type { UpdateStatement } from '../engine/change.js';
import type { Context } from '../engine/context.js';
import { insertOne, updateOne } from '../engine/write-operations.js';
import { CommandError } from '../errors.js';
import { type Environment, withVariables } from '../query/environment.js';
import { compileExpression } from '../query/expression.js';
import { typeName } from '../query/operator.js';
import { field } from '../query/path.js';
import { compilePipelineUpdate } from '../query/pipeline-update.js';
import type { Collection } from '../storage/catalog.js';
import { checkTarget, type Target, targetOf } from './target.js';

type Matched = 'replace' | 'keepExisting' | 'merge' | 'fail' | readonly Value[];
type Unmatched = 'insert' | 'discard' | 'fail';

interface Merge {
  readonly target: Target;
  readonly on: readonly string[];
  readonly matched: Matched;
  readonly unmatched: Unmatched;
  readonly bindings: readonly (readonly [string, (document: Value) => Value])[];
}

const KNOWN = [
  'into',
  'on',
  'let',
  'whenMatched',
  'whenNotMatched',
  'targetCollectionVersion',
  'allowMergeOnNullishValues',
];

function mergeOf(context: Context, argument: Value, environment: Environment): Merge {
  if (typeof argument !== 'string' && !isDocument(argument))
    throw new CommandError(14, `$merge requires a string or object argument, but found ${typeName(argument)}`);
  const given: Document = typeof argument === 'string' ? { into: argument } : argument;
  for (const key of Object.keys(given))
    if (!KNOWN.includes(key)) throw new CommandError(40415, `BSON field '$merge.${key}' is an unknown field.`);
  if (given.into === undefined)
    throw new CommandError(40414, "BSON field '$merge.into' is missing but a required field");
  const target = targetOf(given.into, context.db, '$merge');
  const matched = matchedOf(given.whenMatched);
  const unmatched = unmatchedOf(given.whenNotMatched);
  const name = typeof matched === 'string' ? matched : 'pipeline';
  if ((matched === 'keepExisting' || matched === 'fail') && unmatched !== 'insert')
    throw new CommandError(
      51181,
      `Combination of $merge modes 'whenMatched: ${name}' and 'whenNotMatched: ${unmatched}' is not supported`,
    );
  checkTarget(target, '$merge');
  if (given.let !== undefined && typeof matched === 'string')
    throw new CommandError(51199, `Cannot use 'let' variables with 'whenMatched: ${matched}' mode`);
  const bindings = bindingsOf(given.let, environment);
  if (typeof matched !== 'string') compilePipelineUpdate(matched, variables(bindings, {}, environment));
  return { target, on: onOf(given.on), matched, unmatched, bindings };
}

function matchedOf(value: Value): Matched {
  if (value === undefined) return 'merge';
  if (Array.isArray(value)) return value;
  if (value === 'replace' || value === 'keepExisting' || value === 'merge' || value === 'fail') return value;
  if (typeof value !== 'string')
    throw new CommandError(
      51191,
      `$merge 'whenMatched' must be either a string or an array, but found ${typeName(value)}`,
    );
  throw new CommandError(2, `Enumeration value '${value}' for field '$merge.whenMatched' is not a valid value.`);
}

function unmatchedOf(value: Value): Unmatched {
  if (value === undefined) return 'insert';
  if (value === 'insert' || value === 'discard' || value === 'fail') return value;
  if (typeof value !== 'string')
    throw new CommandError(
      14,
      `BSON field '$merge.whenNotMatched' is the wrong type '${typeName(value)}', expected type 'string'`,
    );
  throw new CommandError(2, `Enumeration value '${value}' for field '$merge.whenNotMatched' is not a valid value.`);
}

function onOf(value: Value): string[] {
  if (value === undefined) return ['_id'];
  if (typeof value === 'string') return [value];
  if (!Array.isArray(value))
    throw new CommandError(
      51186,
      `$merge 'on' field  must be either a string or an array of strings, but found ${typeName(value)}`,
    );
  if (value.length === 0)
    throw new CommandError(51187, "If explicitly specifying $merge 'on', must include at least one field");
  const fields = value.map((one) => {
    if (typeof one !== 'string')
      throw new CommandError(51134, `$merge 'on' array elements must be strings, but found ${typeName(one)}`);
    return one;
  });
  const twice = fields.find((one, i) => fields.indexOf(one) !== i);
  if (twice !== undefined) throw new CommandError(31465, `Found a duplicate field '${twice}'`);
  return fields;
}

function bindingsOf(given: Value, environment: Environment): (readonly [string, (document: Value) => Value])[] {
  if (given === undefined) return [];
  if (!isDocument(given))
    throw new CommandError(
      14,
      `BSON field '$merge.let' is the wrong type '${typeName(given)}', expected type 'object'`,
    );
  if ('new' in given && given.new !== '$$ROOT')
    throw new CommandError(51273, "'let' may not define a value for the reserved 'new' variable other than '$$ROOT'");
  return Object.entries(given).map(([name, value]) => [name, compileExpression(value, environment)] as const);
}

function variables(
  bindings: readonly (readonly [string, (document: Value) => Value])[],
  document: Document,
  environment: Environment,
): Environment {
  const values = Object.fromEntries(bindings.map(([name, evaluate]) => [name, evaluate(document)]));
  return withVariables(environment, { new: document, ...values });
}

/** The unique index that says which document a result belongs to. @throws CommandError 51183 when there is none. */
function uniqueIndex(collection: Collection | undefined, on: readonly string[]): { sparse: boolean } {
  if (on.length === 1 && on[0] === '_id') return { sparse: false };
  const found = collection?.indexes.find(
    ({ unique, partial, paths, building }) =>
      unique && !partial && !building && paths.length === on.length && on.every((path) => paths.includes(path)),
  );
  if (!found) throw new CommandError(51183, 'Cannot find index to verify that join fields will be unique');
  return found;
}

/** The filter that finds the document a result belongs to. */
function filterOf(document: Document, on: readonly string[], sparse: boolean): Document {
  const clauses: Document[] = on.map((path) => {
    const value = path
      .split('.')
      .reduce<Value>((level, part) => (Array.isArray(level) ? level : field(level, part)), document);
    if (Array.isArray(value)) throw new CommandError(51185, `$merge write error: 'on' field '${path}' is an array`);
    if ((value === undefined || value === null) && (sparse || path === '_id'))
      throw new CommandError(51132, "$merge write error: 'on' field cannot be missing, null, undefined or an array");
    return { [path]: { $eq: value ?? null } };
  });
  const [only] = clauses;
  return clauses.length === 1 && only ? only : { $and: clauses };
}

function updateFor({ matched, bindings }: Merge, document: Document, environment: Environment) {
  if (typeof matched !== 'string')
    return { update: [...matched], environment: variables(bindings, document, environment) };
  if (matched === 'replace') return { update: new RawDocument(encode(document)), environment };
  // The fields one by one: others of the stored document stay.
  return { update: [{ $replaceWith: { $mergeObjects: ['$$ROOT', { $literal: document }] } }], environment };
}

function mergeOne(context: Context, merge: Merge, given: Document, sparse: boolean): void {
  const { db, name } = merge.target;
  const { environment } = context;
  const document = given._id === undefined && merge.on.includes('_id') ? withId(new ObjectId(), given) : given;
  const insert = () => insertOne(context, context.findOrCreate(db, name), encodeStored(document));
  if (merge.matched === 'fail') {
    insert();
    return;
  }
  const filter = filterOf(document, merge.on, sparse);
  const statement: UpdateStatement = {
    filter,
    multi: false,
    upsert: false,
    arrayFilters: [],
    ...(merge.matched === 'keepExisting'
      ? { update: { $set: {} }, environment }
      : updateFor(merge, document, environment)),
  };
  if (updateOne(context, db, name, statement).matched > 0 || merge.unmatched === 'discard') return;
  if (merge.unmatched === 'fail')
    throw new CommandError(
      13113,
      '$merge could not find a matching document in the target collection for at least one document in the source collection',
    );
  insert();
}

/** Documents written between two flushes, which bounds what waits in memory. */
const STEP = 1000;

/** `$merge`: each result is written for itself, so that what was written before an error stays. */
export function compileMerge(
  context: Context,
  argument: Value,
  environment: Environment,
): (documents: readonly Buffer[]) => Promise<void> {
  const merge = mergeOf(context, argument, environment);
  const { sparse } = uniqueIndex(context.find(merge.target.db, merge.target.name), merge.on);
  return async (documents) => {
    for (const [i, bytes] of documents.entries()) {
      const document = decode(bytes);
      await context.statement(() => mergeOne(context, merge, document, sparse));
      if (context.pace.due) await context.pace.rest();
      if (i % STEP === STEP - 1) await context.engine.store.durable();
    }
  };
}
