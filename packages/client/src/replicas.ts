import type { EventTable, ReplicaTable } from './contract.js';
import type { Envelope, LiveRules, Snapshot } from './wire.js';

interface Item {
  id: string;
}

/** The live copies: loaded whole from a snapshot, then kept current by the events that carry their items. Pure. */
export class Replicas {
  readonly #copies = new Map<string, Map<string, Item>>();
  /** What this client was made with, until the server says. */
  #live: LiveRules;

  constructor(
    replicas: Readonly<Record<string, ReplicaTable>>,
    private readonly events: Readonly<Record<string, EventTable>>,
  ) {
    for (const name of Object.keys(replicas)) this.#copies.set(name, new Map());
    this.#live = Object.fromEntries(
      Object.entries(replicas).flatMap(([name, { live }]) => (live === undefined ? [] : [[name, live]])),
    );
  }

  /** The same map for the life of the client. */
  copy(name: string): ReadonlyMap<string, Item> {
    const copy = this.#copies.get(name);
    if (copy === undefined) throw new Error(`No replica named ${name}`);
    return copy;
  }

  /** The server's word on which things are live. */
  follow(live: LiveRules | undefined): void {
    this.#live = live ?? this.#live;
  }

  /** @returns the names of all replicas */
  load(snapshot: Snapshot): string[] {
    for (const [name, copy] of this.#copies) {
      copy.clear();
      for (const item of snapshot.replicas[name] ?? []) copy.set(item.id, item);
    }
    return [...this.#copies.keys()];
  }

  /** @returns the names of the replicas that changed */
  apply(envelope: Envelope): Set<string> {
    const changed = new Set<string>();
    const table = this.events[envelope.name];
    if (table === undefined || !isRecord(envelope.data)) return changed;
    for (const [field, name] of Object.entries(table.carries ?? {})) {
      for (const item of listed(envelope.data[field])) if (isItem(item) && this.#put(name, item)) changed.add(name);
    }
    for (const [field, name] of Object.entries(table.removes ?? {})) {
      for (const id of listed(envelope.data[field])) {
        if (typeof id === 'string' && this.#copies.get(name)?.delete(id)) changed.add(name);
      }
    }
    return changed;
  }

  #put(name: string, item: Item): boolean {
    const copy = this.#copies.get(name);
    if (copy === undefined) return false;
    const live = this.#live[name];
    if (live !== undefined && !live.values.includes(String(Reflect.get(item, live.field)))) return copy.delete(item.id);
    copy.set(item.id, item);
    return true;
  }
}

function listed(value: unknown): unknown[] {
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value];
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function isItem(value: unknown): value is Item {
  return isRecord(value) && typeof value.id === 'string';
}
