import type { JsonSchema } from './json-schema.types.js';

/** A longer list of values is `string` to TypeScript (the currencies); the documents have it whole. */
const longestUnion = 40;

/** The TypeScript type of a schema. Objects get a line per field; `indent` is that of the line the type begins on. */
export function typeText(schema: JsonSchema, indent = ''): string {
  if (schema.$ref !== undefined) return schema.$ref.slice(schema.$ref.lastIndexOf('/') + 1);
  if (schema.const !== undefined) return literal(schema.const);
  if (schema.enum !== undefined) return values(schema.enum);
  const branches = schema.anyOf ?? schema.oneOf;
  if (branches !== undefined) return union(branches.map((branch) => typeText(branch, indent)));
  if (Array.isArray(schema.type)) {
    return union(schema.type.map((type) => typeText({ ...schema, type }, indent)));
  }
  switch (schema.type) {
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return arrayText(schema.items ?? {}, indent);
    case 'object':
      return objectText(schema, indent);
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type;
    default:
      return 'unknown';
  }
}

function objectText(schema: JsonSchema, indent: string): string {
  const fields = Object.entries(schema.properties ?? {}).filter(([, field]) => field !== false);
  const others = otherKeys(schema, indent);
  if (fields.length === 0) return others ?? 'Record<string, never>';
  const block = `{\n${fieldLines(schema, `${indent}  `)}${indent}}`;
  return others === undefined ? block : `${block} & ${others}`;
}

function otherKeys({ additionalProperties, patternProperties }: JsonSchema, indent: string): string | undefined {
  const kinds = Object.values(patternProperties ?? {}).map((schema) => typeText(schema, indent));
  if (typeof additionalProperties === 'object') kinds.push(typeText(additionalProperties, indent));
  if (additionalProperties === true) kinds.push('unknown');
  return kinds.length === 0 ? undefined : `Record<string, ${union(kinds)}>`;
}

/** The fields of an object type, each with its description above it. */
function fieldLines(schema: JsonSchema, indent: string): string {
  return Object.entries(schema.properties ?? {})
    .map(([name, field]) => {
      if (field === false) return '';
      const optional = schema.required?.includes(name) ? '' : '?';
      return `${comment(field.description, indent)}${indent}${keyText(name)}${optional}: ${typeText(field, indent)};\n`;
    })
    .join('');
}

/** `export interface X {...}` or `export type X = ...`, with its description. */
export function declarationText(name: string, schema: JsonSchema): string {
  const head = comment(schema.description, '');
  const plain = schema.type === 'object' && otherKeys(schema, '') === undefined && schema.properties !== undefined;
  if (!plain || Object.keys(schema.properties ?? {}).length === 0) {
    return `${head}export type ${name} = ${typeText(schema)};\n`;
  }
  return `${head}export interface ${name} {\n${fieldLines(schema, '  ')}}\n`;
}

export function comment(text: string | undefined, indent: string): string {
  if (text === undefined || text === '') return '';
  const lines = text.replaceAll('*/', '*\\/').split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

export function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name);
}

export function literal(value: unknown): string {
  if (typeof value !== 'string') return JSON.stringify(value);
  return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function values(list: readonly unknown[]): string {
  const tooMany = list.length > longestUnion && list.every((value) => typeof value === 'string');
  return tooMany ? 'string' : union(list.map(literal));
}

/** A literal string is no more than `string` already says. */
function union(types: readonly string[]): string {
  const kept = types.includes('string') ? types.filter((type) => !type.startsWith("'")) : types;
  return [...new Set(kept)].join(' | ') || 'never';
}

function arrayText(items: JsonSchema, indent: string): string {
  const text = typeText(items, indent);
  const single = /^[\w[\]]+$/.test(text) || (items.type === 'object' && otherKeys(items, '') === undefined);
  return single ? `${text}[]` : `(${text})[]`;
}
