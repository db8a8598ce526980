import { ObjectId, Timestamp } from 'mongodb';
import { codeOf, date, evaluate, int, long } from './aggregation.js';
import { openDatabase } from './database.js';

let database: Awaited<ReturnType<typeof openDatabase>>;
beforeAll(async () => {
  database = await openDatabase();
});
afterAll(() => database.close());

const at = new Date('2026-03-29T22:30:15.250Z');
const berlin = 'Europe/Berlin';
const day = (text: string) => new Date(text);

describe('dates', () => {
  const cases: [string, unknown, unknown][] = [
    ['year', { $year: at }, int(2026)],
    ['month in a list', { $month: [at] }, int(3)],
    ['day in a zone', { $dayOfMonth: { date: at, timezone: berlin } }, int(30)],
    ['hour in a fixed zone', { $hour: { date: at, timezone: '+05:30' } }, int(4)],
    ['minute', { $minute: at }, int(30)],
    ['second', { $second: at }, int(15)],
    ['millisecond', { $millisecond: at }, int(250)],
    ['dayOfWeek', { $dayOfWeek: at }, int(1)],
    ['isoDayOfWeek', { $isoDayOfWeek: at }, int(7)],
    ['dayOfYear', { $dayOfYear: at }, int(88)],
    ['week', { $week: day('2016-01-04') }, int(1)],
    ['isoWeek', { $isoWeek: day('2016-01-01') }, int(53)],
    ['isoWeekYear', { $isoWeekYear: day('2016-01-01') }, long(2015)],
    ['part of null', { $year: null }, null],
    ['part of an object id', { $year: new ObjectId('64b7f1a20000000000000001') }, int(2023)],
    ['part of a timestamp', { $year: new Timestamp({ t: 0, i: 1 }) }, int(1970)],
    ['dateToString', { $dateToString: { date: at } }, '2026-03-29T22:30:15.250Z'],
    ['dateToString in a zone', { $dateToString: { date: at, timezone: berlin } }, '2026-03-30T00:30:15.250'],
    [
      'dateToString with all parts',
      {
        $dateToString: { date: at, format: '%Y/%m/%d %H:%M:%S.%L %j %w %u %U %V %G %z %Z %b %B %%', timezone: berlin },
      },
      '2026/03/30 00:30:15.250 089 2 1 13 14 2026 +0200 +120 Mar March %',
    ],
    ['dateToString of null', { $dateToString: { date: null, onNull: 'none' } }, 'none'],
    ['dateFromParts', { $dateFromParts: { year: 2017, month: 2, day: 8, hour: 12 } }, date('2017-02-08T12:00:00Z')],
    ['dateFromParts carries over', { $dateFromParts: { year: 2017, month: 14, day: 1 } }, date('2018-02-01')],
    ['dateFromParts before month one', { $dateFromParts: { year: 2017, month: 0, day: 1 } }, date('2016-12-01')],
    [
      'dateFromParts by ISO week',
      { $dateFromParts: { isoWeekYear: 2017, isoWeek: 6, isoDayOfWeek: 3 } },
      date('2017-02-08'),
    ],
    [
      'dateFromParts in a zone',
      { $dateFromParts: { year: 2016, month: 12, day: 31, hour: 23, timezone: 'America/New_York' } },
      date('2017-01-01T04:00:00Z'),
    ],
    [
      'dateToParts',
      { $dateToParts: { date: day('2017-01-01T01:29:09.123Z'), timezone: 'America/New_York' } },
      {
        year: int(2016),
        month: int(12),
        day: int(31),
        hour: int(20),
        minute: int(29),
        second: int(9),
        millisecond: int(123),
      },
    ],
    [
      'dateToParts by ISO week',
      { $dateToParts: { date: day('2017-01-01T01:29:09.123Z'), iso8601: true } },
      {
        isoWeekYear: int(2016),
        isoWeek: int(52),
        isoDayOfWeek: int(7),
        hour: int(1),
        minute: int(29),
        second: int(9),
        millisecond: int(123),
      },
    ],
    [
      'dateFromString',
      { $dateFromString: { dateString: '2017-02-08T12:10:40.787Z' } },
      date('2017-02-08T12:10:40.787Z'),
    ],
    ['dateFromString of a day', { $dateFromString: { dateString: '2017-02-08' } }, date('2017-02-08')],
    ['dateFromString in words', { $dateFromString: { dateString: 'July 4th, 2017' } }, date('2017-07-04')],
    [
      'dateFromString in a zone',
      { $dateFromString: { dateString: '2017-02-08T12:10:40', timezone: 'America/New_York' } },
      date('2017-02-08T17:10:40Z'),
    ],
    [
      'dateFromString with its own offset',
      { $dateFromString: { dateString: '2017-02-08T12:10:40+0300' } },
      date('2017-02-08T09:10:40Z'),
    ],
    [
      'dateFromString with a format',
      { $dateFromString: { dateString: '06-15-2018', format: '%m-%d-%Y' } },
      date('2018-06-15'),
    ],
    [
      'dateFromString by ISO week',
      { $dateFromString: { dateString: '03-01-2018', format: '%u-%V-%G' } },
      date('2018-01-03'),
    ],
    ['dateFromString of nonsense', { $dateFromString: { dateString: 'x', onError: 'bad' } }, 'bad'],
    ['dateFromString of null', { $dateFromString: { dateString: null, onNull: 'none' } }, 'none'],
    [
      'dateAdd',
      { $dateAdd: { startDate: day('2020-12-31T12:00:00Z'), unit: 'month', amount: 2 } },
      date('2021-02-28T12:00:00Z'),
    ],
    [
      'a day over the change of clocks',
      { $dateAdd: { startDate: day('2026-03-28T12:00:00Z'), unit: 'day', amount: 1, timezone: berlin } },
      date('2026-03-29T11:00:00Z'),
    ],
    [
      'hours over the change of clocks',
      { $dateAdd: { startDate: day('2026-03-28T12:00:00Z'), unit: 'hour', amount: 24, timezone: berlin } },
      date('2026-03-29T12:00:00Z'),
    ],
    [
      'dateSubtract',
      { $dateSubtract: { startDate: day('2021-03-31'), unit: 'quarter', amount: 1 } },
      date('2020-12-31'),
    ],
    [
      'dateDiff counts boundaries',
      { $dateDiff: { startDate: day('2021-12-31T23:59:00Z'), endDate: day('2022-01-01'), unit: 'year' } },
      long(1),
    ],
    [
      'dateDiff of months',
      { $dateDiff: { startDate: day('2021-01-31'), endDate: day('2021-03-01'), unit: 'month' } },
      long(2),
    ],
    [
      'dateDiff of weeks from Monday',
      { $dateDiff: { startDate: day('2021-05-01'), endDate: day('2021-05-03'), unit: 'week', startOfWeek: 'monday' } },
      long(1),
    ],
    [
      'dateDiff of weeks from Sunday',
      { $dateDiff: { startDate: day('2021-05-02'), endDate: day('2021-05-03'), unit: 'week' } },
      long(0),
    ],
    [
      'dateDiff backwards',
      { $dateDiff: { startDate: day('2021-05-02'), endDate: day('2021-05-01'), unit: 'hour' } },
      long(-24),
    ],
    ['dateTrunc to the month', { $dateTrunc: { date: at, unit: 'month' } }, date('2026-03-01')],
    [
      'dateTrunc to the day in a zone',
      { $dateTrunc: { date: at, unit: 'day', timezone: berlin } },
      date('2026-03-29T22:00:00Z'),
    ],
    [
      'dateTrunc to weeks from Monday',
      { $dateTrunc: { date: day('2021-03-20T11:30:05Z'), unit: 'week', startOfWeek: 'monday' } },
      date('2021-03-15'),
    ],
    [
      'dateTrunc in bins of two weeks from Monday',
      { $dateTrunc: { date: day('2021-03-20T11:30:05Z'), unit: 'week', binSize: 2, startOfWeek: 'Monday' } },
      date('2021-03-15'),
    ],
    [
      'dateTrunc to quarters',
      { $dateTrunc: { date: day('2021-03-20'), unit: 'quarter', binSize: 2 } },
      date('2021-01-01'),
    ],
    [
      'dateTrunc in bins of hours',
      { $dateTrunc: { date: day('2021-03-20T11:30:05Z'), unit: 'hour', binSize: 2 } },
      date('2021-03-20T10:00:00Z'),
    ],
    [
      'dateTrunc before 2000',
      { $dateTrunc: { date: day('1999-12-31T23:00:00Z'), unit: 'day', binSize: 7 } },
      date('1999-12-25'),
    ],
    ['tsSecond', { $tsSecond: new Timestamp({ t: 7, i: 3 }) }, long(7)],
    ['tsIncrement', { $tsIncrement: new Timestamp({ t: 7, i: 3 }) }, long(3)],
  ];
  test.each(cases)('%s', async (...[, expression, expected]) => {
    expect(await evaluate(database.db, expression)).toEqual(expected);
  });

  const errors: [string, unknown, number][] = [
    ['$year of a string', { $year: 'x' }, 16006],
    ['$year of two', { $year: [at, at] }, 40536],
    ['$year with an unknown option', { $year: { date: at, zone: 'UTC' } }, 40535],
    ['an unknown zone', { $year: { date: at, timezone: 'Nowhere/City' } }, 40485],
    ['a zone that is no string', { $year: { date: at, timezone: 5 } }, 40533],
    ['an unknown letter in a format', { $dateToString: { date: at, format: '%n' } }, 18536],
    ['a percent at the end of a format', { $dateToString: { date: at, format: '%' } }, 18535],
    ['$dateToString without a date', { $dateToString: { format: '%Y' } }, 18628],
    ['$dateFromParts without a year', { $dateFromParts: { month: 1 } }, 40516],
    ['$dateFromParts with a fraction', { $dateFromParts: { year: 2020, month: 1.5 } }, 40515],
    ['$dateFromParts beyond year 9999', { $dateFromParts: { year: 10_000 } }, 40523],
    ['$dateFromString of nonsense', { $dateFromString: { dateString: 'nonsense' } }, 241],
    ['$dateAdd of an unknown unit', { $dateAdd: { startDate: at, unit: 'eon', amount: 1 } }, 9],
    ['$dateAdd of a fraction', { $dateAdd: { startDate: at, unit: 'day', amount: 1.5 } }, 5166405],
    ['$dateTrunc of an unknown unit', { $dateTrunc: { date: at, unit: 'eon' } }, 5439014],
    ['$dateTrunc with no bin', { $dateTrunc: { date: at, unit: 'day', binSize: 0 } }, 5439018],
    ['$dateTrunc of a string', { $dateTrunc: { date: 'x', unit: 'day' } }, 5439012],
    ['$dateDiff of a string', { $dateDiff: { startDate: 'x', endDate: at, unit: 'day' } }, 5166307],
    ['$tsSecond of a date', { $tsSecond: at }, 5687301],
  ];
  test.each(errors)('refuses %s', async (...[, expression, code]) => {
    expect(await codeOf(database.db, expression)).toBe(code);
  });
});
