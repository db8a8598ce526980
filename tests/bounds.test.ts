import type Joi from 'joi';
import { features } from '../src/features.js';

interface Described {
  type?: string;
  rules?: { name: string; args?: { limit?: unknown } }[];
  keys?: Record<string, Described>;
  items?: Described[];
  patterns?: { rule: Described }[];
  matches?: { schema?: Described }[];
}

/** The largest `max` of every field and list of a schema, by the field's name; `Infinity` where there is none. */
function limitsOf(schema: Joi.Schema, found: Map<string, number[]>): void {
  const visit = (field: string, one: Described): void => {
    if (field !== '' && (one.type === 'number' || one.type === 'string' || one.type === 'array')) {
      const max = one.rules?.find(({ name }) => name === 'max')?.args?.limit;
      found.set(`${field} ${one.type}`, [
        ...(found.get(`${field} ${one.type}`) ?? []),
        typeof max === 'number' ? max : Infinity,
      ]);
    }
    for (const [key, child] of Object.entries(one.keys ?? {})) visit(key, child);
    for (const item of one.items ?? []) visit(item.keys === undefined ? `${field}[]` : '', item);
    for (const { rule } of one.patterns ?? []) visit('', rule);
    for (const { schema: option } of one.matches ?? []) if (option !== undefined) visit(field, option);
  };
  visit('', schema.describe() as Described);
}

/** Fields of answers that show an input of another name. */
const aliases: Readonly<Record<string, string>> = { 'restaurant string': 'name string' };

const operations = features.flatMap((feature) => feature.operations);

it('no bound of an answer is one that no input keeps: what was taken can be shown', () => {
  const inputs = new Map<string, number[]>();
  const outputs = new Map<string, number[]>();
  for (const { input, output } of operations) {
    limitsOf(input, inputs);
    limitsOf(output, outputs);
  }
  const unkept = [...outputs].flatMap(([field, limits]) => {
    const tightest = Math.min(...limits);
    const given = inputs.get(aliases[field] ?? field)?.filter((limit) => limit <= tightest) ?? [];
    return tightest === Infinity || given.length > 0 ? [] : [`${field}: at most ${tightest}`];
  });
  expect(unkept).toEqual([]);
});
