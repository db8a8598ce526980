import { Decimal128 } from 'mongodb';
import { codeOf, decimal, double, evaluate, int } from './aggregation.js';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const ints = (...values: number[]) => values.map(int);
const document = { a: [1, 2, 3], o: { x: 1, 'y.z': 2 }, list: [{ k: 1 }, { k: 2 }, {}] };

describe('arrays and objects', () => {
  const cases: [string, unknown, unknown][] = [
    ['a path maps over an array', '$list.k', ints(1, 2)],
    ['size', { $size: '$a' }, int(3)],
    ['in', { $in: [2, '$a'] }, true],
    ['arrayElemAt from the end', { $arrayElemAt: ['$a', -1] }, int(3)],
    ['arrayElemAt beyond', { $arrayElemAt: ['$a', 9] }, undefined],
    ['first', { $first: '$a' }, int(1)],
    ['last of nothing', { $last: [[]] }, undefined],
    ['concatArrays', { $concatArrays: ['$a', [4]] }, ints(1, 2, 3, 4)],
    ['map', { $map: { input: '$a', as: 'n', in: { $add: ['$$n', 1] } } }, ints(2, 3, 4)],
    ['map of missing values', { $map: { input: '$list', in: '$$this.k' } }, [int(1), int(2), null]],
    ['filter', { $filter: { input: '$a', cond: { $gt: ['$$this', 1] } } }, ints(2, 3)],
    ['filter with a limit', { $filter: { input: '$a', cond: true, limit: 2 } }, ints(1, 2)],
    [
      'reduce',
      { $reduce: { input: '$a', initialValue: '', in: { $concat: ['$$value', { $toString: '$$this' }] } } },
      '123',
    ],
    ['slice', { $slice: ['$a', 2] }, ints(1, 2)],
    ['slice from the end', { $slice: ['$a', -2] }, ints(2, 3)],
    ['slice from a position', { $slice: ['$a', 1, 1] }, ints(2)],
    ['range', { $range: [0, 10, 4] }, ints(0, 4, 8)],
    ['range downwards', { $range: [3, 0, -1] }, ints(3, 2, 1)],
    ['reverseArray', { $reverseArray: '$a' }, ints(3, 2, 1)],
    ['sortArray', { $sortArray: { input: [3, 1, 2], sortBy: -1 } }, ints(3, 2, 1)],
    ['sortArray by a field', { $sortArray: { input: '$list', sortBy: { k: -1 } } }, [{ k: int(2) }, { k: int(1) }, {}]],
    ['indexOfArray', { $indexOfArray: ['$a', 3] }, int(2)],
    ['indexOfArray from', { $indexOfArray: ['$a', 1, 1] }, int(-1)],
    ['zip', { $zip: { inputs: [[1, 2], ['a']] } }, [[int(1), 'a']]],
    [
      'zip to the longest',
      { $zip: { inputs: [[1, 2], ['a']], useLongestLength: true, defaults: [0, 'z'] } },
      [
        [int(1), 'a'],
        [int(2), 'z'],
      ],
    ],
    [
      'setUnion',
      {
        $setUnion: [
          [3, 1],
          [2, 1],
        ],
      },
      ints(1, 2, 3),
    ],
    [
      'setIntersection',
      {
        $setIntersection: [
          [3, 1, 2],
          [1, 3],
        ],
      },
      ints(1, 3),
    ],
    ['setDifference', { $setDifference: [[3, 1, 1], [1]] }, ints(3)],
    [
      'setEquals',
      {
        $setEquals: [
          [1, 2, 2],
          [2, 1],
          [1, 2],
        ],
      },
      true,
    ],
    ['setIsSubset', { $setIsSubset: [[1], [1, 2]] }, true],
    ['anyElementTrue', { $anyElementTrue: [[0, null]] }, false],
    ['allElementsTrue', { $allElementsTrue: [[]] }, true],
    [
      'objectToArray',
      { $objectToArray: '$o' },
      [
        { k: 'x', v: int(1) },
        { k: 'y.z', v: int(2) },
      ],
    ],
    ['arrayToObject of pairs', { $arrayToObject: [[['a', 1]]] }, { a: int(1) }],
    ['arrayToObject of objects', { $arrayToObject: [[{ k: 'a', v: 1 }]] }, { a: int(1) }],
    ['mergeObjects', { $mergeObjects: ['$o', { x: 2 }, null] }, { x: int(2), 'y.z': int(2) }],
    ['getField', { $getField: { field: 'y.z', input: '$o' } }, int(2)],
    ['getField of a missing one', { $getField: { field: 'q', input: '$o' } }, undefined],
    ['getField of the document', { $getField: 'a' }, ints(1, 2, 3)],
    ['setField', { $setField: { field: 'y.z', input: { b: 1 }, value: 5 } }, { b: int(1), 'y.z': int(5) }],
    ['setField removes', { $setField: { field: 'x', input: '$o', value: '$$REMOVE' } }, { 'y.z': int(2) }],
    ['unsetField', { $unsetField: { field: { $literal: 'y.z' }, input: '$o' } }, { x: int(1) }],
    ['bsonSize', { $bsonSize: { $literal: { a: 1 } } }, int(12)],
    ['binarySize', { $binarySize: 'é' }, int(2)],
    ['sum of an array', { $sum: '$a' }, int(6)],
    ['sum of several', { $sum: ['$a', 5] }, int(5)],
    ['sum keeps what doubles lose', { $sum: [0.1, 0.2, 0.3] }, double('0.6')],
    ['avg', { $avg: '$a' }, double(2)],
    ['avg of decimals', { $avg: [Decimal128.fromString('1'), 2] }, decimal('1.5')],
    ['avg of nothing', { $avg: [[]] }, null],
    ['min', { $min: '$a' }, int(1)],
    ['max over types', { $max: [1, 'a', null] }, 'a'],
    ['stdDevPop', { $stdDevPop: [[1, 3]] }, double(1)],
    ['stdDevSamp of one', { $stdDevSamp: [[1]] }, null],
    ['firstN', { $firstN: { n: 2, input: '$a' } }, ints(1, 2)],
    ['lastN', { $lastN: { n: 2, input: '$a' } }, ints(2, 3)],
    ['minN', { $minN: { n: 2, input: [3, null, 1, 2] } }, ints(1, 2)],
    ['maxN', { $maxN: { n: 5, input: '$a' } }, ints(3, 2, 1)],
    ['median', { $median: { input: [5, 1, 3], method: 'approximate' } }, double(3)],
    [
      'percentile',
      { $percentile: { input: [1, 2, 3, 4], p: [0.5, 1], method: 'approximate' } },
      [double(2), double(4)],
    ],
    ['let', { $let: { vars: { n: { $size: '$a' } }, in: { $multiply: ['$$n', 2] } } }, int(6)],
    ['let with another CURRENT', { $let: { vars: { CURRENT: '$o' }, in: '$x' } }, int(1)],
    // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
    ['cond', { $cond: { if: { $gt: [1, 2] }, then: 'a', else: '$$REMOVE' } }, undefined],
    ['ifNull of several', { $ifNull: ['$q', null, 'x'] }, 'x'],
    ['literal', { $literal: '$a' }, '$a'],
    ['and of nothing', { $and: [] }, true],
    ['or', { $or: [0, 'x'] }, true],
    ['not', { $not: [[false]] }, false],
    ['a nested object', { p: { q: '$o.x' }, r: '$none' }, { p: { q: int(1) } }],
  ];
  test.each(cases)('%s', async (...[, expression, expected]) => {
    expect(await evaluate(database.db, expression, document)).toEqual(expected);
  });

  const errors: [string, unknown, number][] = [
    ['$size of a missing field', { $size: '$none' }, 17124],
    ['$in a number', { $in: [1, 2] }, 40081],
    ['$arrayElemAt of a number', { $arrayElemAt: [1, 0] }, 28689],
    ['$arrayElemAt at a string', { $arrayElemAt: [[1], 'a'] }, 28690],
    ['$first of a number', { $first: 1 }, 28689],
    ['$concatArrays of a number', { $concatArrays: [1] }, 28664],
    ['$map of a number', { $map: { input: 1, in: 1 } }, 16883],
    ['$map without in', { $map: { input: [] } }, 16882],
    ['$map with an unknown argument', { $map: { input: [], in: 1, x: 1 } }, 16879],
    ['$map with a bad name', { $map: { input: [], as: 'Big', in: 1 } }, 16867],
    ['a variable outside its operator', { $concatArrays: [{ $map: { input: [], as: 'n', in: 1 } }, '$$n'] }, 17276],
    ['$filter of a number', { $filter: { input: 1, cond: 1 } }, 28651],
    ['$reduce of a number', { $reduce: { input: 1, initialValue: 1, in: 1 } }, 40080],
    ['$range by nothing', { $range: [0, 1, 0] }, 34449],
    ['$slice to nothing', { $slice: [[1], 0, 0] }, 28729],
    ['$reverseArray of a number', { $reverseArray: 1 }, 34435],
    ['$zip of a number', { $zip: { inputs: [1] } }, 34468],
    ['$setUnion of a number', { $setUnion: [[1], 1] }, 17043],
    ['$setEquals of one', { $setEquals: [[1]] }, 17045],
    ['$anyElementTrue of a number', { $anyElementTrue: [1] }, 17041],
    ['$arrayToObject of triples', { $arrayToObject: [[['a', 1, 2]]] }, 40397],
    ['$arrayToObject of a number', { $arrayToObject: 1 }, 40386],
    ['$objectToArray of a number', { $objectToArray: 1 }, 40390],
    ['$mergeObjects of a number', { $mergeObjects: [1] }, 40400],
    // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
    ['$switch without a match', { $switch: { branches: [{ case: false, then: 1 }] } }, 40066],
    ['$switch without branches', { $switch: { branches: [] } }, 40068],
    // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
    ['$cond without else', { $cond: { if: 1, then: 1 } }, 17082],
    ['$ifNull of one', { $ifNull: [1] }, 1257300],
    ['$firstN of none', { $firstN: { n: 0, input: [] } }, 5787908],
    ['$let without in', { $let: { vars: {} } }, 16877],
    ['$median by another method', { $median: { input: [1], method: 'exact' } }, 2],
  ];
  test.each(errors)('refuses %s', async (...[, expression, code]) => {
    expect(await codeOf(database.db, expression, document)).toBe(code);
  });

  test('$rand is between 0 and 1, and another one each time', async () => {
    const [a, b] = await Promise.all([evaluate(database.db, { $rand: {} }), evaluate(database.db, { $rand: {} })]);
    expect(a).not.toEqual(b);
    const value = Number((a as { $numberDouble: string }).$numberDouble);
    expect(value >= 0 && value < 1).toBe(true);
  });
});
