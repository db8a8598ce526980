/** A map whose keys can also be read in order, for the few entries that are not (yet) in LMDB. */
export class SortedTable<T> {
  private readonly entries = new Map<string, T>();
  private sorted: string[] = [];

  get size(): number {
    return this.entries.size;
  }

  get(key: string): T | undefined {
    return this.entries.get(key);
  }

  set(key: string, value: T): void {
    if (!this.entries.has(key)) {
      const last = this.sorted.at(-1);
      if (last === undefined || key > last) this.sorted.push(key);
      else this.sorted.splice(this.position(key), 0, key);
    }
    this.entries.set(key, value);
  }

  /** Removes entries from the map; their keys leave the order at `tidy`. */
  delete(key: string): void {
    this.entries.delete(key);
  }

  tidy(): void {
    if (this.sorted.length !== this.entries.size) this.sorted = this.sorted.filter((key) => this.entries.has(key));
  }

  /** The keys in [from, to), ascending. */
  keys(from: string, to: string): string[] {
    const sorted = this.sorted;
    const first = sorted[0];
    if (first === undefined || first >= to || (sorted[sorted.length - 1] as string) < from) return [];
    return sorted.slice(this.position(from), this.position(to));
  }

  all(): IterableIterator<[string, T]> {
    return this.entries.entries();
  }

  /** The index of the first key that is not below `key`. */
  private position(key: string): number {
    let low = 0;
    let high = this.sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.sorted[middle] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Collection and index: the first bytes of every key. */
export const PREFIX_LENGTH = 6;

/** Entries by the index they belong to, so that a scan of one index does not see the others. */
export class Overlay<T> {
  private readonly tables = new Map<string, SortedTable<T>>();

  get(key: string): T | undefined {
    return this.tables.get(key.slice(0, PREFIX_LENGTH))?.get(key);
  }

  set(key: string, value: T): void {
    const prefix = key.slice(0, PREFIX_LENGTH);
    let table = this.tables.get(prefix);
    if (!table) {
      table = new SortedTable();
      this.tables.set(prefix, table);
    }
    table.set(key, value);
  }

  keys(from: string, to: string): string[] {
    return this.tables.get(from.slice(0, PREFIX_LENGTH))?.keys(from, to) ?? [];
  }

  deleteAll(keys: Iterable<string>): void {
    const touched = new Set<string>();
    for (const key of keys) {
      const prefix = key.slice(0, PREFIX_LENGTH);
      this.tables.get(prefix)?.delete(key);
      touched.add(prefix);
    }
    for (const prefix of touched) {
      const table = this.tables.get(prefix);
      if (table?.size === 0) this.tables.delete(prefix);
      else table?.tidy();
    }
  }

  *all(): IterableIterator<[string, T]> {
    for (const table of this.tables.values()) yield* table.all();
  }
}
