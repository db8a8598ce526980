import { isLinearizable, type Operation } from './histories/linearizable.js';
import { anomalies, type ListTransaction } from './histories/snapshot-isolation.js';

describe('the check for linearizability', () => {
  const read = (began: number, ended: number, seen: number): Operation<number> => ({
    began,
    ended,
    apply: (state) => (state === seen ? state : undefined),
  });
  const write = (began: number, ended: number, value: number): Operation<number> => ({
    began,
    ended,
    apply: () => value,
  });
  const swap = (began: number, ended: number, from: number, to: number): Operation<number> => ({
    began,
    ended,
    apply: (state) => (state === from ? to : undefined),
  });

  test('accepts what some order explains', () => {
    expect(isLinearizable(0, [write(0, 10, 1), read(1, 2, 0), read(3, 4, 1), read(5, 9, 1)])).toBe(true);
    expect(isLinearizable(0, [write(0, 10, 1), write(0, 10, 2), read(1, 2, 2), read(3, 4, 1)])).toBe(true);
    expect(isLinearizable(0, [swap(0, 5, 0, 1), swap(0, 5, 1, 2), read(6, 7, 2)])).toBe(true);
  });

  test('refuses a stale read, a read that goes back, a lost update and a value from nowhere', () => {
    expect(isLinearizable(0, [write(0, 1, 1), read(2, 3, 0)])).toBe(false);
    expect(isLinearizable(0, [write(0, 10, 1), read(1, 2, 1), read(3, 4, 0)])).toBe(false);
    expect(isLinearizable(0, [swap(0, 5, 0, 1), swap(0, 5, 0, 2)])).toBe(false);
    expect(isLinearizable(0, [write(0, 1, 1), read(2, 3, 7)])).toBe(false);
  });
});

describe('the check for snapshot isolation', () => {
  type Lists = Readonly<Record<number, readonly string[]>>;
  const transaction = (name: string, began: number, ended: number, read: Lists, appended: Lists): ListTransaction => {
    const map = (lists: Lists) => new Map(Object.entries(lists).map(([list, values]) => [Number(list), values]));
    return { name, began, ended, read: map(read), appended: map(appended) };
  };
  const [x, y] = [0, 1];

  test('accepts a serial history, and write skew', () => {
    const serial = [
      transaction('a', 0, 1, { [x]: [] }, { [x]: ['a'] }),
      transaction('b', 2, 3, { [x]: ['a'], [y]: [] }, { [y]: ['b'] }),
    ];
    expect(anomalies(serial, [['a'], ['b']])).toEqual([]);
    const skew = [
      transaction('a', 0, 9, { [x]: [], [y]: [] }, { [x]: ['a'] }),
      transaction('b', 0, 9, { [x]: [], [y]: [] }, { [y]: ['b'] }),
    ];
    expect(anomalies(skew, [['a'], ['b']])).toEqual([]);
  });

  test.each<[string, ListTransaction[], string[][]]>([
    [
      'a lost update: both append to what they found empty',
      [transaction('a', 0, 9, { [x]: [] }, { [x]: ['a'] }), transaction('b', 0, 9, { [x]: [] }, { [x]: ['b'] })],
      [['a', 'b'], []],
    ],
    [
      'a read of one half of a transaction',
      [transaction('a', 0, 9, {}, { [x]: ['a1'], [y]: ['a2'] }), transaction('b', 0, 9, { [x]: ['a1'], [y]: [] }, {})],
      [['a1'], ['a2']],
    ],
    [
      'two snapshots in different orders',
      [
        transaction('a', 0, 9, {}, { [x]: ['a'] }),
        transaction('b', 0, 9, {}, { [y]: ['b'] }),
        transaction('c', 0, 9, { [x]: ['a'], [y]: [] }, {}),
        transaction('d', 0, 9, { [x]: [], [y]: ['b'] }, {}),
      ],
      [['a'], ['b']],
    ],
    [
      'a snapshot older than what had ended',
      [transaction('a', 0, 1, {}, { [x]: ['a'] }), transaction('b', 2, 3, { [x]: [] }, {})],
      [['a'], []],
    ],
    [
      'what a transaction wrote in between',
      [transaction('a', 0, 9, {}, { [x]: ['a1', 'a2'] }), transaction('b', 0, 9, { [x]: ['a1'] }, {})],
      [['a1', 'a2'], []],
    ],
    ['a value that nobody committed', [transaction('a', 0, 1, {}, {})], [['z'], []]],
    ['a read of another order', [transaction('a', 0, 1, { [x]: ['b'] }, { [x]: ['a', 'b'] })], [['a', 'b'], []]],
  ])('finds %s', (_, transactions, final) => {
    expect(anomalies(transactions, final)).not.toEqual([]);
  });
});
