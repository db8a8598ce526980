/** `describe`, where this machine has what the tests need; elsewhere skipped, saying what is missing, and in CI a failure. */
export function describeWhere(missing: string | undefined, name: string, tests: () => void): void {
  if (missing === undefined) describe(name, tests);
  else if (process.env.CI === 'true') {
    it(`${name}: ${missing}`, () => {
      throw new Error(`Install it, these tests start their own: ${missing}`);
    });
  } else {
    console.warn(`Skipped, ${missing}: ${name}`);
    describe.skip(name, tests);
  }
}
