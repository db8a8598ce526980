/** Whether a client sends the value (a field with a default may be left out) or receives it. */
export type Mode = 'in' | 'out';

/** What `schema.describe()` of joi 18 answers, as far as we read it; joi itself types all of it as `any`. */
export interface Description {
  type: string;
  flags?: {
    presence?: 'required' | 'optional' | 'forbidden';
    description?: string;
    default?: unknown;
    only?: boolean;
    unknown?: boolean;
    match?: 'any' | 'one' | 'all';
    [flag: string]: unknown;
  };
  rules?: readonly Rule[];
  allow?: readonly unknown[];
  invalid?: readonly unknown[];
  examples?: unknown[];
  metas?: readonly { typeName?: string }[];
  preferences?: Readonly<Record<string, unknown>>;
  keys?: Readonly<Record<string, Description>>;
  patterns?: readonly { regex?: string; schema?: Description; rule: Description }[];
  dependencies?: readonly Dependency[];
  items?: readonly Description[];
  matches?: readonly { schema?: Description }[];
  whens?: readonly When[];
  renames?: unknown;
}

export interface Rule {
  name: string;
  args?: Readonly<Record<string, unknown>>;
}

export interface Dependency {
  rel: string;
  key?: string;
  peers: readonly string[];
}

interface When extends Branch {
  ref?: { path: readonly string[]; ancestor?: number | string };
  switch?: readonly Branch[];
}

export interface Branch {
  is?: Description;
  then?: Description;
  otherwise?: Description;
}

/** A joi construct that the documents cannot show. Found when they are generated, never while serving. */
export class Unsupported extends Error {
  override readonly name = 'Unsupported';
  constructor(place: string, what: string) {
    super(`${place}: ${what} cannot be described in the contract`);
  }
}

const readTerms = new Set([
  ...['type', 'flags', 'rules', 'allow', 'invalid', 'examples', 'metas', 'preferences', 'keys', 'patterns'],
  ...['dependencies', 'items', 'matches', 'whens', 'renames'],
]);
const readFlags = new Set([
  ...['presence', 'description', 'default', 'only', 'unknown', 'match'],
  // Only forgiving, or only wording: see SchemaBook.
  ...['single', 'empty', 'label', 'format', 'unsafe'],
]);
const readPreferences = new Set(['convert', 'messages']);

/** Refuses what nobody reads, so that a new joi construct is noticed at once. */
export function refuseUnknown(described: Description, place: string): void {
  for (const [term, read, present] of [
    ['term', readTerms, described],
    ['flag', readFlags, described.flags ?? {}],
    ['preference', readPreferences, described.preferences ?? {}],
  ] as const) {
    for (const key of Object.keys(present)) if (!read.has(key)) throw new Unsupported(place, `the ${term} ${key}`);
  }
}

/** A rule that JSON Schema has no word for is in the contract only when the schema's description says it. */
export function inWords(described: Description, rule: string, place: string, words?: unknown): void {
  if (described.flags?.description === undefined && words === undefined) {
    throw new Unsupported(place, `the rule ${rule} without a .description() that says it`);
  }
}

/** Whether the field is always there: a default fills in what a client left out. */
export function isRequired(field: Description, mode: Mode): boolean {
  return field.flags?.presence === 'required' || (mode === 'out' && field.flags?.default !== undefined);
}

/** Plain values of `.valid()`, `.allow()` or `.invalid()`, without joi's own marks. */
export function plainValues(list: readonly unknown[], place: string): unknown[] {
  return list.filter((value) => {
    if (typeof value !== 'object' || value === null) return true;
    if ('override' in value) return false;
    throw new Unsupported(place, 'a reference or object among the valid values');
  });
}
