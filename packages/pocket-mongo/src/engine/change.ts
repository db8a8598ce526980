import { check, decode, decodeFields, outline } from '../bson/decode.js';
import { checkDepth, encode, encodeStored } from '../bson/encode.js';
import { copyOf, entriesOf, withId } from '../bson/field-order.js';
import { type Document, isDocument, RawDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Found } from '../plan/execute.js';
import type { Environment } from '../query/environment.js';
import { isOperators } from '../query/matcher.js';
import { compilePipelineUpdate } from '../query/pipeline-update.js';
import { compileUpdate, type Updater } from '../query/update.js';
import { compareBriefly, UpdateLog } from '../query/update-description.js';
import type { Collection } from '../storage/catalog.js';
import type { ChangeLog } from '../storage/change-log.js';

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
  readonly environment: Environment;
}

/** BSON's type number of a timestamp, which may have to be filled in. */
export const TIMESTAMP = 0x11;

/** What becomes of a document: its bytes, and at least the fields that indexes are made of. */
interface Changed {
  readonly fields: Document;
  readonly bytes: Buffer;
  /** What an update with operators or a pipeline touched, where somebody listens. */
  readonly updateDescription?: Document | undefined;
}

export type Change = (found: Found) => Changed;

export function compileChange(statement: UpdateStatement, collection: Collection, log: ChangeLog): Change {
  const replacement = plainReplacement(statement);
  if (replacement) return replaceBy(replacement, collection);
  const update = compileUpdater(statement);
  const whole = wholeUpdate(statement);
  const isPipeline = Array.isArray(whole);
  const touches = isOperators(whole);
  return (found) => {
    const touched = touches && log.recording ? new UpdateLog() : undefined;
    const made = update(decode(found.bytes), statement, false, touched);
    const after = made._id === undefined ? withId(found.fields._id, made) : made;
    const compared = isPipeline && log.recording ? compareBriefly(decode(found.bytes), after) : undefined;
    return {
      fields: after,
      bytes: encodeStored(after),
      updateDescription: touched ? touched.describe(after) : compared,
    };
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
  checkDepth(check(replacement));
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
    return compilePipelineUpdate(update, statement.environment);
  }
  if (!isDocument(update)) throw new CommandError(9, 'Update argument must be either an object or an array');
  if (isOperators(update)) return compileUpdate(update, arrayFilters, statement.environment);
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
    const id = replacement._id === undefined ? before._id : replacement._id;
    const after = id === undefined ? copyOf(replacement) : withId(id, replacement);
    stamp(after);
    return after;
  };
}

/** An empty timestamp at the top of a new document means now. */
export function stamp(document: Document): void {
  for (const [name, value] of entriesOf(document)) {
    if (name !== '_id' && value instanceof Timestamp && value.isZero())
      document[name] = new Timestamp({ t: Math.floor(Date.now() / 1000), i: 1 });
  }
}
