import type { Document, Value } from '../bson/values.js';
import { documentOf, flag, optionalDocument } from '../engine/context.js';
import { CommandError, codeName } from '../errors.js';

/** A write error as it stands in a reply, at the index of its statement. */
export function writeError(error: unknown, index: number): Document {
  if (!(error instanceof CommandError)) throw error;
  // What ends the whole transaction is the command's error, not the statement's.
  if (error.labels.length > 0 || [112, 251, 256].includes(error.code)) throw error;
  return { index, code: error.code, codeName: codeName(error.code), ...error.extra, errmsg: error.message } as Document;
}

export function arrayFiltersOf(value: Value): Document[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new CommandError(14, 'arrayFilters must be an array');
  return value.map((filter) => documentOf(filter, 'arrayFilters'));
}

/** Which of several matching documents an update of one takes. */
export function sortOfOne(sort: Value, multi: Value): Document | undefined {
  if (sort !== undefined && flag(multi)) throw new CommandError(9, 'Cannot specify sort with multi=true');
  return optionalDocument(sort, 'sort');
}
