import { type Document, ObjectId } from 'mongodb';
import { specifiedCommand } from './driver-deviations.js';
import type { Entities } from './entities.js';
import { AssertionFailure, check, InvalidTest } from './failures.js';
import { match, show } from './matcher.js';
import type { ObservedEvent } from './observed-client.js';
import { onlyKeys } from './parse.js';
import type { EventKind, ExpectedEvent, ExpectedEvents } from './schema.js';

/** Checks number, order and fields of a client's events. @throws AssertionFailure naming the first difference */
export function matchEvents(expected: ExpectedEvents, entities: Entities): void {
  onlyKeys(expected, ['client', 'eventType', 'events', 'ignoreExtraEvents'], 'expectEvents');
  const kind: EventKind = expected.eventType ?? 'command';
  if (!['command', 'cmap', 'sdam'].includes(kind)) throw new InvalidTest(`unknown eventType ${kind}`);
  const observed = entities.client(expected.client).observed(kind);
  expected.events.forEach((event, i) => {
    const actual = observed[i];
    check(actual !== undefined, () => `expected ${count(expected.events.length)}, observed ${names(observed)}`);
    matchEvent(event, actual, entities, `${kind} event ${i}`);
  });
  const enough = expected.ignoreExtraEvents === true || observed.length === expected.events.length;
  check(enough, () => `expected ${count(expected.events.length)}, observed ${names(observed)}`);
}

const count = (number: number) => `${number} event${number === 1 ? '' : 's'}`;

function names(observed: readonly ObservedEvent[]): string {
  const list = observed.map(({ type, event }) => (event.commandName ? `${event.commandName} (${type})` : type));
  return `${count(observed.length)}: ${list.join(', ')}`;
}

/** Whether an observed event is one that is expected. @throws InvalidTest when the expectation makes no sense */
export function matchesEvent(expected: ExpectedEvent, observed: ObservedEvent, entities: Entities): boolean {
  try {
    matchEvent(expected, observed, entities, 'event');
    return true;
  } catch (error) {
    if (error instanceof AssertionFailure) return false;
    throw error;
  }
}

function matchEvent(expected: ExpectedEvent, observed: ObservedEvent, entities: Entities, where: string): void {
  const [entry, ...others] = Object.entries(expected);
  if (!entry || others.length > 0) throw new InvalidTest(`an expected event has one key: ${show(expected)}`);
  const [type, fields] = entry;
  check(observed.type === type, () => `${where}: expected ${type}, observed ${names([observed])}`);
  for (const [field, wanted] of Object.entries(fields)) {
    const matchField = Object.hasOwn(FIELDS, field) ? FIELDS[field] : undefined;
    if (!matchField) throw new InvalidTest(`${type} has no field ${field}`);
    matchField(wanted, observed.event, entities, `${where} ${type}.${field}`);
  }
}

type MatchField = (wanted: unknown, event: Document, entities: Entities, path: string) => void;

const same =
  (field: string): MatchField =>
  (wanted, event, entities, path) =>
    match(wanted, event[field], entities, false, path);

const rootDocument =
  (field: string): MatchField =>
  (wanted, event, entities, path) =>
    match(wanted, event[field], entities, true, path);

/** Of a server or topology only the type is compared. */
const described =
  (field: string): MatchField =>
  (wanted, event, entities, path) =>
    match(wanted, { type: event[field]?.type }, entities, true, path);

const hasServiceId: MatchField = (wanted, { serviceId }, _entities, path) => {
  const has = serviceId instanceof ObjectId && !serviceId.equals('0'.repeat(24));
  check(has === wanted, () => `${path}: serviceId is ${show(serviceId)}`);
};

const hasServerConnectionId: MatchField = (wanted, { serverConnectionId }, _entities, path) => {
  const has = serverConnectionId != null && Number(serverConnectionId) > 0;
  check(has === wanted, () => `${path}: serverConnectionId is ${show(serverConnectionId)}`);
};

const FIELDS: Readonly<Record<string, MatchField>> = {
  command: (wanted, { command }, entities, path) =>
    match(wanted, specifiedCommand(command, wanted as Document), entities, true, path),
  reply: rootDocument('reply'),
  commandName: same('commandName'),
  databaseName: same('databaseName'),
  hasServiceId,
  hasServerConnectionId,
  reason: same('reason'),
  interruptInUseConnections: same('interruptInUseConnections'),
  awaited: same('awaited'),
  previousDescription: described('previousDescription'),
  newDescription: described('newDescription'),
};
