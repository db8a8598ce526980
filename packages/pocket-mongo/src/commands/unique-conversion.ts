import { decodeFields } from '../bson/decode.js';
import { successor } from '../bson/keys.js';
import type { Document, Value } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import { CommandError } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import { scan } from '../storage/view.js';

/** Bytes of keys of `_id` that the reply names at most; a reply has a limit too. */
const MAX_NAMED = 8 * 1024 * 1024;
const ONLY_ID = new Set(['_id']);

/** @throws CommandError 359 that names the documents which have a key of the index in common */
export async function checkConvertible(
  context: Context,
  collection: Collection,
  index: IndexDefinition,
): Promise<void> {
  const violations: Document[] = [];
  for await (const keys of sharingOneKey(context, index)) {
    const ids = keys.map((id) => idOf(context, collection, id)).filter((id) => id !== undefined);
    if (ids.length > 1) violations.push({ ids });
  }
  if (violations.length === 0) return;
  throw new CommandError(
    359,
    'Cannot convert the index to unique. Please resolve conflicting documents before running collMod again.',
    [],
    { violations },
  );
}

/** Keys of `_id` of documents that have the same key in the index, two and more at a time. */
async function* sharingOneKey(context: Context, index: IndexDefinition): AsyncGenerator<string[]> {
  let shared = '';
  let ids: string[] = [];
  let named = 0;
  for (const { key, value } of scan(context.writer, { from: index.prefix, to: successor(index.prefix) })) {
    if (context.pace.due) await context.pace.rest();
    const id = value.latin1Slice();
    const fields = key.slice(0, -id.length);
    if (fields !== shared) {
      if (ids.length > 1) yield ids;
      shared = fields;
      ids = [];
    }
    ids.push(id);
    named += ids.length > 1 ? id.length : 0;
    if (named > MAX_NAMED) break;
  }
  if (ids.length > 1) yield ids;
}

function idOf(context: Context, collection: Collection, id: string): Value | undefined {
  const bytes = context.writer.get(collection.prefix + id);
  return bytes && decodeFields(bytes, ONLY_ID)._id;
}
