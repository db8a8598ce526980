/** Money on the wire: integer minor units (cents, pence; yen has none) of an ISO 4217 currency. */
export interface Money {
  amount: number;
  currency: string;
}

export function money(amount: number, currency: string): Money {
  return { amount, currency };
}

/** Parts of a million, the unit of every rate: 8.875 % is 88_750. */
export const MILLION = 1_000_000;

type Halves = 'even' | 'away';

/** `amount * over / under` of integers, rounded once, exact at any size; a negative amount is the mirror of its positive. */
function ratio(amount: number, over: number, under: number, halves: Halves): number {
  if (amount < 0) return 0 - ratio(-amount, over, under, halves);
  const product = amount * over;
  if (product > Number.MAX_SAFE_INTEGER) return bigRatio(amount, over, under, halves);
  const rest = product % under;
  const whole = (product - rest) / under;
  return whole + roundUp(2 * rest - under, whole % 2 === 1, halves);
}

function bigRatio(amount: number, over: number, under: number, halves: Halves): number {
  const product = BigInt(amount) * BigInt(over);
  const whole = product / BigInt(under);
  const rest = Number(product % BigInt(under));
  return Number(whole) + roundUp(2 * rest - under, whole % 2n === 1n, halves);
}

const roundUp = (pastHalf: number, isOdd: boolean, halves: Halves): 0 | 1 =>
  pastHalf > 0 || (pastHalf === 0 && (halves === 'away' || isOdd)) ? 1 : 0;

/** `amount` times a rate in parts per million, rounded half to even to the minor unit. */
export function portion(amount: number, ratePpm: number): number {
  return ratio(amount, ratePpm, MILLION, 'even');
}

/** The tax on an amount: contained in it when prices are inclusive, to be added to it when they are not. */
export function taxOn(amount: number, ratePpm: number, inclusive: boolean): number {
  if (!inclusive) return portion(amount, ratePpm);
  // The net is rounded, half up, and the tax is the rest: both rounded would not always add up.
  return amount - ratio(amount, MILLION, MILLION + ratePpm, 'away');
}

/** The part of that tax which one component of the rate is; each is rounded by itself. */
export function componentTax(amount: number, partPpm: number, ratePpm: number, inclusive: boolean): number {
  return inclusive ? ratio(amount, partPpm, MILLION + ratePpm, 'away') : portion(amount, partPpm);
}

/** `unit` times a quantity of up to three decimals, rounded once, half up. */
export function extended(unit: number, quantity: number): number {
  if (Number.isInteger(quantity)) return unit * quantity;
  return ratio(unit, Math.round(quantity * 1000), 1000, 'away');
}
