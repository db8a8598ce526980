import type Joi from 'joi';
import {
  type Description,
  inWords,
  isRequired,
  type Mode,
  plainValues,
  refuseUnknown,
  Unsupported,
} from './joi-description.js';
import { conditional, dependencySchema } from './json-schema.conditions.js';
import {
  limitOf,
  numberRules,
  onlyValues,
  orValues,
  patternText,
  set,
  stringRules,
  withNull,
} from './json-schema.rules.js';
import type { JsonSchema } from './json-schema.types.js';

const typeNamePattern = /^[A-Z][A-Za-z0-9]*$/;
const refTo = (name: string) => `#/components/schemas/${name}`;

/**
 * Turns joi schemas into JSON Schema, collecting every schema with `.meta({ typeName })` as a named type. It is closed:
 * a joi construct it does not know is an error that names the place, so that nothing a client must keep to is missing
 * from the documents. A check that JSON Schema cannot express (`custom`, `assert`, a reference to another field) needs
 * a `.description()` that says it in words.
 *
 * What joi only forgives (`trim`, `lowercase`, `single`, `empty`, `rename`, numbers as text) is no part of the contract.
 */
export class SchemaBook {
  private readonly types = new Map<string, { place: string } & Partial<Record<Mode, JsonSchema>>>();
  private readonly refs: { node: JsonSchema; name: string; mode: Mode }[] = [];
  private readonly descriptions = new Map<string, Set<string>>();

  /** @param place names the schema in errors, for instance `order:place input` */
  add(schema: Joi.Schema, mode: Mode, place: string): JsonSchema {
    return this.convert(schema.describe() as Description, mode, place);
  }

  /**
   * The named types, by name. To be called once, after the last `add`: only now is known which types a client sends in
   * another form than it receives them (fields with a default may be left out); the form sent is then `<Name>Input`.
   */
  finish(): Record<string, JsonSchema> {
    const named = new Map<string, JsonSchema>();
    const split = new Set<string>();
    for (const [name, { in: sent, out: received }] of this.types) {
      if (sent && received && JSON.stringify(sent) !== JSON.stringify(received)) split.add(name);
    }
    // A type that contains a split type is itself split, through any number of steps.
    for (let before = -1; before !== split.size; ) {
      before = split.size;
      for (const [name, { in: sent, out: received }] of this.types) {
        if (sent && received && this.mentions(sent, split)) split.add(name);
      }
    }
    for (const [name, forms] of this.types) {
      const said = this.descriptions.get(name);
      for (const mode of ['out', 'in'] as const) {
        const form = forms[mode];
        if (form === undefined || (mode === 'in' && forms.out && !split.has(name))) continue;
        if (said?.size === 1) form.description = [...said].join();
        const final = nameIn(name, mode, split);
        if (named.has(final) || (final !== name && this.types.has(final))) {
          throw new Unsupported(forms.place, `${name} in the form sent, ${final}, which names another schema,`);
        }
        named.set(final, form);
      }
    }
    for (const { node, name, mode } of this.refs) node.$ref = refTo(nameIn(name, mode, split));
    return Object.fromEntries([...named].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  private mentions(schema: JsonSchema, names: ReadonlySet<string>): boolean {
    const text = JSON.stringify(schema);
    return [...names].some((name) => text.includes(`"${refTo(name)}"`));
  }

  /** One described schema, with its description, default and whether null is allowed. */
  readonly convert = (described: Description, mode: Mode, place: string): JsonSchema => {
    refuseUnknown(described, place);
    const name = described.metas?.find((meta) => meta.typeName !== undefined)?.typeName;
    const nullable = described.allow?.includes(null) === true && described.flags?.only !== true;
    const bare = name === undefined ? this.bare(described, mode, place) : this.reference(name, described, mode, place);
    const schema = nullable ? withNull(bare) : bare;
    const { description, default: value } = described.flags ?? {};
    if (description !== undefined)
      schema.description = [description, ...(schema.description ? [schema.description] : [])].join('; ');
    if (value !== undefined) schema.default = isDeep(value) ? {} : value;
    if (described.examples !== undefined) schema.examples = described.examples;
    return schema;
  };

  private reference(name: string, described: Description, mode: Mode, place: string): JsonSchema {
    if (!typeNamePattern.test(name)) throw new Unsupported(place, `typeName ${name} must look like OrderLine`);
    const description = described.flags?.description;
    if (description !== undefined) {
      const said = this.descriptions.get(name) ?? new Set();
      this.descriptions.set(name, said.add(description));
    }
    const form = this.bare(described, mode, name);
    const known = this.types.get(name) ?? { place };
    if (known[mode] !== undefined && JSON.stringify(known[mode]) !== JSON.stringify(form)) {
      throw new Unsupported(place, `typeName ${name} already names another schema, at ${known.place}`);
    }
    known[mode] ??= form;
    this.types.set(name, known);
    const node: JsonSchema = { $ref: refTo(name) };
    this.refs.push({ node, name, mode });
    return node;
  }

  private bare(described: Description, mode: Mode, place: string): JsonSchema {
    if (described.flags?.only) return onlyValues(described, place);
    const schema = orValues(this.byType(described, mode, place), described, place);
    if (described.invalid !== undefined) schema.not = { enum: plainValues(described.invalid, place) };
    return schema;
  }

  private byType(described: Description, mode: Mode, place: string): JsonSchema {
    switch (described.type) {
      case 'any':
        return {};
      case 'boolean':
        return { type: 'boolean' };
      case 'date':
        return { type: 'string', format: 'date-time' };
      case 'string':
        return stringRules(described, place);
      case 'number':
        return numberRules(described, place);
      case 'array':
        return this.array(described, mode, place);
      case 'object':
        return this.object(described, mode, place);
      case 'alternatives':
        return this.alternatives(described, mode, place);
      default:
        throw new Unsupported(place, `type ${described.type}`);
    }
  }

  private array(described: Description, mode: Mode, place: string): JsonSchema {
    const schema: JsonSchema = { type: 'array' };
    const items = described.items?.map((item) => this.convert(item, mode, `${place}[]`)) ?? [];
    if (items.length === 1) schema.items = items[0] ?? {};
    if (items.length > 1) schema.items = { anyOf: items };
    for (const rule of described.rules ?? []) {
      const { name, args } = rule;
      if (name === 'min' || name === 'length') set(schema, 'minItems', limitOf(described, rule, place));
      if (name === 'max' || name === 'length') set(schema, 'maxItems', limitOf(described, rule, place));
      else if (name === 'unique' && args?.comparator === undefined) schema.uniqueItems = true;
      else if (name === 'unique' && typeof args?.comparator === 'string') {
        schema.description = `no two have the same \`${args.comparator}\``;
      } else if (name !== 'min') inWords(described, name, place, args?.description);
    }
    return schema;
  }

  private object(described: Description, mode: Mode, place: string): JsonSchema {
    const schema: JsonSchema = { type: 'object' };
    const conditions: JsonSchema[] = [];
    const properties: Record<string, JsonSchema | false> = {};
    const required: string[] = [];
    for (const [key, field] of Object.entries(described.keys ?? {})) {
      const at = `${place}.${key}`;
      if (field.flags?.presence === 'forbidden') properties[key] = false;
      else if (field.whens === undefined) {
        properties[key] = this.convert(field, mode, at);
        if (isRequired(field, mode)) required.push(key);
      } else {
        const { base, always, condition } = conditional(key, field, described.keys ?? {}, mode, at, this.convert);
        properties[key] = base;
        if (always) required.push(key);
        conditions.push(condition);
      }
    }
    if (described.keys !== undefined) schema.properties = properties;
    if (required.length > 0) schema.required = required;
    this.otherKeys(schema, described, mode, place);
    for (const dependency of described.dependencies ?? []) conditions.push(dependencySchema(dependency, place));
    if (conditions.length > 0) schema.allOf = conditions;
    for (const rule of described.rules ?? []) {
      if (rule.name === 'min') set(schema, 'minProperties', limitOf(described, rule, place));
      else if (rule.name === 'max') set(schema, 'maxProperties', limitOf(described, rule, place));
      else inWords(described, rule.name, place, rule.args?.description);
    }
    return schema;
  }

  /** Keys beside the named ones. Joi refuses them, except in `Joi.object()` without any keys and with `.unknown()`. */
  private otherKeys(schema: JsonSchema, described: Description, mode: Mode, place: string): void {
    const patterns = described.patterns ?? [];
    const open = described.flags?.unknown === true || (described.keys === undefined && patterns.length === 0);
    schema.additionalProperties = open;
    for (const { regex, schema: names, rule } of patterns) {
      const value = this.convert(rule, mode, `${place}.*`);
      if (regex !== undefined) {
        schema.patternProperties = { ...schema.patternProperties, [patternText(regex, place)]: value };
        continue;
      }
      const nameSchema = names === undefined ? {} : this.convert(names, mode, `${place} (key)`);
      if (patterns.length > 1 || open) throw new Unsupported(place, 'several patterns, one of them a schema');
      if (Object.keys(nameSchema).some((word) => word !== 'type' && word !== 'description' && word !== 'minLength')) {
        if (described.keys !== undefined && Object.keys(described.keys).length > 0) {
          throw new Unsupported(place, 'named keys beside a pattern with rules');
        }
        schema.propertyNames = nameSchema;
      }
      schema.additionalProperties = value;
    }
  }

  private alternatives(described: Description, mode: Mode, place: string): JsonSchema {
    const branches = (described.matches ?? []).map((match, index) => {
      if (match.schema === undefined) throw new Unsupported(place, 'conditional alternatives; use .when on the field');
      return this.convert(match.schema, mode, `${place}|${index}`);
    });
    const match = described.flags?.match ?? 'any';
    return match === 'any' ? { anyOf: branches } : match === 'one' ? { oneOf: branches } : { allOf: branches };
  }
}

const nameIn = (name: string, mode: Mode, split: ReadonlySet<string>) =>
  mode === 'in' && split.has(name) ? `${name}Input` : name;

/** `.default()` without a value on an object: made of its fields' defaults. */
const isDeep = (value: unknown) => typeof value === 'object' && value !== null && 'special' in value;
