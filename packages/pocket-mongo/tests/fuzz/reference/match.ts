import {
  Binary,
  BSONRegExp,
  Code,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'mongodb';
import { compare, equal, exactValue, typeOrder } from './order.js';
import { type Doc, isDoc, isNumber, type Missing, own, type Value } from './values.js';

/**
 * What a dotted path reaches in a query. Documents are stepped into; at an array every element that is a document goes
 * on with the same path, and a number also means that position. A field that a document lacks is reached as missing.
 * An array at the end is reached element by element and then as a whole, or with `whole` only as a whole.
 */
function reach(doc: Doc, parts: readonly string[], whole: boolean): (Value | Missing)[] {
  let current: Value | Missing = doc;
  for (let i = 0; i < parts.length; i++) {
    if (!isDoc(current)) return [undefined];
    current = own(current, parts[i] as string);
    if (Array.isArray(current) && i < parts.length - 1) return reachIn(current, parts.slice(i + 1), whole);
  }
  return Array.isArray(current) && !whole ? [...current, current] : [current];
}

function reachIn(array: readonly Value[], parts: readonly string[], whole: boolean): (Value | Missing)[] {
  const rest = parts.slice(1);
  return array.flatMap((element, position) => {
    const found: (Value | Missing)[] = [];
    const here = parts[0] === String(position);
    if (isDoc(element)) {
      found.push(...reach(element, parts, whole));
      if (here && rest.length > 0) found.push(...reach(element, rest, whole));
    } else if (here && rest.length > 0 && Array.isArray(element)) {
      found.push(...reachIn(element, rest, whole));
    }
    // A position that ends the path means the element as it is; an array there is not looked into.
    if (here && rest.length === 0) found.push(element);
    return found;
  });
}

type Test = (value: Value | Missing) => boolean;

const LOGIC = ['$and', '$or', '$nor'];

/** True when the document is found by the filter. */
export function matches(doc: Doc, filter: Doc): boolean {
  return Object.entries(filter).every(([key, condition]) => {
    const clauses = () => (condition as Doc[]).map((clause) => matches(doc, clause));
    if (key === '$and') return clauses().every(Boolean);
    if (key === '$or') return clauses().some(Boolean);
    if (key === '$nor') return !clauses().some(Boolean);
    if (key === '$expr') return isTrue(evaluate(condition, doc));
    return matchesField((whole) => reach(doc, key.split('.'), whole), condition);
  });
}

/** What a path reaches, as a function of whether an array at its end is one value. */
type Reached = (whole: boolean) => (Value | Missing)[];

function isConditions(condition: Value): condition is Doc {
  return isDoc(condition) && Object.keys(condition)[0]?.startsWith('$') === true;
}

function matchesField(reached: Reached, condition: Value): boolean {
  if (condition instanceof BSONRegExp) return reached(false).some((value) => fitsPattern(value, condition));
  if (!isConditions(condition)) return reached(false).some((value) => isEqual(value, condition));
  return Object.entries(condition).every(
    ([operator, operand]) => operator === '$options' || matchesOperator(reached, operator, operand, condition),
  );
}

function matchesOperator(reached: Reached, operator: string, operand: Value, all: Doc): boolean {
  switch (operator) {
    case '$ne':
      return !reached(false).some((value) => isEqual(value, operand));
    case '$nin':
      return !reached(false).some((value) => isIn(value, operand as Value[]));
    case '$not':
      return !matchesField(reached, operand);
    case '$exists':
      return reached(true).some((value) => value !== undefined) === (operand === true);
    case '$all':
      return (
        (operand as Value[]).length > 0 &&
        (operand as Value[]).every((one) => matchesField(reached, isConditions(one) ? one : wrapped(one)))
      );
    case '$elemMatch':
      return reached(true).some((value) => Array.isArray(value) && value.some(elementTest(operand as Doc)));
    case '$size':
      return reached(true).some((value) => Array.isArray(value) && equal(new Int32(value.length), operand));
    default:
      return reached(false).some(leafTest(operator, operand, all));
  }
}

function wrapped(value: Value): Value {
  return value instanceof BSONRegExp ? value : { $eq: value };
}

/** Operators look at the element itself, whatever it is; other conditions at the fields of a document or array. */
function elementTest(operand: Doc): (element: Value) => boolean {
  if (isConditions(operand) && !LOGIC.includes(Object.keys(operand)[0] as string))
    return (element) => matchesField(() => [element], operand);
  return (element) => {
    if (Array.isArray(element)) return matches(Object.fromEntries(element.entries()) as Doc, operand);
    return isDoc(element) && matches(element, operand);
  };
}

function leafTest(operator: string, operand: Value, all: Doc): Test {
  switch (operator) {
    case '$eq':
      return (value) => isEqual(value, operand);
    case '$in':
      return (value) => isIn(value, operand as Value[]);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      return (value) => stands(operator, value, operand);
    case '$regex':
      return (value) => fitsPattern(value, patternOf(operand, all.$options));
    case '$type':
      return (value) => (Array.isArray(operand) ? operand : [operand]).some((type) => hasType(value, type));
    case '$mod':
      return (value) => hasRemainder(value, operand as Value[]);
    default:
      return (value) => hasBits(operator, value, operand);
  }
}

function isEqual(value: Value | Missing, wanted: Value): boolean {
  return wanted === null ? value === undefined || value === null : value !== undefined && equal(value, wanted);
}

function isIn(value: Value | Missing, list: readonly Value[]): boolean {
  return list.some((wanted) => (wanted instanceof BSONRegExp ? fitsPattern(value, wanted) : isEqual(value, wanted)));
}

function isNaNValue(value: Value | Missing): boolean {
  return isNumber(value) && exactValue(value).at === 'nan';
}

/** Only values of one type class stand in an order, but everything is below MaxKey and above MinKey. */
function stands(operator: string, value: Value | Missing, operand: Value): boolean {
  const inclusive = operator.endsWith('e');
  if (operand === null) return inclusive && (value === undefined || value === null);
  if (value === undefined) {
    if (operand instanceof MaxKey) return operator.startsWith('$lt');
    return operand instanceof MinKey && operator.startsWith('$gt');
  }
  const extreme = operand instanceof MinKey || operand instanceof MaxKey;
  if (!extreme && typeOrder(value) !== typeOrder(operand)) return false;
  if (!extreme && (isNaNValue(value) || isNaNValue(operand)))
    return inclusive && isNaNValue(value) && isNaNValue(operand);
  const order = compare(value, operand);
  if (order === 0) return inclusive;
  return operator.startsWith('$gt') ? order > 0 : order < 0;
}

function patternOf(operand: Value, options: Value | Missing): BSONRegExp {
  const pattern = operand instanceof BSONRegExp ? operand.pattern : String(operand);
  const flags = typeof options === 'string' ? options : operand instanceof BSONRegExp ? operand.options : '';
  return new BSONRegExp(pattern, flags);
}

/** The fuzz gives only patterns that mean the same in JavaScript. */
function fitsPattern(value: Value | Missing, pattern: BSONRegExp): boolean {
  if (value instanceof BSONRegExp) return equal(value, pattern);
  return typeof value === 'string' && new RegExp(pattern.pattern, pattern.options).test(value);
}

const TYPES: Readonly<Record<string, (value: Value) => boolean>> = {
  double: (value) => value instanceof Double,
  string: (value) => typeof value === 'string',
  object: isDoc,
  array: Array.isArray,
  binData: (value) => value instanceof Binary,
  objectId: (value) => value instanceof ObjectId,
  bool: (value) => typeof value === 'boolean',
  date: (value) => value instanceof Date,
  null: (value) => value === null,
  regex: (value) => value instanceof BSONRegExp,
  javascript: (value) => value instanceof Code && !value.scope,
  int: (value) => value instanceof Int32,
  timestamp: (value) => value instanceof Timestamp,
  long: (value) => value instanceof Long && !(value instanceof Timestamp),
  decimal: (value) => value instanceof Decimal128,
  number: isNumber,
  minKey: (value) => value instanceof MinKey,
  maxKey: (value) => value instanceof MaxKey,
};

function hasType(value: Value | Missing, type: Value): boolean {
  return value !== undefined && (TYPES[String(type)] as (value: Value) => boolean)(value);
}

/** The whole part of a number, when it is one that fits into 64 bits. */
function wholePart(value: Value | Missing): bigint | undefined {
  const exact = isNumber(value) ? exactValue(value) : undefined;
  if (exact?.at !== 'line') return undefined;
  const whole = exact.over / exact.under;
  return BigInt.asIntN(64, whole) === whole ? whole : undefined;
}

function hasRemainder(value: Value | Missing, [divisor, remainder]: readonly Value[]): boolean {
  const whole = wholePart(value);
  return whole !== undefined && whole % (wholePart(divisor) as bigint) === wholePart(remainder);
}

/** The bits of a value: of binary data as they stand, of a whole number with its sign going on for ever. */
function bitsOf(value: Value | Missing): ((position: number) => boolean) | undefined {
  if (value instanceof Binary) {
    const data = value.value();
    return (position) => ((data[Math.floor(position / 8)] ?? 0) & (1 << (position % 8))) !== 0;
  }
  const whole = wholePart(value);
  if (whole === undefined || (isNumber(value) && !equal(value, Long.fromBigInt(whole)))) return undefined;
  return (position) => ((whole >> BigInt(position)) & 1n) === 1n;
}

function hasBits(operator: string, value: Value | Missing, operand: Value): boolean {
  const bits = bitsOf(value);
  if (!bits) return false;
  const mask = bitsOf(operand);
  const positions = Array.isArray(operand)
    ? operand.map((position) => Number(String(position)))
    : Array.from({ length: 200 }, (_, position) => position).filter((position) => mask?.(position));
  const right = (position: number) => bits(position) === operator.endsWith('Set');
  return operator.startsWith('$bitsAny') ? positions.some(right) : positions.every(right);
}

function isTrue(value: Value | Missing): boolean {
  if (value === undefined || value === null || value === false) return false;
  const exact = isNumber(value) ? exactValue(value) : undefined;
  return !(exact?.at === 'line' && exact.over === 0n);
}

/** The few expressions that the fuzz makes: fields, literals, comparisons, logic. */
function evaluate(expression: Value, doc: Doc): Value | Missing {
  if (typeof expression === 'string' && expression.startsWith('$'))
    return fieldPath(doc, expression.slice(1).split('.'));
  if (!isConditions(expression)) return expression;
  const [operator, operands] = Object.entries(expression)[0] as [string, Value[]];
  if (operator === '$literal') return operands as Value;
  const values = operands.map((operand) => evaluate(operand, doc));
  const order = compare(values[0], values[1]);
  const results: Readonly<Record<string, () => Value>> = {
    $eq: () => order === 0,
    $ne: () => order !== 0,
    $gt: () => order > 0,
    $gte: () => order >= 0,
    $lt: () => order < 0,
    $lte: () => order <= 0,
    $cmp: () => new Int32(Math.sign(order)),
    $and: () => values.every(isTrue),
    $or: () => values.some(isTrue),
    $not: () => !isTrue(values[0]),
  };
  return (results[operator] as () => Value)();
}

/** In an expression an array on the way becomes the array of what its documents hold; numbers are no positions. */
function fieldPath(value: Value | Missing, parts: readonly string[]): Value | Missing {
  const [name, ...rest] = parts;
  if (name === undefined) return value;
  if (isDoc(value)) return fieldPath(own(value, name), rest);
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((element) => {
    const found = isDoc(element) ? fieldPath(own(element, name), rest) : undefined;
    return found === undefined ? [] : [found];
  });
}
