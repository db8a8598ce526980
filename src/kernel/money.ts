import { type Dinero, type DineroCurrency, dinero, halfEven, multiply, toSnapshot, transformScale } from 'dinero.js';
import * as currencies from 'dinero.js/currencies';

/** Money on the wire: integer minor units (cents, pence; yen has none) of an ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

const table = new Map<string, DineroCurrency<number>>(Object.values(currencies).map((entry) => [entry.code, entry]));
export const currencyCodes: readonly string[] = [...table.keys()].sort();

function open(amount: number, currency: string): Dinero<number> {
  const known = table.get(currency);
  if (known === undefined) throw new RangeError(`Unknown currency ${currency}`);
  return dinero({ amount, currency: known });
}

/** How many digits the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD. */
export function minorDigits(currency: string): number {
  return toSnapshot(open(0, currency)).scale;
}

export function money(amount: number, currency: string): Money {
  return { amount, currency };
}

/** Parts of a million, the unit of every rate: 8.875 % is 88_750. */
export const MILLION = 1_000_000;

/** `amount` times a rate in parts per million, rounded half to even to the minor unit. */
export function portion(amount: number, currency: string, ratePpm: number): number {
  const exact = multiply(open(amount, currency), { amount: ratePpm, scale: 6 });
  return toSnapshot(transformScale(exact, minorDigits(currency), halfEven)).amount;
}

/** The tax on an amount: contained in it when prices are inclusive, to be added to it when they are not. */
export function taxOn(amount: number, currency: string, ratePpm: number, inclusive: boolean): number {
  if (!inclusive) return portion(amount, currency, ratePpm);
  // net = amount / (1 + rate) has no finite decimal form, so it is rounded once, from integers below 2^53.
  return amount - Math.round((amount * MILLION) / (MILLION + ratePpm));
}
