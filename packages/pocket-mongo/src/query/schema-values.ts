import { compare } from '../bson/compare.js';
import { encodeKey } from '../bson/keys.js';
import { exact, isNumeric, type Numeric, nearest } from '../bson/numbers.js';
import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { typeTest } from './leaf-tests.js';
import { typeName } from './operators-basic.js';
import { compileRegex } from './pcre.js';

/** What a value does not satisfy, as `errInfo` shows it; undefined when it satisfies the rule. */
export type Rule = (value: Value) => Document | undefined;
/** Compiles one keyword of a schema. */
export type Keyword = (given: Value, schema: Document, name: string) => Rule | undefined;

/** 9: a keyword whose value makes no sense. */
export function malformed(name: string, what: string): CommandError {
  return new CommandError(9, `$jsonSchema keyword '${name}' ${what}`);
}

/** 14: a keyword whose value has the wrong type. */
export function mistyped(name: string, expected: string, given: Value): CommandError {
  return new CommandError(
    14,
    `$jsonSchema keyword '${name}' must be ${expected}, but found an element of type ${typeName(given)}`,
  );
}

export function arrayOf(given: Value, name: string): Value[] {
  if (!Array.isArray(given)) throw mistyped(name, 'an array', given);
  if (given.length === 0) throw malformed(name, 'cannot be an empty array');
  return given;
}

/** A list of names, each once. */
export function namesOf(given: Value, name: string): string[] {
  const names = arrayOf(given, name).map((one) => {
    if (typeof one !== 'string') throw mistyped(name, 'an array of strings', one);
    return one;
  });
  if (new Set(names).size < names.length) throw malformed(name, 'array cannot contain duplicate values');
  return names;
}

/** Equal values have equal keys, whatever the order of the fields in their documents. */
function unorderedKey(value: Value): string {
  return encodeKey(sortFields(value));
}

function sortFields(value: Value): Value {
  if (Array.isArray(value)) return value.map(sortFields);
  if (!isDocument(value)) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((name) => [name, sortFields(value[name])]),
  );
}

/** A rule for the values of one kind; others satisfy it. */
function rule(
  specifiedAs: Document,
  reason: string,
  applies: (value: Value) => boolean,
  holds: (value: Value) => boolean,
): Rule {
  const [operatorName = ''] = Object.keys(specifiedAs);
  return (value) =>
    !applies(value) || holds(value) ? undefined : { operatorName, specifiedAs, reason, consideredValue: value };
}

const isString = (value: Value) => typeof value === 'string';

function typeKeyword(jsonTypes: boolean): Keyword {
  return (given, schema, name) => {
    if ('type' in schema && 'bsonType' in schema)
      throw new CommandError(9, "Cannot specify both $jsonSchema keywords 'type' and 'bsonType'");
    if (typeof given !== 'string' && !Array.isArray(given))
      throw mistyped(name, 'either a string or an array of strings', given);
    const names = typeof given === 'string' ? [given] : namesOf(given, name);
    const test = typeTest(jsonTypes ? names.map(jsonType) : names);
    const reason = names.length > 1 ? 'no matching type found' : 'type did not match';
    return (value) =>
      test(value)
        ? undefined
        : {
            operatorName: name,
            specifiedAs: { [name]: given },
            reason,
            consideredValue: value,
            consideredType: typeName(value),
          };
  };
}

function jsonType(name: string): string {
  if (name === 'integer') throw new CommandError(9, "$jsonSchema type 'integer' is not currently supported.");
  if (!['object', 'array', 'number', 'boolean', 'string', 'null'].includes(name))
    throw badValue(`Unknown type name alias: ${name}`);
  return name === 'boolean' ? 'bool' : name;
}

const enumKeyword: Keyword = (given, _, name) => {
  const keys = new Set(arrayOf(given, name).map(unorderedKey));
  if (keys.size < (given as Value[]).length) throw malformed(name, 'array cannot contain duplicate values');
  return rule(
    { enum: given },
    'value was not found in enum',
    () => true,
    (value) => keys.has(unorderedKey(value)),
  );
};

/** `minimum` and `maximum`, with draft 4's `exclusiveMinimum` and `exclusiveMaximum` as flags. */
function limit(direction: 1 | -1, exclusiveName: string): Keyword {
  return (given, schema, name) => {
    if (!isNumeric(given)) throw mistyped(name, 'a number', given);
    const exclusive = schema[exclusiveName];
    if (exclusive !== undefined && typeof exclusive !== 'boolean')
      throw mistyped(exclusiveName, 'a boolean', exclusive);
    const specifiedAs: Document =
      exclusive === undefined ? { [name]: given } : { [name]: given, [exclusiveName]: exclusive };
    return rule(specifiedAs, 'comparison failed', isNumeric, (value) => {
      if (Number.isNaN(nearest(value as Numeric))) return Number.isNaN(nearest(given));
      const order = compare(value, given) * direction;
      return order > 0 || (order === 0 && exclusive !== true);
    });
  };
}

function exclusive(limitName: string): Keyword {
  return (_, schema, name) => {
    if (!(limitName in schema)) throw malformed(limitName, `must be a present if ${name} is present`);
    return undefined;
  };
}

const multipleOf: Keyword = (given, _, name) => {
  if (!isNumeric(given)) throw mistyped(name, 'a number', given);
  if (!(nearest(given) > 0)) throw malformed(name, 'must have a positive value');
  return rule({ multipleOf: given }, 'considered value is not a multiple of the specified value', isNumeric, (value) =>
    isMultiple(value as Numeric, given),
  );
};

function isMultiple(value: Numeric, unit: Numeric): boolean {
  const [a, b] = [exact(value), exact(unit)];
  if (!a || !b) return false;
  const exponent = Math.min(a.exponent, b.exponent);
  const scaled = ({ digits, exponent: own }: typeof a) => digits * 10n ** BigInt(own - exponent);
  return scaled(a) % scaled(b) === 0n;
}

export function lengthOperand(given: Value, name: string): number {
  const number = asNumber(given);
  if (number === undefined) throw mistyped(name, 'a number', given);
  if (!Number.isInteger(number)) throw malformed(name, 'must be a whole number');
  if (number < 0) throw malformed(name, 'must be a non-negative number');
  return number;
}

/** Bounds on how much there is of something. */
export function size(
  most: boolean,
  reason: string,
  applies: (value: Value) => boolean,
  measure: (value: Value) => number,
): Keyword {
  return (given, _, name) => {
    const bound = lengthOperand(given, name);
    return rule({ [name]: given }, reason, applies, (value) =>
      most ? measure(value) <= bound : measure(value) >= bound,
    );
  };
}

const characters = (value: Value) => [...(value as string)].length;
const elements = (value: Value) => (value as Value[]).length;
const STRING_LENGTH = 'specified string length was not satisfied';
const ARRAY_LENGTH = 'array did not match specified length';

const pattern: Keyword = (given, _, name) => {
  if (typeof given !== 'string') throw mistyped(name, 'a string', given);
  const regex = compileRegex(given, '');
  return rule({ pattern: given }, 'regular expression did not match', isString, (value) => regex.test(value as string));
};

const uniqueItems: Keyword = (given, _, name) => {
  if (typeof given !== 'boolean') throw mistyped(name, 'a boolean', given);
  if (!given) return undefined;
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    const seen = new Set<string>();
    for (const element of value) {
      const key = unorderedKey(element);
      if (seen.has(key))
        return {
          operatorName: name,
          specifiedAs: { uniqueItems: true },
          reason: 'found a duplicate item',
          consideredValue: value,
          duplicatedValue: element,
        };
      seen.add(key);
    }
    return undefined;
  };
};

/** Keywords that look at one value and not into it. */
export const valueKeywords: Readonly<Record<string, Keyword>> = {
  bsonType: typeKeyword(false),
  type: typeKeyword(true),
  enum: enumKeyword,
  minimum: limit(1, 'exclusiveMinimum'),
  maximum: limit(-1, 'exclusiveMaximum'),
  exclusiveMinimum: exclusive('minimum'),
  exclusiveMaximum: exclusive('maximum'),
  multipleOf,
  minLength: size(false, STRING_LENGTH, isString, characters),
  maxLength: size(true, STRING_LENGTH, isString, characters),
  pattern,
  minItems: size(false, ARRAY_LENGTH, Array.isArray, elements),
  maxItems: size(true, ARRAY_LENGTH, Array.isArray, elements),
  uniqueItems,
};
