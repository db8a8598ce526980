import type { TestContext } from './context.js';
import { matchError } from './expected-error.js';
import { AssertionFailure, check, InvalidTest, isOurs } from './failures.js';
import { match, show } from './matcher.js';
import { listsDocuments, perform } from './operations/operations.js';
import { checkOperation } from './parse.js';
import type { Operation } from './schema.js';

type Outcome = { readonly result: unknown } | { readonly error: unknown };

/**
 * Executes an operation and checks its result or error.
 * @param rethrow whether an error of the server or driver is thrown also when it was expected (for `withTransaction`)
 */
export async function runOperation(operation: Operation, context: TestContext, rethrow = false): Promise<void> {
  checkOperation(operation);
  const outcome = await outcomeOf(operation, context);
  if (!operation.ignoreResultAndError) verify(operation, outcome, context);
  if (rethrow && 'error' in outcome) throw outcome.error;
}

async function outcomeOf(operation: Operation, context: TestContext): Promise<Outcome> {
  try {
    return { result: await perform(operation, context) };
  } catch (error) {
    if (isOurs(error) || operation.object === 'testRunner') throw error;
    return { error };
  }
}

function verify(operation: Operation, outcome: Outcome, { entities }: TestContext): void {
  const { expectError, expectResult, saveResultAsEntity, name } = operation;
  if (expectError) {
    check('error' in outcome, () => `${name}: no error, expected ${show(expectError)}`);
    matchError(expectError, outcome.error, entities);
    return;
  }
  if ('error' in outcome) {
    const { error } = outcome;
    const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    throw new AssertionFailure(`${name}: unexpected error ${message}`, { cause: error });
  }
  const { result } = outcome;
  if ('expectResult' in operation) matchResult(operation, expectResult, result, entities);
  if (saveResultAsEntity === undefined) return;
  if (result === undefined) throw new InvalidTest(`${name} has no result that could be saved`);
  entities.add(saveResultAsEntity, result);
}

function matchResult(
  operation: Operation,
  expected: unknown,
  result: unknown,
  entities: TestContext['entities'],
): void {
  if (!listsDocuments(operation) || !Array.isArray(expected)) {
    match(expected, result, entities, true, operation.name);
    return;
  }
  check(
    Array.isArray(result) && result.length === expected.length,
    () => `${operation.name}: expected ${show(expected)}, got ${show(result)}`,
  );
  expected.forEach((wanted, i) => {
    match(wanted, (result as unknown[])[i], entities, true, `${operation.name}[${i}]`);
  });
}
