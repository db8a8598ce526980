import { createHash } from 'node:crypto';
import { encode } from '../bson/encode.js';
import { copyOf, entriesOf, fieldNames, put, remove } from '../bson/field-order.js';
import { Binary, type Document, isDocument, Timestamp, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { hashedBytes } from './hashed-key.js';
import {
  type Compiler,
  checkNamed,
  type Evaluate,
  listOperator,
  missing,
  type Named,
  type Operators,
  typeName,
  unaryOperator,
} from './operator.js';

function fromPairs(value: Value): Value {
  if (missing(value)) return null;
  if (!Array.isArray(value))
    throw new CommandError(40386, `$arrayToObject requires an array input, found: ${typeName(value)}`);
  const result: Document = {};
  const pairs = Array.isArray(value[0]);
  for (const pair of value) {
    const [name, item] = pairs ? arrayPair(pair) : objectPair(pair);
    if (name.includes('\0')) throw new CommandError(4940400, 'Key field cannot contain an embedded null byte');
    // The value of the last one at the place of the first.
    put(result, name, item);
  }
  return result;
}

function arrayPair(pair: Value): [string, Value] {
  if (!Array.isArray(pair))
    throw new CommandError(
      40396,
      `$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Array was detected, now found: ${typeName(pair)}`,
    );
  if (pair.length !== 2)
    throw new CommandError(
      40397,
      `$arrayToObject requires an array of size 2 arrays,found array of size: ${pair.length}`,
    );
  const [name, item] = pair;
  if (typeof name !== 'string')
    throw new CommandError(
      40395,
      `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${typeName(name)}`,
    );
  return [name, item];
}

function objectPair(pair: Value): [string, Value] {
  if (Array.isArray(pair))
    throw new CommandError(
      40391,
      '$arrayToObject requires a consistent input format. Elements must all be arrays or all be objects. Object was detected, now found: array',
    );
  if (!isDocument(pair))
    throw new CommandError(40398, `Unrecognised input type format for $arrayToObject: ${typeName(pair)}`);
  const names = fieldNames(pair);
  if (names.length !== 2)
    throw new CommandError(
      40392,
      `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${names.length}`,
    );
  if (!('k' in pair) || !('v' in pair))
    throw new CommandError(
      40393,
      `$arrayToObject requires an object with keys 'k' and 'v'. Missing either or both keys from: ${names.join(', ')}`,
    );
  if (typeof pair.k !== 'string')
    throw new CommandError(
      40394,
      `$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: ${typeName(pair.k)}`,
    );
  return [pair.k, pair.v];
}

/** Later fields win; a null or missing operand adds nothing. */
export function mergeObjects(values: readonly Value[]): Document {
  const result: Document = {};
  for (const value of values) {
    if (missing(value)) continue;
    if (!isDocument(value))
      throw new CommandError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`);
    for (const name of fieldNames(value)) put(result, name, value[name]);
  }
  return result;
}

const GET: Named = { required: { field: 3041702, input: 3041703 }, notObject: 3041701, unknown: 3041701 };

function getField(argument: Value, compiler: Compiler, operator: string): Evaluate {
  // Short form: a field of the current document, unless it is an object with the names of the long form.
  const long = isDocument(argument) && ('field' in argument || 'input' in argument);
  if (isDocument(argument) && !long && !Object.keys(argument)[0]?.startsWith('$'))
    throw new CommandError(3041701, `${operator} found an unknown argument: ${Object.keys(argument)[0]}`);
  const given = long
    ? checkNamed({ input: '$$CURRENT', ...argument }, GET, operator)
    : { field: argument, input: '$$CURRENT' };
  const field = compiler.compile(given.field);
  const input = compiler.compile(given.input);
  return (scope) => {
    const name = field(scope);
    if (typeof name !== 'string')
      throw new CommandError(
        3041704,
        `$getField requires 'field' to evaluate to type String, but got ${typeName(name)}`,
      );
    const value = input(scope);
    if (value === null) return null;
    return isDocument(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  };
}

/** `$setField` and `$unsetField`: fields whose names have dots or dollars. */
function changeField(removing: boolean) {
  const required = removing ? { field: 4161109, input: 4161109 } : { field: 4161102, input: 4161109, value: 4161103 };
  const named: Named = { required, notObject: 4161100, unknown: 4161101 };
  return (argument: Value, compiler: Compiler, operator: string): Evaluate => {
    const given = checkNamed(argument, named, operator);
    const literal = isDocument(given.field) ? given.field.$literal : given.field;
    if (typeof literal !== 'string')
      throw new CommandError(
        4161107,
        `${operator} requires 'field' to evaluate to type String, but got ${typeName(literal)}`,
      );
    if (literal === given.field && literal.startsWith('$'))
      throw new CommandError(
        4161108,
        `A field path reference which starts with '$' is not allowed for the 'field' argument of ${operator}. Use a literal instead`,
      );
    const input = compiler.compile(given.input);
    const value: Evaluate = removing ? () => undefined : compiler.compile(given.value);
    return (scope) => {
      const target = input(scope);
      if (missing(target)) return null;
      if (!isDocument(target))
        throw new CommandError(4161105, `${operator} requires 'input' to evaluate to type Object`);
      const result = copyOf(target);
      const next = value(scope);
      if (next === undefined) remove(result, literal);
      else put(result, literal, next);
      return result;
    };
  };
}

function timestampPart(code: number, read: (value: Timestamp) => number) {
  return unaryOperator((value, _, name) => {
    if (missing(value)) return null;
    if (!(value instanceof Timestamp))
      throw new CommandError(code, ` Argument to ${name} must be a timestamp, but is ${typeName(value)}`);
    return BigInt(read(value));
  });
}

/** The hash of a hashed index: the first eight bytes of MD5, as an int64. */
function hashedKey(value: Value): Value {
  return createHash('md5').update(hashedBytes(value)).digest().readBigInt64LE(0);
}

/** Objects, and values seen as a whole. */
export const objectOperators: Operators = {
  $objectToArray: unaryOperator((value) => {
    if (missing(value)) return null;
    if (!isDocument(value))
      throw new CommandError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`);
    return entriesOf(value).map(([k, v]) => ({ k, v }));
  }),
  $arrayToObject: unaryOperator(fromPairs),
  $mergeObjects: listOperator(mergeObjects),
  $getField: getField,
  $setField: changeField(false),
  $unsetField: changeField(true),
  $bsonSize: unaryOperator((value) => {
    if (missing(value)) return null;
    if (!isDocument(value))
      throw new CommandError(31393, `$bsonSize requires a document input, found: ${typeName(value)}`);
    return encode(value).length;
  }),
  $binarySize: unaryOperator((value) => {
    if (missing(value)) return null;
    if (typeof value === 'string') return Buffer.byteLength(value);
    if (value instanceof Binary) return value.position;
    throw new CommandError(51276, `$binarySize requires a string or BinData argument, found: ${typeName(value)}`);
  }),
  $tsSecond: timestampPart(5687301, (value) => value.t),
  $tsIncrement: timestampPart(5687302, (value) => value.i),
  $toHashedIndexKey: unaryOperator(hashedKey),
};
