import { type Document, isDocument, type Value } from '../bson/values.js';
import { type Context, documentOf, flag, optionalDocument } from '../engine/context.js';
import { codeName } from '../error-codes.js';
import { CommandError } from '../errors.js';

/** A write error as it stands in a reply, at the index of its statement. */
export function writeError(error: unknown, index: number): Document {
  if (!(error instanceof CommandError)) throw error;
  // What ends the whole transaction or the whole command is the command's error, not the statement's.
  if (error.labels.length > 0 || [50, 73, 112, 251, 256].includes(error.code)) throw error;
  return { index, code: error.code, codeName: codeName(error.code), ...error.extra, errmsg: error.message } as Document;
}

/**
 * Runs the statements of a command, pausing between them. What they come to is added up in `totals`, plain BSON: it is
 * also what a retryable write keeps of its progress, so that a retry after a crash goes on behind the last statement.
 * @param run returns false to stop after this statement
 */
export async function runStatements<T extends Document>(
  context: Context,
  total: number,
  start: T,
  run: (i: number, totals: T) => Promise<boolean>,
): Promise<T> {
  const { pace, retry } = context;
  const before = retry?.progress;
  const totals = isDocument(before?.totals) ? (before.totals as T) : start;
  let next = before ? Number(before.next) : 0;
  context.checkpoint = () => {
    if (next > 0) retry?.save({ next, totals });
  };
  for (; next < total; next++) {
    if (pace.due) {
      context.checkpoint();
      await pace.rest();
    }
    if (!(await run(next, totals))) break;
  }
  context.checkpoint = undefined;
  return totals;
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
