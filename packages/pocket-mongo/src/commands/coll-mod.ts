import { asNumber, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { type Context, documentOf, type Handler } from '../engine/context.js';
import { makeUnique } from '../engine/index-build.js';
import { checkView } from '../engine/views.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import type { Collection } from '../storage/catalog.js';
import { checkCapSize, checkExpiry, checkImages, viewPipeline } from '../storage/collection-options.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import { checkPart } from './arguments.js';
import { indexesNamed } from './drop-indexes.js';
import { checkConvertible } from './unique-conversion.js';

/** Options that no view has. */
const NOT_OF_VIEWS = [
  'index',
  'validator',
  'validationLevel',
  'validationAction',
  'changeStreamPreAndPostImages',
  'expireAfterSeconds',
  'timeseries',
  'cappedSize',
  'cappedMax',
];

/** Changes the options of a collection, a view or an index. The reply tells old and new values, as MongoDB's does. */
export const collMod: Handler = (context) => {
  const { index } = context.command;
  if (isDocument(index) && index.unique !== undefined) return convertToUnique(context, index);
  return context.statement(() => collModNow(context));
};

/** The index of `collMod` becomes a unique one: its documents are looked at first, and only that may be asked for. */
async function convertToUnique(context: Context, change: Document): Promise<Document> {
  const { command } = context;
  checkPart(change, 'collMod.index');
  if (!truthy(change.unique)) throw badValue('an index cannot be made not unique');
  if (change.hidden !== undefined || change.prepareUnique !== undefined || change.expireAfterSeconds !== undefined)
    throw notImplemented('collMod of unique together with other options');
  const { collection, index } = await context.statement(() => {
    const collection = context.definition(context.db, context.collectionName);
    if (!collection) throw new CommandError(26, `ns does not exist: ${context.ns}`);
    if (Object.keys(changes({ ...command, dryRun: undefined }, collection)).length > 0)
      throw notImplemented('collMod of unique together with other options');
    return { collection, index: chosenIndex(collection, change) };
  });
  if (index.unique) return { ok: 1 };
  if (!index.preparing)
    throw new CommandError(72, "Cannot make index unique with 'prepareUnique=false'. Run collMod to set it first.");
  await checkConvertible(context, collection, index);
  if (truthy(command.dryRun)) return { ok: 1 };
  await makeUnique(context, collection, index, modification(command, collection));
  return { unique_new: true, ok: 1 };
}

function collModNow(context: Context): Document {
  const { command, engine } = context;
  const collection = context.definition(context.db, context.collectionName);
  if (!collection) throw new CommandError(26, `ns does not exist: ${context.ns}`);
  context.waitForUsers(collection);
  const options = collection.view ? viewChanges(context, collection) : changes(command, collection);
  const told = modification(command, collection);
  // An index option is checked before anything changes.
  const indexed = command.index === undefined ? undefined : indexChange(context, collection, command.index);
  if (Object.keys(options).length > 0) engine.catalog.setOptions(collection, { ...collection.options, ...options });
  if (collection.capped && (command.cappedSize !== undefined || command.cappedMax !== undefined))
    engine.documents.shrink(context.writer, collection, collection.capped);
  indexed?.apply();
  engine.catalog.tell(collection, 'modify', told);
  return { ...indexed?.reply, ok: 1 };
}

/** What change streams show of a `collMod`. */
function modification(
  command: Document,
  { options, uuid }: Collection,
): { description: Document; stateBefore: Document } {
  const {
    collMod: _,
    $db,
    lsid,
    $clusterTime,
    $readPreference,
    txnNumber,
    writeConcern,
    comment,
    ...description
  } = command;
  return { description, stateBefore: { collectionOptions: { ...options, uuid } } };
}

function viewChanges(context: Context, view: Collection): Document {
  const { command } = context;
  const { viewOn = view.options.viewOn, pipeline = view.options.pipeline } = command;
  for (const name of NOT_OF_VIEWS)
    if (command[name] !== undefined) throw new CommandError(72, `option not supported on a view: ${name}`);
  if (typeof viewOn !== 'string' || viewOn === '') throw badValue("'viewOn' cannot be empty");
  const options = { viewOn, pipeline: viewPipeline(pipeline) };
  const { collation } = view.options;
  checkView(context, context.engine.catalog.make(view.db, view.name, collation ? { ...options, collation } : options));
  return options;
}

/** The new values of a collection's options. */
function changes(command: Document, collection: Collection): Document {
  if (command.viewOn !== undefined || command.pipeline !== undefined)
    throw new CommandError(72, 'option only supported on a view: viewOn');
  if (command.timeseries !== undefined) throw notImplemented('collMod of timeseries options');
  if (truthy(command.dryRun)) throw notImplemented('collMod with dryRun');
  const options: Document = {};
  const { validator, validationLevel, validationAction, changeStreamPreAndPostImages: images } = command;
  if (validator !== undefined) {
    const { validationLevel: level = 'strict', validationAction: action = 'error' } = collection.options;
    Object.assign(options, { validator, validationLevel: level, validationAction: action });
  }
  if (validationLevel !== undefined) options.validationLevel = validationLevel;
  if (validationAction !== undefined) options.validationAction = validationAction;
  if (images !== undefined) {
    checkImages(images);
    options.changeStreamPreAndPostImages = images;
  }
  return { ...options, ...expiryChange(command, collection), ...capChanges(command, collection) };
}

function expiryChange({ expireAfterSeconds: given }: Document, { options, timeField }: Collection): Document {
  if (given === undefined) return {};
  if (timeField === undefined && options.clusteredIndex === undefined)
    throw new CommandError(72, "'expireAfterSeconds' is only supported on time-series and clustered collections");
  return { expireAfterSeconds: given === 'off' ? undefined : checkExpiry(given) };
}

function capChanges({ cappedSize, cappedMax }: Document, { capped, ns }: Collection): Document {
  if (cappedSize === undefined && cappedMax === undefined) return {};
  if (!capped) throw new CommandError(72, `Collection ${ns} is not capped`);
  const size = asNumber(cappedSize);
  if (cappedSize !== undefined) checkCapSize(size ?? 0);
  const max = asNumber(cappedMax);
  return {
    ...(cappedSize === undefined ? {} : { size: cappedSize }),
    ...(cappedMax === undefined ? {} : { max: max !== undefined && max > 0 ? cappedMax : undefined }),
  };
}

interface IndexChange {
  readonly reply: Document;
  apply(): void;
}

function indexChange(context: Context, collection: Collection, given: Value): IndexChange {
  const change = documentOf(given, 'collMod.index');
  checkPart(change, 'collMod.index');
  const index = chosenIndex(collection, change);
  const { spec, reply } = changedIndex(index, change, collection);
  return { reply, apply: () => context.engine.catalog.replaceIndex(collection, index, spec) };
}

function chosenIndex(collection: Collection, { name, keyPattern }: Document): IndexDefinition {
  if (collection.view) throw new CommandError(72, 'option not supported on a view: index');
  if ((name === undefined) === (keyPattern === undefined))
    throw new CommandError(72, 'Must specify either index name or key pattern, and not both.');
  const [index] = indexesNamed(collection, (name ?? keyPattern) as Value);
  if (!index) throw new CommandError(27, `cannot find index ${String(name)} for ns ${collection.ns}`);
  return index;
}

function changedIndex(
  index: IndexDefinition,
  { expireAfterSeconds: seconds, hidden, prepareUnique }: Document,
  collection: Collection,
): { spec: Document; reply: Document } {
  if ([seconds, hidden, prepareUnique].every((value) => value === undefined))
    throw new CommandError(72, 'no expireAfterSeconds, hidden, unique, or prepareUnique field');
  const spec = { ...index.spec };
  const reply: Document = {};
  if (seconds !== undefined) {
    const number = asNumber(seconds);
    if (number === undefined) throw new CommandError(72, 'expireAfterSeconds field must be a number');
    if (index.paths.length > 1 || index.isId) throw new CommandError(72, `${index.name} cannot be a TTL index`);
    if (number < 0 || number > 2_147_483_647)
      throw new CommandError(72, 'TTL index expireAfterSeconds must be between 0 and 2147483647');
    const old = index.spec.expireAfterSeconds;
    if (old !== undefined) reply.expireAfterSeconds_old = BigInt(Math.trunc(asNumber(old) ?? 0));
    reply.expireAfterSeconds_new = BigInt(Math.trunc(number));
    spec.expireAfterSeconds = seconds;
  }
  if (hidden !== undefined) {
    if (index.isId) throw badValue("can't hide _id index");
    if (truthy(hidden) !== index.hidden) Object.assign(reply, { hidden_old: index.hidden, hidden_new: truthy(hidden) });
    if (truthy(hidden)) spec.hidden = true;
    else delete spec.hidden;
  }
  if (prepareUnique !== undefined) Object.assign(reply, prepare(index, spec, truthy(prepareUnique), collection));
  if (collection.capped && seconds !== undefined)
    throw new CommandError(72, 'TTL indexes are not for capped collections');
  return { spec, reply };
}

/** Sets or takes away `prepareUnique`. @returns what the reply says of it */
function prepare(index: IndexDefinition, spec: Document, wanted: boolean, { timeField }: Collection): Document {
  if (timeField !== undefined) throw new CommandError(72, 'a time series has no unique indexes');
  if (index.unique || wanted === index.preparing) return {};
  if (wanted && Object.values(index.key).includes('hashed'))
    throw new CommandError(16764, 'Currently hashed indexes cannot guarantee uniqueness. Use a regular index.');
  if (wanted) spec.prepareUnique = true;
  else delete spec.prepareUnique;
  return { prepareUnique_old: index.preparing, prepareUnique_new: wanted };
}
