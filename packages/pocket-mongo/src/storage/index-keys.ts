import { encodeCompound, fit, MAX_FIELDS_KEY } from '../bson/keys.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { field, isIndex } from '../query/path.js';

export interface KeysOf {
  /** Encoded keys of one document, each once. */
  readonly keys: readonly string[];
  /** True when an array gave the document several keys, or may have. */
  readonly multikey: boolean;
  /** True when none of the indexed fields exists. */
  readonly missing: boolean;
}

/** Computes the index keys of documents: one for each element where a field is an array. */
export class KeyMaker {
  private readonly parts: readonly (readonly string[])[];

  constructor(
    paths: readonly string[],
    private readonly directions: readonly number[],
  ) {
    this.parts = paths.map((path) => path.split('.'));
  }

  keysOf(document: Document): KeysOf {
    const columns = this.parts.map((parts) => {
      const values: Value[] = [];
      const isArray = collect(document, parts, 0, values);
      return { values, isArray };
    });
    const missing = columns.every(({ values, isArray }) => !isArray && values[0] === undefined);
    if (!columns.some((column) => column.isArray)) {
      const key = encodeCompound(
        columns.map(({ values }) => values[0] ?? null),
        this.directions,
      );
      return { keys: [fit(key, MAX_FIELDS_KEY)], multikey: false, missing };
    }
    return { keys: this.multikeys(document, columns), multikey: true, missing };
  }

  private multikeys(document: Document, columns: readonly { values: Value[]; isArray: boolean }[]): string[] {
    const roots = new Set(
      columns.flatMap(({ isArray }, i) => (isArray ? [arrayRoot(document, this.parts[i] as readonly string[])] : [])),
    );
    if (roots.size > 1) throw new CommandError(171, `cannot index parallel arrays [${[...roots].join('] [')}]`);
    const [root] = roots;
    const keys = new Set<string>();
    for (const values of this.combinations(document, root as string, columns)) {
      keys.add(fit(encodeCompound(values, this.directions), MAX_FIELDS_KEY));
    }
    return [...keys];
  }

  /** Fields below the same array take their values from the same element. */
  private combinations(
    document: Document,
    root: string,
    columns: readonly { values: Value[]; isArray: boolean }[],
  ): Value[][] {
    const rootParts = root.split('.');
    const array = rootParts.reduce<Value>((value, part) => field(value, part), document);
    const elements = Array.isArray(array) && array.length > 0 ? array : [undefined];
    const rows: Value[][] = [];
    for (const element of elements) {
      const options = columns.map(({ values, isArray }, i) => {
        if (!isArray) return [values[0] ?? null];
        const rest = (this.parts[i] as readonly string[]).slice(rootParts.length);
        if (element === undefined) return [rest.length === 0 ? undefined : null];
        if (rest.length > 0 && isIndex(rest[0] as string)) return values.length > 0 ? values : [null];
        const found: Value[] = [];
        collect(element, rest, 0, found);
        return rest.length === 0 ? [element] : found.length > 0 ? found.map((value) => value ?? null) : [null];
      });
      rows.push(...product(options));
    }
    return rows;
  }
}

function product(options: readonly Value[][]): Value[][] {
  return options.reduce<Value[][]>(
    (rows, values) => rows.flatMap((row) => values.map((value) => [...row, value])),
    [[]],
  );
}

/** The values at a path; returns true when an array was met. Undefined stands for an empty array or a missing field. */
function collect(value: Value, parts: readonly string[], at: number, values: Value[]): boolean {
  let current = value;
  for (let i = at; i < parts.length; i++) {
    if (Array.isArray(current)) {
      const part = parts[i] as string;
      if (
        isIndex(part) &&
        Number(part) < current.length &&
        !current.some((element) => isDocument(element) && part in element)
      ) {
        collect(current[Number(part)], parts, i + 1, values);
        return true;
      }
      for (const element of current)
        if (isDocument(element)) collect(element, parts, i, values);
        else values.push(null);
      if (current.length === 0) values.push(null);
      return true;
    }
    current = field(current, parts[i] as string);
  }
  if (!Array.isArray(current)) {
    values.push(current);
    return false;
  }
  if (current.length === 0) values.push(undefined);
  else values.push(...current);
  return true;
}

/** The path of the first array on the way. */
function arrayRoot(document: Document, parts: readonly string[]): string {
  let current: Value = document;
  for (let i = 0; i < parts.length; i++) {
    current = field(current, parts[i] as string);
    if (Array.isArray(current)) return parts.slice(0, i + 1).join('.');
  }
  return parts.join('.');
}
