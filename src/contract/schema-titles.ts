import type { JsonSchema } from './json-schema.types.js';

/**
 * The schema with a title on everything that a code generator must give a name to: objects, and choices between schemas.
 * Without titles a generator calls them `AnonymousSchema_1` and so on, a new number after each change. The title of what
 * stands in a field is the title above it and the field's name.
 */
export function titled(schema: JsonSchema, title: string): JsonSchema {
  if (schema.$ref !== undefined) return schema;
  const named: JsonSchema = needsName(schema) ? { title, ...schema } : { ...schema };
  if (schema.properties !== undefined) {
    named.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([field, value]) => [
        field,
        value === false ? value : titled(value, `${title}${pascal(field)}`),
      ]),
    );
  }
  if (schema.items !== undefined) named.items = titled(schema.items, `${title}Item`);
  if (typeof schema.additionalProperties === 'object')
    named.additionalProperties = titled(schema.additionalProperties, `${title}Value`);
  if (schema.patternProperties !== undefined) {
    const entries = Object.entries(schema.patternProperties);
    named.patternProperties = Object.fromEntries(
      entries.map(([pattern, value]) => [pattern, titled(value, `${title}Value`)]),
    );
  }
  for (const [list, word] of lists) {
    const branches = schema[list];
    if (branches !== undefined)
      named[list] = branches.map((branch, index) => titled(branch, branch.title ?? `${title}${word}${index + 1}`));
  }
  for (const condition of ['if', 'then', 'else', 'not'] as const) {
    const branch = schema[condition];
    if (branch !== undefined) named[condition] = titled(branch, `${title}${pascal(condition)}`);
  }
  return named;
}

const lists = [
  ['anyOf', 'Option'],
  ['oneOf', 'Option'],
  ['allOf', 'Rule'],
] as const;

const needsName = (schema: JsonSchema): boolean =>
  ['properties', 'anyOf', 'oneOf', 'allOf', 'if'].some((keyword) => keyword in schema);

/** `order:line-status-changed` -> `OrderLineStatusChanged`. */
export const pascal = (name: string): string =>
  name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
