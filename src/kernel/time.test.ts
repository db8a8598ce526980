import fc from 'fast-check';
import { DateTime } from 'luxon';
import { time } from './schema.js';
import { businessDay, localMinute, momentOf } from './time.js';

const paris = { timeZone: 'Europe/Paris', dayStartHour: 4 };

describe('the business day', () => {
  it.each([
    ['2026-11-21T20:30:00Z', '2026-11-21'],
    ['2026-11-22T02:59:59Z', '2026-11-21'],
    ['2026-11-22T03:00:00Z', '2026-11-22'],
    // The clocks go back at 03:00 on this night: 02:30 comes twice, and both belong to Saturday.
    ['2026-10-25T00:30:00Z', '2026-10-24'],
    ['2026-10-25T01:30:00Z', '2026-10-24'],
    ['2026-10-25T03:00:00Z', '2026-10-25'],
    // They go forward at 02:00 on this one.
    ['2026-03-29T01:59:00Z', '2026-03-28'],
    ['2026-03-29T02:00:00Z', '2026-03-29'],
  ])('of %s in Paris, from 04:00, is %s', (at, day) => {
    expect(businessDay(new Date(at), paris)).toBe(day);
  });

  it('is the one counted on the wall clock, in any zone and at any moment', () => {
    const zones = fc.constantFrom(
      'Europe/Paris',
      'America/New_York',
      'Asia/Kathmandu',
      'Australia/Lord_Howe',
      'Pacific/Apia',
    );
    const moments = fc.date({ min: new Date('2020-01-01'), max: new Date('2030-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(zones, moments, fc.integer({ min: 0, max: 23 }), (timeZone, at, dayStartHour) => {
        const local = DateTime.fromJSDate(at, { zone: timeZone });
        const expected = local.hour < dayStartHour ? local.minus({ days: 1 }) : local;
        expect(businessDay(at, { timeZone, dayStartHour })).toBe(expected.toFormat('yyyy-MM-dd'));
      }),
    );
  });

  it('tells the local weekday and minute', () => {
    expect(localMinute(new Date('2026-11-21T20:30:00Z'), 'Europe/Paris')).toEqual({ weekday: 6, minute: 21 * 60 + 30 });
  });
});

describe('a time of the wire', () => {
  it.each([
    ['2027-01-05T09:00:00Z', '2027-01-05T09:00:00.000Z'],
    ['2027-01-05T09:00:00.5+02:00', '2027-01-05T07:00:00.500Z'],
    ['2028-02-29T23:59:59.123456Z', '2028-02-29T23:59:59.123Z'],
    ['2027-01-05T09:00-14:00', '2027-01-05T23:00:00.000Z'],
  ])('%s is %s', (text, moment) => {
    expect(momentOf(text)?.toISOString()).toBe(moment);
    expect(time('When').validate(text)).toEqual({ value: moment });
  });

  it.each([
    ['a day that does not exist', '2027-02-30T09:00:00Z'],
    ['29 February of another year', '2027-02-29T09:00:00Z'],
    ['a thirteenth month', '2027-13-01T09:00:00Z'],
    ['no zone', '2027-02-03T09:00'],
    ['no time', '2027-02-03'],
    ['a year of six digits', '+002027-02-03T09:00:00Z'],
    ['a year and no more', '+002027'],
    ['a week date', '2027-W06-1T09:00:00Z'],
    ['an ordinal date', '2027-035T09:00:00Z'],
    ['basic format', '20270105T090000Z'],
    ['hour 24', '2027-02-03T24:00:00Z'],
    ['a zone of another planet', '2027-02-03T09:00:00+25:00'],
    ['words', 'tomorrow'],
  ])('refuses %s, naming the field', (_what, text) => {
    expect(momentOf(text)).toBeUndefined();
    expect(time('When').label('until').validate(text).error?.details[0]?.message).toMatch(/until" must be/);
  });

  it('every moment comes back as it was', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
        (moment) => {
          expect(momentOf(moment.toISOString())).toEqual(moment);
        },
      ),
    );
  });
});
