import { asNumber, type Document, isDocument, Timestamp, truthy } from '../bson/values.js';
import { codeName } from '../error-codes.js';
import { CommandError } from '../errors.js';

const READ_LEVELS = new Set(['local', 'available', 'majority', 'linearizable', 'snapshot']);
const SNAPSHOT_COMMANDS = new Set(['find', 'aggregate', 'distinct', 'getMore']);

/**
 * Checks a command's read concern. Levels make no difference to what is read, but that `majority` and above wait for the
 * disk and `snapshot` stays at one moment. @throws CommandError 9, 14, 72
 */
export function checkReadConcern({ readConcern, startTransaction, autocommit }: Document, name: string): void {
  if (readConcern === undefined) return;
  if (!isDocument(readConcern))
    throw new CommandError(14, "BSON field 'readConcern' is the wrong type, expected type 'object'");
  const { level } = readConcern;
  if (level !== undefined && (typeof level !== 'string' || !READ_LEVELS.has(level)))
    throw new CommandError(9, `readConcern.level must be one of ${[...READ_LEVELS].join(', ')}`);
  if (autocommit === false) {
    if (startTransaction !== true && Object.keys(readConcern).length > 0)
      throw new CommandError(72, 'Only the first command in a transaction may specify a readConcern');
    if (level === 'linearizable' || level === 'available')
      throw new CommandError(72, `The readConcern level must be either 'local' (default), 'majority' or 'snapshot'`);
  } else if (level === 'snapshot' && !SNAPSHOT_COMMANDS.has(name)) {
    throw new CommandError(72, `Command ${name} does not support { readConcern: { level: "snapshot" } }`);
  }
  if (readConcern.atClusterTime !== undefined && level !== 'snapshot')
    throw new CommandError(72, 'readConcern.atClusterTime must be used with { level: "snapshot" }');
}

/** The cluster time to read at; undefined for the latest state. */
export function snapshotTime({ readConcern }: Document): { time: Timestamp | undefined } | undefined {
  if (!isDocument(readConcern) || readConcern.level !== 'snapshot') return undefined;
  const { atClusterTime } = readConcern;
  return { time: atClusterTime instanceof Timestamp ? atClusterTime : undefined };
}

/** What a write concern asks of a server that is alone. */
export interface WriteConcern {
  /** The reply waits for the disk; false only where the client said so: `w: 0`, or `j: false` without `majority`. */
  readonly durable: boolean;
  /** What cannot be fulfilled, as it is added to the reply of a write that has been done. */
  readonly failure: Document | undefined;
}

const ON_DISK: WriteConcern = { durable: true, failure: undefined };

/** @throws CommandError 9, 14, 72 for what is no write concern, or none of its own */
export function writeConcernOf({ writeConcern, autocommit }: Document, name: string): WriteConcern {
  if (writeConcern === undefined) return ON_DISK;
  if (!isDocument(writeConcern))
    throw new CommandError(14, "BSON field 'writeConcern' is the wrong type, expected type 'object'");
  if (autocommit === false && name !== 'commitTransaction' && name !== 'abortTransaction')
    throw new CommandError(72, 'writeConcern is not allowed within a multi-statement transaction');
  const { w, j } = writeConcern;
  if (j !== undefined && typeof j !== 'boolean' && asNumber(j) === undefined)
    throw new CommandError(9, 'j must be numeric or a boolean value');
  if (typeof w === 'string')
    return w === 'majority'
      ? ON_DISK
      : {
          durable: true,
          failure: failure(79, `No write concern mode named '${w}' found in replica set configuration`),
        };
  const members = w === undefined ? 1 : asNumber(w);
  if (members === undefined) throw new CommandError(9, 'w has to be a number, string, or object');
  if (members < 0 || members > 50)
    throw new CommandError(9, `w has to be a non-negative number and not greater than 50; found: ${members}`);
  if (members > 1) return { durable: true, failure: failure(100, 'Not enough data-bearing nodes') };
  return { durable: members > 0 && j !== false && j !== 0, failure: undefined };
}

/** `w: 0` without `j`: the reply, where there is one, says nothing of what the write came to. */
export function isUnacknowledged({ writeConcern }: Document): boolean {
  return isDocument(writeConcern) && asNumber(writeConcern.w) === 0 && !truthy(writeConcern.j);
}

function failure(code: number, errmsg: string): Document {
  return { code, codeName: codeName(code), errmsg };
}
