import { equal } from '../bson/compare.js';
import { asNumber, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';

/** Options that become part of a collection as they are given. */
const KEPT = [
  'validator',
  'validationLevel',
  'validationAction',
  'collation',
  'changeStreamPreAndPostImages',
  'storageEngine',
  'indexOptionDefaults',
] as const;

/** Options that a view can have. */
const OF_VIEWS = new Set(['viewOn', 'pipeline', 'collation']);

/** The options of a new collection as they are stored and listed. @throws CommandError as MongoDB refuses them. */
export function collectionOptions(given: Document): Document {
  if (truthy(given.encryptedFields)) throw notImplemented('create with encryptedFields');
  if (given.viewOn !== undefined || given.pipeline !== undefined) return viewOptions(given);
  for (const name of ['storageEngine', 'indexOptionDefaults', 'changeStreamPreAndPostImages'])
    if (given[name] !== undefined) needDocument(given[name], name);
  if (given.changeStreamPreAndPostImages !== undefined) checkImages(given.changeStreamPreAndPostImages);
  const kept = Object.fromEntries(KEPT.filter((name) => given[name] !== undefined).map((name) => [name, given[name]]));
  const timeseries = given.timeseries === undefined ? undefined : timeseriesOptions(given);
  const clusteredIndex = given.clusteredIndex === undefined ? undefined : clusteredOptions(given);
  return {
    ...cappedOptions(given),
    ...kept,
    ...(timeseries ? { timeseries } : {}),
    ...(clusteredIndex ? { clusteredIndex } : {}),
    ...expiryOf(given),
  };
}

function needDocument(value: Value, name: string): void {
  if (!isDocument(value)) throw wrongType(name, 'object');
}

function wrongType(name: string, wanted: string): CommandError {
  return new CommandError(14, `BSON field 'create.${name}' is the wrong type, expected type '${wanted}'`);
}

function invalid(message: string): CommandError {
  return new CommandError(72, message);
}

export function checkImages(images: Value): void {
  const enabled = isDocument(images) ? images.enabled : undefined;
  if (enabled === undefined)
    throw new CommandError(40414, "BSON field 'changeStreamPreAndPostImages.enabled' is missing but a required field");
  if (typeof enabled !== 'boolean')
    throw new CommandError(14, "BSON field 'changeStreamPreAndPostImages.enabled' is the wrong type, expected 'bool'");
}

function viewOptions(given: Document): Document {
  const { viewOn, pipeline = [], collation } = given;
  if (viewOn === undefined) throw invalid("'pipeline' requires 'viewOn' to also be specified");
  if (typeof viewOn !== 'string') throw wrongType('viewOn', 'string');
  if (viewOn === '') throw badValue("'viewOn' cannot be empty");
  for (const name of [...KEPT, 'capped', 'size', 'max', 'timeseries', 'clusteredIndex', 'expireAfterSeconds'])
    if (given[name] !== undefined && given[name] !== false && !OF_VIEWS.has(name))
      throw invalid(`'${name}' is not allowed with 'viewOn'`);
  return { viewOn, pipeline: viewPipeline(pipeline), ...(collation === undefined ? {} : { collation }) };
}

const NOT_IN_VIEWS = ['$out', '$merge', '$changeStream', '$indexStats', '$collStats', '$currentOp', '$listSessions'];

/** @throws CommandError 167 for a stage that a view cannot have. */
export function viewPipeline(pipeline: Value): Document[] {
  if (!Array.isArray(pipeline)) throw wrongType('pipeline', 'array');
  return pipeline.map((stage) => {
    if (!isDocument(stage)) throw new CommandError(14, 'Each element of the pipeline array must be an object');
    const [name = ''] = Object.keys(stage);
    if (NOT_IN_VIEWS.includes(name))
      throw new CommandError(167, `The aggregation stage ${name} cannot be used in a view`);
    return stage;
  });
}

function cappedOptions(given: Document): Document {
  if (!truthy(given.capped)) return {};
  const size = asNumber(given.size);
  if (given.size === undefined) throw invalid("the 'size' field is required when 'capped' is true");
  if (size === undefined) throw wrongType('size', 'number');
  checkCapSize(size);
  const max = given.max === undefined ? undefined : asNumber(given.max);
  if (given.max !== undefined && max === undefined) throw wrongType('max', 'number');
  if (max !== undefined && max > 2 ** 31 - 1) throw badValue('max in a capped collection has to be < 2^31 or not set');
  return { capped: true, size: given.size, ...(max !== undefined && max > 0 ? { max: given.max } : {}) };
}

export function checkCapSize(size: number): void {
  if (size < 1 || size > 2 ** 50)
    throw new CommandError(
      51024,
      `BSON field 'size' value must be >= 1 and <= 1125899906842624, actual value '${size}'`,
    );
}

/** Seconds that one bucket of MongoDB's spans, by granularity; kept because clients read them. */
const SPANS: Readonly<Record<string, number>> = { seconds: 3600, minutes: 86_400, hours: 2_592_000 };
const TIMESERIES = new Set(['timeField', 'metaField', 'granularity', 'bucketMaxSpanSeconds', 'bucketRoundingSeconds']);

function timeseriesOptions(given: Document): Document {
  const { timeseries } = given;
  if (!isDocument(timeseries)) throw wrongType('timeseries', 'object');
  for (const name of ['capped', 'clusteredIndex', 'validator', 'viewOn', 'changeStreamPreAndPostImages', 'max'])
    if (given[name] !== undefined && given[name] !== false) throw invalid(`'${name}' is not allowed with 'timeseries'`);
  for (const name of Object.keys(timeseries))
    if (!TIMESERIES.has(name))
      throw new CommandError(40415, `BSON field 'create.timeseries.${name}' is an unknown field.`);
  const { timeField, metaField, granularity, bucketMaxSpanSeconds, bucketRoundingSeconds } = timeseries;
  if (timeField === undefined)
    throw new CommandError(40414, "BSON field 'create.timeseries.timeField' is missing but a required field");
  checkSeriesField(timeField, 'timeField');
  if (metaField !== undefined) checkSeriesField(metaField, 'metaField');
  if (metaField === '_id') throw invalid('The \'metaField\' cannot be "_id"');
  if (metaField === timeField) throw invalid("The 'metaField' cannot be the same as the 'timeField'");
  if (granularity !== undefined && (typeof granularity !== 'string' || SPANS[granularity] === undefined))
    throw badValue(`Enumeration value '${String(granularity)}' for field 'granularity' is not a valid value.`);
  if ((bucketMaxSpanSeconds === undefined) !== (bucketRoundingSeconds === undefined) && granularity === undefined)
    throw invalid("The 'bucketMaxSpanSeconds' and 'bucketRoundingSeconds' parameters must both be given");
  const meta = metaField === undefined ? {} : { metaField };
  if (granularity === undefined && bucketMaxSpanSeconds !== undefined)
    return { timeField, ...meta, bucketMaxSpanSeconds, bucketRoundingSeconds };
  const chosen = granularity ?? 'seconds';
  return { timeField, ...meta, granularity: chosen, bucketMaxSpanSeconds: SPANS[chosen as string] };
}

function checkSeriesField(field: Value, name: string): void {
  if (typeof field !== 'string') throw wrongType(`timeseries.${name}`, 'string');
  if (field === '' || field.includes('.') || field.startsWith('$') || field.includes('\0'))
    throw invalid(`'${name}' must be the name of a top-level field`);
}

function clusteredOptions(given: Document): Document {
  const { clusteredIndex } = given;
  if (truthy(given.capped)) throw invalid("'clusteredIndex' is not allowed with 'capped'");
  if (clusteredIndex === true) return { v: 2, key: { _id: 1 }, name: '_id_', unique: true };
  if (!isDocument(clusteredIndex)) throw wrongType('clusteredIndex', 'object');
  const { key, unique, name = '_id_', v = 2, ...rest } = clusteredIndex;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new CommandError(40415, `BSON field 'create.clusteredIndex.${unknown}' is an unknown field.`);
  if (!equal(key, { _id: 1 }))
    throw new CommandError(197, 'The clusteredIndex option is only supported with key {_id: 1}');
  if (!truthy(unique)) throw new CommandError(197, 'The clusteredIndex option requires unique: true to be specified');
  return { v, key, name, unique: true };
}

function expiryOf({ expireAfterSeconds, timeseries, clusteredIndex }: Document): Document {
  if (expireAfterSeconds === undefined) return {};
  if (timeseries === undefined && clusteredIndex === undefined)
    throw invalid(
      "'expireAfterSeconds' is only supported on time-series collections or when the 'clusteredIndex' option is specified",
    );
  return { expireAfterSeconds: checkExpiry(expireAfterSeconds) };
}

/** Seconds after which documents expire. @throws CommandError 14, 72 */
export function checkExpiry(given: Value): Value {
  const seconds = asNumber(given);
  if (seconds === undefined) throw wrongType('expireAfterSeconds', 'number');
  if (seconds < 0 || seconds > 2_147_483_647 * 1000)
    throw invalid(`expireAfterSeconds must be a number of seconds that is not negative, was ${seconds}`);
  return given;
}

/** True when a collection that exists is what `wanted` would make. */
export function sameOptions(existing: Document, wanted: Document): boolean {
  const sorted = (options: Document) =>
    Object.fromEntries(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))) as Document;
  return equal(sorted(existing), sorted(wanted));
}
