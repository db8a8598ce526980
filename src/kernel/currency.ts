import * as currencies from 'dinero.js/currencies';

/** ISO 4217 codes and the digits of their minor units; for the two whose unit has fifths, ISO still says two digits. */
const digits = new Map<string, number>(
  Object.values(currencies).map(({ code, base, exponent }) => [code, base === 10 ? exponent : 2]),
);
export const currencyCodes: readonly string[] = [...digits.keys()].sort();

/**
 * Currencies of which one US dollar buys about 10^n or more. Bounds follow this, so that they mean the same everywhere;
 * a currency that is not named counts as 0, which is right for all that a dollar buys less than thirty of.
 */
const magnitudes: Readonly<Record<number, string>> = {
  2: 'AFN ALL AMD AOA BDT BTN CRC CUP CVE DJF DOP DZD EGP ETB GMD HTG HUF INR ISK JMD JPY KES KGS LKR LRD MKD MRU MUR MZN NIO NPR PHP PKR RSD RUB SRD THB TRY TWD UYU VED VES VUV XPF',
  3: 'ARS BIF CDF CLP IQD KHR KMF KPW KRW KZT MGA MMK MNT MWK NGN RWF SDG SOS SSP TZS UGX XAF XOF YER',
  4: 'COP GNF IDR LAK PYG SYP UZS VND',
  5: 'IRR LBP',
};
const magnitudeOf = new Map<string, number>(
  Object.entries(magnitudes).flatMap(([power, codes]) =>
    codes.split(' ').map((code) => [code, Number(power)] as const),
  ),
);

/** How many digits the minor unit has: 2 for EUR, 0 for JPY, 3 for KWD. @throws RangeError */
export function minorDigits(currency: string): number {
  const known = digits.get(currency);
  if (known === undefined) throw new RangeError(`Unknown currency ${currency}`);
  return known;
}

/**
 * The most one thing may cost, in minor units: about a million US dollars, whatever the currency. Ten of them are the
 * most a line or an order comes to; both stay far below 2^53, so that no sum of them is inexact.
 */
export function priceLimit(currency: string): number {
  return 10 ** (6 + minorDigits(currency) + (magnitudeOf.get(currency) ?? 0));
}

/** The most a line, or an order with its tax, may come to, in minor units. */
export const totalLimit = (currency: string): number => 10 * priceLimit(currency);

/** No currency allows more for one thing. */
export const HIGHEST_PRICE = Math.max(...currencyCodes.map(priceLimit));
