import { type Document, isDocument, type Value } from '../bson/values.js';

/** Codes after which a driver may try again on what it takes for the new primary. */
const RETRIABLE = new Set([6, 7, 89, 91, 134, 189, 262, 358, 402, 9001, 10107, 11600, 11602, 13435, 13436]);
/** A transaction that failed so has not happened and can be tried again as a whole, whatever the command. */
const TRANSIENT = new Set([24, 112, 239, 246, 249, 250, 267, 272]);
const NO_SUCH_TRANSACTION = 251;
/** A change stream goes on after these, besides the retriable ones. */
const RESUMABLE = new Set([63, 133, 150, 234, 13388]);
/** A change stream never goes on after these, whatever the command. */
const NOT_RESUMABLE = new Set([280, 286]);

/** What an error is said of. */
interface Failed {
  readonly command: Document;
  readonly name: string;
  readonly code?: Value;
  readonly writeConcernCode?: Value;
  /** False: a `getMore` that failed before its cursor was found. */
  readonly knowsCursor?: boolean;
}

/** The labels that MongoDB gives to an error of a command, for drivers to know what may be tried again. */
export function errorLabels(failed: Failed): string[] {
  const labels: string[] = [];
  if (isTransient(failed)) labels.push('TransientTransactionError');
  if (isRetryableWrite(failed)) labels.push('RetryableWriteError');
  if (isResumable(failed)) labels.push('ResumableChangeStreamError');
  if (NOT_RESUMABLE.has(Number(failed.code))) labels.push('NonResumableChangeStreamError');
  return labels;
}

function endsTransaction(name: string): boolean {
  return name === 'commitTransaction' || name === 'abortTransaction';
}

function isTransient({ command, name, code, writeConcernCode }: Failed): boolean {
  if (command.autocommit !== false || code === undefined) return false;
  const number = Number(code);
  if (TRANSIENT.has(number)) return true;
  if (number === NO_SUCH_TRANSACTION) return !endsTransaction(name) || writeConcernCode === undefined;
  // After these nobody knows whether a commit has happened: it is to be tried again by itself.
  return !endsTransaction(name) && RETRIABLE.has(number);
}

function isRetryableWrite({ command, name, code, writeConcernCode }: Failed): boolean {
  const mayRetry = command.autocommit === false ? endsTransaction(name) : command.txnNumber !== undefined;
  return mayRetry && (RETRIABLE.has(Number(code)) || RETRIABLE.has(Number(writeConcernCode)));
}

function isResumable({ command, name, code, knowsCursor = true }: Failed): boolean {
  if (code === undefined || !(RETRIABLE.has(Number(code)) || RESUMABLE.has(Number(code)))) return false;
  if (name === 'getMore') return knowsCursor;
  const first = name === 'aggregate' && Array.isArray(command.pipeline) ? command.pipeline[0] : undefined;
  return isDocument(first) && '$changeStream' in first;
}
