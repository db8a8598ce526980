import { decode, decodeFields, outline } from '../bson/decode.js';
import { encode, encodeStored } from '../bson/encode.js';
import { type Document, isDocument, RawDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Found } from '../plan/execute.js';
import { isOperators, type Variables } from '../query/matcher.js';
import { compilePipelineUpdate } from '../query/pipeline-update.js';
import { compileUpdate, type Updater } from '../query/update.js';
import type { Collection } from '../storage/catalog.js';

/** One update statement, whichever command it came in. */
export interface UpdateStatement {
  readonly filter: Document;
  /** A document as bytes must have been checked. */
  readonly update: Value;
  readonly multi: boolean;
  readonly upsert: boolean;
  readonly arrayFilters: readonly Document[];
  readonly hint?: Value;
  readonly sort?: Document | undefined;
  readonly variables: Variables;
}

/** BSON's type number of a timestamp, which may have to be filled in. */
export const TIMESTAMP = 0x11;

/** What becomes of a document: its bytes, and at least the fields that indexes are made of. */
interface Changed {
  readonly fields: Document;
  readonly bytes: Buffer;
}

type Change = (found: Found) => Changed;

export function compileChange(statement: UpdateStatement, collection: Collection): Change {
  const replacement = plainReplacement(statement);
  if (replacement) return replaceBy(replacement, collection);
  const update = compileUpdater(statement);
  return (found) => {
    const after = update(decode(found.bytes), statement, false);
    if (after._id === undefined) after._id = found.fields._id;
    return { fields: after, bytes: encodeStored(after) };
  };
}

/** A replacement that can be stored as it came, but perhaps for a missing `_id`; undefined for all other updates. */
function plainReplacement({ update, multi, arrayFilters }: UpdateStatement): Buffer | undefined {
  if (!(update instanceof RawDocument) || multi || arrayFilters.length > 0) return undefined;
  const names = outline(update.bytes);
  const plain = names.every(
    ({ type, name }, i) => type !== TIMESTAMP && !name.startsWith('$') && (name !== '_id' || i === 0),
  );
  return plain ? update.bytes : undefined;
}

function replaceBy(replacement: Buffer, collection: Collection): Change {
  const given = decodeFields(replacement, collection.fields);
  if (given._id !== undefined) {
    const changed = { fields: given, bytes: Buffer.from(replacement) };
    return () => changed;
  }
  return ({ fields: { _id: id } }) => {
    // The element of `_id` between the length and the other elements.
    const element = encode({ _id: id }).subarray(4, -1);
    const bytes = Buffer.concat([replacement.subarray(0, 4), element, replacement.subarray(4)]);
    bytes.writeInt32LE(bytes.length, 0);
    return { fields: { _id: id, ...given }, bytes };
  };
}

export function wholeUpdate({ update }: UpdateStatement): Value {
  return update instanceof RawDocument ? decode(update.bytes) : update;
}

/** An update document with operators, a replacement, or a pipeline. */
export function compileUpdater(statement: UpdateStatement): Updater {
  const { multi, arrayFilters } = statement;
  const update = wholeUpdate(statement);
  if (Array.isArray(update)) {
    if (arrayFilters.length > 0)
      throw new CommandError(9, 'arrayFilters may not be specified for pipeline-syle updates');
    return compilePipelineUpdate(update, statement.variables);
  }
  if (!isDocument(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  if (isOperators(update)) return compileUpdate(update, arrayFilters);
  if (multi) throw new CommandError(9, 'multi update is not supported for replacement-style update');
  if (arrayFilters.length > 0)
    throw new CommandError(9, 'arrayFilters may not be specified for replacement-style updates');
  return replacementUpdater(update);
}

function replacementUpdater(replacement: Document): Updater {
  return (before) => {
    for (const name of Object.keys(replacement)) {
      if (name.startsWith('$'))
        throw new CommandError(
          52,
          `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
        );
    }
    const id = replacement._id ?? before._id;
    const { _id: _, ...rest } = replacement;
    const after = id === undefined ? rest : { _id: id, ...rest };
    stamp(after);
    return after;
  };
}

/** An empty timestamp at the top of a new document means now. */
export function stamp(document: Document): void {
  for (const [name, value] of Object.entries(document)) {
    if (name !== '_id' && value instanceof Timestamp && value.isZero())
      document[name] = new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 });
  }
}
