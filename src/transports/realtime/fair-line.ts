interface Part<T> {
  items: T[];
  newestNext: boolean;
}

/**
 * Who waits, by network. Networks have their turns one after the other, so that nobody waits behind another network's
 * crowd; within one, by turns the newest and the oldest: a crowd at the same address as a tablet cannot hold it up, and
 * nobody is forgotten.
 */
export class FairLine<T> {
  readonly #parts = new Map<string, Part<T>>();

  get isEmpty(): boolean {
    return this.#parts.size === 0;
  }

  push(network: string, item: T): void {
    const part = this.#parts.get(network);
    if (part === undefined) this.#parts.set(network, { items: [item], newestNext: true });
    else part.items.push(item);
  }

  shift(): T | undefined {
    for (const [network, part] of this.#parts) {
      const item = part.newestNext ? part.items.pop() : part.items.shift();
      part.newestNext = !part.newestNext;
      this.#parts.delete(network);
      if (part.items.length > 0) this.#parts.set(network, part);
      return item;
    }
    return undefined;
  }
}
