/**
 * Texts of JSON that cost more than their length says, about `bytes` long: nested, wide, repeated, long. Shared with
 * `npm run bench -- hostile`.
 */
export function hostileTexts(bytes: number): readonly [what: string, json: string][] {
  const repeated = (item: string) => `[${Array.from({ length: bytes / (item.length + 1) }, () => item).join(',')}]`;
  const wide = Array.from({ length: bytes / 12 }, (_, i) => `"k${i}":0`);
  return [
    ['zeros', repeated('0')],
    ['empty objects', repeated('{}')],
    ['empty lists', repeated('[]')],
    ['the same object', repeated('{"id":"a","note":"b"}')],
    ['nested lists', `${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`],
    ['nested objects', `${'{"a":'.repeat(bytes / 6)}0${'}'.repeat(bytes / 6)}`],
    ['many fields', `{${wide.join(',')}}`],
    ['objects of many fields', repeated(`{${wide.slice(0, 900).join(',')}}`)],
    ['a long text', JSON.stringify('x'.repeat(bytes))],
    ['a long text of spaces', JSON.stringify(' '.repeat(bytes))],
    ['a long name', `{"${'k'.repeat(bytes)}":1}`],
  ];
}

/** Small values that are nearly right, or that something behind could take for more than they are. */
export const oddities: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, 2 ** 53 + 2, '', ' ', 'x', '0', '-1', 'null', '\0', '\ud800', '﷽'.repeat(50)],
  ...[
    [],
    [[]],
    [null],
    {},
    { $ne: null },
    { $gt: '' },
    { $where: 'sleep(5000)' },
    { constructor: {} },
    { length: 1e9 },
  ],
  ...['{"$ne":null}', '../../etc/passwd', '%00', "' or 1=1 --", '<script>', '2026-02-30T25:61:00Z', 'f'.repeat(24)],
  ...[
    JSON.parse('{"__proto__":{"polluted":true}}'),
    Array.from({ length: 600 }, () => 'f'.repeat(24)),
    'x'.repeat(3_000),
  ],
];
