import { equal } from '../bson/compare.js';
import { entriesOf, fieldNames } from '../bson/field-order.js';
import type { Ordering } from '../bson/ordering.js';
import { asNumber, BSONRegExp, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { type Environment, PLAIN } from './environment.js';
import { compileExpression } from './expression.js';
import { bitTest, modTest, regexTest, typeTest } from './leaf-tests.js';
import { visitLeaves, visitPath } from './path.js';
import { compileSchema } from './schema.js';
import { equalityTest, inTest, isOperator, type LeafTest, orderTest } from './value-tests.js';

export type Matcher = (document: Document) => boolean;

const always: Matcher = () => true;

/** Compiles a filter. @throws CommandError 2 for what MongoDB refuses, 238 for what this server lacks. */
export function compileFilter(filter: Document, environment: Environment = PLAIN): Matcher {
  const tests: Matcher[] = [];
  for (const [key, condition] of entriesOf(filter)) {
    if (isOperator(key)) {
      const test = compileTopLevel(key, condition, environment);
      if (test) tests.push(test);
    } else {
      tests.push(...compileField(key, condition, environment));
    }
  }
  return allOf(tests);
}

function allOf(tests: readonly Matcher[]): Matcher {
  const [first, second] = tests;
  if (!first) return always;
  if (!second) return first;
  if (tests.length === 2) return (document) => first(document) && second(document);
  return (document) => tests.every((test) => test(document));
}

type CompileTopLevel = (condition: Value, environment: Environment, key: string) => Matcher | undefined;

/** Operators in the place of a field; undefined where they select nothing. */
const TOP_LEVEL: Readonly<Record<string, CompileTopLevel>> = {
  $and: (condition, environment, key) => allOf(clauses(key, condition, environment)),
  $or: (condition, environment, key) => {
    const tests = clauses(key, condition, environment);
    return (document) => tests.some((test) => test(document));
  },
  $nor: (condition, environment, key) => {
    const tests = clauses(key, condition, environment);
    return (document) => !tests.some((test) => test(document));
  },
  $expr: (condition, environment) => {
    const evaluate = compileExpression(condition, environment);
    return (document) => truthy(evaluate(document));
  },
  $jsonSchema: (condition) => {
    const { failures } = compileSchema(condition);
    return (document) => failures(document).length === 0;
  },
  $comment: () => undefined,
  $alwaysTrue: (condition, _, key) => constantly(true, condition, key),
  $alwaysFalse: (condition, _, key) => constantly(false, condition, key),
  $sampleRate: sampleRate,
};

/** Operators of MongoDB that are refused: scripts, and what needs an index of text or places. */
const REFUSED = new Set(['$where', '$text', '$geoWithin', '$geoIntersects', '$near', '$nearSphere', '$within']);

function compileTopLevel(key: string, condition: Value, environment: Environment): Matcher | undefined {
  const compile = Object.hasOwn(TOP_LEVEL, key) ? TOP_LEVEL[key] : undefined;
  if (compile) return compile(condition, environment, key);
  if (REFUSED.has(key)) throw notImplemented(`query operator ${key}`);
  throw badValue(
    `unknown top level operator: ${key}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
  );
}

/** True for `$or` and others that stand in the place of a field. */
export function isTopLevel(name: string): boolean {
  return Object.hasOwn(TOP_LEVEL, name) || name === '$where';
}

function constantly(result: boolean, condition: Value, key: string): Matcher {
  if (asNumber(condition) !== 1) throw new CommandError(9, `${key} must be an integer value of 1`);
  return () => result;
}

/** Lets a share of the documents through, each by chance. */
function sampleRate(operand: Value): Matcher {
  const rate = asNumber(operand);
  if (rate === undefined) throw badValue('argument to $sampleRate must be a numeric type');
  if (!(rate >= 0 && rate <= 1)) throw badValue(`numeric argument to $sampleRate must be in [0, 1] but found ${rate}`);
  return () => Math.random() < rate;
}

function clauses(key: string, condition: Value, environment: Environment): Matcher[] {
  if (!Array.isArray(condition)) throw badValue(`${key} must be an array`);
  if (condition.length === 0) throw badValue('$and/$or/$nor must be a nonempty array');
  return condition.map((clause) => {
    if (!isDocument(clause)) throw badValue('$or/$and/$nor entries need to be full objects');
    return compileFilter(clause, environment);
  });
}

/** True for `{ $gt: 1 }`, false for a plain value or a document to be compared as a whole. */
export function isOperators(condition: Value): condition is Document {
  if (!isDocument(condition)) return false;
  return isOperator(fieldNames(condition)[0]);
}

function compileField(path: string, condition: Value, environment: Environment): Matcher[] {
  const parts = path.split('.');
  if (isOperators(condition)) return compileOperators(parts, condition, environment);
  if (condition instanceof BSONRegExp) return [leafMatcher(parts, regexTest(condition, undefined))];
  return [leafMatcher(parts, equalityTest(condition, environment.ordering))];
}

/** No parts: the value itself, which no array around it is looked into for, as `$elemMatch` needs it. */
function leafMatcher(parts: readonly string[], test: LeafTest): Matcher {
  const [only] = parts;
  if (only === undefined) return test;
  if (parts.length === 1 && only !== undefined) {
    return (document) => {
      const leaf = Object.hasOwn(document, only) ? document[only] : undefined;
      if (Array.isArray(leaf)) return leaf.some(test) || test(leaf);
      return test(leaf);
    };
  }
  return (document) => visitLeaves(document, parts, test);
}

function wholeMatcher(parts: readonly string[], test: LeafTest): Matcher {
  return (document) => visitPath(document, parts, 0, test);
}

function not(test: Matcher): Matcher {
  return (document) => !test(document);
}

function compileOperators(parts: readonly string[], operators: Document, environment: Environment): Matcher[] {
  const tests: Matcher[] = [];
  for (const [operator, operand] of entriesOf(operators)) {
    if (operator === '$options') {
      if (!('$regex' in operators)) throw badValue('$options needs a $regex');
      continue;
    }
    tests.push(compileOperator(parts, operator, operand, operators, environment));
  }
  return tests;
}

type CompileField = (parts: readonly string[], operand: Value, environment: Environment) => Matcher;

/** Operators that look at the field as a whole, or at what others say of it. */
const FIELD: Readonly<Record<string, CompileField>> = {
  $ne: (parts, operand, { ordering }) => {
    if (operand instanceof BSONRegExp) throw badValue("Can't have regex as arg to $ne.");
    return not(leafMatcher(parts, equalityTest(operand, ordering)));
  },
  $nin: (parts, operand, { ordering }) => not(leafMatcher(parts, inTest('$nin', operand, ordering))),
  $not: (parts, operand, environment) => not(compileNot(parts, operand, environment)),
  $exists: (parts, operand) => {
    const exists = wholeMatcher(parts, (leaf) => leaf !== undefined);
    return truthy(operand) ? exists : not(exists);
  },
  $size: (parts, operand) => {
    const size = sizeOperand(operand);
    return wholeMatcher(parts, (leaf) => Array.isArray(leaf) && leaf.length === size);
  },
  $all: compileAll,
  $elemMatch: (parts, operand, environment) => wholeMatcher(parts, elementTest(operand, environment)),
  $type: typeMatcher,
};

function compileOperator(
  parts: readonly string[],
  operator: string,
  operand: Value,
  siblings: Document,
  environment: Environment,
): Matcher {
  const compile = Object.hasOwn(FIELD, operator) ? FIELD[operator] : undefined;
  if (compile) return compile(parts, operand, environment);
  const leaf = Object.hasOwn(LEAF, operator) ? LEAF[operator] : undefined;
  if (leaf) return leafMatcher(parts, leaf(operand, { parts, operator, siblings, ordering: environment.ordering }));
  if (REFUSED.has(operator)) throw notImplemented(`query operator ${operator}`);
  throw badValue(`unknown operator: ${operator}`);
}

function compileNot(parts: readonly string[], operand: Value, environment: Environment): Matcher {
  if (operand instanceof BSONRegExp) return leafMatcher(parts, regexTest(operand, undefined));
  if (!isDocument(operand)) throw badValue('$not needs a regex or a document');
  if (Object.keys(operand).length === 0) throw badValue('$not cannot be empty');
  if (!isOperators(operand)) throw badValue(`unknown operator: ${fieldNames(operand)[0]}`);
  return allOf(compileOperators(parts, operand, environment));
}

function sizeOperand(operand: Value): number {
  const size =
    typeof operand === 'bigint'
      ? Number(operand)
      : typeof operand === 'object' && operand
        ? Number(operand.valueOf())
        : operand;
  if (typeof size !== 'number' || !Number.isInteger(size)) throw badValue('Failed to parse $size. Expected an integer');
  if (size < 0) throw badValue('Failed to parse $size. Expected a non-negative number');
  return size;
}

function compileAll(parts: readonly string[], operand: Value, environment: Environment): Matcher {
  if (!Array.isArray(operand)) throw badValue('$all needs an array');
  if (operand.length === 0) return () => false;
  const isElemMatch = (wanted: Value) => isDocument(wanted) && fieldNames(wanted)[0] === '$elemMatch';
  if (isElemMatch(operand[0])) {
    if (!operand.every(isElemMatch)) throw badValue('$all/$elemMatch has to be consistent');
    const tests = operand.map((wanted) => elementTest((wanted as Document).$elemMatch, environment));
    return allOf(tests.map((test) => wholeMatcher(parts, test)));
  }
  const tests = operand.map((wanted): Matcher => {
    if (isOperators(wanted)) throw badValue('no $ expressions in $all');
    const test =
      wanted instanceof BSONRegExp ? regexTest(wanted, undefined) : equalityTest(wanted, environment.ordering);
    return leafMatcher(parts, test);
  });
  return allOf(tests);
}

/** `$elemMatch`: operators test the elements themselves, anything else is a filter on element documents. */
function elementTest(operand: Value, environment: Environment): LeafTest {
  if (!isDocument(operand)) throw badValue('$elemMatch needs an Object');
  const first = fieldNames(operand)[0] ?? '';
  if (isOperators(operand) && !['$and', '$or', '$nor', '$expr', '$where'].includes(first)) {
    const test = allOf(compileOperators([], operand, environment)) as LeafTest;
    return (leaf) => Array.isArray(leaf) && leaf.some(test);
  }
  if ('$expr' in operand) throw badValue('$expr can only be applied to the top-level document');
  const match = compileFilter(operand, environment);
  return (leaf) => Array.isArray(leaf) && leaf.some((element) => matchesElement(match, element));
}

/** An array among the elements is a document whose fields are its positions. */
function matchesElement(match: Matcher, element: Value): boolean {
  if (Array.isArray(element)) return match(Object.fromEntries(element.entries()));
  return isDocument(element) && match(element);
}

function typeMatcher(parts: readonly string[], operand: Value): Matcher {
  const test = typeTest(operand);
  return leafMatcher(parts, (leaf) => leaf !== undefined && test(leaf));
}

/** Where an operator stands. */
interface Site {
  readonly parts: readonly string[];
  readonly operator: string;
  readonly siblings: Document;
  readonly ordering: Ordering;
}

type CompileLeaf = (operand: Value, site: Site) => LeafTest;

const ordered: CompileLeaf = (operand, { parts, operator, ordering }) =>
  orderTest(parts.join('.'), operator, operand, ordering);
const bits: CompileLeaf = (operand, { operator }) => bitTest(operator, operand);

/** Operators that test a value, and each element where it is an array. */
const LEAF: Readonly<Record<string, CompileLeaf>> = {
  $eq: (operand, { ordering }) =>
    operand instanceof BSONRegExp
      ? (leaf) => leaf instanceof BSONRegExp && equal(leaf, operand)
      : equalityTest(operand, ordering),
  $gt: ordered,
  $gte: ordered,
  $lt: ordered,
  $lte: ordered,
  $in: (operand, { operator, ordering }) => inTest(operator, operand, ordering),
  $regex: (operand, { siblings }) => regexTest(operand, siblings.$options),
  $mod: modTest,
  $bitsAllSet: bits,
  $bitsAllClear: bits,
  $bitsAnySet: bits,
  $bitsAnyClear: bits,
};

/** All query operators, for the documentation. */
export const queryOperators: readonly string[] = [TOP_LEVEL, FIELD, LEAF, { $options: 0 }].flatMap(Object.keys);
