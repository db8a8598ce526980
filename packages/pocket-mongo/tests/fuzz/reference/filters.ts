import fc from 'fast-check';
import { Binary, BSONRegExp, Decimal128, Double, Int32, Long } from 'mongodb';
import { path, smallValues, value } from './generate.js';
import type { Doc, Value } from './values.js';

const pattern = fc
  .tuple(fc.constantFrom('a', '^a', 'b$', 'A', '^$', 'a|b'), fc.constantFrom('', 'i'))
  .map(([source, options]) => new BSONRegExp(source, options));

const TYPE_NAMES = [
  'double',
  'string',
  'object',
  'array',
  'binData',
  'objectId',
  'bool',
  'date',
  'null',
  'regex',
  'int',
  'timestamp',
  'long',
  'decimal',
  'number',
  'minKey',
  'maxKey',
];

const notRegex = value.filter((one) => !(one instanceof BSONRegExp));
const plainDoc = (one: Value): boolean =>
  !(typeof one === 'object' && one !== null && Object.keys(one).some((name) => name.startsWith('$')));

const mask = fc.oneof<fc.Arbitrary<Value>[]>(
  fc.constantFrom<Value>(
    new Int32(0),
    new Int32(1),
    new Int32(5),
    new Double(3),
    Long.fromBigInt(2n ** 62n),
    new Binary(Buffer.from([5])),
    new Binary(Buffer.from([0, 1])),
    Decimal128.fromString('2'),
  ),
  fc.array(
    fc.constantFrom(0, 1, 2, 8, 62, 63, 64, 100).map((position): Value => new Int32(position)),
    { maxLength: 3 },
  ),
);

const modulus = fc.tuple(
  fc.constantFrom<Value>(new Int32(2), new Int32(-3), new Double(2.5), Long.fromNumber(4)),
  fc.constantFrom<Value>(new Int32(0), new Int32(1), new Int32(-1), new Double(1.9)),
) as fc.Arbitrary<Value>;

/** One operator with its operand. */
function leafOperator(): fc.Arbitrary<[string, Value]> {
  const pair = (name: fc.Arbitrary<string>, operand: fc.Arbitrary<Value>) =>
    fc.tuple(name, operand) as fc.Arbitrary<[string, Value]>;
  const inList = fc.array(fc.oneof(value, pattern as fc.Arbitrary<Value>), { maxLength: 3 });
  return fc.oneof(
    { arbitrary: pair(fc.constantFrom('$eq', '$gt', '$gte', '$lt', '$lte', '$ne'), notRegex), weight: 4 },
    pair(fc.constantFrom('$in', '$nin'), inList as fc.Arbitrary<Value>),
    pair(fc.constant('$exists'), fc.boolean()),
    pair(
      fc.constant('$type'),
      fc.oneof<fc.Arbitrary<Value>[]>(
        fc.constantFrom(...TYPE_NAMES),
        fc.subarray(TYPE_NAMES, { minLength: 1, maxLength: 3 }),
      ),
    ),
    pair(fc.constant('$size'), fc.constantFrom<Value>(new Int32(0), new Int32(1), Long.fromNumber(2), new Double(2))),
    pair(fc.constant('$mod'), modulus),
    pair(fc.constantFrom('$bitsAllSet', '$bitsAllClear', '$bitsAnySet', '$bitsAnyClear'), mask),
    pair(fc.constant('$regex'), fc.oneof<fc.Arbitrary<Value>[]>(pattern, fc.constantFrom('a', '^b'))),
  );
}

const { conditions, filter } = fc.letrec<{ conditions: Doc; filter: Doc }>((tie) => {
  const operator: fc.Arbitrary<[string, Value]> = fc.oneof(
    { maxDepth: 2, depthSize: 'small' },
    { arbitrary: leafOperator(), weight: 8 },
    fc.tuple(fc.constant('$not'), fc.oneof(tie('conditions'), pattern)) as fc.Arbitrary<[string, Value]>,
    fc.tuple(fc.constant('$elemMatch'), fc.oneof(tie('conditions'), tie('filter'))) as fc.Arbitrary<[string, Value]>,
    fc.tuple(
      fc.constant('$all'),
      fc.oneof(
        fc.array(fc.oneof(value, pattern as fc.Arbitrary<Value>), { maxLength: 2 }),
        fc.array(
          tie('filter').map((one) => ({ $elemMatch: one })),
          { minLength: 1, maxLength: 2 },
        ),
      ),
    ) as fc.Arbitrary<[string, Value]>,
  );
  const field = fc.tuple(path, fc.oneof(tie('conditions'), value.filter(plainDoc), pattern)) as fc.Arbitrary<
    [string, Value]
  >;
  const logic = fc.tuple(
    fc.constantFrom('$and', '$or', '$nor'),
    fc.array(tie('filter'), { minLength: 1, maxLength: 3 }),
  ) as fc.Arbitrary<[string, Value]>;
  return {
    conditions: fc.array(operator, { minLength: 1, maxLength: 2 }).map((all) => Object.fromEntries(all) as Doc),
    filter: fc
      .array(fc.oneof({ maxDepth: 2, depthSize: 'small' }, { arbitrary: field, weight: 5 }, logic), {
        minLength: 1,
        maxLength: 2,
      })
      .map((all) => Object.fromEntries(all) as Doc),
  };
});

const operand: fc.Arbitrary<Value> = fc.oneof<fc.Arbitrary<Value>[]>(
  path.map((one) => `$${one}`),
  smallValues.map((one) => ({ $literal: one })),
);

const expression = fc.letrec<{ logic: Doc; compare: Doc }>((tie) => ({
  compare: fc
    .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$cmp'), operand, operand)
    .map(([name, a, b]): Doc => ({ [name]: [a, b] })),
  logic: fc.oneof(
    { maxDepth: 2 },
    tie('compare'),
    fc
      .tuple(fc.constantFrom('$and', '$or'), fc.array(tie('logic'), { maxLength: 3 }))
      .map(([name, all]): Doc => ({ [name]: all })),
    tie('logic').map((one): Doc => ({ $not: [one] })),
  ),
}));

export { conditions };

/** Any filter that the reference understands. */
export const anyFilter: fc.Arbitrary<Doc> = fc.oneof(
  { arbitrary: filter, weight: 8 },
  expression.logic.map((one): Doc => ({ $expr: one })),
);
