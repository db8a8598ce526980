import { type Description, inWords, plainValues, type Rule, Unsupported } from './joi-description.js';
import type { JsonSchema } from './json-schema.types.js';

/** A limit; undefined when it refers to another field, which the description must then say. */
export function limitOf(described: Description, { name, args }: Rule, place: string): number | undefined {
  const limit = args?.limit ?? args?.base;
  if (typeof limit === 'number') return limit;
  inWords(described, name, place);
  return undefined;
}

/** Sets a keyword unless its value is undefined. */
export function set<K extends keyof JsonSchema>(
  schema: JsonSchema,
  keyword: K,
  value: JsonSchema[K] | undefined,
): void {
  if (value !== undefined) schema[keyword] = value;
}

/** The source of a regular expression as joi prints it (`/^a$/u`); JSON Schema has no flags beside the implied `u`. */
export function patternText(printed: unknown, place: string): string {
  const [, source, flags] = /^\/(.*)\/([a-z]*)$/s.exec(String(printed)) ?? [];
  if (source === undefined || (flags !== '' && flags !== 'u')) {
    throw new Unsupported(place, `the flags of the pattern ${printed}`);
  }
  return source;
}

export function stringRules(described: Description, place: string): JsonSchema {
  const schema: JsonSchema = { type: 'string' };
  for (const rule of described.rules ?? []) stringRule(schema, described, rule, place);
  const emptyAllowed = described.allow?.includes('') === true;
  const restricted = schema.pattern !== undefined || schema.format !== undefined || schema.not !== undefined;
  // Joi refuses '' unless it is allowed by name.
  if (!emptyAllowed && !restricted) schema.minLength ??= 1;
  if (emptyAllowed && (restricted || (schema.minLength ?? 0) > 0))
    return { anyOf: [{ type: 'string', const: '' }, schema] };
  return schema;
}

/** Rules that are one keyword. */
const wordFor: Readonly<Record<string, JsonSchema>> = {
  isoDate: { format: 'date-time' },
  isoDuration: { format: 'duration' },
  email: { format: 'email' },
  hostname: { format: 'hostname' },
  uri: { format: 'uri' },
  guid: { format: 'uuid' },
  hex: { pattern: '^[0-9a-fA-F]+$' },
  alphanum: { pattern: '^[0-9a-zA-Z]+$' },
  token: { pattern: '^[0-9a-zA-Z_]+$' },
  // Forgiving: joi makes it so before it looks.
  trim: {},
  case: {},
  normalize: {},
};

function stringRule(schema: JsonSchema, described: Description, rule: Rule, place: string): void {
  const { name, args } = rule;
  const word = wordFor[name];
  if (word?.pattern !== undefined) addPattern(schema, word.pattern, undefined);
  else if (word !== undefined) Object.assign(schema, word);
  else if (name === 'pattern') addPattern(schema, patternText(args?.regex, place), args?.options);
  else if (name === 'custom') inWords(described, name, place, args?.description);
  else if (name === 'min') set(schema, 'minLength', limitOf(described, rule, place));
  else if (name === 'max') set(schema, 'maxLength', limitOf(described, rule, place));
  else if (name === 'length') {
    set(schema, 'minLength', limitOf(described, rule, place));
    set(schema, 'maxLength', limitOf(described, rule, place));
  } else throw new Unsupported(place, `the rule ${name}`);
}

function addPattern(schema: JsonSchema, pattern: string, options: unknown): void {
  const inverted = typeof options === 'object' && options !== null && 'invert' in options && options.invert === true;
  if (inverted) schema.not = { pattern };
  else if (schema.pattern === undefined) schema.pattern = pattern;
  else schema.allOf = [...(schema.allOf ?? []), { pattern }];
}

export function numberRules(described: Description, place: string): JsonSchema {
  const schema: JsonSchema = { type: 'number' };
  for (const rule of described.rules ?? []) {
    const { name, args } = rule;
    if (name === 'integer') schema.type = 'integer';
    else if (name === 'min') set(schema, 'minimum', limitOf(described, rule, place));
    else if (name === 'max') set(schema, 'maximum', limitOf(described, rule, place));
    else if (name === 'greater') set(schema, 'exclusiveMinimum', limitOf(described, rule, place));
    else if (name === 'less') set(schema, 'exclusiveMaximum', limitOf(described, rule, place));
    else if (name === 'multiple') set(schema, 'multipleOf', limitOf(described, rule, place));
    else if (name === 'sign') schema[args?.sign === 'positive' ? 'exclusiveMinimum' : 'exclusiveMaximum'] = 0;
    else if (name === 'port') Object.assign(schema, { type: 'integer', minimum: 0, maximum: 65_535 });
    else if (name === 'custom') inWords(described, name, place, args?.description);
    else if (name !== 'precision') throw new Unsupported(place, `the rule ${name}`); // precision only rounds
  }
  return schema;
}

/** Adds the values allowed by name; null, and '' of a string, are seen to elsewhere. */
export function orValues(schema: JsonSchema, described: Description, place: string): JsonSchema {
  const others = plainValues(described.allow ?? [], place).filter(
    (value) => value !== null && !(described.type === 'string' && value === ''),
  );
  return others.length === 0 ? schema : { anyOf: [{ enum: others }, schema] };
}

/** A closed list of values, null among them when allowed. */
export function onlyValues(described: Description, place: string): JsonSchema {
  const allowed = plainValues(described.allow ?? [], place);
  const types = [...new Set(allowed.map((value) => (value === null ? 'null' : typeof value)))];
  const [type] = types;
  const typed: JsonSchema = types.length === 1 && type !== undefined ? { type } : { type: types };
  return allowed.length === 1 ? { ...typed, const: allowed[0] } : { ...typed, enum: allowed };
}

/** The same, or null. */
export function withNull(schema: JsonSchema): JsonSchema {
  if (typeof schema.type === 'string' && schema.anyOf === undefined) return { ...schema, type: [schema.type, 'null'] };
  if (schema.anyOf !== undefined && schema.type === undefined) return { anyOf: [...schema.anyOf, { type: 'null' }] };
  return Object.keys(schema).length === 0 ? schema : { anyOf: [schema, { type: 'null' }] };
}
