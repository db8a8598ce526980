import { type Html, html, inline, json } from './html.js';

/** A JSON schema as our documents have them. */
export interface Schema {
  $ref?: string;
  title?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema | boolean>;
  required?: string[];
  items?: Schema;
  additionalProperties?: Schema | boolean;
  enum?: unknown[];
  const?: unknown;
  format?: string;
  pattern?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
}

const ID = '^[0-9a-f]{24}$';
/** Deeper ones are seen in the example. */
const MAX_DEPTH = 4;

const nameOf = (ref: string): string => ref.split('/').at(-1) ?? ref;

/** What stands behind a field's name: its type, its bounds, and a link where it has a page part of its own. */
export function typeOf(schema: Schema): Html {
  if (schema.$ref !== undefined) {
    const name = nameOf(schema.$ref);
    return html`<a href="#schema-${name}">${name}</a>`;
  }
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined && schema.properties === undefined)
    return html`${choices.map((choice, i) => html`${i > 0 && ' or '}${typeOf(choice)}`)}`;
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`;
  if (schema.enum !== undefined)
    return html`${schema.enum.map((value, i) => html`${i > 0 && ' | '}<code>${JSON.stringify(value)}</code>`)}`;
  if (schema.type === 'array')
    return html`list of ${schema.items === undefined ? 'anything' : typeOf(schema.items)}${countOf(schema)}`;
  if (schema.allOf !== undefined && schema.properties === undefined)
    return html`${schema.allOf.map((part, i) => html`${i > 0 && ' with '}${typeOf(part)}`)}`;
  const types = [schema.type ?? 'anything'].flat().join(' or ');
  const named = schema.pattern === ID ? 'id' : schema.format === undefined ? types : `${types} (${schema.format})`;
  return html`${named}${boundsOf(schema)}`;
}

function boundsOf({ minimum, maximum, minLength, maxLength }: Schema): string {
  const range = (from: number | undefined, to: number | undefined, unit: string) => {
    if (from === undefined && to === undefined) return '';
    if (from === undefined) return `, at most ${to}${unit}`;
    return to === undefined ? `, at least ${from}${unit}` : `, ${from} to ${to}${unit}`;
  };
  return `${range(minimum, maximum, '')}${range(minLength, maxLength, ' characters')}`;
}

function countOf({ minItems, maxItems }: Schema): string {
  if (minItems === undefined && maxItems === undefined) return '';
  return maxItems === undefined ? `, at least ${minItems}` : `, ${minItems ?? 0} to ${maxItems}`;
}

/** The fields of a schema, those of inline objects below them, and the rules between them. */
export function fieldsOf(schema: Schema, depth = 0): Html {
  const parts = (schema.allOf ?? []).filter((part) => part.$ref !== undefined || part.properties !== undefined);
  const rules = (schema.allOf ?? []).filter((part) => !parts.includes(part));
  const own = Object.entries(schema.properties ?? {});
  return html`${parts.map((part) => (part.$ref === undefined ? fieldsOf(part, depth) : html`<p>All of ${typeOf(part)}, and:</p>`))}
${own.length > 0 && html`<ul class="fields">${own.map(([name, field]) => fieldOf(name, field, schema, depth))}</ul>`}
${rules.length > 0 && html`<p>Rules between fields (JSON Schema):</p><pre>${json(rules)}</pre>`}
${own.length + parts.length === 0 && html`<p>${typeOf(schema)}</p>`}`;
}

function fieldOf(name: string, field: Schema | boolean, { required = [] }: Schema, depth: number): Html {
  if (typeof field === 'boolean') return html`<li><code>${name}</code>${field ? '' : ' is not taken'}</li>`;
  const inner = field.items ?? field;
  const isOpen = depth < MAX_DEPTH && (inner.properties !== undefined || inner.allOf !== undefined);
  return html`<li><code>${name}</code> <span class="type">${typeOf(field)}${required.includes(name) && html`, <b>required</b>`}${
    field.default !== undefined && html`, otherwise <code>${JSON.stringify(field.default)}</code>`
  }</span>${field.description !== undefined && html` ${inline(field.description)}`}${isOpen && fieldsOf(inner, depth + 1)}</li>
`;
}

/** Everything that types refer to, each with an anchor. */
export function schemasSection(schemas: Readonly<Record<string, Schema>>): Html {
  const all = Object.entries(schemas).map(
    ([name, schema]) => html`<details class="item" id="schema-${name}"><summary><span>${name}</span></summary>
${schema.description !== undefined && html`<p>${inline(schema.description)}</p>`}${fieldsOf(schema)}</details>`,
  );
  return html`<section><h2 id="schemas">What things look like</h2>${all}</section>`;
}
