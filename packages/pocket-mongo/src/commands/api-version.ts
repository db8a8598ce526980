import { type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';

/** The commands of the Stable API, version 1. */
export const STABLE_COMMANDS = new Set([
  'abortTransaction',
  'aggregate',
  'bulkWrite',
  'collMod',
  'commitTransaction',
  'count',
  'create',
  'createIndexes',
  'delete',
  'drop',
  'dropDatabase',
  'dropIndexes',
  'endSessions',
  'explain',
  'find',
  'findAndModify',
  'getMore',
  'hello',
  'insert',
  'killCursors',
  'listCollections',
  'listDatabases',
  'listIndexes',
  'ping',
  'refreshSessions',
  'testDeprecation',
  'testDeprecationInVersion2',
  'testRemoval',
  'testVersions1And2',
  'update',
]);

/** Those that are not to be used any more; of the real ones there is none. */
export const DEPRECATED_COMMANDS: ReadonlySet<string> = new Set(['testDeprecation']);

/** Aggregation stages that are not in it. */
const STAGES = new Set([
  '$currentOp',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$planCacheStats',
  '$queryStats',
  '$listCatalog',
  '$search',
  '$searchMeta',
  '$vectorSearch',
]);

/** Options that are not in it, by command. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  find: ['awaitData', 'max', 'min', 'noCursorTimeout', 'oplogReplay', 'returnKey', 'showRecordId', 'tailable'],
  aggregate: ['explain', 'exchange'],
  create: ['capped', 'autoIndexId', 'size', 'max', 'storageEngine', 'indexOptionDefaults'],
};

/**
 * Checks what a command says of the Stable API. @throws CommandError 322 for another version; with `apiStrict`, 323 for
 * what is not in version 1; with `apiDeprecationErrors`, 324 for what is deprecated in it.
 */
export function checkApiVersion(command: Document, name: string): void {
  const { apiVersion, apiStrict, apiDeprecationErrors } = command;
  if (apiVersion === undefined) {
    if (apiStrict !== undefined || apiDeprecationErrors !== undefined)
      throw new CommandError(4886600, 'Provided apiStrict and/or apiDeprecationErrors without passing apiVersion');
    return;
  }
  if (apiVersion !== '1') throw new CommandError(322, 'API version must be "1"');
  if (truthy(apiDeprecationErrors) && DEPRECATED_COMMANDS.has(name)) {
    const message = `Provided apiDeprecationErrors:true, but the command ${name} is deprecated in API Version 1`;
    throw new CommandError(324, message);
  }
  if (!truthy(apiStrict)) return;
  if (!STABLE_COMMANDS.has(name))
    throw strict(`Provided apiStrict:true, but the command ${name} is not in API Version 1`);
  const option = OPTIONS[name]?.find((key) => command[key] !== undefined);
  if (option !== undefined) throw strict(`BSON field '${name}.${option}' is not allowed with apiStrict:true`);
  if (name === 'aggregate') checkStages(command.pipeline);
}

function checkStages(pipeline: Value): void {
  if (!Array.isArray(pipeline)) return;
  for (const stage of pipeline) {
    if (!isDocument(stage)) continue;
    const [name = ''] = Object.keys(stage);
    if (STAGES.has(name) || (name === '$collStats' && !isCountOnly(stage.$collStats)))
      throw strict(`stage ${name} is not allowed with 'apiStrict: true' in API Version 1`);
    const details = stage[name];
    if (!isDocument(details)) continue;
    if (name === '$facet') for (const inner of Object.values(details)) checkStages(inner);
    else checkStages(details.pipeline);
  }
}

/** Drivers count the documents of a collection with it. */
function isCountOnly(details: Value): boolean {
  return isDocument(details) && Object.keys(details).join() === 'count';
}

function strict(message: string): CommandError {
  return new CommandError(323, message);
}
