import { Rank, rank } from '../bson/compare.js';
import { BINARY, type Ordering } from '../bson/ordering.js';
import { BSONRegExp, isDocument, MaxKey, MinKey, type Value } from '../bson/values.js';
import { badValue } from '../errors.js';
import { regexTest } from './leaf-tests.js';

/** A test of one value at the end of a path; undefined stands for a missing field. */
export type LeafTest = (leaf: Value) => boolean;

export function equalityTest(wanted: Value, ordering: Ordering): LeafTest {
  if (wanted === null || wanted === undefined) return (leaf) => leaf === null || leaf === undefined;
  if (typeof wanted === 'string') {
    if (ordering === BINARY) return (leaf) => leaf === wanted;
    return (leaf) => typeof leaf === 'string' && ordering.equal(leaf, wanted);
  }
  if (typeof wanted === 'boolean') return (leaf) => leaf === wanted;
  return (leaf) => leaf !== undefined && ordering.equal(leaf, wanted);
}

/** Comparisons hold only between values of the same type class, except with MinKey and MaxKey. */
export function orderTest(path: string, operator: string, operand: Value, ordering: Ordering): LeafTest {
  if (operand instanceof BSONRegExp) throw badValue(`Can't have RegEx as arg to predicate over field '${path}'.`);
  const holds = orderHolds(operator);
  if (operand === null || operand === undefined) {
    const inclusive = operator === '$gte' || operator === '$lte';
    return (leaf) => inclusive && (leaf === null || leaf === undefined);
  }
  const { compare } = ordering;
  const anyType = operand instanceof MinKey || operand instanceof MaxKey;
  const type = rank(operand);
  const isNaNOperand = type === Rank.number && Number.isNaN(Number(operand));
  if (isNaNOperand) return (leaf) => operator.endsWith('e') && leaf !== undefined && compare(leaf, operand) === 0;
  return (leaf) => {
    // A missing field too lies between MinKey and MaxKey.
    if (anyType) return holds(compare(leaf, operand));
    if (leaf === undefined) return false;
    const leafType = rank(leaf);
    if (leafType !== type) return false;
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

export function inTest(operator: string, operand: Value, ordering: Ordering): LeafTest {
  if (!Array.isArray(operand)) throw badValue(`${operator} needs an array`);
  const fold = ordering === BINARY ? undefined : ordering.fold;
  const strings = new Set<Value>();
  const others: LeafTest[] = [];
  for (const wanted of operand) {
    if (typeof wanted === 'string') strings.add(fold ? fold(wanted) : wanted);
    else if (wanted instanceof BSONRegExp) others.push(regexTest(wanted, undefined));
    else if (isDocument(wanted) && isOperator(Object.keys(wanted)[0]))
      throw badValue(`cannot nest $ under ${operator}`);
    else others.push(equalityTest(wanted, ordering));
  }
  return (leaf) =>
    (typeof leaf === 'string' && strings.has(fold ? fold(leaf) : leaf)) || others.some((test) => test(leaf));
}

/** The parts of a DBRef look like operators and are none. */
export function isOperator(name: string | undefined): boolean {
  return name?.startsWith('$') === true && name !== '$ref' && name !== '$id' && name !== '$db';
}
