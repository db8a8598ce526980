import { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp, UUID } from 'mongodb';
import { canonical, codeOf, date, decimal, double, evaluate, int, long } from './aggregation.js';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const id = new ObjectId('64b7f1a20000000000000001');
const uuid = '0e3b9063-8abd-4eb3-9f9f-f4c59fd30a60';

describe('strings', () => {
  const cases: [string, unknown, unknown][] = [
    ['concat', { $concat: ['a', 'b'] }, 'ab'],
    ['concat with null', { $concat: ['a', null] }, null],
    ['upper case is for ASCII', { $toUpper: 'aé' }, 'Aé'],
    ['lower case of null', { $toLower: null }, ''],
    ['upper case of a number', { $toUpper: 12 }, '12'],
    ['length in code points', { $strLenCP: 'aé😀' }, int(3)],
    ['length in bytes', { $strLenBytes: 'aé😀' }, int(7)],
    ['strcasecmp', { $strcasecmp: ['abc', 'ABD'] }, int(-1)],
    ['substrCP', { $substrCP: ['jalapeño', 4, 3] }, 'peñ'],
    ['substrBytes to the end', { $substrBytes: ['hello', 2, -1] }, 'llo'],
    ['substr of a number', { $substr: [1234, 0, 2] }, '12'],
    ['indexOfCP', { $indexOfCP: ['aéb', 'b'] }, int(2)],
    ['indexOfBytes', { $indexOfBytes: ['aéb', 'b'] }, int(3)],
    ['indexOf beyond', { $indexOfBytes: ['vanilla', 'll', 12] }, int(-1)],
    ['indexOf from and to', { $indexOfBytes: ['vanilla', 'll', 0, 2] }, int(-1)],
    ['indexOf in null', { $indexOfBytes: [null, 'foo'] }, null],
    ['split', { $split: ['a, b', ', '] }, ['a', 'b']],
    ['trim', { $trim: { input: ' \n x\u00a0' } }, 'x'],
    ['trim of given characters', { $ltrim: { input: 'xxyx', chars: 'x' } }, 'yx'],
    ['rtrim', { $rtrim: { input: 'a  ' } }, 'a'],
    ['replaceOne', { $replaceOne: { input: 'a.b.c', find: '.', replacement: { $literal: '$&' } } }, 'a$&b.c'],
    ['replaceAll', { $replaceAll: { input: 'a.b.c', find: '.', replacement: '-' } }, 'a-b-c'],
    ['replace in null', { $replaceAll: { input: null, find: '.', replacement: '-' } }, null],
    ['regexMatch', { $regexMatch: { input: 'Line', regex: 'line', options: 'i' } }, true],
    [
      'regexFind with captures',
      { $regexFind: { input: 'aé12b', regex: /(\d)(x)?/ } },
      { match: '1', idx: int(2), captures: ['1', null] },
    ],
    ['regexFind nothing', { $regexFind: { input: 'a', regex: 'b' } }, null],
    [
      'regexFindAll',
      { $regexFindAll: { input: 'a1b2', regex: '[0-9]' } },
      [
        { match: '1', idx: int(1), captures: [] },
        { match: '2', idx: int(3), captures: [] },
      ],
    ],
    ['regexFindAll in null', { $regexFindAll: { input: null, regex: 'b' } }, []],
  ];
  test.each(cases)('%s', async (...[, expression, expected]) => {
    expect(await evaluate(database.db, expression)).toEqual(expected);
  });

  const errors: [string, unknown, number][] = [
    ['$concat of a number', { $concat: ['a', 1] }, 16702],
    ['$strLenCP of null', { $strLenCP: null }, 34471],
    ['$split by nothing', { $split: ['a', ''] }, 40087],
    ['$split of a number', { $split: [1, 'a'] }, 40085],
    ['$trim of a number', { $trim: { input: 1 } }, 50699],
    ['$trim without input', { $trim: {} }, 50695],
    ['$substrBytes inside a character', { $substrBytes: ['é', 1, 1] }, 28656],
    ['$indexOfCP of a number', { $indexOfCP: [1, 'a'] }, 40093],
    ['$toUpper of an object', { $toUpper: { a: 1 } }, 16007],
    ['$regexMatch of a number', { $regexMatch: { input: 1, regex: 'a' } }, 51104],
    ['$regexMatch with a broken pattern', { $regexMatch: { input: 'a', regex: '(' } }, 51111],
    ['$regexMatch with an unknown flag', { $regexMatch: { input: 'a', regex: 'a', options: 'y' } }, 51108],
    ['$replaceOne of a number', { $replaceOne: { input: 1, find: 'a', replacement: 'b' } }, 51746],
  ];
  test.each(errors)('refuses %s', async (...[, expression, code]) => {
    expect(await codeOf(database.db, expression)).toBe(code);
  });
});

describe('conversions', () => {
  const cases: [string, unknown, unknown][] = [
    ['string to int', { $toInt: '-12' }, int(-12)],
    ['double to int is cut', { $toInt: -1.9 }, int(-1)],
    ['bool to int', { $toInt: true }, int(1)],
    ['string to long', { $toLong: '12' }, long(12)],
    ['date to long', { $toLong: new Date(5) }, long(5)],
    ['string to double', { $toDouble: '1e3' }, double(1000)],
    ['decimal to double', { $toDouble: Decimal128.fromString('1.5') }, double('1.5')],
    ['double to decimal', { $toDecimal: 2.5 }, decimal('2.50000000000000')],
    ['int to decimal', { $toDecimal: 2 }, decimal('2')],
    ['string to decimal', { $toDecimal: '1.10' }, decimal('1.10')],
    ['double to string', { $toString: new Double(2) }, '2'],
    ['a large double to string', { $toString: 1e21 }, '1e+21'],
    ['a small double to string', { $toString: 0.00001 }, '1e-05'],
    ['long to string', { $toString: Long.fromString('9007199254740993') }, '9007199254740993'],
    ['object id to string', { $toString: id }, id.toHexString()],
    ['date to string', { $toString: new Date(0) }, '1970-01-01T00:00:00.000Z'],
    ['string to bool is true', { $toBool: '' }, true],
    ['zero to bool', { $toBool: 0 }, false],
    ['object id to date', { $toDate: id }, canonical(id.getTimestamp())],
    ['long to date', { $toDate: Long.fromNumber(1000) }, date('1970-01-01T00:00:01Z')],
    ['timestamp to date', { $toDate: new Timestamp({ t: 2, i: 1 }) }, date('1970-01-01T00:00:02Z')],
    ['string to object id', { $toObjectId: id.toHexString() }, { $oid: id.toHexString() }],
    ['null stays null', { $toInt: null }, null],
    ['convert by number', { $convert: { input: '7', to: 16 } }, int(7)],
    ['onError', { $convert: { input: 'x', to: 'int', onError: 'bad' } }, 'bad'],
    ['onNull', { $convert: { input: null, to: 'int', onNull: 0 } }, int(0)],
    ['string to UUID', { $toUUID: uuid }, canonical(new UUID(uuid))],
    [
      'base64 to bytes',
      { $convert: { input: 'AQI=', to: { type: 'binData', subtype: 0 }, format: 'base64' } },
      canonical(new Binary(Buffer.from([1, 2]))),
    ],
    ['bytes to hex', { $convert: { input: new Binary(Buffer.from([1, 171])), to: 'string', format: 'hex' } }, '01AB'],
    ['UUID to string', { $toString: new UUID(uuid) }, uuid],
    ['type of a missing field', { $type: '$none' }, 'missing'],
    ['type of an int', { $type: new Int32(1) }, 'int'],
  ];
  test.each(cases)('%s', async (...[, expression, expected]) => {
    expect(await evaluate(database.db, expression)).toEqual(expected);
  });

  const errors: [string, unknown, number][] = [
    ['a fraction in a string to int', { $toInt: '1.5' }, 241],
    ['an overflow', { $toInt: 3_000_000_000 }, 241],
    ['NaN to int', { $toInt: Number.NaN }, 241],
    ['int to date', { $toDate: new Int32(1) }, 241],
    ['an array to int', { $toInt: [[1]] }, 241],
    ['an unknown type', { $convert: { input: 1, to: 'nonsense' } }, 2],
    ['no type', { $convert: { input: 1 } }, 9],
    ['an unknown argument', { $convert: { input: 1, to: 'int', also: 1 } }, 9],
    ['a short object id', { $toObjectId: 'abc' }, 241],
  ];
  test.each(errors)('refuses %s', async (...[, expression, code]) => {
    expect(await codeOf(database.db, expression)).toBe(code);
  });
});
