import type { Entities } from './entities.js';
import { AssertionFailure, check, SkipTest } from './failures.js';
import { match, show } from './matcher.js';
import type { ObservedLog } from './observed-client.js';
import { onlyKeys } from './parse.js';
import type { ExpectedLog, ExpectedLogs } from './schema.js';

/** Checks a client's log messages, as they were told to the driver's log destination. */
export function matchLogs(expected: ExpectedLogs, entities: Entities): void {
  onlyKeys(expected, ['client', 'messages', 'ignoreMessages', 'ignoreExtraMessages'], 'expectLogMessages');
  const { messages, ignoreMessages = [], ignoreExtraMessages = false } = expected;
  const isIgnored = (log: ObservedLog) => ignoreMessages.some((ignored) => matchesLog(ignored, log, entities));
  const observed = entities.client(expected.client).logs.filter((log) => !isIgnored(log));
  const told = () => `expected ${messages.length} messages, got ${observed.map(({ data }) => data.message).join('; ')}`;
  messages.forEach((message, i) => {
    const actual = observed[i];
    check(actual !== undefined, told);
    matchLog(message, actual, entities, `log message ${i}`);
  });
  check(ignoreExtraMessages || observed.length === messages.length, told);
}

function matchesLog(expected: ExpectedLog, observed: ObservedLog, entities: Entities): boolean {
  try {
    matchLog(expected, observed, entities, 'log message');
    return true;
  } catch (error) {
    if (error instanceof AssertionFailure) return false;
    throw error;
  }
}

function matchLog(
  expected: ExpectedLog,
  { level, component, data }: ObservedLog,
  entities: Entities,
  path: string,
): void {
  onlyKeys(expected, ['level', 'component', 'data', 'failureIsRedacted'], 'an expected log message');
  check(level === expected.level, () => `${path}: expected level ${expected.level}, got ${level}: ${show(data)}`);
  check(component === expected.component, () => `${path}: expected ${expected.component}, got ${component}`);
  match(expected.data, data, entities, true, path);
  const { failureIsRedacted } = expected;
  if (failureIsRedacted === undefined) return;
  check(data.failure !== undefined, () => `${path}: has no failure`);
  const redacted = data.failure === '(redacted)';
  if (redacted && !failureIsRedacted) throw new SkipTest('driver: redacts also what happened to the connection');
  check(redacted === failureIsRedacted, () => `${path}: failure is ${redacted ? '' : 'not '}redacted`);
}
