import { compare, equal } from '../bson/compare.js';
import { asNumber, BSONRegExp, type Document, isDocument, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { compileFilter, isOperators } from './matcher.js';
import { typeName } from './operators-basic.js';
import { compileSort } from './sort.js';
import type { Target } from './update-path.js';

type Apply = (target: Target, operand: Value) => void;

const OPERATORS: Readonly<Record<string, Apply>> = {
  $push: push,
  $addToSet: addToSet,
  $pull: pull,
  $pullAll: pullAll,
  $pop: pop,
};

export function arrayOperator(name: string): Apply | undefined {
  return Object.hasOwn(OPERATORS, name) ? OPERATORS[name] : undefined;
}

/** The array at the target; undefined when the field is missing. */
function current(target: Target, operator: string): Value[] | undefined {
  const value = target.get();
  if (value === undefined) return undefined;
  if (Array.isArray(value)) return value;
  if (operator === '$push') {
    const id = JSON.stringify(target.context.root._id);
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
    throw badValue(
      `The argument to $each in ${operator} must be an array but it was of type: ${typeName(operand.$each)}`,
    );
  return operand.$each;
}

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
    if (!['$each', '$slice', '$sort', '$position'].includes(name))
      throw badValue(`Unrecognized clause in $push: ${name}`);
  }
  const result = [...array];
  if (options.$position === undefined) result.push(...each);
  else result.splice(insertAt(integer(options.$position, '$position'), array.length), 0, ...each);
  if (options.$sort !== undefined) result.sort(elementOrder(options.$sort));
  target.set(options.$slice === undefined ? result : cut(result, integer(options.$slice, '$slice')));
}

function insertAt(position: number, length: number): number {
  return position < 0 ? Math.max(length + position, 0) : Math.min(position, length);
}

function cut(array: Value[], size: number): Value[] {
  if (size === 0) return [];
  return size < 0 ? array.slice(size) : array.slice(0, size);
}

function elementOrder(sort: Value): (a: Value, b: Value) => number {
  if (isDocument(sort)) {
    const order = compileSort(sort);
    const part = (value: Value) => (isDocument(value) ? value : {});
    return (a, b) => order.compare(part(a), part(b));
  }
  const direction = asNumber(sort);
  if (direction !== 1 && direction !== -1) throw badValue('The $sort element value must be either 1 or -1');
  return (a, b) => compare(a, b) * direction;
}

function addToSet(target: Target, operand: Value): void {
  const each = eachOf(operand, '$addToSet');
  const result = [...(current(target, '$addToSet') ?? [])];
  for (const value of each ?? [operand]) if (!result.some((element) => equal(element, value))) result.push(value);
  target.set(result);
}

function pull(target: Target, operand: Value): void {
  const array = current(target, '$pull');
  if (!array) return;
  const removes = pullTest(operand);
  target.set(array.filter((element) => !removes(element)));
}

/** A document is a filter on element documents; operators and plain values test the elements themselves. */
function pullTest(operand: Value): (element: Value) => boolean {
  if (isOperators(operand) || operand instanceof BSONRegExp) {
    const match = compileFilter({ element: operand });
    return (element) => match({ element });
  }
  if (isDocument(operand)) {
    const match = compileFilter(operand);
    return (element) => isDocument(element) && match(element);
  }
  return (element) => equal(element, operand);
}

function pullAll(target: Target, operand: Value): void {
  if (!Array.isArray(operand))
    throw badValue(`$pullAll requires an array argument but was given a ${typeName(operand)}`);
  const array = current(target, '$pullAll');
  if (array) target.set(array.filter((element) => !operand.some((value) => equal(element, value))));
}

function pop(target: Target, operand: Value): void {
  const end = asNumber(operand);
  if (end !== 1 && end !== -1)
    throw new CommandError(9, `$pop expects 1 or -1, found: ${String(end ?? typeName(operand))}`);
  const array = current(target, '$pop');
  if (array) target.set(end === 1 ? array.slice(0, -1) : array.slice(1));
}
