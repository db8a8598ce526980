import Joi from 'joi';
import { currencyCodes } from '../../kernel/currency.js';
import { MILLION } from '../../kernel/money.js';
import { id, label, time, version } from '../../kernel/schema.js';
import { isTimeZone } from '../../kernel/time.js';
import {
  channels,
  type DatedRate,
  type Declared,
  PICKUP_MARGIN_SECONDS,
  type RestaurantDoc,
  type TaxClass,
  type TaxComponent,
  type TaxRate,
  TICKET_RECEIPT_SECONDS,
} from './restaurants.model.js';
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

const SUM = '`ratePpm` is the sum of the components; it may be left out where they are given';

const taxComponent = Joi.object<TaxComponent, true>({
  name: label(40).required().description('Name, as receipts show it'),
  ratePpm: Joi.number().integer().min(0).max(MILLION).required().description('Parts per million'),
}).meta({ typeName: 'TaxComponent' });

const componentList = Joi.array()
  .items(taxComponent)
  .min(1)
  .max(10)
  .unique('name')
  .description('Parts that are shown and paid apart, for instance CGST and SGST');
const ppm = Joi.number().integer().min(0).max(MILLION).description('Parts per million: 8.875 % is 88750');

/** Holds a rate to its components, and fills it in where only they are given. */
function addedUp<T extends TaxRate>(rate: T, helpers: Joi.CustomHelpers): T | Joi.ErrorReport {
  if (rate.components === undefined) return rate;
  const sum = rate.components.reduce((total, { ratePpm }) => total + ratePpm, 0);
  if (sum <= MILLION && (rate.ratePpm ?? sum) === sum) return { ...rate, ratePpm: sum };
  return helpers.message({ custom: `{{#label}} has components of ${sum} together: its ratePpm must be that` });
}

const firstDay = Joi.string()
  .pattern(/^\d{4}-\d{2}-\d{2}$/, 'date')
  .custom((day: string, helpers) => {
    const at = new Date(`${day}T00:00:00Z`);
    const isDay = !Number.isNaN(at.getTime()) && at.toISOString().startsWith(day);
    return isDay ? day : helpers.message({ custom: '{{#label}} must be a day of the calendar, YYYY-MM-DD' });
  })
  .description('First business day on which it holds, YYYY-MM-DD; always when not given');

/** Shown, a rate is always said; given, its components are enough. */
function taxClassList(ratePpm: Joi.NumberSchema) {
  const datedRate = Joi.object<DatedRate>({
    ratePpm,
    components: componentList,
    channel: Joi.string()
      .valid(...channels)
      .description('Where it holds; everywhere when not given'),
    from: firstDay,
  })
    .or('ratePpm', 'components')
    .custom(addedUp<DatedRate>, SUM)
    .meta({ typeName: 'TaxRate' });
  const taxClass = Joi.object<TaxClass>({
    code: Joi.string()
      .pattern(/^[a-z0-9][a-z0-9-]{0,31}$/, 'code')
      .required()
      .description('What menu items name it by: small letters, digits and hyphens'),
    name: label(40).required().description('Name, as receipts show it'),
    ratePpm,
    components: componentList,
    rates: Joi.array()
      .items(datedRate)
      .max(50)
      .description(
        "Rates for a channel or from a day on. A channel's own come before those for all channels, then the later one",
      ),
  })
    .or('ratePpm', 'components')
    .custom(addedUp<TaxClass>, SUM)
    .meta({ typeName: 'TaxClass' });
  return Joi.array<TaxClass[]>()
    .items(taxClass)
    .min(1)
    .max(20)
    .unique('code')
    .messages({ 'array.unique': '{{#label}} has a code that another one has' })
    .description('The kinds of tax that menu items can have');
}

export const taxClasses = taxClassList(ppm);

const declared = Joi.object<Declared, true>({
  code: Joi.string()
    .pattern(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'code')
    .required()
    .description('What menu items name it by: small letters, digits, hyphens and underscores'),
  name: label(80).required().description('What guests read'),
}).meta({ typeName: 'Declared' });
const declaredList = Joi.array<Declared[]>()
  .items(declared)
  .max(100)
  .unique('code')
  .messages({ 'array.unique': '{{#label}} has a code that another one has' });
export const allergens = declaredList.description(
  'Allergens beside the 14 of Regulation (EU) No 1169/2011 that the menu may name',
);
export const additives = declaredList.description('Additives that the menu may name, for instance by their numbers');

export const ticketReceiptSeconds = Joi.number()
  .integer()
  .min(0)
  .max(600)
  .description(
    'Seconds after which a ticket that no screen has received raises an alert; 0: never (no kitchen screens)',
  );

export const pickupMarginSeconds = Joi.number()
  .integer()
  .min(0)
  .max(7200)
  .description(
    'A scheduled order goes to the kitchen its longest preparation time and so many seconds before it is wanted',
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
  allergens: Declared[];
  additives: Declared[];
  ticketReceiptSeconds: number;
  pickupMarginSeconds: number;
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
  taxClasses: taxClassList(ppm.required()).required(),
  allergens: allergens.required(),
  additives: additives.required(),
  ticketReceiptSeconds: ticketReceiptSeconds.required(),
  pickupMarginSeconds: pickupMarginSeconds.required(),
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
  allergens: settings.allergens ?? [],
  additives: settings.additives ?? [],
  ticketReceiptSeconds: settings.ticketReceiptSeconds ?? TICKET_RECEIPT_SECONDS,
  pickupMarginSeconds: settings.pickupMarginSeconds ?? PICKUP_MARGIN_SECONDS,
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
  allergens: [{ code: 'buckwheat', name: 'Sarrasin' }],
  additives: [{ code: '1', name: 'Avec colorant' }],
  ticketReceiptSeconds: TICKET_RECEIPT_SECONDS,
  pickupMarginSeconds: PICKUP_MARGIN_SECONDS,
  createdAt: '2026-05-01T08:30:00.000Z',
};
