import { compare, equal, Rank, rank } from '../bson/compare.js';
import { BSONRegExp, type Document, isDocument, MaxKey, MinKey, truthy, type Value } from '../bson/values.js';
import { badValue, CommandError, notImplemented } from '../errors.js';
import { compileExpression } from './expression.js';
import { bitTest, modTest, regexTest, typeTest } from './leaf-tests.js';
import { visitLeaves, visitPath } from './path.js';

export type Matcher = (document: Document) => boolean;
type LeafTest = (leaf: Value) => boolean;

const always: Matcher = () => true;

/** The variables of a command's `let`, for `$expr`. */
export type Variables = Readonly<Record<string, Value>>;

/** Compiles a filter. @throws CommandError 2 for what MongoDB refuses, 238 for what this server lacks. */
export function compileFilter(filter: Document, variables: Variables = {}): Matcher {
  const tests: Matcher[] = [];
  for (const [key, condition] of Object.entries(filter)) {
    if (key.startsWith('$')) {
      const test = compileTopLevel(key, condition, variables);
      if (test) tests.push(test);
    } else {
      tests.push(...compileField(key, condition));
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

function compileTopLevel(key: string, condition: Value, variables: Variables): Matcher | undefined {
  switch (key) {
    case '$and':
      return allOf(clauses(key, condition, variables));
    case '$or': {
      const tests = clauses(key, condition, variables);
      return (document) => tests.some((test) => test(document));
    }
    case '$nor': {
      const tests = clauses(key, condition, variables);
      return (document) => !tests.some((test) => test(document));
    }
    case '$expr': {
      const evaluate = compileExpression(condition, variables);
      return (document) => truthy(evaluate(document));
    }
    case '$comment':
      return undefined;
    case '$alwaysTrue':
      return always;
    case '$alwaysFalse':
      return () => false;
    case '$where':
    case '$text':
    case '$jsonSchema':
    case '$sampleRate':
      throw notImplemented(`query operator ${key}`);
    default:
      throw badValue(
        `unknown top level operator: ${key}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      );
  }
}

function clauses(key: string, condition: Value, variables: Variables): Matcher[] {
  if (!Array.isArray(condition)) throw badValue(`${key} must be an array`);
  if (condition.length === 0) throw badValue(`${key} argument must be a non-empty array`);
  return condition.map((clause) => {
    if (!isDocument(clause)) throw badValue(`${key} argument's entries must be objects`);
    return compileFilter(clause, variables);
  });
}

/** True for `{ $gt: 1 }`, false for a plain value or a document to be compared as a whole. */
export function isOperators(condition: Value): condition is Document {
  if (!isDocument(condition)) return false;
  const [first] = Object.keys(condition);
  return first?.startsWith('$') === true && first !== '$ref' && first !== '$id' && first !== '$db';
}

function compileField(path: string, condition: Value): Matcher[] {
  const parts = path.split('.');
  if (isOperators(condition)) return compileOperators(parts, condition);
  if (condition instanceof BSONRegExp) return [leafMatcher(parts, regexTest(condition, undefined))];
  return [leafMatcher(parts, equalityTest(condition))];
}

function leafMatcher(parts: readonly string[], test: LeafTest): Matcher {
  const [only] = parts;
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

function compileOperators(parts: readonly string[], operators: Document): Matcher[] {
  const tests: Matcher[] = [];
  for (const [operator, operand] of Object.entries(operators)) {
    if (operator === '$options') {
      if (!('$regex' in operators)) throw badValue('$options needs a $regex');
      continue;
    }
    tests.push(compileOperator(parts, operator, operand, operators));
  }
  return tests;
}

function compileOperator(parts: readonly string[], operator: string, operand: Value, siblings: Document): Matcher {
  switch (operator) {
    case '$ne':
      if (operand instanceof BSONRegExp) throw badValue("Can't have regex as arg to $ne.");
      return not(leafMatcher(parts, equalityTest(operand)));
    case '$nin':
      return not(leafMatcher(parts, inTest(operator, operand)));
    case '$not':
      return not(compileNot(parts, operand));
    case '$exists': {
      const wanted = truthy(operand);
      const exists = wholeMatcher(parts, (leaf) => leaf !== undefined);
      return wanted ? exists : not(exists);
    }
    case '$size': {
      const size = sizeOperand(operand);
      return wholeMatcher(parts, (leaf) => Array.isArray(leaf) && leaf.length === size);
    }
    case '$all':
      return compileAll(parts, operand);
    case '$elemMatch':
      return wholeMatcher(parts, elementTest(operand));
    case '$type':
      return typeMatcher(parts, operand);
    default:
      return leafMatcher(parts, leafTest(operator, operand, siblings));
  }
}

function compileNot(parts: readonly string[], operand: Value): Matcher {
  if (operand instanceof BSONRegExp) return leafMatcher(parts, regexTest(operand, undefined));
  if (!isDocument(operand)) throw badValue('$not needs a regex or a document');
  if (Object.keys(operand).length === 0) throw badValue('$not cannot be empty');
  if (!isOperators(operand)) throw badValue(`unknown operator: ${Object.keys(operand)[0]}`);
  return allOf(compileOperators(parts, operand));
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

function compileAll(parts: readonly string[], operand: Value): Matcher {
  if (!Array.isArray(operand)) throw badValue('$all needs an array');
  if (operand.length === 0) return () => false;
  const tests = operand.map((wanted): Matcher => {
    if (isDocument(wanted) && '$elemMatch' in wanted) return wholeMatcher(parts, elementTest(wanted.$elemMatch));
    if (isOperators(wanted)) throw badValue('no $ expressions in $all');
    return leafMatcher(parts, wanted instanceof BSONRegExp ? regexTest(wanted, undefined) : equalityTest(wanted));
  });
  return allOf(tests);
}

/** `$elemMatch`: operators test the elements themselves, anything else is a filter on element documents. */
function elementTest(operand: Value): LeafTest {
  if (!isDocument(operand)) throw badValue('$elemMatch needs an Object');
  const first = Object.keys(operand)[0] ?? '';
  if (isOperators(operand) && !['$and', '$or', '$nor', '$expr', '$where'].includes(first)) {
    // The element stands under a name of its own; an element that is an array is compared as a whole.
    const tests = Object.entries(operand).filter(([name]) => name !== '$options');
    const matchers = tests.map(([name, value]) => elementOperator(name, value, operand));
    return (leaf) => Array.isArray(leaf) && leaf.some((element) => matchers.every((test) => test(element)));
  }
  const match = compileFilter(operand);
  return (leaf) => Array.isArray(leaf) && leaf.some((element) => isDocument(element) && match(element));
}

function elementOperator(operator: string, operand: Value, siblings: Document): LeafTest {
  const wrapped = compileOperator(['element'], operator, operand, siblings);
  return (element) => wrapped({ element });
}

function typeMatcher(parts: readonly string[], operand: Value): Matcher {
  const test = typeTest(operand);
  return leafMatcher(parts, (leaf) => leaf !== undefined && test(leaf));
}

function leafTest(operator: string, operand: Value, siblings: Document): LeafTest {
  switch (operator) {
    case '$eq':
      if (operand instanceof BSONRegExp) return (leaf) => leaf instanceof BSONRegExp && equal(leaf, operand);
      return equalityTest(operand);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return orderTest(operator, operand);
    case '$in':
      return inTest(operator, operand);
    case '$regex':
      return regexTest(operand, siblings.$options);
    case '$mod':
      return modTest(operand);
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return bitTest(operator, operand);
    case '$geoWithin':
    case '$geoIntersects':
    case '$near':
    case '$nearSphere':
    case '$within':
      throw notImplemented(`query operator ${operator}`);
    default:
      throw badValue(`unknown operator: ${operator}`);
  }
}

function equalityTest(wanted: Value): LeafTest {
  if (wanted === null || wanted === undefined) return (leaf) => leaf === null || leaf === undefined;
  if (typeof wanted === 'string' || typeof wanted === 'boolean') return (leaf) => leaf === wanted;
  return (leaf) => leaf !== undefined && equal(leaf, wanted);
}

/** Comparisons hold only between values of the same type class, except with MinKey and MaxKey. */
function orderTest(operator: string, operand: Value): LeafTest {
  if (operand instanceof BSONRegExp) throw badValue(`Can't have RegEx as arg to predicate over field '${operator}'.`);
  const holds = orderHolds(operator);
  if (operand === null || operand === undefined) {
    const inclusive = operator === '$gte' || operator === '$lte';
    return (leaf) => inclusive && (leaf === null || leaf === undefined);
  }
  const anyType = operand instanceof MinKey || operand instanceof MaxKey;
  const type = rank(operand);
  const isNaNOperand = type === Rank.number && Number.isNaN(Number(operand));
  if (isNaNOperand) return (leaf) => operator.endsWith('e') && leaf !== undefined && compare(leaf, operand) === 0;
  return (leaf) => {
    if (leaf === undefined) return false;
    const leafType = rank(leaf);
    if (leafType !== type && !anyType) return false;
    if (leafType === Rank.number && Number.isNaN(Number(leaf))) return false;
    return holds(compare(leaf, operand));
  };
}

function orderHolds(operator: string): (order: number) => boolean {
  if (operator === '$gt') return (order) => order > 0;
  if (operator === '$gte') return (order) => order >= 0;
  if (operator === '$lt') return (order) => order < 0;
  return (order) => order <= 0;
}

function inTest(operator: string, operand: Value): LeafTest {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  const strings = new Set<Value>();
  const others: LeafTest[] = [];
  for (const wanted of operand) {
    if (typeof wanted === 'string') strings.add(wanted);
    else if (wanted instanceof BSONRegExp) others.push(regexTest(wanted, undefined));
    else if (isOperators(wanted)) throw new CommandError(2, `cannot nest $ under ${operator}`);
    else others.push(equalityTest(wanted));
  }
  return (leaf) => strings.has(leaf) || others.some((test) => test(leaf));
}
