import fc from 'fast-check';
import { BSONRegExp, Double, Int32, Long } from 'mongodb';
import { conditions } from './filters.js';
import { list, path, smallNumbers, smallValues, value } from './generate.js';
import type { Doc, Value } from './values.js';

/** A document that names no operator, where one could be meant. */
const plain = value.filter((one) => !JSON.stringify(one)?.includes('"$'));

const numbers = fc.oneof(smallNumbers, fc.constantFrom<Value>(Long.MAX_VALUE, new Int32(2 ** 31 - 1), new Double(0.1)));

const pushed = fc.oneof(
  plain,
  fc
    .record(
      {
        $each: list,
        $position: fc.constantFrom<Value>(new Int32(0), new Int32(1), new Int32(-1), new Int32(-9), new Int32(9)),
        $slice: fc.constantFrom<Value>(new Int32(0), new Int32(2), new Int32(-2), Long.fromNumber(1)),
        $sort: fc.constantFrom<Value>(
          new Int32(1),
          new Int32(-1),
          { a: new Int32(1) },
          { a: new Int32(-1), 'b.0': new Int32(1) },
        ),
      },
      { requiredKeys: ['$each'] },
    )
    .map((one) => one as Doc),
);

const OPERANDS: Readonly<Record<string, fc.Arbitrary<Value>>> = {
  $set: plain,
  $unset: fc.constant(''),
  $inc: numbers,
  $mul: numbers,
  $min: plain,
  $max: plain,
  $bit: fc
    .tuple(fc.constantFrom('and', 'or', 'xor'), fc.constantFrom<Value>(new Int32(6), Long.fromNumber(3), new Int32(-1)))
    .map(([name, mask]): Value => ({ [name]: mask })),
  $push: pushed,
  $addToSet: fc.oneof(
    plain,
    list.map((each): Value => ({ $each: each })),
  ),
  $pop: fc.constantFrom<Value>(new Int32(1), new Int32(-1), new Double(1)),
  $pull: fc.oneof<fc.Arbitrary<Value>[]>(plain, conditions, smallValues),
  $pullAll: list,
  $rename: path,
};

/** Paths of updates; `array` and what follows it may be every element or those of the filter `x`. */
const updatePath = fc.oneof(
  { arbitrary: path, weight: 6 },
  fc
    .tuple(path, fc.constantFrom('$[]', '$[x]'), fc.constantFrom('', '.a', '.b', '.0'))
    .map(([start, all, end]) => `${start}.${all}${end}`),
);

const step = fc
  .constantFrom(...Object.keys(OPERANDS))
  .chain((operator) =>
    fc.tuple(
      fc.constant(operator),
      operator === '$rename' ? path : updatePath,
      OPERANDS[operator] as fc.Arbitrary<Value>,
    ),
  );

export const arrayFilter: fc.Arbitrary<Doc> = fc.oneof(
  conditions.map((one): Doc => ({ x: one })),
  conditions.map((one): Doc => ({ 'x.a': one })),
  // A regex there is refused when the filter is read, also where no element is ever held to it.
  smallValues.filter((one) => !(one instanceof BSONRegExp)).map((one): Doc => ({ x: { $ne: one } })),
);

/** An update of one to three operators. */
export const anyUpdate: fc.Arbitrary<Doc> = fc.array(step, { minLength: 1, maxLength: 3 }).map((steps) => {
  const update: Record<string, Doc> = {};
  for (const [operator, path, operand] of steps) {
    update[operator] ??= {};
    (update[operator] as Doc)[path] = operand;
  }
  return update;
});

export function uses(update: Doc, name: string): boolean {
  return Object.values(update).some((fields) => Object.keys(fields as Doc).some((path) => path.includes(name)));
}
