import Joi from 'joi';

/**
 * Quantities have up to three decimals: half a portion, 0.640 kg. A double holds each of them exactly enough to be told
 * apart, but sums of doubles do not: so they are added in thousandths, as integers, and only stored and sent as decimals.
 */
/** The most of anything, for instance portions left. */
export const MOST = 1_000_000;

const thousandths = (quantity: number): number => Math.round(quantity * 1000);

/** The sum of two quantities, exact to the third decimal. */
export const plus = (one: number, other: number): number => (thousandths(one) + thousandths(other)) / 1000;

/** What is left of a quantity, exact to the third decimal. */
export const minus = (one: number, other: number): number => (thousandths(one) - thousandths(other)) / 1000;

/** Whether a quantity has at most so many decimals (0 to 3). */
export const hasDecimals = (quantity: number, decimals: number): boolean =>
  thousandths(quantity) % 10 ** (3 - decimals) === 0;

/** A quantity on the wire, above nothing (or from `min` on). */
export const quantitySchema = (min = 0.001, max = MOST) =>
  Joi.number()
    .min(min)
    .max(max)
    .custom((quantity: number, helpers) =>
      Math.abs(quantity * 1000 - thousandths(quantity)) < 1e-6
        ? thousandths(quantity) / 1000
        : helpers.message({ custom: '{{#label}} must have at most three decimals' }),
    )
    .description('At most three decimals');
