import Joi from 'joi';
import { currencyCodes, HIGHEST_PRICE, priceLimit } from './currency.js';
import { idPattern } from './ids.js';
import type { Money } from './money.js';
import { momentOf } from './time.js';

/**
 * Schema pieces every feature shares. A schema with `.meta({ typeName })` becomes a named type in the documents and in
 * the client's types. Field texts (`.description()`) reach both.
 */
export const id = (of: string) =>
  Joi.string()
    .pattern(idPattern, 'id')
    .description(`Id of ${of}`)
    .messages({ 'string.pattern.name': '{{#label}} must be an id (24 hex digits)' });

/** A name: trimmed, bounded, and composed (NFC), for `é` may come as one sign or as two that look the same. */
export const label = (max = 80) => Joi.string().normalize('NFC').trim().min(1).max(max);

/** Free text from people: trimmed, bounded, composed. */
export const note = (max = 500) => Joi.string().normalize('NFC').trim().max(max).allow('');

/** A text as people see it, to compare names by: without capitals and without differences that only bytes know. */
export const folded = (text: string): string => text.normalize('NFKC').trim().toLowerCase();

/** A password, PIN or token: it never stands in a journal, a log line or a fingerprint. */
export const secret = <S extends Joi.Schema>(schema: S): S => schema.meta({ secret: true }) as S;

/** ISO 8601, as every time on the wire; shown in UTC, and taken with any zone so long as it names one. */
export const time = (meaning: string) =>
  Joi.string()
    .isoDate()
    .custom(
      (text: string, helpers) =>
        momentOf(text)?.toISOString() ??
        helpers.message({
          custom: '{{#label}} must be a day that exists and a time with its zone: 2026-11-30T19:30:00Z',
        }),
    )
    // Else joi makes 2 March of a 30 February before anybody can look.
    .prefs({ convert: false })
    .description(`${meaning} (ISO 8601, UTC)`);

const currencyField = Joi.string()
  .valid(...currencyCodes)
  .required();

/** Money shown. It has no bounds of its own: they are checked where money is given, and what was taken can be shown. */
export const moneySchema = Joi.object<Money, true>({
  amount: Joi.number().integer().required().description('Integer minor units'),
  currency: currencyField.description('ISO 4217'),
}).meta({ typeName: 'Money' });

const BOUND = "At most about a million US dollars in the restaurant's currency";

/** An amount of a currency, at least `floor` times and at most once what that currency allows for one thing. */
const boundedMoney = (floor: 0 | -1) =>
  Joi.object<Money, true>({
    amount: Joi.number()
      .integer()
      .min(floor * HIGHEST_PRICE)
      .max(HIGHEST_PRICE)
      .required()
      .description('Integer minor units'),
    currency: currencyField.description("ISO 4217; the restaurant's"),
  })
    .custom((given: Money, helpers) => {
      const limit = priceLimit(given.currency);
      if (given.amount <= limit && given.amount >= floor * limit) return given;
      const side = given.amount > limit ? { code: 'number.max', limit } : { code: 'number.min', limit: -limit };
      const { state } = helpers;
      return helpers.error(side.code, { limit: side.limit }, state.localize?.([...(state.path ?? []), 'amount']));
    }, BOUND)
    .messages({
      'number.max': '{{#label}} must be less than or equal to {{#limit}}',
      'number.min': '{{#label}} must be greater than or equal to {{#limit}}',
    });

/** What something costs. */
export const price = boundedMoney(0).description(BOUND).meta({ typeName: 'Price' });

/** What something adds to a price or, below zero, takes off it. */
export const priceDifference = boundedMoney(-1)
  .description(`Below zero it lowers the price. ${BOUND}`)
  .meta({ typeName: 'PriceDifference' });

export const version = Joi.number()
  .integer()
  .min(1)
  .required()
  .description('Counts the changes; for If-Match / expectedVersion');

/** The empty input. */
export type Nothing = Record<string, never>;
export const nothing = Joi.object<Nothing>({});
