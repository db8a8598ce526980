import { equal } from '../bson/compare.js';
import { decode } from '../bson/decode.js';
import { encode, MAX_DOCUMENT_SIZE } from '../bson/encode.js';
import { type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import {
  eventOf,
  invalidateEvent,
  invalidates,
  isShown,
  type Recorded,
  type StreamOptions,
} from '../engine/change-events.js';
import { type ChangeStream, fatal } from '../engine/change-streams.js';
import { type Context, count, documentOf, flag } from '../engine/context.js';
import { parseToken, type ResumeToken } from '../engine/resume-token.js';
import { badValue, CommandError } from '../errors.js';
import { compileFilter } from '../query/matcher.js';
import { perDocumentStage } from '../query/pipeline-update.js';
import { splitEvent } from './split-event.js';

const STAGE = '$changeStream';
const SPLIT = '$changeStreamSplitLargeEvent';

/** The options of the stage, and what they must be. */
const OPTIONS = new Set([
  'fullDocument',
  'fullDocumentBeforeChange',
  'resumeAfter',
  'startAfter',
  'startAtOperationTime',
  'allChangesForCluster',
  'showExpandedEvents',
]);

/** Whether a pipeline opens a change stream. @throws CommandError 40602 where the stage is not the first. */
export function isChangeStream(pipeline: readonly Document[]): boolean {
  if (pipeline.slice(1).some((stage) => STAGE in stage))
    throw new CommandError(40602, `${STAGE} is only valid as the first stage in a pipeline`);
  return pipeline[0] !== undefined && STAGE in pipeline[0];
}

/** `aggregate` with `$changeStream`: a cursor that waits for what changes. */
export function watch(context: Context, pipeline: readonly Document[], coll: string | undefined): Promise<Document> {
  checkPlace(context, coll);
  const spec = pipeline[0]?.[STAGE];
  if (!isDocument(spec)) throw new CommandError(50808, `${STAGE} stage expects a document as argument`);
  const options = streamOptions(context, spec, coll);
  const { stages, splits } = compileStages(context, pipeline.slice(1));
  const { from, given } = startingPoint(spec);
  if (from?.kind === 'event' && from.fragment !== undefined && !splits)
    throw fatal(
      'To resume from a split event, the $changeStream pipeline must include a $changeStreamSplitLargeEvent stage',
    );
  const { command, engine } = context;
  const cursor = isDocument(command.cursor) ? command.cursor : {};
  const batchSize = count(cursor.batchSize, 'cursor.batchSize') ?? 101;
  const stream = engine.changes.start(options, from, given);
  return engine.cursors.first(
    context,
    `${context.db}.${coll ?? '$cmd.aggregate'}`,
    output(context, stream, from, stages, splits),
    {
      batchSize,
      settled: options.fullDocument === 'updateLookup' ? () => engine.store.durable() : undefined,
      tail: stream,
    },
  );
}

function checkPlace(context: Context, coll: string | undefined): void {
  const { command, db } = context;
  if (context.transaction)
    throw new CommandError(263, `Stage not supported inside of a multi-document transaction: ${STAGE}`);
  const level = isDocument(command.readConcern) ? command.readConcern.level : undefined;
  if (level !== undefined && level !== 'majority')
    throw new CommandError(
      72,
      `${STAGE} cannot run with a readConcern other than 'majority', or no readConcern. Current readConcern: { level: "${String(level)}" }`,
    );
  if (db === 'config' || db === 'local')
    throw new CommandError(73, `${STAGE} may not be opened on the internal ${db} database`);
  if (coll?.startsWith('system.'))
    throw new CommandError(73, `${STAGE} may not be opened on the internal ${db}.${coll} collection`);
  const view = coll === undefined ? undefined : context.find(db, coll)?.options.viewOn;
  if (view !== undefined) throw new CommandError(166, `Cannot run aggregation on view '${db}.${coll}' with ${STAGE}`);
}

function oneOf<T extends string>(spec: Document, name: string, values: readonly T[], otherwise: T): T {
  const value = spec[name];
  if (value === undefined) return otherwise;
  if (typeof value !== 'string')
    throw new CommandError(14, `BSON field '${STAGE}.${name}' is the wrong type, expected type 'string'`);
  const found = values.find((one) => one === value);
  if (found === undefined)
    throw badValue(`Enumeration value '${value}' for field '${STAGE}.${name}' is not a valid value.`);
  return found;
}

function streamOptions(context: Context, spec: Document, coll: string | undefined): StreamOptions {
  for (const name of Object.keys(spec))
    if (!OPTIONS.has(name)) throw new CommandError(40415, `BSON field '${STAGE}.${name}' is an unknown field.`);
  for (const name of ['allChangesForCluster', 'showExpandedEvents'])
    if (spec[name] !== undefined && typeof spec[name] !== 'boolean')
      throw new CommandError(14, `BSON field '${STAGE}.${name}' is the wrong type, expected type 'bool'`);
  const cluster = flag(spec.allChangesForCluster);
  if (cluster && (context.db !== 'admin' || coll !== undefined))
    throw new CommandError(
      72,
      `A ${STAGE} with 'allChangesForCluster:true' may only be opened on the 'admin' database, and with no collection name; found ${context.db}${coll === undefined ? '' : `.${coll}`}`,
    );
  if (!cluster && context.db === 'admin')
    throw new CommandError(73, `${STAGE} may not be opened on the internal admin database`);
  return {
    db: cluster ? undefined : context.db,
    coll,
    fullDocument: oneOf(spec, 'fullDocument', ['default', 'updateLookup', 'whenAvailable', 'required'], 'default'),
    fullDocumentBeforeChange: oneOf(spec, 'fullDocumentBeforeChange', ['off', 'whenAvailable', 'required'], 'off'),
    showExpandedEvents: flag(spec.showExpandedEvents),
  };
}

function startingPoint(spec: Document): { from: ResumeToken | undefined; given: Document | undefined } {
  const { resumeAfter, startAfter, startAtOperationTime: time } = spec;
  if (resumeAfter !== undefined && startAfter !== undefined)
    throw new CommandError(50865, `Do not specify both 'resumeAfter' and 'startAfter' in a ${STAGE} stage`);
  const token = resumeAfter ?? startAfter;
  if (token !== undefined && time !== undefined)
    throw new CommandError(40674, 'Only one type of resume option is allowed, but multiple were found');
  if (time !== undefined) {
    if (!(time instanceof Timestamp))
      throw new CommandError(
        14,
        `BSON field '${STAGE}.startAtOperationTime' is the wrong type, expected type 'timestamp'`,
      );
    return { from: { kind: 'mark', time }, given: undefined };
  }
  if (token === undefined) return { from: undefined, given: undefined };
  const given = documentOf(token, `${STAGE}.${resumeAfter === undefined ? 'startAfter' : 'resumeAfter'}`);
  const from = parseToken(given);
  if (resumeAfter !== undefined && from.kind === 'event' && from.invalidate)
    throw new CommandError(
      260,
      "Attempting to resume a change stream using 'resumeAfter' is not allowed from an invalidate notification",
    );
  return { from, given };
}

type Stage = (event: Document) => Document | undefined;

/** The stages that may follow: each makes one event of one event, or drops it. */
function compileStages(context: Context, pipeline: readonly Document[]): { stages: Stage[]; splits: boolean } {
  const stages: Stage[] = [];
  let splits = false;
  pipeline.forEach((stage, i) => {
    const names = Object.keys(stage);
    const [name] = names;
    if (name === undefined || names.length !== 1)
      throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
    if (name === SPLIT) {
      if (!isDocument(stage[name]) || Object.keys(stage[name]).length > 0)
        throw new CommandError(7182800, `${SPLIT} spec should be an empty object`);
      if (i !== pipeline.length - 1) throw new CommandError(7182802, `${SPLIT} must be the last stage in the pipeline`);
      splits = true;
    } else stages.push(compileStage(context, name, stage[name]));
  });
  return { stages, splits };
}

function compileStage({ environment }: Context, name: string, argument: Value): Stage {
  if (name === '$match') {
    const match = compileFilter(documentOf(argument, '$match'), environment);
    return (event) => (match(event) ? event : undefined);
  }
  const stage = perDocumentStage(name, argument, environment);
  if (stage) return stage;
  if (FORBIDDEN.has(name)) throw new CommandError(20, `${name} is not permitted in a ${STAGE} pipeline`);
  throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

const FORBIDDEN = new Set([
  '$bucket',
  '$bucketAuto',
  '$collStats',
  '$count',
  '$currentOp',
  '$densify',
  '$documents',
  '$facet',
  '$fill',
  '$geoNear',
  '$graphLookup',
  '$group',
  '$indexStats',
  '$limit',
  '$listLocalSessions',
  '$listSessions',
  '$lookup',
  '$merge',
  '$out',
  '$planCacheStats',
  '$queryStats',
  '$sample',
  '$search',
  '$searchMeta',
  '$setWindowFields',
  '$skip',
  '$sort',
  '$sortByCount',
  '$unionWith',
  '$unwind',
  '$vectorSearch',
]);

/** The events of a stream as bytes. It ends with the event that invalidates it. */
function* output(
  context: Context,
  stream: ChangeStream,
  from: ResumeToken | undefined,
  stages: readonly Stage[],
  splits: boolean,
): Generator<Buffer | undefined> {
  const { options } = stream;
  const resumed = from?.kind === 'event' ? from : undefined;
  if (resumed && !resumed.invalidate) {
    // The client has seen the event that ends the stream, but not yet that it did.
    const last = stream.find(resumed.place);
    if (last && resumed.fragment === undefined && invalidates(last, options)) {
      yield* shown(invalidateEvent(last), stages, undefined);
      return;
    }
  }
  for (const recorded of stream.changes()) {
    if (!recorded) {
      yield undefined;
      continue;
    }
    const seen = resumed?.place === recorded.entry.place ? resumed.fragment : undefined;
    if (stages.length === 0 && !splits && options.fullDocument !== 'updateLookup') yield plainBytes(recorded, options);
    else {
      if (!isShown(recorded, options)) continue;
      const event = eventOf(recorded, options, (change) => lookUp(context, change));
      yield* shown(event, stages, splits ? (seen ?? -1) : undefined);
    }
    if (invalidates(recorded, options)) {
      yield* shown(invalidateEvent(recorded), stages, undefined);
      return;
    }
  }
}

/** An event without further stages: all streams of the same options show the same bytes. */
function plainBytes(recorded: Recorded, options: StreamOptions): Buffer | undefined {
  const { fullDocument, fullDocumentBeforeChange, showExpandedEvents } = options;
  if (!isShown(recorded, options)) return undefined;
  return recorded.bytes(`${fullDocument} ${fullDocumentBeforeChange} ${showExpandedEvents}`, () =>
    checked(eventOf(recorded, options, () => null)),
  );
}

function checked(event: Document): Buffer {
  const bytes = encode(event);
  if (bytes.length > MAX_DOCUMENT_SIZE + 16 * 1024)
    throw new CommandError(
      10334,
      `BSONObj size: ${bytes.length} is invalid. Size must be between 0 and 16793600(16MB)`,
      ['NonResumableChangeStreamError'],
    );
  return bytes;
}

/** `seen`: the last part of a split event that the client has; -1 for none, undefined where events are not split. */
function* shown(event: Document, stages: readonly Stage[], seen: number | undefined): Generator<Buffer> {
  let current: Document | undefined = event;
  for (const stage of stages) if (current) current = stage(current);
  if (!current) return;
  if (!equal(current._id, event._id))
    throw fatal(
      `Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point. Only transformations that retain the unmodified _id field are allowed. Expected: ${JSON.stringify({ _id: event._id })} but found: ${JSON.stringify({ _id: current._id })}`,
    );
  if (seen === undefined) yield checked(current);
  else yield* splitEvent(current, seen);
}

/** The document of an update as it is now, in the same collection. */
function lookUp(context: Context, change: Document): Document | null {
  const collection = context.engine.catalog.find(String(change.db), String(change.coll));
  if (!collection || !equal(collection.uuid, change.uuid) || !isDocument(change.documentKey)) return null;
  const bytes = context.engine.store.get(collection.prefix + collection.idKey(change.documentKey._id));
  return bytes ? decode(bytes) : null;
}
