import { encode } from '../bson/encode.js';
import { asNumber, type Document } from '../bson/values.js';
import { CappedTail } from '../engine/capped-tail.js';
import { type Context, flag } from '../engine/context.js';
import type { FirstBatch, Source } from '../engine/cursors.js';
import { badValue, CommandError } from '../errors.js';
import { Found, type Query } from '../plan/execute.js';
import { compileFilter } from '../query/matcher.js';
import { rootsOf } from '../query/roots.js';
import { orderRange } from '../storage/capped.js';

/** How many documents that do not match are passed over between two pauses. */
const PAUSE_EVERY = 128;

/**
 * What a tailable `find` reads; undefined for others, and where MongoDB opens no cursor that stays: on a collection that is
 * not there, or has nothing in it. @throws CommandError 2, 9, 238 for options that do not go together
 */
export function tailOf(
  context: Context,
  query: Query,
  project: ((document: Document) => Document) | undefined,
): { source: Source; tail: NonNullable<FirstBatch['tail']> } | undefined {
  const { command, engine, ns } = context;
  const awaits = flag(command.awaitData);
  if (!flag(command.tailable)) {
    if (awaits) throw new CommandError(9, "Cannot set 'awaitData' without also setting 'tailable'");
    return undefined;
  }
  const { sort } = query;
  if (sort && Object.keys(sort).length > 0 && asNumber(sort.$natural) !== 1)
    throw badValue('cannot use tailable option with a sort other than {$natural: 1}');
  if (flag(command.singleBatch)) throw badValue("cannot use tailable option with the 'singleBatch' option");
  const collection = context.find(context.db, context.collectionName);
  if (!collection) return undefined;
  if (!collection.capped)
    throw badValue(
      `error processing query: ns=${ns} planner returned error :: caused by :: tailable cursor requested on non capped collection`,
    );
  if (context.writer.read(orderRange(collection), false, 1).entries.length === 0) return undefined;
  const tail = new CappedTail(engine.store, collection, awaits, engine.changes);
  return { source: matching(tail, query, project), tail };
}

function* matching(
  tail: CappedTail,
  { filter, environment, skip = 0, limit = Number.POSITIVE_INFINITY }: Query,
  project: ((document: Document) => Document) | undefined,
): Generator<Buffer | undefined> {
  const match = compileFilter(filter, environment);
  const roots = rootsOf(filter);
  let [found, passed] = [0, 0];
  for (const bytes of tail.documents()) {
    if (!bytes || ++passed % PAUSE_EVERY === 0) yield undefined;
    if (!bytes) continue;
    const document = new Found('', bytes, roots);
    if (!match(document.fields) || ++found <= skip) continue;
    yield project ? encode(project(document.document)) : bytes;
    if (found >= skip + limit) return;
  }
}
