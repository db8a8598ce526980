import { AbstractCursor, ChangeStream, ClientSession } from 'mongodb';
import { InvalidTest } from './failures.js';
import { ObservedClient } from './observed-client.js';

/** A class of entities, for a look-up that also checks the type. */
type EntityClass<T> = abstract new (...args: never[]) => T;

/** The objects and values that a test has named. */
export class Entities {
  private readonly byName = new Map<string, unknown>();

  /** @throws InvalidTest when the name is taken */
  add(name: string, entity: unknown): void {
    if (this.byName.has(name)) throw new InvalidTest(`there is an entity ${name} already`);
    this.byName.set(name, entity);
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  /** @throws InvalidTest when there is no entity of this name */
  get(name: string): unknown {
    if (!this.byName.has(name)) throw new InvalidTest(`there is no entity ${name}`);
    return this.byName.get(name);
  }

  /** @throws InvalidTest when there is no entity of this name or it is of another type */
  of<T>(name: string, type: EntityClass<T>): T {
    const entity = this.get(name);
    if (!(entity instanceof type)) throw new InvalidTest(`entity ${name} is no ${type.name}`);
    return entity;
  }

  client(name: string): ObservedClient {
    return this.of(name, ObservedClient);
  }

  clients(): ObservedClient[] {
    return [...this.byName.values()].filter((entity) => entity instanceof ObservedClient);
  }

  /** Ends sessions, cursors and clients; what fails while it is closed is of no interest to the test any more. */
  async close(): Promise<void> {
    const entities = [...this.byName.values()];
    for (const entity of entities) {
      if (entity instanceof AbstractCursor || entity instanceof ChangeStream)
        await entity.close().catch(() => undefined);
    }
    for (const entity of entities) {
      if (entity instanceof ClientSession) await entity.endSession().catch(() => undefined);
    }
    await Promise.all(this.clients().map(({ client }) => client.close().catch(() => undefined)));
  }
}
