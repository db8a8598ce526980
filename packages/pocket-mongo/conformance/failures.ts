/** The server or the driver did something else than the test expects. */
export class AssertionFailure extends Error {
  override readonly name = 'AssertionFailure';
}

/** The test file asks for what the format does not know, or contradicts itself: never an error that a test may expect. */
export class InvalidTest extends Error {
  override readonly name = 'InvalidTest';
}

/** The test cannot run here; the reason is counted in the report. */
export class SkipTest extends Error {
  override readonly name = 'SkipTest';
}

export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new AssertionFailure(message());
}

/** Errors of the runner itself, which no `expectError` can be satisfied with. */
export function isOurs(error: unknown): error is AssertionFailure | InvalidTest | SkipTest {
  return error instanceof AssertionFailure || error instanceof InvalidTest || error instanceof SkipTest;
}
