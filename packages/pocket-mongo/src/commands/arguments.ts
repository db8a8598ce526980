import { asNumber, Binary, type Document, isDocument, RawDocument, type Value } from '../bson/values.js';
import { properName } from '../engine/aliases.js';
import { CommandError, notImplemented } from '../errors.js';
import { typeName } from '../query/operator.js';

/*
 * The fields of each command as MongoDB 8.0 declares them: `name:kind`, with `!` where one must be given. A command that
 * is not listed takes any fields, as it does in MongoDB. A name in front stands in messages instead of the command's.
 *
 * flag: a boolean or a number. strict: nothing but a boolean. count: a number that is not negative. refused: MongoDB's,
 * but not in this server. The other kinds are BSON's types or tell themselves.
 */
const WRITES =
  'ordered:bool bypassDocumentValidation:flag bypassEmptyTsReplacement:bool stmtId:int stmtIds:array let:object runtimeConstants:object isTimeseriesNamespace:bool collectionUUID:refused encryptionInformation:refused';

const COMMANDS: Readonly<Record<string, string>> = {
  find: 'FindCommandRequest find:collection filter:own projection:own sort:own hint:hint collation:own skip:count limit:count batchSize:count singleBatch:strict allowDiskUse:strict min:own max:own returnKey:strict showRecordId:strict tailable:strict oplogReplay:any noCursorTimeout:strict awaitData:strict allowPartialResults:strict let:object options:object term:number readOnce:strict mirrored:strict querySettings:object runtimeConstants:object collectionUUID:refused encryptionInformation:refused',
  aggregate:
    'aggregate:target pipeline:pipeline! explain:strict allowDiskUse:strict cursor:cursor bypassDocumentValidation:flag collation:object hint:hint let:object options:object needsMerge:strict fromMongos:strict runtimeConstants:object isMapReduceCommand:strict querySettings:object exchange:refused collectionUUID:refused encryptionInformation:refused',
  count:
    'count:collection query:object limit:number skip:count hint:hint collation:object fields:object querySettings:object collectionUUID:refused encryptionInformation:refused',
  distinct:
    'distinct:collection key:string! query:object collation:object hint:hint querySettings:object collectionUUID:refused encryptionInformation:refused',
  getMore: 'getMore:long! collection:string! batchSize:count term:long lastKnownCommittedOpTime:object',
  killCursors: 'killCursors:collection cursors:array!',
  explain: 'explain:object! verbosity:string',
  insert: `insert:collection documents:array! ${WRITES}`,
  update: `update:collection updates:array! ${WRITES}`,
  delete: `delete:collection deletes:array! ${WRITES}`,
  findAndModify: `findAndModify:collection query:object fields:object sort:object hint:hint collation:object arrayFilters:array remove:flag update:update upsert:flag new:flag ${WRITES}`,
  bulkWrite:
    'bulkWrite:any ops:array! nsInfo:array! cursor:object ordered:bool bypassDocumentValidation:flag bypassEmptyTsReplacement:bool errorsOnly:bool let:object stmtId:int stmtIds:array',
  create:
    'create:collection capped:flag autoIndexId:flag idIndex:object size:number max:number storageEngine:object validator:object validationLevel:string validationAction:string indexOptionDefaults:object viewOn:string pipeline:array collation:object recordPreImages:flag changeStreamPreAndPostImages:object timeseries:object clusteredIndex:any expireAfterSeconds:number encryptedFields:refused temp:flag flags:number',
  createIndexes:
    'createIndexes:collection v:number indexes:array! ignoreUnknownIndexOptions:flag commitQuorum:any returnOnStart:strict isTimeseriesNamespace:bool collectionUUID:refused',
  collMod:
    'collMod:collection index:object validator:object validationLevel:string validationAction:string viewOn:string pipeline:array recordPreImages:flag changeStreamPreAndPostImages:object expireAfterSeconds:any timeseries:object clusteredIndex:any cappedSize:number cappedMax:number isTimeseriesNamespace:bool dryRun:flag',
  drop: 'drop:collection isTimeseriesNamespace:bool collectionUUID:refused',
  dropDatabase: 'dropDatabase:any',
  dropIndexes: 'dropIndexes:collection index:any! isTimeseriesNamespace:bool collectionUUID:refused',
  renameCollection: 'renameCollection:string! to:string! dropTarget:any stayTemp:bool collectionUUID:refused',
  convertToCapped: 'convertToCapped:collection size:number!',
  listCollections: 'listCollections:any cursor:object filter:object nameOnly:flag authorizedCollections:flag',
  listIndexes:
    'listIndexes:collection cursor:object includeBuildUUIDs:flag includeIndexBuildInfo:flag isTimeseriesNamespace:bool',
  listDatabases: 'listDatabases:any filter:object nameOnly:flag authorizedDatabases:flag',
  collStats: 'collStats:collection scale:number',
  dbStats: 'dbStats:any scale:number freeStorage:number',
  dataSize: 'dataSize:string keyPattern:object min:object max:object estimate:flag',
  filemd5: 'filemd5:any root:string partialOk:flag',
  endSessions: 'endSessions:array!',
  refreshSessions: 'refreshSessions:array!',
  killSessions: 'killSessions:array!',
  killAllSessions: 'killAllSessions:array!',
  killAllSessionsByPattern: 'killAllSessionsByPattern:array!',
  startSession: 'startSession:any',
  commitTransaction: 'commitTransaction:any recoveryToken:object',
  abortTransaction: 'abortTransaction:any recoveryToken:object',
  connectionStatus: 'connectionStatus:any showPrivileges:bool',
};

/** Parts of commands that are checked like them. */
const PARTS: Readonly<Record<string, string>> = {
  'update.updates':
    'q:object! u:any! c:object arrayFilters:array hint:hint multi:bool upsert:bool upsertSupplied:strict collation:object sort:object sampleId:any',
  'delete.deletes': 'q:object! limit:number! hint:hint collation:object sampleId:any',
  'bulkWrite.ops.insert': 'BulkWriteInsertOp insert:count! document:any!',
  'bulkWrite.ops.update':
    'BulkWriteUpdateOp update:count! filter:object! updateMods:any! multi:bool upsert:bool upsertSupplied:strict arrayFilters:array hint:hint constants:object collation:object sort:object sampleId:any',
  'bulkWrite.ops.delete':
    'BulkWriteDeleteOp delete:count! filter:object! multi:bool hint:hint collation:object sampleId:any',
  'bulkWrite.nsInfo': 'ns:string! isTimeseriesNamespace:strict collectionUUID:refused encryptionInformation:refused',
  'collMod.index': 'name:string keyPattern:object expireAfterSeconds:number hidden:flag unique:flag prepareUnique:flag',
};

/** What any command may carry; drivers and their proxies send these. */
const GENERIC =
  'OperationSessionInfo $db:string lsid:object txnNumber:long autocommit:bool startTransaction:bool txnRetryCounter:int $clusterTime:any $readPreference:any $queryOptions:any $audit:any $client:any $configServerState:any $configTime:any $oplogQueryData:any $replData:any $topologyTime:any apiVersion:string apiStrict:bool apiDeprecationErrors:bool comment:any maxTimeMS:number maxTimeMSOpOnly:number readConcern:object writeConcern:object rawData:bool requestGossipRoutingCache:bool';

interface Declared {
  /** The name that stands in messages before the field's. */
  readonly name: string;
  readonly kinds: ReadonlyMap<string, string>;
  readonly required: readonly string[];
}

function declare(name: string, text: string): Declared {
  const words = text.split(' ');
  const kinds = new Map<string, string>();
  const required: string[] = [];
  for (const word of words) {
    const [field = '', kind] = word.split(':');
    if (kind === undefined) continue;
    if (kind.endsWith('!')) required.push(field);
    kinds.set(field, kind.replace('!', ''));
  }
  return { name: words[0]?.includes(':') ? name : (words[0] ?? name), kinds, required };
}

const declared = new Map(
  Object.entries({ ...COMMANDS, ...PARTS }).map(([name, text]) => [name, declare(name, text)] as const),
);
const generic = declare('', GENERIC);

/**
 * Checks the fields of a command. `sequences` are those that came outside its document.
 * @throws CommandError 40415 for an unknown field, 40414 for one that is missing, 14 and others for a wrong type, 238
 */
export function checkArguments(command: Document, sequences: ReadonlyMap<string, unknown>): void {
  const [first = ''] = Object.keys(command);
  const name = properName(first);
  const own = declared.get(name);
  for (const field in command) {
    const value = command[field];
    const kind = own?.kinds.get(field === first ? name : field);
    if (own && kind !== undefined) checkKind(own.name, field, kind, value);
    else if (generic.kinds.has(field)) checkKind(generic.name, field, generic.kinds.get(field) as string, value);
    else if (own && field !== first) throw unknownField(own.name, field);
  }
  const missing = own?.required.find((field) => absent(command, field) && !sequences.has(field));
  if (own && missing !== undefined) throw missingField(own.name, missing);
}

/** Checks a document within a command: a statement, the description of an index. @throws CommandError as above */
export function checkPart(part: Document, name: string): void {
  const own = declared.get(name);
  if (!own) return;
  for (const field in part) {
    const kind = own.kinds.get(field);
    if (kind === undefined) throw unknownField(own.name, field);
    checkKind(own.name, field, kind, part[field]);
  }
  const missing = own.required.find((field) => absent(part, field));
  if (missing !== undefined) throw missingField(own.name, missing);
}

function absent(given: Document, field: string): boolean {
  return given[field] === undefined || given[field] === null;
}

function unknownField(what: string, field: string): CommandError {
  return new CommandError(40415, `BSON field '${what}.${field}' is an unknown field.`);
}

function missingField(what: string, field: string): CommandError {
  return new CommandError(40414, `BSON field '${what}.${field}' is missing but a required field`);
}

const NUMBERS = ['long', 'int', 'decimal', 'double'];
/** The BSON types of a kind, where there are others than that of its name. */
const TYPES: Readonly<Record<string, readonly string[]>> = {
  number: NUMBERS,
  count: NUMBERS,
  flag: ['bool', ...NUMBERS],
};

/** Kinds that MongoDB reads in ways of their own. Null is no value, but to them. */
const READERS: Readonly<Record<string, (field: string, value: Value) => void>> = {
  any: () => undefined,
  own: (field, value) => {
    if (!isObject(value)) throw new CommandError(14, `Expected field ${field}to be of type object`);
  },
  strict: (field, value) => {
    if (typeof value !== 'boolean')
      throw new CommandError(14, `Field '${field}' should be a boolean value, but found: ${typeName(value)}`);
  },
  hint: (_, value) => {
    if (typeof value !== 'string' && !isObject(value) && value !== null)
      throw new CommandError(9, 'Hint must be a string or an object');
  },
  pipeline: (_, value) => {
    if (!Array.isArray(value)) throw new CommandError(14, "'pipeline' option must be specified as an array");
    if (!value.every(isObject)) throw new CommandError(14, "Each element of the 'pipeline' array must be an object");
  },
  cursor: (_, value) => {
    if (!isObject(value)) throw new CommandError(14, 'cursor field must be missing or an object');
  },
  update: (_, value) => {
    if (!isObject(value) && !Array.isArray(value))
      throw new CommandError(9, 'Update argument must be either an object or an array');
  },
  collection: (_, value) => checkCollection(value),
  target: (field, value) => {
    const number = asNumber(value);
    if (number === undefined) checkCollection(value);
    else if (number !== 1)
      throw new CommandError(73, `Invalid command format: the '${field}' field must specify a collection name or 1`);
  },
  refused: (field, value) => {
    if (value !== undefined && value !== null) throw notImplemented(`option ${field}`);
  },
};

function isObject(value: Value): boolean {
  return isDocument(value) || value instanceof RawDocument;
}

function checkCollection(value: Value): void {
  if (value instanceof Binary && value.sub_type === Binary.SUBTYPE_UUID)
    throw new CommandError(73, 'Collection name must be provided. UUID is not valid in this context');
  if (typeof value !== 'string') throw new CommandError(73, `Collection name has invalid type ${typeName(value)}`);
}

function checkKind(what: string, field: string, kind: string, value: Value): void {
  const reader = READERS[kind];
  if (reader) {
    reader(field, value);
    return;
  }
  if (value === undefined || value === null) return;
  const types = TYPES[kind];
  const type = typeName(value);
  if (types ? !types.includes(type) : type !== kind) {
    const path = what === '' ? field : `${what}.${field}`;
    const expected = types ? `types '[${types.join(', ')}']` : `type '${kind}'`;
    throw new CommandError(14, `BSON field '${path}' is the wrong type '${type}', expected ${expected}`);
  }
  if (kind === 'count' && (asNumber(value) ?? 0) < 0)
    throw new CommandError(51024, `BSON field '${field}' value must be >= 0, actual value '${String(value)}'`);
}
