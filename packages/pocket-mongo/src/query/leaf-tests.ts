import { compare, equal } from '../bson/compare.js';
import { asNumber, Binary, BSONRegExp, BsonType, bsonType, type Value } from '../bson/values.js';
import { badValue, CommandError } from '../errors.js';
import { compileRegex } from './pcre.js';

type LeafTest = (leaf: Value) => boolean;

const TYPE_ALIASES: Readonly<Record<string, number>> = { ...BsonType, bool: 8 };

/** `$regex`: matches strings, and regular expressions that are the same. */
export function regexTest(operand: Value, options: Value): LeafTest {
  const pattern = operand instanceof BSONRegExp ? operand.pattern : operand;
  const own = operand instanceof BSONRegExp ? operand.options : '';
  const flags = options === undefined || options === null ? own : options;
  if (typeof pattern !== 'string') throw badValue('$regex has to be a string');
  if (typeof flags !== 'string') throw badValue('$options has to be a string');
  if (own !== '' && flags !== own) throw badValue('options set in both $regex and $options');
  const regex = compileRegex(pattern, flags);
  const self = new BSONRegExp(pattern, flags);
  return (leaf) => (typeof leaf === 'string' ? regex.test(leaf) : leaf instanceof BSONRegExp && equal(leaf, self));
}

/** `$type` by number or alias, one or several. */
export function typeTest(operand: Value): LeafTest {
  const wanted = new Set<number>();
  if (Array.isArray(operand) && operand.length === 0) throw new CommandError(9, '$type must match at least one type');
  for (const one of Array.isArray(operand) ? operand : [operand]) {
    if (one === 'number')
      for (const type of [BsonType.double, BsonType.int, BsonType.long, BsonType.decimal]) wanted.add(type);
    else wanted.add(typeNumber(one));
  }
  return (leaf) => wanted.has(bsonType(leaf));
}

function typeNumber(operand: Value): number {
  if (typeof operand === 'string') {
    const type = TYPE_ALIASES[operand];
    if (type === undefined) throw badValue(`Unknown type name alias: ${operand}`);
    return type;
  }
  const number = asNumber(operand);
  if (number === undefined) throw new CommandError(14, 'type must be represented as a number or a string');
  if (number === 0) throw badValue('Invalid numerical type code: 0. Instead use {$exists: false}.');
  if (!Object.values(BsonType).some((type) => type === number))
    throw badValue(`Invalid numerical type code: ${number}`);
  return number;
}

/** `$mod`: [divisor, remainder], both cut to integers. */
export function modTest(operand: Value): LeafTest {
  if (!Array.isArray(operand)) throw badValue('malformed mod, needs to be an array');
  if (operand.length < 2) throw badValue('malformed mod, not enough elements');
  if (operand.length > 2) throw badValue('malformed mod, too many elements');
  const by = modOperand(operand[0], 'divisor');
  const rest = modOperand(operand[1], 'remainder');
  if (by === 0n) throw badValue('divisor cannot be 0');
  return (leaf) => {
    if (typeof leaf === 'bigint') return leaf % by === rest;
    const number = asNumber(leaf);
    return number !== undefined && Number.isFinite(number) && BigInt(Math.trunc(number)) % by === rest;
  };
}

function modOperand(value: Value, what: string): bigint {
  if (typeof value === 'bigint') return value;
  const number = asNumber(value);
  if (number === undefined) throw badValue(`malformed mod, ${what} not a number`);
  if (!Number.isFinite(number)) throw badValue(`malformed mod, ${what} value is invalid`);
  return BigInt(Math.trunc(number));
}

/** `$bitsAllSet` and its kin on integers and binary data; the mask is a number, binary data or a list of positions. */
export function bitTest(operator: string, operand: Value): LeafTest {
  const positions = bitPositions(operator, operand);
  const wantSet = operator.endsWith('Set');
  const any = operator.startsWith('$bitsAny');
  return (leaf) => {
    const bit = bitReader(leaf);
    if (!bit) return false;
    const right = (position: number) => bit(position) === wantSet;
    return any ? positions.some(right) : positions.every(right);
  };
}

function bitPositions(operator: string, operand: Value): number[] {
  if (Array.isArray(operand)) {
    return operand.map((one) => {
      const position = asNumber(one);
      if (position === undefined || !Number.isInteger(position) || position < 0)
        throw badValue('bit positions must be integers >= 0');
      return position;
    });
  }
  const number = asNumber(operand);
  if (number === undefined && !(operand instanceof Binary))
    throw badValue(`${operator} takes an Array, a number, or a BinData but received another type`);
  const bit = bitReader(operand);
  if (!bit) throw new CommandError(9, `Expected an integer: ${operator}`);
  if ((number ?? 0) < 0) throw new CommandError(9, `Expected a non-negative number in: ${operator}: ${number}`);
  const size = operand instanceof Binary ? operand.position * 8 : 64;
  return Array.from({ length: size }, (_, position) => position).filter(bit);
}

function bitReader(value: Value): ((position: number) => boolean) | undefined {
  if (value instanceof Binary) {
    return (position) => ((value.buffer[position >> 3] ?? 0) & (1 << (position & 7))) !== 0;
  }
  const number = asNumber(value);
  if (number === undefined || !Number.isInteger(number) || compare(value, 2 ** 63) >= 0) return undefined;
  const bits = typeof value === 'bigint' ? value : BigInt(number);
  return (position) => ((bits >> BigInt(Math.min(position, 63))) & 1n) === 1n;
}
