import { encode } from '../bson/encode.js';
import { fieldNames, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { isIndex } from './path.js';

/** What became of a level of a document (or array), in the order in which MongoDB names it. */
interface Level {
  readonly array: boolean;
  readonly updates: (readonly [string, Value])[];
  readonly inserts: (readonly [string, Value])[];
  readonly removed: string[];
  readonly inner: (readonly [string, Level])[];
  /** The length to which an array was cut. */
  newSize: number | undefined;
}

function newLevel(array: boolean): Level {
  return { array, updates: [], inserts: [], removed: [], inner: [], newSize: undefined };
}

type Kind = 'update' | 'insert' | 'remove';

interface Touched {
  parts: readonly string[];
  kind: Kind;
}

/** Which elements an array's `$[]` and `$[name]` stood for, and which of them an operator changed. */
interface Selected {
  readonly matched: Set<string>;
  readonly changed: Set<string>;
}

/** Notes which paths the operators of one update touch. The values are read from the finished document. */
export class UpdateLog {
  private readonly touched: Touched[] = [];
  private readonly selected = new Map<string, Selected>();

  updated(path: readonly string[]): void {
    this.note(path, 'update');
  }

  /** A path whose last name did not exist before. */
  created(path: readonly string[]): void {
    this.note(path, 'insert');
  }

  removed(path: readonly string[]): void {
    this.note(path, 'remove');
  }

  private note(parts: readonly string[], kind: Kind): void {
    this.touched.push({ parts, kind });
    for (let i = 1; i < parts.length; i++) {
      const found = this.selected.get(parts.slice(0, i).join('.'));
      if (found?.matched.has(parts[i] as string)) found.changed.add(parts[i] as string);
    }
  }

  /** Tells that a dynamic part of a path stands for this element. */
  select(array: readonly string[], index: string): void {
    const path = array.join('.');
    let found = this.selected.get(path);
    if (!found) {
      found = { matched: new Set(), changed: new Set() };
      this.selected.set(path, found);
    }
    found.matched.add(index);
  }

  /** `updateDescription` of the update that made `after`. */
  describe(after: Document): Document {
    const root = newLevel(false);
    const done = new Set<string>();
    for (const one of this.touched) {
      const { parts, kind } = this.widened(one);
      const path = parts.join('.');
      // What lies in something that is new is a part of its value.
      if (parts.some((_, i) => done.has(parts.slice(0, i + 1).join('.')))) continue;
      done.add(path);
      add(root, after, parts, kind);
    }
    return describe(root);
  }

  /** Where several elements of an array were selected, MongoDB names the whole array, or the one element changed. */
  private widened({ parts, kind }: Touched): Touched {
    for (let i = 1; i < parts.length; i++) {
      const found = this.selected.get(parts.slice(0, i).join('.'));
      if (!found || found.matched.size < 2 || !found.matched.has(parts[i] as string)) continue;
      return { parts: parts.slice(0, found.changed.size > 1 ? i : i + 1), kind: 'update' };
    }
    return { parts, kind };
  }
}

function child(container: Value, name: string): Value {
  if (Array.isArray(container)) return container[Number(name)];
  return isDocument(container) && Object.hasOwn(container, name) ? container[name] : undefined;
}

function add(root: Level, after: Document, parts: readonly string[], kind: Kind): void {
  let level = root;
  let value: Value = after;
  for (const part of parts.slice(0, -1)) {
    value = child(value, part);
    let next = level.inner.find(([name]) => name === part)?.[1];
    if (!next) {
      next = newLevel(Array.isArray(value));
      level.inner.push([part, next]);
    }
    level = next;
  }
  const name = parts.at(-1) as string;
  const final = child(value, name);
  if (kind === 'remove' && !Array.isArray(value)) level.removed.push(name);
  else (kind === 'insert' && !level.array ? level.inserts : level.updates).push([name, final ?? null]);
}

interface Description {
  readonly updatedFields: Document;
  readonly removedFields: Value[];
  readonly truncatedArrays: Value[];
  readonly disambiguatedPaths: Document;
}

/** A step of a path: its name or, in an array, its index. */
type Step = string | number;

function describe(root: Level): Document {
  const description: Description = {
    updatedFields: {},
    removedFields: [],
    truncatedArrays: [],
    disambiguatedPaths: {},
  };
  collect(root, [], description);
  return { ...description };
}

function collect(level: Level, at: readonly Step[], into: Description): void {
  const named = (name: string): [readonly Step[], string] => {
    const path = [...at, level.array ? Number(name) : name];
    return [path, path.join('.')];
  };
  if (level.newSize !== undefined) {
    const field = at.join('.');
    into.truncatedArrays.push({ field, newSize: level.newSize });
    disambiguate(at, field, into);
  }
  for (const [name, value] of [...level.updates, ...level.inserts]) {
    const [path, field] = named(name);
    put(into.updatedFields, field, value);
    disambiguate(path, field, into);
  }
  for (const name of level.removed) {
    const [path, field] = named(name);
    into.removedFields.push(field);
    disambiguate(path, field, into);
  }
  for (const [name, inner] of level.inner) collect(inner, named(name)[0], into);
}

/** A dotted name, or a number that is a name and not an index, makes a path ambiguous. */
function disambiguate(path: readonly Step[], field: string, into: Description): void {
  const ambiguous = path.some(
    (step, i) => typeof step === 'string' && (step.includes('.') || (i > 0 && isIndex(step))),
  );
  if (ambiguous) into.disambiguatedPaths[field] = [...path];
}

/** Sizes in bytes of what MongoDB would write: an empty document, and what stands around a difference in its log. */
const EMPTY = 5;
const LOG_ENTRY = 15;

/** `updateDescription` of an update, found by comparing. */
export function compareDocuments(before: Document, after: Document): Document {
  return describe(differDocuments(before, after, 0).level);
}

/** The same; undefined when it would be no smaller than the document itself: MongoDB then tells of a replacement. */
export function compareBriefly(before: Document, after: Document): Document | undefined {
  const found = differ(before, after, LOG_ENTRY);
  return found && describe(found.level);
}

interface Difference {
  readonly level: Level;
  readonly size: number;
}

function bytesOf(value: Value): number {
  return encode({ '': value }).length - EMPTY - 2;
}

function same(a: Value, b: Value): boolean {
  return encode({ '': a }).equals(encode({ '': b }));
}

/** The difference of two values that both are documents or both are arrays; undefined when the new value is smaller. */
function differ(before: Value, after: Value, padding = 0): Difference | undefined {
  const both =
    Array.isArray(before) && Array.isArray(after)
      ? differArrays(before, after)
      : differDocuments(before as Document, after as Document, padding);
  return bytesOf(after) > both.size ? both : undefined;
}

function isContainer(value: Value): value is Document | Value[] {
  return Array.isArray(value) || isDocument(value);
}

function differArrays(before: readonly Value[], after: readonly Value[]): Difference {
  const level = newLevel(true);
  let size = EMPTY + 4;
  after.forEach((value, i) => {
    const old = before[i];
    if (i < before.length && same(old, value)) return;
    size += changed(level, String(i), old, value);
  });
  if (after.length < before.length) {
    level.newSize = after.length;
    size += 7;
  }
  return { level, size };
}

/** Notes a value that is another than before and returns the bytes that takes. */
function changed(level: Level, name: string, old: Value, value: Value): number {
  if (isContainer(old) && isContainer(value) && Array.isArray(old) === Array.isArray(value)) {
    const inner = differ(old, value);
    if (inner) {
      level.inner.push([name, inner.level]);
      return name.length + 3 + inner.size;
    }
  }
  level.updates.push([name, value]);
  return name.length + 2 + bytesOf(value);
}

/** Fields that keep their order are compared; one that comes later than before is removed and inserted. */
function differDocuments(before: Document, after: Document, padding: number): Difference {
  const level = newLevel(false);
  let size = EMPTY + padding;
  const old = fieldNames(before);
  const fresh = fieldNames(after);
  const gone = new Set<string>();
  let i = 0;
  let j = 0;
  while (i < old.length && j < fresh.length) {
    const name = old[i] as string;
    if (name !== fresh[j]) {
      gone.add(name);
      i++;
      continue;
    }
    if (!same(before[name], after[name])) size += changed(level, name, before[name], after[name]);
    i++;
    j++;
  }
  for (; i < old.length; i++) gone.add(old[i] as string);
  for (; j < fresh.length; j++) {
    const name = fresh[j] as string;
    level.inserts.push([name, after[name]]);
    gone.delete(name);
    size += name.length + 2 + bytesOf(after[name]);
  }
  for (const name of gone) {
    level.removed.push(name);
    size += name.length + 3;
  }
  if (level.updates.length > 0) size += 3 + EMPTY;
  if (level.inserts.length > 0) size += 3 + EMPTY;
  if (level.removed.length > 0) size += 3 + EMPTY;
  return { level, size };
}
