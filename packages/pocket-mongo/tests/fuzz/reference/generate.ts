import fc from 'fast-check';
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
import type { Doc, Value } from './values.js';

/** FUZZ_RUNS multiplies how often each property is tried; a failure prints the seed, and FUZZ_SEED plays it again. */
export function runs(count: number): { numRuns: number; seed?: number } {
  const factor = Number(process.env.FUZZ_RUNS ?? 1);
  const seed = process.env.FUZZ_SEED;
  return { numRuns: Math.ceil(count * factor), ...(seed === undefined ? {} : { seed: Number(seed) }) };
}

/** For the tests of this folder, in ms: more runs take longer. */
export const TIMEOUT = 30_000 * Math.max(1, Number(process.env.FUZZ_RUNS ?? 1));

const int = (value: number) => new Int32(value);
const double = (value: number) => new Double(value);
const decimal = (text: string) => Decimal128.fromString(text);

/** Few values that are often equal, next to each other, or equal in spite of their types. */
export const smallNumbers: fc.Arbitrary<Value> = fc.constantFrom<Value>(
  int(0),
  int(1),
  int(2),
  int(-1),
  int(5),
  Long.fromNumber(1),
  Long.fromNumber(2),
  double(1),
  double(1.5),
  double(-0),
  double(Number.NaN),
  double(Number.POSITIVE_INFINITY),
  decimal('1'),
  decimal('1.50'),
  decimal('NaN'),
  decimal('2'),
);

/** Numbers where the types meet: beyond 2^53, beyond 64 bits, tiny, huge. */
const hardNumbers: fc.Arbitrary<Value> = fc.oneof(
  fc.integer().map(int),
  fc.double().map(double),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
  fc
    .tuple(fc.constantFrom(53n, 54n, 62n, 63n), fc.bigInt({ min: -2n, max: 2n }), fc.boolean())
    .chain(([power, off, negative]) => {
      const value = (2n ** power + off) * (negative ? -1n : 1n);
      const forms: Value[] = [double(Number(value)), decimal(String(value)), decimal(`${value}.5`)];
      if (BigInt.asIntN(64, value) === value) forms.push(Long.fromBigInt(value));
      return fc.constantFrom(...forms);
    }),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 33n), max: 10n ** 33n }), fc.integer({ min: -60, max: 30 }))
    .map(([digits, exponent]) => decimal(`${digits}E${exponent}`)),
  fc
    .constantFrom('NaN', 'Infinity', '-Infinity', '9E+6144', '-9E+6144', '1E-6176', '0.1', '-0', '0E+10', '0.10')
    .map(decimal),
  fc.constantFrom(0, -0, 0.1, 5e-324, -5e-324, 1.7976931348623157e308, Number.NaN, Infinity, -Infinity).map(double),
);

const hardStrings = fc.oneof(
  fc.string({ maxLength: 6, unit: 'binary' }),
  fc.constantFrom('', '\0', 'a', 'a\0', 'a\0b', 'ab', 'A', '\u00e9', '\uffff', '\ue000', '\u{10000}', 'a'.repeat(40)),
);

const names = fc.constantFrom('a', 'b', 'ab', '', 'a\u00e9', '\u{10000}', 'constructor', '__proto__', '0');

/** Any BSON value, for the order of all of them. */
export const anyValue: fc.Arbitrary<Value> = fc.letrec<{ value: Value; list: Value; doc: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof<fc.Arbitrary<Value>[]>(
      hardNumbers,
      smallNumbers,
      hardStrings,
      fc.boolean(),
      fc.constant(null),
      fc.date({ noInvalidDate: true }),
      fc.constantFrom(new Date(0), new Date(-1), new Date(1)),
      fc.uint8Array({ minLength: 12, maxLength: 12 }).map((raw) => new ObjectId(raw)),
      fc
        .tuple(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(0, 2, 5, 128))
        .map(([raw, subtype]) => new Binary(raw, subtype)),
      fc
        .tuple(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1), fc.constantFrom(1, 2, 2 ** 32 - 1))
        .map(([t, i]) => new Timestamp({ t, i })),
      fc.tuple(fc.constantFrom('a', 'b', '^a'), fc.constantFrom('', 'i', 'im')).map(([p, o]) => new BSONRegExp(p, o)),
      fc.constantFrom('a', 'b').map((code) => new Code(code)),
      fc.constantFrom(new Code('a', { a: 1 }), new Code('a', { b: 1 })),
      fc.constantFrom(new MinKey(), new MaxKey()),
    ),
    tie('list'),
    tie('doc'),
  ),
  list: fc.array(tie('value'), { maxLength: 3 }),
  doc: fc.array(fc.tuple(names, tie('value')), { maxLength: 3 }).map(docOf),
})).value;

/** A document with its fields in the given order (but for the numbers, which JavaScript puts first). */
function docOf(fields: readonly (readonly [string, Value])[]): Doc {
  return Object.fromEntries(fields) as Doc;
}

export const smallValues: fc.Arbitrary<Value> = fc.oneof<fc.Arbitrary<Value>[]>(
  smallNumbers,
  smallNumbers,
  fc.constantFrom<Value>('a', 'b', 'ab', '', 'A'),
  fc.constantFrom<Value>(null, null, true, false),
  fc.constantFrom<Value>(
    new Date(0),
    new Date(1),
    new MinKey(),
    new MaxKey(),
    new BSONRegExp('a', ''),
    new Binary(Buffer.from([5])),
    new Timestamp({ t: 1, i: 1 }),
    new ObjectId('0'.repeat(24)),
  ),
);

export const fieldNames = fc.constantFrom('a', 'b', 'c', '0', '1');

const nested = fc.letrec<{ value: Value; list: Value; doc: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, depthSize: 'small' }, { arbitrary: smallValues, weight: 3 }, tie('list'), tie('doc')),
  list: fc.array(tie('value'), { maxLength: 3 }),
  doc: fc.array(fc.tuple(fieldNames, tie('value')), { maxLength: 2 }).map(docOf),
}));

/** Values as they stand in the documents and filters of the fuzz: small, nested, often alike. */
export const value: fc.Arbitrary<Value> = nested.value;
export const list = nested.list as fc.Arbitrary<Value[]>;

/** A document without `_id`. */
export const body: fc.Arbitrary<Doc> = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'c'), value), { maxLength: 3 })
  .map(docOf);

export function numbered(bodies: readonly Doc[]): Doc[] {
  return bodies.map((one, i) => ({ _id: int(i), ...one }));
}

export const path = fc.oneof(
  { arbitrary: fc.constantFrom('a', 'b', 'c'), weight: 2 },
  fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.array(fieldNames, { minLength: 1, maxLength: 2 }))
    .map((parts) => parts.flat().join('.')),
);
