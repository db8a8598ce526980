import {
  type Document,
  MongoBulkWriteError,
  MongoClientBulkWriteError,
  MongoError,
  MongoOperationTimeoutError,
  MongoServerError,
  MongoWriteConcernError,
} from 'mongodb';
import {
  specifiedPartialClientResult,
  specifiedPartialResult,
  specifiedWriteConcernError,
} from './driver-deviations.js';
import type { Entities } from './entities.js';
import { check } from './failures.js';
import { match, show } from './matcher.js';
import { onlyKeys } from './parse.js';
import type { ExpectedError } from './schema.js';

const KEYS: readonly (keyof ExpectedError)[] = [
  'isError',
  'isClientError',
  'isTimeoutError',
  'errorContains',
  'errorCode',
  'errorCodeName',
  'errorLabelsContain',
  'errorLabelsOmit',
  'writeErrors',
  'writeConcernErrors',
  'errorResponse',
  'expectResult',
];

/** @throws AssertionFailure naming what of the error is not as expected */
export function matchError(expected: ExpectedError, thrown: unknown, entities: Entities): void {
  onlyKeys(expected, KEYS, 'expectError');
  check(thrown instanceof Error, () => `not an error was thrown: ${show(thrown)}`);
  const error = topLevelError(thrown);
  const said = `${thrown.name}: ${thrown.message}`;
  const { isClientError, isTimeoutError, errorContains, errorCode, errorCodeName } = expected;
  if (isClientError !== undefined)
    check(
      isServerError(error) !== isClientError,
      () => `expected a ${isClientError ? 'client' : 'server'} error: ${said}`,
    );
  if (isTimeoutError !== undefined)
    check(isTimeout(error) === isTimeoutError, () => `expected ${isTimeoutError ? 'a' : 'no'} timeout: ${said}`);
  if (errorContains !== undefined) {
    const messages = messagesOf(thrown).join('\n').toLowerCase();
    check(messages.includes(errorContains.toLowerCase()), () => `expected "${errorContains}" in: ${said}`);
  }
  if (errorCode !== undefined)
    check(codesOf(error).includes(errorCode), () => `expected code ${errorCode}, got ${show(codesOf(error))}: ${said}`);
  if (errorCodeName !== undefined) matchCodeName(errorCodeName, error, said);
  matchLabels(expected, error, said);
  matchWriteErrors(expected, thrown, entities);
  if (expected.errorResponse) match(expected.errorResponse, responseOf(error), entities, true, 'errorResponse');
  if ('expectResult' in expected) match(expected.expectResult, resultOf(thrown), entities, true, 'error.expectResult');
}

/** Of a bulk write over the whole client, the error that ended it. */
function topLevelError(error: Error): Error {
  return error instanceof MongoClientBulkWriteError && error.cause instanceof Error ? error.cause : error;
}

/** A bulk write wraps what went wrong, also when that never reached the server. */
function isServerError(error: Error): boolean {
  if (!(error instanceof MongoServerError)) return false;
  if (!(error instanceof MongoBulkWriteError)) return true;
  const inner: unknown = error.errorResponse;
  return !(inner instanceof MongoError) || inner instanceof MongoServerError;
}

function isTimeout(error: Error): boolean {
  if (error instanceof MongoOperationTimeoutError) return true;
  const inner: unknown = error instanceof MongoBulkWriteError ? error.errorResponse : error.cause;
  return inner instanceof MongoOperationTimeoutError;
}

function aggregated(error: Error): Document[] {
  if (!(error instanceof MongoBulkWriteError)) return [];
  const writeConcernError = error.result?.getWriteConcernError();
  return [error.writeErrors, writeConcernError ?? []].flat() as Document[];
}

function messagesOf(thrown: Error): string[] {
  const response = thrown instanceof MongoServerError ? responseOf(thrown) : undefined;
  const cause = thrown.cause instanceof Error ? messagesOf(thrown.cause) : [];
  return [
    thrown.message,
    String(response?.errmsg ?? ''),
    ...cause,
    ...aggregated(thrown).map(({ errmsg }) => String(errmsg)),
  ];
}

function codesOf(error: Error): unknown[] {
  const { code } = error as { code?: unknown };
  return [code, ...aggregated(error).map((one) => one.code)].filter((one) => one !== undefined).map(Number);
}

function matchCodeName(expected: string, error: Error, said: string): void {
  const given = error instanceof MongoServerError ? (error.codeName ?? responseOf(error)?.codeName) : undefined;
  // Errors of single writes come without a name: it is that of their code.
  const names = [given, ...codesOf(error).map((code) => NAMES.get(Number(code)))].filter((name) => name !== undefined);
  check(
    names.some((name) => String(name).toLowerCase() === expected.toLowerCase()),
    () => `expected ${expected}, got ${names.join(', ')}: ${said}`,
  );
}

/** Names of codes that bulk writes report as numbers alone. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [64, 'WriteConcernFailed'],
  [79, 'UnknownReplWriteConcern'],
  [91, 'ShutdownInProgress'],
  [100, 'UnsatisfiableWriteConcern'],
  [112, 'WriteConflict'],
  [121, 'DocumentValidationFailure'],
  [11000, 'DuplicateKey'],
]);

function matchLabels({ errorLabelsContain, errorLabelsOmit }: ExpectedError, error: Error, said: string): void {
  const has = (label: string) => error instanceof MongoError && error.hasErrorLabel(label);
  const labels = error instanceof MongoError ? show(error.errorLabels) : 'none';
  for (const label of errorLabelsContain ?? [])
    check(has(label), () => `expected label ${label}, got ${labels}: ${said}`);
  for (const label of errorLabelsOmit ?? []) check(!has(label), () => `unexpected label ${label}: ${said}`);
}

function matchWriteErrors({ writeErrors, writeConcernErrors }: ExpectedError, thrown: Error, entities: Entities): void {
  const given = thrown as { writeErrors?: unknown; writeConcernErrors?: Document[] };
  if (writeErrors) {
    const actual = given.writeErrors instanceof Map ? given.writeErrors : new Map<number, Document>();
    const expectedIndexes = Object.keys(writeErrors).sort().join();
    const indexes = [...actual.keys()].map(String).sort().join();
    check(indexes === expectedIndexes, () => `expected write errors of ${expectedIndexes}, got ${indexes}`);
    for (const [index, expected] of Object.entries(writeErrors))
      match(expected, actual.get(Number(index)), entities, true, `writeErrors.${index}`);
  }
  if (writeConcernErrors) {
    const actual = (given.writeConcernErrors ?? []).map(specifiedWriteConcernError);
    check(
      actual.length === writeConcernErrors.length,
      () => `expected ${writeConcernErrors.length} write concern errors, got ${show(actual)}`,
    );
    writeConcernErrors.forEach((expected, i) => {
      match(expected, actual[i], entities, true, `writeConcernErrors[${i}]`);
    });
  }
}

/** The server's reply, as far as the driver has kept it. */
function responseOf(error: Error): Document | undefined {
  if (error instanceof MongoWriteConcernError) return error.result;
  return error instanceof MongoServerError ? error.errorResponse : undefined;
}

/** What was written before the error. */
function resultOf(thrown: Error): unknown {
  if (thrown instanceof MongoClientBulkWriteError) return specifiedPartialClientResult(thrown.partialResult);
  return thrown instanceof MongoBulkWriteError ? specifiedPartialResult(thrown.result) : undefined;
}
