import Joi from 'joi';
import { currencyCodes } from '../../kernel/currency.js';
import { MILLION } from '../../kernel/money.js';
import { id, label, time, version } from '../../kernel/schema.js';
import { isTimeZone } from '../../kernel/time.js';
import { type RestaurantDoc, type TaxClass, TICKET_RECEIPT_SECONDS } from './restaurants.model.js';
import { canonicalLocale } from './restaurants.rules.js';

export const restaurantName = label(80).description('Name, as guests know it');

export const currency = Joi.string()
  .valid(...currencyCodes)
  .description('ISO 4217; cannot be changed later');

/** luxon also takes `local` and offsets such as `UTC+3`, which know nothing of summer time. */
const ZONE = /^(UTC|[A-Za-z]+(\/[A-Za-z0-9_+-]+)+)$/;

export const timeZone = Joi.string()
  .max(64)
  .custom((name: string, helpers) =>
    ZONE.test(name) && isTimeZone(name)
      ? name
      : helpers.message({ custom: '{{#label}} must be an IANA time zone, for instance Europe/Paris' }),
  )
  .description('IANA time zone, for instance Europe/Paris');

export const locale = Joi.string()
  .max(35)
  .custom(
    (tag: string, helpers) =>
      canonicalLocale(tag) ??
      helpers.message({ custom: '{{#label}} must be a BCP 47 language tag, for instance fr-FR' }),
  )
  .description('BCP 47 language tag, for instance fr-FR; how receipts write dates and money');

export const dayStartHour = Joi.number()
  .integer()
  .min(0)
  .max(23)
  .description('Hour of the local clock at which a business day begins; 4: 03:59 still belongs to yesterday');

export const pricesIncludeTax = Joi.boolean().description('Whether the prices of the menu contain the tax');

const taxClass = Joi.object<TaxClass, true>({
  code: Joi.string()
    .pattern(/^[a-z0-9][a-z0-9-]{0,31}$/, 'code')
    .required()
    .description('What menu items name it by: small letters, digits and hyphens'),
  name: label(40).required().description('Name, as receipts show it'),
  ratePpm: Joi.number().integer().min(0).max(MILLION).required().description('Parts per million: 8.875 % is 88750'),
}).meta({ typeName: 'TaxClass' });

export const taxClasses = Joi.array<TaxClass[]>()
  .items(taxClass)
  .min(1)
  .max(20)
  .unique('code')
  .messages({ 'array.unique': '{{#label}} has a code that another one has' })
  .description('The kinds of tax that menu items can have');

export const ticketReceiptSeconds = Joi.number()
  .integer()
  .min(0)
  .max(600)
  .description(
    'Seconds after which a ticket that no screen has received raises an alert; 0: never (no kitchen screens)',
  );

export interface RestaurantView {
  id: string;
  version: number;
  name: string;
  currency: string;
  timeZone: string;
  locale: string;
  dayStartHour: number;
  pricesIncludeTax: boolean;
  taxClasses: TaxClass[];
  ticketReceiptSeconds: number;
  createdAt: string;
}

export const restaurantSchema = Joi.object<RestaurantView, true>({
  id: id('the restaurant').required(),
  version,
  name: restaurantName.required(),
  currency: currency.required(),
  timeZone: timeZone.required(),
  locale: locale.required(),
  dayStartHour: dayStartHour.required(),
  pricesIncludeTax: pricesIncludeTax.required(),
  taxClasses: taxClasses.required(),
  ticketReceiptSeconds: ticketReceiptSeconds.required(),
  createdAt: time('When the restaurant signed up').required(),
}).meta({ typeName: 'Restaurant' });

export const restaurantView = ({ _id, version, createdAt, ...settings }: RestaurantDoc): RestaurantView => ({
  id: _id,
  version,
  name: settings.name,
  currency: settings.currency,
  timeZone: settings.timeZone,
  locale: settings.locale,
  dayStartHour: settings.dayStartHour,
  pricesIncludeTax: settings.pricesIncludeTax,
  taxClasses: settings.taxClasses,
  ticketReceiptSeconds: settings.ticketReceiptSeconds ?? TICKET_RECEIPT_SECONDS,
  createdAt: createdAt.toISOString(),
});

export const exampleRestaurant: RestaurantView = {
  id: '66f1a2b3c4d5e6f708192a3b',
  version: 1,
  name: 'The Lantern',
  currency: 'EUR',
  timeZone: 'Europe/Paris',
  locale: 'fr-FR',
  dayStartHour: 4,
  pricesIncludeTax: true,
  taxClasses: [
    { code: 'food', name: 'TVA 10 %', ratePpm: 100_000 },
    { code: 'alcohol', name: 'TVA 20 %', ratePpm: 200_000 },
  ],
  ticketReceiptSeconds: TICKET_RECEIPT_SECONDS,
  createdAt: '2026-05-01T08:30:00.000Z',
};
