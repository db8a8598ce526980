import Joi from 'joi';
import { idPattern } from './ids.js';
import { currencyCodes, type Money } from './money.js';

/**
 * Schema pieces every feature shares. A schema with `.meta({ typeName })` becomes a named type in the documents and in
 * the client's types. Field texts (`.description()`) reach both.
 */
export const id = (of: string) =>
  Joi.string()
    .pattern(idPattern, 'id')
    .description(`Id of ${of}`)
    .messages({ 'string.pattern.name': '{{#label}} must be an id (24 hex digits)' });

export const label = (max = 80) => Joi.string().trim().min(1).max(max);

/** Free text from people: trimmed, bounded. */
export const note = (max = 500) => Joi.string().trim().max(max).allow('');

/** A password, PIN or token: it never stands in a journal, a log line or a fingerprint. */
export const secret = <S extends Joi.Schema>(schema: S): S => schema.meta({ secret: true }) as S;

/** ISO 8601 in UTC, as every time on the wire. */
export const time = (meaning: string) => Joi.string().isoDate().description(`${meaning} (ISO 8601, UTC)`);

/** Money given or shown: integer minor units, never negative unless said. */
export const moneySchema = Joi.object<Money, true>({
  amount: Joi.number().integer().min(-1_000_000_000).max(1_000_000_000).required().description('Integer minor units'),
  currency: Joi.string()
    .valid(...currencyCodes)
    .required()
    .description('ISO 4217'),
}).meta({ typeName: 'Money' });

export const price = Joi.object<Money, true>({
  amount: Joi.number().integer().min(0).max(100_000_000).required().description('Integer minor units'),
  currency: Joi.string()
    .valid(...currencyCodes)
    .required()
    .description("ISO 4217; the restaurant's"),
}).meta({ typeName: 'Price' });

export const version = Joi.number()
  .integer()
  .min(1)
  .required()
  .description('Counts the changes; for If-Match / expectedVersion');

/** The empty input. */
export type Nothing = Record<string, never>;
export const nothing = Joi.object<Nothing>({});

export interface Page {
  limit: number;
  cursor?: string;
}

/** The fields of a paged query; spread them into its input. */
export const pageFields = {
  limit: Joi.number().integer().min(1).max(200).default(50).description('How many at most'),
  cursor: Joi.string().pattern(idPattern, 'cursor').description('`nextCursor` of the previous page'),
};

export interface Paged<T> {
  items: T[];
  nextCursor?: string;
}

export const paged = <T>(item: Joi.Schema<T>) =>
  Joi.object<Paged<T>>({
    items: Joi.array().items(item).required(),
    nextCursor: Joi.string().description('Present while there is more'),
  });
