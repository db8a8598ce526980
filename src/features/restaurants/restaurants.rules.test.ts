import { canonicalLocale, checkCodesStay, rateOn } from './restaurants.rules.js';
import { locale, taxClasses, timeZone } from './restaurants.views.js';

const messageOf = (schema: typeof timeZone, value: unknown) => schema.label('field').validate(value).error?.message;

it('takes time zones that know of summer time', () => {
  for (const zone of ['Europe/Paris', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata', 'UTC']) {
    expect(messageOf(timeZone, zone)).toBeUndefined();
  }
  for (const zone of ['Mars/Base', 'local', 'UTC+3', '+02:00', 'Paris', 'Europe/', 'Europe/Paris/', '']) {
    expect(messageOf(timeZone, zone)).toBeDefined();
  }
  expect(messageOf(timeZone, 'Mars/Base')).toMatch(/"field" must be an IANA time zone/);
});

it('writes language tags as the standard does', () => {
  expect(canonicalLocale('fr-fr')).toBe('fr-FR');
  expect(canonicalLocale('zh-hant-tw')).toBe('zh-Hant-TW');
  expect(canonicalLocale('fr_FR')).toBeUndefined();
  expect(locale.validate('pt-br').value).toBe('pt-BR');
  expect(messageOf(locale, 'not a language')).toMatch(/"field" must be a BCP 47 language tag/);
});

describe('tax classes', () => {
  const food = { code: 'food', name: 'Food', ratePpm: 100_000 };
  const alcohol = { code: 'alcohol', name: 'Alcohol', ratePpm: 200_000 };

  it('may change and grow, but none may go', () => {
    expect(() => checkCodesStay([food], [alcohol, { ...food, ratePpm: 55_000 }])).not.toThrow();
    expect(() => checkCodesStay([food, alcohol], [food])).toThrow(/taxClasses: must keep alcohol/);
  });

  it('have each a code of their own', () => {
    expect(taxClasses.validate([food, alcohol]).error).toBeUndefined();
    expect(taxClasses.validate([food, { ...alcohol, code: 'food' }]).error?.message).toMatch(/that another one has/);
    expect(taxClasses.validate([]).error).toBeDefined();
  });

  it("has the rate of its channel and day: the channel's own first, then the latest that has begun", () => {
    const rates = [
      { channel: 'takeaway' as const, ratePpm: 70_000 },
      { from: '2026-01-01', ratePpm: 100_000 },
      { from: '2027-01-01', ratePpm: 120_000 },
      { channel: 'takeaway' as const, from: '2027-01-01', ratePpm: 80_000 },
    ];
    const rate = (channel: 'dine-in' | 'takeaway', day: string) =>
      rateOn({ ...food, ratePpm: 190_000, rates }, channel, day).ratePpm;
    expect(['2025-12-31', '2026-01-01', '2027-06-01'].map((day) => rate('dine-in', day))).toEqual([
      190_000, 100_000, 120_000,
    ]);
    expect(['2025-12-31', '2026-12-31', '2027-01-01'].map((day) => rate('takeaway', day))).toEqual([
      70_000, 70_000, 80_000,
    ]);
  });

  it('is the sum of its components, and begins on a day that exists', () => {
    const components = [
      { name: 'CGST', ratePpm: 25_000 },
      { name: 'SGST', ratePpm: 25_000 },
    ];
    const given = { code: 'gst', name: 'GST', components };
    expect(taxClasses.validate([given]).value[0].ratePpm).toBe(50_000);
    expect(taxClasses.validate([{ ...given, ratePpm: 60_000 }]).error?.message).toMatch(/components of 50000 together/);
    expect(taxClasses.validate([{ code: 'gst', name: 'GST' }]).error).toBeDefined();
    const from = (day: string) => taxClasses.validate([{ ...food, rates: [{ from: day, ratePpm: 1 }] }]).error?.message;
    expect(from('2028-02-29')).toBeUndefined();
    expect(from('2027-02-29')).toMatch(/must be a day of the calendar/);
  });
});
