import type { AnyEvent } from '../kernel/event.js';
import type { AnyReplica, Feature } from '../kernel/feature.js';
import { idPattern } from '../kernel/ids.js';
import type { Operation } from '../kernel/operation.js';
import { SchemaBook } from './json-schema.js';
import type { JsonSchema } from './json-schema.types.js';
import { problemTypes } from './problems.js';
import { typeText } from './typescript.js';

/**
 * Everything the declarations promise, with joi turned into JSON Schema: what the OpenAPI document, the AsyncAPI document
 * and the client's types are three views of.
 */
export interface Contract {
  features: readonly Feature[];
  operations: readonly ContractOperation[];
  /** Those that screens hear; one without an audience is between the features alone. */
  events: readonly ContractEvent[];
  replicas: readonly ContractReplica[];
  /** The named types, by name. */
  types: Readonly<Record<string, JsonSchema>>;
}

export interface ContractOperation {
  feature: string;
  declaration: Operation;
  input: JsonSchema;
  output: JsonSchema;
  /** Names of the events it announces, itself or by reactions, and screens hear. */
  emits: readonly string[];
}

export interface ContractEvent {
  feature: string;
  declaration: AnyEvent;
  payload: JsonSchema;
  /** Kinds of rooms it goes to, as its example shows: `can:order:read`, `station:{id}`. */
  rooms: readonly string[];
}

interface ContractReplica {
  feature: string;
  declaration: AnyReplica;
  item: JsonSchema;
}

/** A schema, or what it is the name of. */
export function resolved(schema: JsonSchema, { types }: Pick<Contract, 'types'>): JsonSchema {
  return schema.$ref === undefined ? schema : (types[typeText(schema)] ?? schema);
}

/** Whether it answers a list in pages. */
export const isPaged = (declaration: Operation): boolean =>
  declaration.kind === 'query' && declaration.page !== undefined;

/** Of the `meta` of such an answer. */
export const nextCursor: JsonSchema = {
  type: 'string',
  description: 'While there is more: send it as `cursor`, with the rest of the input as it was, for the next page',
};

/** Whether a value of this schema holds ids, at any depth. */
export function holdsIds(schema: JsonSchema, contract: Pick<Contract, 'types'>): boolean {
  const text = JSON.stringify(schema);
  if (text.includes(JSON.stringify(idPattern.source))) return true;
  const named = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
    ([, name]) => contract.types[name ?? ''],
  );
  return named.some((type) => type !== undefined && holdsIds(type, contract));
}

/** @throws Unsupported naming the place, for a joi construct that cannot be described */
export function contractOf(features: readonly Feature[]): Contract {
  const book = new SchemaBook();
  const each = <T, R>(list: (feature: Feature) => readonly T[], describe: (item: T) => R) =>
    features.flatMap((feature) => list(feature).map((item) => ({ feature: feature.name, ...describe(item) })));

  const operations = each(
    (feature) => feature.operations,
    (declaration) => ({
      declaration,
      input: book.add(declaration.input, 'in', `${declaration.name} input`),
      output: book.add(declaration.output, 'out', `${declaration.name} output`),
      emits: emittedBy(declaration, features)
        .filter(isHeard)
        .map((event) => event.name),
    }),
  );
  const events = each(
    (feature) => feature.events.filter(isHeard),
    (declaration) => ({
      declaration,
      payload: book.add(declaration.payload, 'out', `${declaration.name} payload`),
      rooms: roomsOf(declaration),
    }),
  );
  const replicas = each(
    (feature) => feature.replicas,
    (declaration) => ({ declaration, item: book.add(declaration.view, 'out', `replica ${declaration.name}`) }),
  );
  return { features, operations, events, replicas, types: { ...book.finish(), ...problemTypes } };
}

/** What a command may bring about in all: its own events, what reactions to them publish, and so on. */
export function emittedBy(operation: Operation, features: readonly Feature[]): AnyEvent[] {
  const all = new Map(operation.kind === 'command' ? operation.emits.map((event) => [event.name, event]) : []);
  const reactions = features.flatMap((feature) => feature.reactions);
  // A map goes on to what is added to it while it is walked.
  for (const name of all.keys()) {
    for (const { on, emits = [] } of reactions)
      if (on.name === name) for (const event of emits) all.set(event.name, event);
  }
  return [...all.values()];
}

const isHeard = (event: AnyEvent) => roomsOf(event).length > 0;

function roomsOf({ audience, example }: AnyEvent): string[] {
  const rooms = audience(example as never).map((room) => room.replace(/^(station|user):.*$/, '$1:{id}'));
  return [...new Set(rooms)].sort();
}
