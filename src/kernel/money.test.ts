import fc from 'fast-check';
import { currencyCodes, HIGHEST_PRICE, minorDigits, priceLimit, totalLimit } from './currency.js';
import { extended, MILLION, portion, taxOn } from './money.js';
import { hasDecimals, minus, plus, quantitySchema } from './quantity.js';
import { price, priceDifference } from './schema.js';

const amount = fc.integer({ min: -HIGHEST_PRICE * 10, max: HIGHEST_PRICE * 10 });
const rate = fc.integer({ min: 0, max: MILLION });

/** The nearest integer to a fraction, and whether it lies exactly between two. */
function nearest(over: bigint, under: bigint): { low: bigint; isHalf: boolean } {
  const low = (2n * over + under) / (2n * under);
  return { low, isHalf: (2n * over) % (2n * under) === under };
}

describe('amounts', () => {
  it('are exact at any size, and a negative one is the mirror of its positive', () => {
    fc.assert(
      fc.property(amount, rate, (given, ppm) => {
        expect(portion(given, ppm)).toBe(0 - portion(-given, ppm));
        expect(taxOn(given, ppm, true)).toBe(0 - taxOn(-given, ppm, true));
        const positive = Math.abs(given);
        const { low, isHalf } = nearest(BigInt(positive) * BigInt(ppm), BigInt(MILLION));
        const got = BigInt(portion(positive, ppm));
        expect(isHalf ? got % 2n === 0n && (got === low || got === low - 1n) : got === low).toBe(true);
        const net = nearest(BigInt(positive) * BigInt(MILLION), BigInt(MILLION + ppm)).low;
        expect(BigInt(positive - taxOn(positive, ppm, true))).toBe(net);
      }),
    );
    expect(Object.is(portion(-5, 100_000), 0)).toBe(true);
  });

  it('a quantity with decimals is multiplied once and rounded half up', () => {
    expect(extended(6_800, 0.64)).toBe(4_352);
    expect(extended(1_001, 0.5)).toBe(501);
    expect(extended(333, 3)).toBe(999);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: HIGHEST_PRICE }), fc.integer({ min: 1, max: 200_000 }), (unit, milli) => {
        expect(BigInt(extended(unit, milli / 1000))).toBe(nearest(BigInt(unit) * BigInt(milli), 1000n).low);
      }),
    );
  });
});

describe('bounds', () => {
  it('of every currency leave room to add up', () => {
    for (const code of currencyCodes) {
      expect(priceLimit(code)).toBeGreaterThanOrEqual(10 ** (6 + minorDigits(code)));
      expect(totalLimit(code) * 50).toBeLessThanOrEqual(Number.MAX_SAFE_INTEGER);
    }
  });

  it.each([
    ['IDR', 125_000_000],
    ['LBP', 270_000_000],
    ['IRR', 950_000_000],
    ['VND', 850_000],
    ['COP', 12_000_000],
    ['KWD', 12_750],
    ['MGA', 25_000_000],
  ])('a dish may cost sixty dollars in %s', (currency, given) => {
    expect(price.validate({ amount: given, currency }).error).toBeUndefined();
    expect(priceDifference.validate({ amount: -given, currency }).error).toBeUndefined();
  });

  it('name the amount that is beyond them', () => {
    const problem = (schema: typeof price, given: number, currency: string) =>
      schema.validate({ amount: given, currency }).error?.details[0];
    expect(problem(price, 100_000_001, 'EUR')).toMatchObject({ path: ['amount'], context: { limit: 100_000_000 } });
    expect(problem(priceDifference, -100_000_001, 'EUR')).toMatchObject({ path: ['amount'] });
    expect(problem(price, -1, 'EUR')?.path).toEqual(['amount']);
    expect(problem(price, 100_000_001, 'EUR')?.message).toMatch(/must be less than or equal to 100000000/);
    expect(problem(price, 100_000_001, 'KRW')).toBeUndefined();
  });
});

describe('quantities', () => {
  const quantity = fc.integer({ min: 1, max: 200_000 }).map((milli) => milli / 1000);
  it('are added and taken away without an error', () => {
    fc.assert(
      fc.property(fc.array(quantity, { maxLength: 50 }), (all) => {
        const sum = all.reduce(plus, 0);
        expect(Math.round(sum * 1000)).toBe(all.reduce((total, one) => total + Math.round(one * 1000), 0));
        expect(all.reduce(minus, sum)).toBe(0);
      }),
    );
    expect(plus(0.1, 0.2)).toBe(0.3);
  });

  it('have at most three decimals, or fewer', () => {
    expect(quantitySchema().validate(0.64).value).toBe(0.64);
    for (const wrong of [0, -1, 0.0004, 0.1234, 1e9]) expect(quantitySchema().validate(wrong).error).toBeDefined();
    expect([hasDecimals(0.5, 0), hasDecimals(2, 0), hasDecimals(0.5, 1), hasDecimals(0.25, 1)]).toEqual([
      ...[false, true, true, false],
    ]);
  });
});
