import type { Doc, Kind } from '../kernel/documents.js';
import type { AnyEvent } from '../kernel/event.js';
import type { AnyReplica, Feature } from '../kernel/feature.js';
import type { Operation } from '../kernel/operation.js';
import type { AnyReaction } from '../kernel/reaction.js';
import { shapeOf } from './shape.js';

/** Everything declared by the features, by name. Two of one name are an error at boot. */
export interface Registry {
  features: readonly Feature[];
  operations: ReadonlyMap<string, Operation>;
  events: ReadonlyMap<string, AnyEvent>;
  kinds: ReadonlyMap<string, Kind<Doc>>;
  replicas: ReadonlyMap<string, AnyReplica>;
  /** The reactions to each event, in the order of the features. */
  reactions: ReadonlyMap<string, readonly AnyReaction[]>;
}

export function createRegistry(features: readonly Feature[]): Registry {
  const reactions = new Map<string, AnyReaction[]>();
  for (const reaction of features.flatMap((feature) => feature.reactions)) {
    const list = reactions.get(reaction.on.name) ?? [];
    reactions.set(reaction.on.name, [...list, reaction]);
  }
  const operations = byName(
    features.flatMap((feature) => feature.operations),
    (operation) => operation.name,
  );
  // Read now: a schema whose inputs have no bounds is an error at boot, not while serving.
  for (const { input } of operations.values()) shapeOf(input);
  return {
    features,
    operations,
    events: byName(
      features.flatMap((feature) => feature.events),
      (event) => event.name,
    ),
    kinds: byName(
      features.flatMap((feature) => feature.kinds),
      (kind) => kind.collection,
    ),
    replicas: byName(
      features.flatMap((feature) => feature.replicas),
      (replica) => replica.name,
    ),
    reactions,
  };
}

function byName<T>(things: readonly T[], nameOf: (thing: T) => string): Map<string, T> {
  const map = new Map<string, T>();
  for (const thing of things) {
    const name = nameOf(thing);
    if (map.has(name)) throw new Error(`${name} is declared twice`);
    map.set(name, thing);
  }
  return map;
}
