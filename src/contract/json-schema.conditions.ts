import {
  type Branch,
  type Dependency,
  type Description,
  isRequired,
  type Mode,
  plainValues,
  Unsupported,
} from './joi-description.js';
import type { JsonSchema } from './json-schema.types.js';

type Convert = (described: Description, mode: Mode, place: string) => JsonSchema;

/** The rules between an object's keys: `or`, `and`, `xor`, `oxor`, `nand`, `with`, `without`. */
export function dependencySchema({ rel, key, peers }: Dependency, place: string): JsonSchema {
  const each = peers.map((peer): JsonSchema => ({ required: [peer] }));
  switch (rel) {
    case 'or':
      return { anyOf: each };
    case 'xor':
      return { oneOf: each };
    case 'oxor':
      return { oneOf: [...each, { not: { anyOf: each } }] };
    case 'and':
      return { dependentRequired: Object.fromEntries(peers.map((peer) => [peer, peers.filter((p) => p !== peer)])) };
    case 'nand':
      return { not: { required: [...peers] } };
    case 'with':
      return { dependentRequired: { [String(key)]: [...peers] } };
    case 'without':
      return implies({ required: [String(key)] }, { not: { anyOf: each } });
    default:
      throw new Unsupported(place, `the dependency ${rel}`);
  }
}

/**
 * A field with `.when('other', ...)`: what is said of it whatever the other field holds, and what its object says of it
 * depending on the other field.
 */
export function conditional(
  key: string,
  field: Description,
  siblings: Readonly<Record<string, Description>>,
  mode: Mode,
  place: string,
  convert: Convert,
): { base: JsonSchema; always: boolean; condition: JsonSchema } {
  const [when, ...more] = field.whens ?? [];
  const { whens: _, ...plain } = field;
  const [other, ...deeper] = when?.ref?.path ?? [];
  if (when === undefined || other === undefined || deeper.length > 0 || (when.ref?.ancestor ?? 1) !== 1) {
    throw new Unsupported(place, 'a .when on anything but a field of the same object');
  }
  if (more.length > 0) throw new Unsupported(place, 'more than one .when; use one with switch');

  const cases: readonly Branch[] = when.switch ?? [when];
  const outcomes = [
    ...cases.map((branch) => branch.then),
    [...cases].reverse().find((branch) => branch.otherwise)?.otherwise,
  ];
  const presence = (outcome: Description | undefined): Description => ({
    type: 'any',
    flags: { ...plain.flags, ...outcome?.flags },
  });
  const always = outcomes.every((outcome) => isRequired(presence(outcome), mode));
  const consequence = (outcome: Description | undefined): JsonSchema => {
    if (presence(outcome).flags?.presence === 'forbidden') return { properties: { [key]: false } };
    const result: JsonSchema = {};
    if (outcome !== undefined && !isAnything(outcome)) result.properties = { [key]: convert(outcome, mode, place) };
    if (!always && isRequired(presence(outcome), mode)) result.required = [key];
    return result;
  };

  let condition = consequence(outcomes.at(-1));
  for (const { is, then } of [...cases].reverse()) {
    if (is === undefined) throw new Unsupported(place, 'a .when without is');
    condition = implies(test(other, is, siblings[other], mode, place, convert), consequence(then), condition);
  }
  return { base: baseOf(plain, outcomes, mode, place, convert), always, condition };
}

/** When only the branches say what the field is, it is one of theirs. */
function baseOf(
  plain: Description,
  outcomes: (Description | undefined)[],
  mode: Mode,
  place: string,
  convert: Convert,
): JsonSchema {
  const base = convert(plain, mode, place);
  if (!isAnything(plain)) return base;
  const branches = outcomes.filter((outcome) => outcome !== undefined && outcome.flags?.presence !== 'forbidden');
  const described = branches.map((branch) => convert(branch as Description, mode, place));
  if (described.length === 0 || branches.some((branch) => isAnything(branch as Description))) return base;
  const distinct = [...new Map(described.map((schema) => [JSON.stringify(schema), schema])).values()];
  const [only, ...others] = distinct;
  // In place: a reference gets its final name later.
  return only !== undefined && others.length === 0 ? Object.assign(only, base) : { anyOf: distinct, ...base };
}

/** Whether the other field matches; left out, it counts as its default. */
function test(
  other: string,
  is: Description,
  sibling: Description | undefined,
  mode: Mode,
  place: string,
  convert: Convert,
): JsonSchema {
  const matched: JsonSchema = { properties: { [other]: convert(is, mode, place) } };
  const filledIn = sibling?.flags?.default;
  const absentMatches = filledIn !== undefined && plainValues(is.allow ?? [], place).includes(filledIn);
  if (!absentMatches && is.flags?.presence === 'required') matched.required = [other];
  return matched;
}

const isAnything = ({ type, allow, rules }: Description) =>
  type === 'any' && allow === undefined && rules === undefined;

function implies(condition: JsonSchema, consequence: JsonSchema, otherwise?: JsonSchema): JsonSchema {
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema, and nobody awaits a schema
  const schema: JsonSchema = { if: condition, then: consequence };
  return otherwise === undefined || Object.keys(otherwise).length === 0 ? schema : { ...schema, else: otherwise };
}
