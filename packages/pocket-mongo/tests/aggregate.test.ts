import { Decimal128, Long } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
  await database.db.collection<Thing>('orders').insertMany([
    {
      _id: 1,
      table: 't1',
      total: 10,
      at: new Date('2026-03-29T00:30:00Z'),
      lines: [
        { item: 'a', n: 1 },
        { item: 'b', n: 2 },
      ],
    },
    { _id: 2, table: 't1', total: 20, at: new Date('2026-03-29T22:30:00Z'), lines: [{ item: 'a', n: 3 }] },
    { _id: 3, table: 't2', total: 5, at: new Date('2026-03-30T12:00:00Z'), lines: [] },
  ]);
  await database.db.collection<Thing>('tables').insertMany([
    { _id: 't1', seats: 4 },
    { _id: 't2', seats: 2 },
  ]);
});
afterAll(() => database.close());

const run = (pipeline: Record<string, unknown>[]) => database.db.collection('orders').aggregate(pipeline).toArray();

describe('aggregate', () => {
  const cases: [string, Record<string, unknown>[], unknown[]][] = [
    [
      '$group with accumulators',
      [
        {
          $group: {
            _id: '$table',
            sum: { $sum: '$total' },
            avg: { $avg: '$total' },
            n: { $count: {} },
            ids: { $push: '$_id' },
            max: { $max: '$total' },
          },
        },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: 't1', sum: 30, avg: 15, n: 2, ids: [1, 2], max: 20 },
        { _id: 't2', sum: 5, avg: 5, n: 1, ids: [3], max: 5 },
      ],
    ],
    [
      '$unwind and $group',
      [{ $unwind: '$lines' }, { $group: { _id: '$lines.item', n: { $sum: '$lines.n' } } }, { $sort: { n: -1 } }],
      [
        { _id: 'a', n: 4 },
        { _id: 'b', n: 2 },
      ],
    ],
    [
      '$lookup',
      [
        { $match: { _id: 1 } },
        { $lookup: { from: 'tables', localField: 'table', foreignField: '_id', as: 'at' } },
        { $project: { seats: { $first: '$at.seats' } } },
      ],
      [{ _id: 1, seats: 4 }],
    ],
    [
      '$lookup with a pipeline',
      [
        { $match: { _id: 3 } },
        {
          $lookup: {
            from: 'tables',
            let: { t: '$table' },
            pipeline: [{ $match: { $expr: { $eq: ['$_id', '$$t'] } } }],
            as: 'found',
          },
        },
        { $project: { found: 1 } },
      ],
      [{ _id: 3, found: [{ _id: 't2', seats: 2 }] }],
    ],
    [
      '$facet',
      [
        {
          $facet: {
            n: [{ $count: 'count' }],
            top: [{ $sort: { total: -1 } }, { $limit: 1 }, { $project: { _id: 1 } }],
          },
        },
      ],
      [{ n: [{ count: 3 }], top: [{ _id: 2 }] }],
    ],
    [
      '$addFields, $unset, $replaceWith',
      [
        { $match: { _id: 3 } },
        { $addFields: { 'a.b': { $multiply: ['$total', 2] } } },
        { $unset: ['lines', 'at'] },
        { $replaceWith: { v: '$a.b', t: '$table' } },
      ],
      [{ v: 10, t: 't2' }],
    ],
    [
      '$dateTrunc and $dateToString in a zone',
      [
        {
          $group: {
            _id: {
              $dateToString: {
                date: { $dateTrunc: { date: '$at', unit: 'day', timezone: 'Europe/Berlin' } },
                format: '%Y-%m-%d',
                timezone: 'Europe/Berlin',
              },
            },
            n: { $sum: 1 },
          },
        },
        { $sort: { _id: 1 } },
      ],
      [
        { _id: '2026-03-29', n: 1 },
        { _id: '2026-03-30', n: 2 },
      ],
    ],
    [
      '$map, $filter, $reduce',
      [
        { $match: { _id: 1 } },
        {
          $project: {
            _id: 0,
            n: {
              $reduce: {
                input: {
                  $map: {
                    input: { $filter: { input: '$lines', as: 'l', cond: { $gt: ['$$l.n', 1] } } },
                    as: 'l',
                    in: '$$l.n',
                  },
                },
                initialValue: 0,
                in: { $add: ['$$value', '$$this'] },
              },
            },
          },
        },
      ],
      [{ n: 2 }],
    ],
    [
      '$cond, $switch, $ifNull',
      [
        { $match: { _id: 3 } },
        {
          $project: {
            _id: 0,
            a: { $cond: [{ $gt: ['$total', 7] }, 'big', 'small'] },
            // biome-ignore lint/suspicious/noThenProperty: the operator's own name for it.
            b: { $switch: { branches: [{ case: { $eq: ['$table', 't2'] }, then: 2 }], default: 0 } },
            c: { $ifNull: ['$none', 'x'] },
          },
        },
      ],
      [{ a: 'small', b: 2, c: 'x' }],
    ],
    [
      '$sortByCount',
      [{ $sortByCount: '$table' }],
      [
        { _id: 't1', count: 2 },
        { _id: 't2', count: 1 },
      ],
    ],
    [
      '$unionWith',
      [
        { $project: { _id: 1 } },
        { $unionWith: { coll: 'tables', pipeline: [{ $project: { _id: 1 } }] } },
        { $count: 'n' },
      ],
      [{ n: 5 }],
    ],
  ];
  test.each(cases)('%s', async (...[, pipeline, expected]) => {
    expect(await run(pipeline)).toEqual(expected);
  });

  test('sums Decimal128 and 64-bit integers exactly', async () => {
    const c = database.db.collection('exact');
    await c.insertMany([
      { d: Decimal128.fromString('0.1'), l: Long.fromString('9007199254740993') },
      { d: Decimal128.fromString('0.2'), l: Long.fromNumber(1) },
    ]);
    const [sum] = await c
      .aggregate([{ $group: { _id: null, d: { $sum: '$d' }, l: { $sum: '$l' } } }], { promoteLongs: false })
      .toArray();
    expect(String(sum?.d)).toBe('0.3');
    expect(String(sum?.l)).toBe('9007199254740994');
  });

  test('what is missing is refused, what is unknown too', async () => {
    await expect(run([{ $search: {} }])).rejects.toMatchObject({ code: 31082 });
    await expect(run([{ $geoNear: { near: [0, 0] } }])).rejects.toMatchObject({ code: 238 });
    await expect(run([{ $nonsense: {} }])).rejects.toMatchObject({ code: 40324 });
    await expect(run([{ $project: { a: { $nonsense: 1 } } }])).rejects.toMatchObject({ code: 31325 });
  });
});
