import { entriesOf, fieldNames } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { typeName } from './operators-basic.js';
import { compileRegex } from './pcre.js';
import { arrayOf, type Keyword, lengthOperand, mistyped, namesOf, type Rule, valueKeywords } from './schema-values.js';

/** A compiled `$jsonSchema`. */
export interface Schema {
  /** Title and description, for `errInfo`. */
  readonly about: Document;
  /** The rules that a value does not satisfy, as `errInfo` shows them; none when it is valid. */
  failures(value: Value): Document[];
}

/** Keywords of JSON Schema that MongoDB refuses too. */
const UNSUPPORTED = new Set(['$ref', '$schema', 'default', 'definitions', 'format', 'id']);

/** Compiles a schema. @throws CommandError 9 for what MongoDB does not know or allow, 14 for a wrong type. */
export function compileSchema(schema: Value): Schema {
  if (!isDocument(schema)) throw new CommandError(14, '$jsonSchema must be an object');
  const rules: Rule[] = [];
  const about: Document = {};
  for (const [name, given] of Object.entries(schema)) {
    if (name === 'title' || name === 'description') {
      if (typeof given !== 'string') throw mistyped(name, 'of type string', given);
      about[name] = given;
      continue;
    }
    const rule = keyword(name)(given, schema, name);
    if (rule) rules.push(rule);
  }
  return {
    about,
    failures(value) {
      const failed: Document[] = [];
      for (const rule of rules) {
        const failure = rule(value);
        if (failure) failed.push(failure);
      }
      return failed;
    },
  };
}

function keyword(name: string): Keyword {
  const known = Object.hasOwn(KEYWORDS, name) ? KEYWORDS[name] : undefined;
  if (known) return known;
  if (UNSUPPORTED.has(name)) throw new CommandError(9, `$jsonSchema keyword '${name}' is not currently supported`);
  if (name.startsWith('encrypt')) throw notImplemented(`$jsonSchema keyword '${name}'`);
  throw new CommandError(9, `Unknown $jsonSchema keyword: ${name}`);
}

function schemasOf(given: Value, name: string): [string, Schema][] {
  if (!isDocument(given)) throw mistyped(name, 'an object', given);
  return entriesOf(given).map(([property, schema]) => {
    if (!isDocument(schema))
      throw new CommandError(
        14,
        `Nested schema for $jsonSchema property '${property}' must be an object, but found ${typeName(schema)}`,
      );
    return [property, compileSchema(schema)];
  });
}

function schemaList(given: Value, name: string): Schema[] {
  return arrayOf(given, name).map((schema) => {
    if (!isDocument(schema)) throw mistyped(name, 'an array of objects', schema);
    return compileSchema(schema);
  });
}

/** True, false, or a schema. */
function booleanOrSchema(given: Value, name: string): boolean | Schema {
  if (typeof given === 'boolean') return given;
  if (!isDocument(given)) throw mistyped(name, 'either an object or a boolean', given);
  return compileSchema(given);
}

/** The failures of the properties that a value has. */
function failingProperties(value: Document, schemas: readonly [string, Schema][]): Document[] {
  return schemas.flatMap(([propertyName, { about, failures }]) => {
    if (!Object.hasOwn(value, propertyName)) return [];
    const details = failures(value[propertyName]);
    return details.length > 0 ? [{ propertyName, ...about, details }] : [];
  });
}

const properties: Keyword = (given, _, operatorName) => {
  const schemas = schemasOf(given, operatorName);
  return (value) => {
    if (!isDocument(value)) return undefined;
    const propertiesNotSatisfied = failingProperties(value, schemas);
    return propertiesNotSatisfied.length > 0 ? { operatorName, propertiesNotSatisfied } : undefined;
  };
};

const patternProperties: Keyword = (given, _, operatorName) => {
  const schemas = schemasOf(given, operatorName).map(([pattern, schema]) => ({
    pattern,
    regex: compileRegex(pattern, ''),
    schema,
  }));
  return (value) => {
    if (!isDocument(value)) return undefined;
    const details = schemas.flatMap(({ pattern: regexMatched, regex, schema }) =>
      fieldNames(value)
        .filter((name) => regex.test(name))
        .flatMap((propertyName) => {
          const failed = schema.failures(value[propertyName]);
          return failed.length > 0 ? [{ propertyName, ...schema.about, regexMatched, details: failed }] : [];
        }),
    );
    return details.length > 0 ? { operatorName, details } : undefined;
  };
};

const additionalProperties: Keyword = (given, schema, operatorName) => {
  const allowed = booleanOrSchema(given, operatorName);
  if (allowed === true) return undefined;
  const known = new Set(Object.keys(isDocument(schema.properties) ? schema.properties : {}));
  const patterns = Object.keys(isDocument(schema.patternProperties) ? schema.patternProperties : {}).map((pattern) =>
    compileRegex(pattern, ''),
  );
  return (value) => {
    if (!isDocument(value)) return undefined;
    const others = fieldNames(value).filter((name) => !known.has(name) && !patterns.some((regex) => regex.test(name)));
    if (allowed === false)
      return others.length > 0
        ? { operatorName, specifiedAs: { additionalProperties: false }, additionalProperties: others }
        : undefined;
    for (const failingProperty of others) {
      const details = allowed.failures(value[failingProperty]);
      const reason = 'at least one additional property did not match the subschema';
      if (details.length > 0) return { operatorName, ...allowed.about, reason, failingProperty, details };
    }
    return undefined;
  };
};

const required: Keyword = (given, _, operatorName) => {
  const names = namesOf(given, operatorName);
  return (value) => {
    if (!isDocument(value)) return undefined;
    const missingProperties = names.filter((name) => !Object.hasOwn(value, name)).sort();
    return missingProperties.length > 0
      ? { operatorName, specifiedAs: { required: given }, missingProperties }
      : undefined;
  };
};

function propertyCount(most: boolean): Keyword {
  return (given, _, operatorName) => {
    const bound = lengthOperand(given, operatorName);
    return (value) => {
      if (!isDocument(value)) return undefined;
      const numberOfProperties = Object.keys(value).length;
      if (most ? numberOfProperties <= bound : numberOfProperties >= bound) return undefined;
      const reason = 'specified number of properties was not satisfied';
      return { operatorName, specifiedAs: { [operatorName]: given }, reason, numberOfProperties };
    };
  };
}

const dependencies: Keyword = (given, _, operatorName) => {
  if (!isDocument(given)) throw mistyped(operatorName, 'an object', given);
  const rules = entriesOf(given).map(([conditionalProperty, dependency]) => {
    if (isDocument(dependency)) {
      const schema = compileSchema(dependency);
      return { conditionalProperty, fails: (value: Document) => ({ details: schema.failures(value) }) };
    }
    const names = namesOf(dependency, `${operatorName}.${conditionalProperty}`);
    const fails = (value: Document) => ({ missingProperties: names.filter((name) => !Object.hasOwn(value, name)) });
    return { conditionalProperty, fails };
  });
  return (value) => {
    if (!isDocument(value)) return undefined;
    const failingDependencies = rules.flatMap(({ conditionalProperty, fails }): Document[] => {
      if (!Object.hasOwn(value, conditionalProperty)) return [];
      const failed: Document = fails(value);
      const isEmpty = Object.values(failed).every((list) => Array.isArray(list) && list.length === 0);
      return isEmpty ? [] : [{ conditionalProperty, ...failed }];
    });
    return failingDependencies.length > 0 ? { operatorName, failingDependencies } : undefined;
  };
};

const items: Keyword = (given, _, operatorName) => {
  if (Array.isArray(given)) {
    const schemas = given.map((schema) => {
      if (!isDocument(schema)) throw mistyped(operatorName, 'an array of objects', schema);
      return compileSchema(schema);
    });
    return (value) => {
      if (!Array.isArray(value)) return undefined;
      const details = schemas.slice(0, value.length).flatMap((schema, itemIndex): Document[] => {
        const failed = schema.failures(value[itemIndex]);
        return failed.length > 0 ? [{ itemIndex, ...schema.about, details: failed }] : [];
      });
      return details.length > 0 ? { operatorName, details } : undefined;
    };
  }
  if (!isDocument(given)) throw mistyped(operatorName, 'an array or an object', given);
  return eachItem(compileSchema(given), operatorName, 0, 'At least one item did not match the sub-schema');
};

function eachItem({ about, failures }: Schema, operatorName: string, from: number, reason: string): Rule {
  return (value) => {
    if (!Array.isArray(value)) return undefined;
    for (let itemIndex = from; itemIndex < value.length; itemIndex++) {
      const details = failures(value[itemIndex]);
      if (details.length > 0) return { operatorName, ...about, reason, itemIndex, details };
    }
    return undefined;
  };
}

const additionalItems: Keyword = (given, schema, operatorName) => {
  const allowed = booleanOrSchema(given, operatorName);
  if (!Array.isArray(schema.items) || allowed === true) return undefined;
  const from = schema.items.length;
  if (allowed !== false)
    return eachItem(allowed, operatorName, from, 'At least one additional item did not match the sub-schema');
  return (value) =>
    Array.isArray(value) && value.length > from
      ? {
          operatorName,
          specifiedAs: { additionalItems: false },
          reason: 'found additional items',
          additionalItems: value.slice(from),
        }
      : undefined;
};

/** Which of several schemas a value satisfies and how it fails the others. */
function judge(schemas: readonly Schema[], value: Value): { satisfied: number[]; failed: Document[] } {
  const satisfied: number[] = [];
  const failed: Document[] = [];
  for (const [index, schema] of schemas.entries()) {
    const details = schema.failures(value);
    if (details.length === 0) satisfied.push(index);
    else failed.push({ index, ...schema.about, details });
  }
  return { satisfied, failed };
}

function combined(holds: (satisfied: number, total: number) => boolean): Keyword {
  return (given, _, operatorName) => {
    const schemas = schemaList(given, operatorName);
    return (value) => {
      const { satisfied, failed: schemasNotSatisfied } = judge(schemas, value);
      if (holds(satisfied.length, schemas.length)) return undefined;
      if (satisfied.length > 0 && operatorName === 'oneOf')
        return {
          operatorName,
          reason: 'more than one subschema matched',
          matchingSchemaIndexes: satisfied,
        };
      return { operatorName, schemasNotSatisfied };
    };
  };
}

const not: Keyword = (given, _, operatorName) => {
  if (!isDocument(given)) throw mistyped(operatorName, 'an object', given);
  const { failures } = compileSchema(given);
  return (value) => (failures(value).length === 0 ? { operatorName, reason: 'child expression matched' } : undefined);
};

const KEYWORDS: Readonly<Record<string, Keyword>> = {
  ...valueKeywords,
  properties,
  patternProperties,
  additionalProperties,
  required,
  minProperties: propertyCount(false),
  maxProperties: propertyCount(true),
  dependencies,
  items,
  additionalItems,
  allOf: combined((satisfied, total) => satisfied === total),
  anyOf: combined((satisfied) => satisfied > 0),
  oneOf: combined((satisfied) => satisfied === 1),
  not,
};
