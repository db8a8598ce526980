import { compare, equal } from '../bson/compare.js';
import { asNumber, Binary, BSONRegExp, BsonType, bsonType, type Value } from '../bson/values.js';
import { badValue } from '../errors.js';

type LeafTest = (leaf: Value) => boolean;

const TYPE_ALIASES: Readonly<Record<string, number>> = { ...BsonType, bool: 8 };

/** `$regex` with its options as JavaScript has them; `x` is done by hand. */
export function regexTest(operand: Value, options: Value): LeafTest {
  const pattern = operand instanceof BSONRegExp ? operand.pattern : operand;
  const flags =
    options === undefined || options === null ? (operand instanceof BSONRegExp ? operand.options : '') : options;
  if (typeof pattern !== 'string') throw badValue('$regex has to be a string');
  if (typeof flags !== 'string') throw badValue('$options has to be a string');
  const regex = toRegExp(pattern, flags);
  const self = operand instanceof BSONRegExp ? operand : new BSONRegExp(pattern, flags);
  return (leaf) => (typeof leaf === 'string' ? regex.test(leaf) : leaf instanceof BSONRegExp && equal(leaf, self));
}

export function toRegExp(pattern: string, flags: string): RegExp {
  let source = pattern;
  let wanted = flags;
  const inline = /^\(\?([imsx]+)\)/.exec(source);
  if (inline?.[1]) {
    source = source.slice(inline[0].length);
    wanted += inline[1];
  }
  for (const flag of wanted) if (!'imsxu'.includes(flag)) throw badValue(`invalid flag in regex options: ${flag}`);
  if (wanted.includes('x'))
    source = source.replace(/\\.|\[(?:\\.|[^\]])*\]|\s+|#.*/g, (part) => (/^[\s#]/.test(part) ? '' : part));
  const own = [...new Set(wanted)].filter((flag) => 'ims'.includes(flag)).join('');
  try {
    return new RegExp(source, `${own}u`);
  } catch {
    return new RegExp(source, own);
  }
}

/** `$type` by number or alias, one or several. */
export function typeTest(operand: Value): LeafTest {
  const wanted = new Set<number>();
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
  if (number === undefined) throw badValue('type must be represented as a number or a string');
  if (!Object.values(BsonType).some((type) => type === number))
    throw badValue(`Invalid numerical type code: ${number}`);
  return number;
}

/** `$mod`: [divisor, remainder], both cut to integers. */
export function modTest(operand: Value): LeafTest {
  if (!Array.isArray(operand)) throw badValue('malformed mod, needs to be an array');
  if (operand.length < 2) throw badValue('malformed mod, not enough elements');
  if (operand.length > 2) throw badValue('malformed mod, too many elements');
  const [divisor, remainder] = operand.map(asNumber);
  if (divisor === undefined || remainder === undefined)
    throw badValue('malformed mod, divisor or remainder not a number');
  const by = Math.trunc(divisor);
  if (by === 0) throw badValue('divisor cannot be 0');
  const rest = Math.trunc(remainder);
  return (leaf) => {
    if (typeof leaf === 'bigint') return leaf % BigInt(by) === BigInt(rest);
    const number = asNumber(leaf);
    return number !== undefined && Number.isFinite(number) && (Math.trunc(number) % by) + 0 === rest;
  };
}

/** `$bitsAllSet` and its kin on integers and binary data; the mask is a number, binary data or a list of positions. */
export function bitTest(operator: string, operand: Value): LeafTest {
  const positions = bitPositions(operand);
  const wantSet = operator.endsWith('Set');
  const any = operator.startsWith('$bitsAny');
  return (leaf) => {
    const bit = bitReader(leaf);
    if (!bit) return false;
    const right = (position: number) => bit(position) === wantSet;
    return any ? positions.some(right) : positions.every(right);
  };
}

function bitPositions(operand: Value): number[] {
  if (Array.isArray(operand)) {
    return operand.map((one) => {
      const position = asNumber(one);
      if (position === undefined || !Number.isInteger(position) || position < 0)
        throw badValue('bit positions must be integers >= 0');
      return position;
    });
  }
  const bit = bitReader(operand);
  if (!bit || (asNumber(operand) ?? 0) < 0) throw badValue(`${String(operand)} is no bit mask`);
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
