import { encodeCompound, fit, MAX_FIELDS_KEY } from '../bson/keys.js';
import { BINARY, type Ordering } from '../bson/ordering.js';
import type { Document, Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { ARRAY, keyRows, plainValue } from '../query/key-values.js';

export interface KeysOf {
  /** Encoded keys of one document, each once. */
  readonly keys: readonly string[];
  /** True when an array gave the document several keys, or may have. */
  readonly multikey: boolean;
}

/** Computes the index keys of documents: one for each element where a field is an array. */
export class KeyMaker {
  private readonly parts: readonly (readonly string[])[];

  constructor(
    paths: readonly string[],
    private readonly directions: readonly number[],
    /** A key with none of the fields is left out. */
    private readonly sparse: boolean,
    private readonly ordering: Ordering = BINARY,
    /** An index with a hashed field takes no arrays. */
    private readonly hashed = false,
  ) {
    this.parts = paths.map((path) => path.split('.'));
  }

  keysOf(document: Document): KeysOf {
    const values: Value[] = [];
    let found = 0;
    for (const parts of this.parts) {
      const value = plainValue(document, parts);
      if (value === ARRAY) return this.multikeys(document);
      if (value !== undefined) found++;
      values.push(value ?? null);
    }
    if (this.sparse && found === 0) return NO_KEYS;
    return { keys: [this.encode(values)], multikey: false };
  }

  private multikeys(document: Document): KeysOf {
    if (this.hashed) throw new CommandError(16766, 'hashed indexes do not currently support array values');
    const keys = new Set<string>();
    for (const { values, found } of keyRows(document, this.parts))
      if (found > 0 || !this.sparse) keys.add(this.encode(values));
    return { keys: [...keys], multikey: true };
  }

  private encode(values: readonly Value[]): string {
    const { ordering } = this;
    const folded = ordering === BINARY ? values : values.map(ordering.fold);
    return fit(encodeCompound(folded, this.directions), MAX_FIELDS_KEY);
  }
}

export const NO_KEYS: KeysOf = { keys: [], multikey: false };
