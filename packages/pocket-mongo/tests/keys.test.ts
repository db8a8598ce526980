import { Binary, Decimal128, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';
import { compare } from '../src/bson/compare.js';
import { check, decode, decodeFields, decodeLeaving } from '../src/bson/decode.js';
import { encode } from '../src/bson/encode.js';
import { encodeKey, encodeKeyDescending } from '../src/bson/keys.js';
import { Double, RawDocument, type Value } from '../src/bson/values.js';

const numbers = fc.oneof(
  fc.integer(),
  fc.double(),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.integer({ min: -3, max: 3 }).map((value) => new Double(value)),
  fc.constantFrom(
    0,
    -0,
    2 ** 53,
    2n ** 53n + 1n,
    2n ** 63n - 1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ),
  fc
    .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -30, max: 30 }))
    .map(([digits, exponent]) => Decimal128.fromString(`${digits}E${exponent}`)),
  fc
    .constantFrom('NaN', 'Infinity', '-Infinity', '1E+6000', '-1E+6000', '0.1', '0.5')
    .map((text) => Decimal128.fromString(text)),
);

const strings = fc.oneof(
  fc.string({ maxLength: 8, unit: 'binary' }),
  fc.constantFrom('', '\0', 'a', 'a\0', 'a\0b', 'ab', '\uffff', '\u{10000}'),
);

const scalars: fc.Arbitrary<Value> = fc.oneof(
  numbers as fc.Arbitrary<Value>,
  strings,
  fc.boolean(),
  fc.constant(null),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
  fc.uint8Array({ maxLength: 5 }).map((bytes) => new Binary(bytes)),
  fc.tuple(fc.nat(), fc.nat()).map(([t, i]) => new Timestamp({ t, i })),
  fc.constantFrom(new MinKey(), new MaxKey()),
);

const values = fc.letrec<{ value: Value; array: Value; document: Value }>((tie) => ({
  value: fc.oneof({ maxDepth: 3 }, scalars, tie('array'), tie('document')),
  array: fc.array(tie('value'), { maxLength: 3 }) as fc.Arbitrary<Value>,
  document: fc.dictionary(fc.constantFrom('a', 'b', 'ab', 'a\u00e9'), tie('value'), {
    maxKeys: 3,
  }) as fc.Arbitrary<Value>,
})).value;

describe('keys', () => {
  test('sort as the values compare', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [x, y] = [encodeKey(a), encodeKey(b)];
        expect(x < y ? -1 : x > y ? 1 : 0).toBe(Math.sign(compare(a, b)));
      }),
      { numRuns: 3000 },
    );
  });

  test('sort the other way round when descending, also before further fields', () => {
    fc.assert(
      fc.property(values, values, values, (a, b, tail) => {
        const rest = encodeKey(tail);
        const [x, y] = [encodeKeyDescending(a) + rest, encodeKeyDescending(b) + rest];
        expect(x < y ? 1 : x > y ? -1 : 0).toBe(Math.sign(compare(a, b)));
      }),
      { numRuns: 2000 },
    );
  });

  test('numbers of all types that are equal have one key', () => {
    const ones = [1, 1n, new Double(1), Decimal128.fromString('1'), Decimal128.fromString('1.000')];
    expect(new Set(ones.map(encodeKey)).size).toBe(1);
    const big = [2n ** 53n + 1n, Decimal128.fromString('9007199254740993')];
    expect(new Set(big.map(encodeKey)).size).toBe(1);
    expect(encodeKey(2 ** 53)).not.toBe(encodeKey(big[0]));
  });

  test('the codec gives back what it was given', () => {
    fc.assert(
      fc.property(values, (value) => {
        const copy = decode(encode({ value })).value;
        expect(compare(copy, value)).toBe(0);
        expect(encode({ value: copy }).equals(encode({ value }))).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test('some fields of a document are what they are in the whole', () => {
    fc.assert(
      fc.property(
        fc.array(values, { minLength: 4, maxLength: 4 }),
        fc.subarray(['0', '1', '2', '3']),
        (all, wanted) => {
          const bytes = encode(Object.fromEntries(all.entries()));
          check(bytes);
          const whole = decode(bytes);
          const picked = Object.fromEntries(Object.entries(whole).filter(([name]) => wanted.includes(name)));
          expect(decodeFields(bytes, new Set(wanted))).toEqual(picked);
          const left = decodeLeaving(bytes, new Set(wanted));
          for (const [name, value] of Object.entries(left))
            expect(value instanceof RawDocument ? decode(value.bytes) : value).toEqual(whole[name]);
          expect(encode(left).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test('bytes that lie about their length are refused, whether they are decoded or only checked', () => {
    const good = encode({
      a: 'text',
      b: [1, { c: 2 }],
      c: { e: 'x', f: [new Date(0), 1n, 1.5, true] },
      d: new Binary(Buffer.from('abc')),
    });
    fc.assert(
      fc.property(fc.nat({ max: good.length - 1 }), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bad = Buffer.from(good);
        bad[at] = byte;
        const outcomes = [decode, check, (bytes: Buffer) => decodeLeaving(bytes, new Set(['b', 'c']))].map((read) => {
          try {
            read(bad);
            return 'read';
          } catch (error) {
            expect(error).toMatchObject({ name: 'CommandError' });
            return 'refused';
          }
        });
        expect(new Set(outcomes).size).toBe(1);
      }),
      { numRuns: 2000 },
    );
  });
});
