import { invalid } from '../../kernel/errors.js';
import type { Channel, DatedRate, Declared, TaxClass, TaxRate } from './restaurants.model.js';

/** The canonical form of a BCP 47 tag (`fr-fr` is `fr-FR`), or undefined for anything else. */
export function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** The menu names these by their codes, so a code in use must not go; names and rates may change. @throws validation_failed */
export function checkCodesStay(
  before: readonly Declared[] = [],
  after: readonly Declared[] = before,
  field = 'taxClasses',
): void {
  const gone = before.filter(({ code }) => !after.some((kept) => kept.code === code)).map(({ code }) => code);
  if (gone.length > 0) throw invalid(field, `must keep ${gone.join(', ')}: menu items may use it`);
}

/**
 * The rate of a class for a channel on a business day (`YYYY-MM-DD`): of the rates that hold then, the channel's own come
 * before those for every channel, and a later one before an earlier one; where none holds, the class's own.
 */
export function rateOn(taxClass: TaxClass, channel: Channel, day: string): TaxRate {
  let best: DatedRate | undefined;
  for (const rate of taxClass.rates ?? []) {
    const holds = (rate.channel ?? channel) === channel && (rate.from ?? '') <= day;
    if (holds && (best === undefined || isBefore(rate, best))) best = rate;
  }
  return best ?? taxClass;
}

function isBefore(one: DatedRate, other: DatedRate): boolean {
  if ((one.channel === undefined) !== (other.channel === undefined)) return one.channel !== undefined;
  return (one.from ?? '') > (other.from ?? '');
}
