import { type Collection, Decimal128, Long, MaxKey, MinKey, ObjectId } from 'mongodb';
import { openDatabase, type Thing } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
let things: Collection<Thing>;

beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  things = database.db.collection(`things${new ObjectId().toHexString()}`);
});

/** Which of the values, as field `a`, a condition finds. */
async function found(condition: unknown, values: unknown[]): Promise<unknown[]> {
  await things.insertMany(values.map((a, i) => ({ _id: i, a })));
  const documents = await things.find({ a: condition }).sort({ _id: 1 }).toArray();
  return documents.map(({ _id }) => values[_id as number]);
}

test('the parts of a reference are fields, also where operators stand', async () => {
  const id = new ObjectId();
  const reference = { $ref: 'tables', $id: id, $db: 'restaurant' };
  expect(
    await found({ $elemMatch: { $id: id } }, [[{ k: 1 }, reference], [{ $ref: 'tables', $id: new ObjectId() }]]),
  ).toEqual([[{ k: 1 }, reference]]);
});

describe('regular expressions are those of PCRE', () => {
  const cases: [string, string, string[], string[]][] = [
    ['^a', '', ['ab', 'ba', 'b\na'], ['ab']],
    ['^a', 'm', ['ab', 'b\na', 'b\n'], ['ab', 'b\na']],
    ['a$', '', ['a', 'a\n', 'a\n\n', 'ab'], ['a', 'a\n']],
    ['\\Aa\\z', 'm', ['a', 'a\n', 'b\na'], ['a']],
    ['^(?:a|bc)$', '', ['a', 'bc', 'a|bc'], ['a', 'bc']],
    ['a[|]b', '', ['a|b', 'a'], ['a|b']],
    ['a\\Z', '', ['a', 'a\n', 'a\nb'], ['a', 'a\n']],
    ['a.b', '', ['a\nb', 'a\rb', 'axb'], ['a\rb', 'axb']],
    ['a.b', 's', ['a\nb', 'axb'], ['a\nb', 'axb']],
    ['(?i)abc', '', ['ABC', 'xyz'], ['ABC']],
    ['^(?i)abc', '', ['ABC', 'xABC'], ['ABC']],
    ['a(?s:.)b(?m)$', '', ['a\nb\nc', 'axc'], ['a\nb\nc']],
    ['a b # c\n c', 'x', ['abc', 'a b c'], ['abc']],
    ['a\\ b', 'x', ['a b', 'ab'], ['a b']],
    ['[[:digit:]]{2}', '', ['12', '1', 'ab'], ['12']],
    ['^[\\w-]+$', '', ['a-b', 'a b'], ['a-b']],
    ['\\d\\h\\d', '', ['1 2', '1\u00a02', '1\n2'], ['1 2', '1\u00a02']],
    ['\\Qa.b\\E', '', ['a.b', 'axb'], ['a.b']],
    ['(?P<x>a)(?P=x)', '', ['aa', 'ab'], ['aa']],
    ['(a)\\1', '', ['aa', 'ab'], ['aa']],
    ['^\\pL+$', '', ['été', 'a1'], ['été']],
    ['^\\p{Greek}+$', '', ['αβγ', 'abc'], ['αβγ']],
    ['\\x{1F600}', '', ['😀', 'a'], ['😀']],
    ['a{,2}', '', ['a{,2}', 'aa'], ['a{,2}']],
    ['a@b\\-c\\/d', '', ['a@b-c/d', 'x'], ['a@b-c/d']],
    ['(?#note)ab', '', ['ab', 'b'], ['ab']],
    ['ÄRGER', 'i', ['ärger', 'arger'], ['ärger']],
  ];
  test.each(cases)('%j with %j', async ($regex, $options, values, expected) => {
    expect(await found({ $regex, $options }, values)).toEqual(expected);
  });

  const refused: [object, number][] = [
    [{ $regex: '(' }, 51091],
    [{ $regex: 'a)' }, 51091],
    [{ $regex: '[a' }, 51091],
    [{ $regex: '*a' }, 51091],
    [{ $regex: '\\y' }, 51091],
    [{ $regex: 'a', $options: 'z' }, 51108],
    [{ $regex: 'a++' }, 238],
    [{ $regex: '(?>a)' }, 238],
    [{ $regex: 'b(?i)a' }, 238],
    [{ $regex: /a/i, $options: 'm' }, 2],
    [{ $regex: 5 }, 2],
    [{ $options: 'i' }, 2],
  ];
  test.each(refused)('%j is refused with %i', async (a, code) => {
    await expect(things.find({ a }).toArray()).rejects.toMatchObject({ code });
  });
});

describe('query operators', () => {
  const cases: [unknown, unknown[], unknown[]][] = [
    [{ $type: 'array' }, [[1], 1, [[1]]], [[1], [[1]]]],
    [{ $type: ['string', 'null'] }, ['x', null, 1, ['y', 1]], ['x', null, ['y', 1]]],
    [{ $type: 'number' }, [1, 1.5, Long.fromNumber(1), Decimal128.fromString('1'), 'x'].slice(0, 2), [1, 1.5]],
    [{ $mod: [4, 1] }, [1, 5, -3, 5.9, 'x', [2, 9]], [1, 5, 5.9, [2, 9]]],
    [{ $mod: [4.9, -3] }, [-3, -7, 1], [-3, -7]],
    [{ $size: 2 }, [[1, 2], [1], 'ab'], [[1, 2]]],
    [{ $bitsAllSet: [0, 2] }, [5, 7, 4, -1, 5.5], [5, 7, -1]],
    [{ $bitsAnyClear: 3 }, [3, 2, 7], [2]],
    [{ $all: [[1, 2]] }, [[1, 2], [[1, 2]], [1, 2, 3]], [[1, 2], [[1, 2]]]],
    [{ $in: [[1], 5] }, [[1], [[1]], 5, [5], 1], [[1], [[1]], 5, [5]]],
    [{ $elemMatch: { $not: { $gt: 5 } } }, [[1, 9], [9], []], [[1, 9]]],
    [{ $elemMatch: { $nor: [{ x: 1 }, { y: 1 }] } }, [[{ x: 1 }], [{ z: 1 }], [5]], [[{ z: 1 }]]],
    [
      { $all: [{ $elemMatch: { x: 1 } }, { $elemMatch: { x: 2 } }] },
      [[{ x: 1 }, { x: 2 }], [{ x: 1 }]],
      [[{ x: 1 }, { x: 2 }]],
    ],
    [{ $not: /^a/ }, ['a', 'b', 5], ['b', 5]],
    [{ $not: { $regex: '^A', $options: 'i' } }, ['a', 'b'], ['b']],
    [{ $gt: new MinKey() }, [1, 'x'], [1, 'x']],
    [{ $lt: new MaxKey() }, [1, 'x'], [1, 'x']],
    [{ $gte: null }, [null, 1], [null]],
    [
      { $ref: 'c', $id: 1 },
      [
        { $ref: 'c', $id: 1 },
        { $ref: 'c', $id: 2 },
      ],
      [{ $ref: 'c', $id: 1 }],
    ],
  ];
  test.each(cases)('%j of %j', async (condition, values, expected) => {
    expect(await found(condition, values)).toEqual(expected);
  });

  test('fields of a DBRef, positions in nested arrays, null below arrays', async () => {
    await things.insertMany([
      { _id: 1, r: { $ref: 'c', $id: 7 }, m: [[1, 2], [3]], a: [{ b: 1 }, {}] },
      { _id: 2, r: { $ref: 'd', $id: 8 }, m: [[4]], a: [{ b: 1 }] },
      { _id: 3, a: [1, 2] },
      { _id: 4, a: { b: null } },
      { _id: 5 },
    ]);
    const ids = async (filter: object) => (await things.find(filter).sort({ _id: 1 }).toArray()).map(({ _id }) => _id);
    expect(await ids({ 'r.$id': 8 })).toEqual([2]);
    expect(await ids({ 'm.0.1': 2 })).toEqual([1]);
    expect(await ids({ 'a.b': null })).toEqual([1, 4, 5]);
    expect(await ids({ 'a.b': { $exists: false } })).toEqual([3, 5]);
    expect(await ids({ $alwaysTrue: 1, $comment: 'all' })).toEqual([1, 2, 3, 4, 5]);
    expect(await ids({ $alwaysFalse: 1 })).toEqual([]);
    expect(await ids({ $sampleRate: 1 })).toHaveLength(5);
    expect(await ids({ $sampleRate: 0 })).toEqual([]);
  });

  const refused: [object, number][] = [
    [{ a: { $type: 'nothing' } }, 2],
    [{ a: { $type: 50 } }, 2],
    [{ a: { $type: {} } }, 14],
    [{ a: { $type: [] } }, 9],
    [{ a: { $mod: [1] } }, 2],
    [{ a: { $mod: [Number.NaN, 1] } }, 2],
    [{ a: { $mod: [0.5, 1] } }, 2],
    [{ a: { $size: -1 } }, 2],
    [{ a: { $bitsAllSet: -1 } }, 9],
    [{ a: { $bitsAllSet: 'x' } }, 2],
    [{ a: { $in: 1 } }, 2],
    [{ a: { $in: [{ $gt: 1 }] } }, 2],
    [{ a: { $all: [{ $elemMatch: { x: 1 } }, 1] } }, 2],
    [{ a: { $all: [1, { $elemMatch: { x: 1 } }] } }, 2],
    [{ a: { $elemMatch: { $expr: { $eq: [1, 1] } } } }, 2],
    [{ a: { $not: {} } }, 2],
    [{ a: { $gt: /x/ } }, 2],
    [{ a: { $gt: 1, b: 2 } }, 2],
    [{ $and: [] }, 2],
    [{ $or: [1] }, 2],
    [{ $alwaysTrue: 2 }, 9],
    [{ $sampleRate: 2 }, 2],
    [{ $foo: 1 }, 2],
    [{ $where: '1' }, 238],
    [{ $text: { $search: 'x' } }, 238],
    [{ a: { $near: [1, 1] } }, 238],
  ];
  test.each(refused)('%j is refused with %i', async (filter, code) => {
    await expect(things.find(filter).toArray()).rejects.toMatchObject({ code });
  });
});
