import type { Doc, Reads } from '../../kernel/documents.js';
import type { Plan } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';

/** A kind of tax that a menu item can have. */
export interface TaxClass {
  code: string;
  name: string;
  /** Parts per million: 8.875 % is 88_750. */
  ratePpm: number;
}

/** A restaurant's settings; `_id` is the `restaurantId` of all its documents. */
export interface RestaurantDoc extends Doc {
  name: string;
  /** ISO 4217. Never changes: amounts are stored without it. */
  currency: string;
  /** IANA. */
  timeZone: string;
  /** BCP 47. */
  locale: string;
  /** Hour of the local clock, 0 to 23, at which a business day begins. */
  dayStartHour: number;
  pricesIncludeTax: boolean;
  taxClasses: TaxClass[];
  /** After this many seconds a ticket that no screen has received raises an alert; 0 is never. */
  ticketReceiptSeconds?: number;
  /** What it is served under; `standard` where none was set (`npm run plan`). */
  plan?: Plan;
}

export const restaurants = model<RestaurantDoc>({
  collection: 'restaurants',
  title: 'restaurant',
  hold: 'all',
  fields: {
    name: String,
    currency: String,
    timeZone: String,
    locale: String,
    dayStartHour: Number,
    pricesIncludeTax: Boolean,
    plan: String,
    taxClasses: [{ _id: false, code: String, name: String, ratePpm: Number }],
    ticketReceiptSeconds: Number,
  },
  indexes: [[{ restaurantId: 1 }]],
});

/** Where nothing else was chosen, and in restaurants older than the setting. */
export const TICKET_RECEIPT_SECONDS = 10;

/** The settings of a restaurant. */
export const settingsOf = (reads: Reads, restaurantId: string): Promise<RestaurantDoc> =>
  reads.get(restaurants, restaurantId);
