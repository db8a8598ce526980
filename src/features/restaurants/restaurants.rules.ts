import { invalid } from '../../kernel/errors.js';
import type { TaxClass } from './restaurants.model.js';

/** The canonical form of a BCP 47 tag (`fr-fr` is `fr-FR`), or undefined for anything else. */
export function canonicalLocale(tag: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return undefined;
  }
}

/** Menu items name their tax by its code, so a code in use must not go; names and rates may change. @throws validation_failed */
export function checkCodesStay(before: readonly TaxClass[], after: readonly TaxClass[]): void {
  const gone = before.filter(({ code }) => !after.some((kept) => kept.code === code)).map(({ code }) => code);
  if (gone.length > 0) throw invalid('taxClasses', `must keep ${gone.join(', ')}: menu items may use it`);
}
