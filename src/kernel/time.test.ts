import fc from 'fast-check';
import { DateTime } from 'luxon';
import { businessDay, localMinute } from './time.js';

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
