import { entriesOf } from '../bson/field-order.js';
import type { Ordering } from '../bson/ordering.js';
import { show } from '../bson/show.js';
import { asNumber, BSONRegExp, type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import type { Environment } from './environment.js';
import { compileFilter, isOperators, isTopLevel } from './matcher.js';
import { typeName } from './operators-basic.js';
import { field, isIndex } from './path.js';
import type { Target } from './update-path.js';

type Apply = (target: Target, operand: Value) => void;

const OPERATORS: Readonly<Record<string, Apply>> = {
  $push: push,
  $addToSet: addToSet,
  $pull: pull,
  $pullAll: pullAll,
  $pop: pop,
};

/** The names of the operators of arrays. */
export const arrayOperators: readonly string[] = Object.keys(OPERATORS);

export function arrayOperator(name: string): Apply | undefined {
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}

/** The array at the target; undefined when the field is missing. */
function current(target: Target, operator: string): Value[] | undefined {
  const value = target.get();
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value;
  if (operator === '$push') {
    const id = show(target.context.root._id);
    throw badValue(
      `The field '${target.path}' must be an array but is of type ${typeName(value)} in document {_id: ${id}}`,
    );
  }
  throw operator === '$pop'
    ? new CommandError(14, `Path '${target.path}' contains an element of non-array type '${typeName(value)}'`)
    : badValue(`Cannot apply ${operator} to a non-array value`);
}

function integer(value: Value, what: string): number {
  const number = asNumber(value);
  if (number === undefined || !Number.isInteger(number))
    throw badValue(`The value for ${what} must be an integer value but was given type: ${typeName(value)}`);
  return number;
}

function eachOf(operand: Value, operator: string): Value[] | undefined {
  if (!isDocument(operand) || !('$each' in operand)) return undefined;
  if (!Array.isArray(operand.$each))
    throw new CommandError(
      operator === '$push' ? 2 : 14,
      `The argument to $each in ${operator} must be an array but it was of type: ${typeName(operand.$each)}`,
    );
  return operand.$each;
}

/** What `$push` does beside adding. */
export const pushModifiers: readonly string[] = ['$each', '$slice', '$sort', '$position'];

function push(target: Target, operand: Value): void {
  const each = eachOf(operand, '$push');
  const array = current(target, '$push') ?? [];
  if (!each) {
    array.push(operand);
    target.set(array);
    return;
  }
  const options = operand as Document;
  for (const name of Object.keys(options)) {
    if (!pushModifiers.includes(name)) throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  const result = [...array];
  if (options.$position === undefined) result.push(...each);
  else result.splice(insertAt(integer(options.$position, '$position'), array.length), 0, ...each);
  if (options.$sort !== undefined) result.sort(elementOrder(options.$sort, target.context.environment));
  target.set(options.$slice === undefined ? result : cut(result, integer(options.$slice, '$slice')));
}

function insertAt(position: number, length: number): number {
  return position < 0 ? Math.max(length + position, 0) : Math.min(position, length);
}

function cut(array: Value[], size: number): Value[] {
  if (size === 0) return [];
  return size < 0 ? array.slice(size) : array.slice(0, size);
}

function elementOrder(sort: Value, { ordering }: Environment): (a: Value, b: Value) => number {
  if (isDocument(sort)) return fieldOrder(sort, ordering);
  const direction = asNumber(sort);
  if (direction === undefined)
    throw badValue('The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields');
  const sign = signOf(sort);
  return (a, b) => ordering.compare(a, b) * sign;
}

function signOf(direction: Value): number {
  const number = asNumber(direction);
  if (number !== 1 && number !== -1) throw badValue('The $sort element value must be either 1 or -1');
  return number;
}

/** By fields of the elements. Unlike in a query an array counts as a whole, and a position is one. */
function fieldOrder(sort: Document, ordering: Ordering): (a: Value, b: Value) => number {
  const fields = entriesOf(sort).map(([path, direction]) => ({ parts: path.split('.'), sign: signOf(direction) }));
  if (fields.length === 0) throw badValue('The $sort pattern is empty when it should be a set of fields.');
  return (a, b) => {
    for (const { parts, sign } of fields) {
      const order = ordering.compare(elementField(a, parts), elementField(b, parts)) * sign;
      if (order !== 0) return order;
    }
    return 0;
  };
}

function elementField(element: Value, parts: readonly string[]): Value {
  let current: Value = isDocument(element) ? element : {};
  for (const part of parts)
    current = Array.isArray(current) ? (isIndex(part) ? current[Number(part)] : undefined) : field(current, part);
  return current ?? null;
}

function addToSet(target: Target, operand: Value): void {
  const { equal } = target.context.environment.ordering;
  const each = eachOf(operand, '$addToSet');
  const result = [...(current(target, '$addToSet') ?? [])];
  for (const value of each ?? [operand]) if (!result.some((element) => equal(element, value))) result.push(value);
  target.set(result);
}

function pull(target: Target, operand: Value): void {
  const array = current(target, '$pull');
  if (!array) return;
  const removes = pullTest(operand, target.context.environment);
  target.set(array.filter((element) => !removes(element)));
}

/** A document is a filter on element documents; operators and plain values test the elements themselves. */
function pullTest(operand: Value, environment: Environment): (element: Value) => boolean {
  if (operand instanceof BSONRegExp || (isOperators(operand) && !isTopLevel(Object.keys(operand)[0] ?? ''))) {
    const match = compileFilter({ element: operand }, environment);
    return (element) => match({ element });
  }
  if (isDocument(operand)) {
    const match = compileFilter(operand, environment);
    return (element) => isDocument(element) && match(element);
  }
  return (element) => environment.ordering.equal(element, operand);
}

function pullAll(target: Target, operand: Value): void {
  if (!Array.isArray(operand))
    throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
  const array = current(target, '$pullAll');
  const { equal } = target.context.environment.ordering;
  if (array) target.set(array.filter((element) => !operand.some((value) => equal(element, value))));
}

function pop(target: Target, operand: Value): void {
  const end = asNumber(operand);
  if (end !== 1 && end !== -1)
    throw new CommandError(9, `$pop expects 1 or -1, found: ${String(end ?? typeName(operand))}`);
  const array = current(target, '$pop');
  if (array) target.set(end === 1 ? array.slice(0, -1) : array.slice(1));
}
