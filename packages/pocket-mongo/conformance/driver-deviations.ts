import type { BulkWriteResult, ClientBulkWriteResult, Document } from 'mongodb';
import { isDocument, isPlainObject } from './values.js';

/**
 * A document for an insert. The driver takes `_id: null` for a missing `_id` and writes one of its own into it; a value
 * that only becomes null when it is serialized is left alone.
 */
export function withNullId(document: Document): Document {
  return document._id === null ? { ...document, _id: NULL_ID } : document;
}

const NULL_ID = { toBSON: () => null };

/**
 * The command of a started event as the specifications mean it. From the first attempt on the driver gives
 * `commitTransaction` and `abortTransaction` the time-out that belongs to later attempts to commit only, whenever there
 * is a write concern.
 */
export function specifiedCommand(command: Document, expected: Document): Document {
  const { writeConcern, commitTransaction, abortTransaction } = command;
  if (commitTransaction === undefined && abortTransaction === undefined) return command;
  const wanted: unknown = expected.writeConcern;
  const isWithout = isPlainObject(wanted) && !('wtimeout' in wanted) && !('$$exists' in wanted);
  if (!isWithout || writeConcern?.wtimeout !== COMMIT_RETRY_TIMEOUT_MS) return command;
  const { wtimeout: _added, ...rest } = writeConcern;
  return { ...command, writeConcern: rest };
}

const COMMIT_RETRY_TIMEOUT_MS = 10_000;

/** A command as it is sent now: the driver writes into parts of it when it makes the next one. */
export function asSent(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asSent);
  if (!isDocument(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, asSent(item)]));
}

/** A result of a bulk write over the whole client; the driver says of each update also whether it was an upsert. */
export function specifiedClientResult(result: ClientBulkWriteResult | undefined): Document | undefined {
  if (!result?.updateResults) return result;
  const updateResults = new Map(
    [...result.updateResults].map(([index, update]) => {
      const { didUpsert: _added, ...specified } = update as Document;
      return [index, specified] as const;
    }),
  );
  return { ...result, updateResults };
}

/** What a bulk write over the whole client wrote before it failed; of nothing the driver gives a result of zeros. */
export function specifiedPartialClientResult(result: ClientBulkWriteResult | undefined): Document | undefined {
  if (!result) return undefined;
  const { insertedCount, upsertedCount, matchedCount, modifiedCount, deletedCount } = result;
  const counted = insertedCount + upsertedCount + matchedCount + modifiedCount + deletedCount;
  const listed = [result.insertResults, result.updateResults, result.deleteResults].some((map) => map?.size);
  return counted === 0 && !listed ? undefined : specifiedClientResult(result);
}

/** What was written before a bulk write failed; the driver counts documents as inserted when it sends them. */
export function specifiedPartialResult(result: BulkWriteResult): Document {
  const { insertedIds, insertedCount } = result;
  const inserted = Object.fromEntries(Object.entries(insertedIds).slice(0, insertedCount));
  const { upsertedIds, upsertedCount, matchedCount, modifiedCount, deletedCount } = result;
  return {
    insertedCount,
    matchedCount,
    modifiedCount,
    deletedCount,
    upsertedCount,
    upsertedIds,
    insertedIds: inserted,
  };
}

/** A write concern error of a bulk write over the whole client; the driver names its text otherwise. */
export function specifiedWriteConcernError({ message, ...rest }: Document): Document {
  return message === undefined ? rest : { errmsg: message, ...rest };
}
