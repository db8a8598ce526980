import type { TestResult } from './runner.js';

/** Failures, the reasons of skips by count, and last one line with the counts alone. */
export function report(results: readonly TestResult[], say: (line: string) => void): void {
  const of = (outcome: TestResult['outcome']) => results.filter((result) => result.outcome === outcome);
  const [passed, failed, skipped] = [of('passed'), of('failed'), of('skipped')];
  for (const { file, test, reason } of failed) {
    say(`FAILED ${file}: ${test}`);
    say(`       ${reason ?? ''}`);
  }
  const reasons = countBy(skipped.map(({ reason }) => reason ?? 'no reason'));
  if (reasons.length > 0) say('skipped because of');
  for (const [reason, count] of reasons) say(`${String(count).padStart(6)}  ${reason}`);
  say(`${passed.length} passed, ${failed.length} failed, ${skipped.length} skipped`);
}

function countBy(values: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
