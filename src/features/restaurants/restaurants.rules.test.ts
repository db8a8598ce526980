import { canonicalLocale, checkCodesStay } from './restaurants.rules.js';
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
});
