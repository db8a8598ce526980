import type { Doc, Reads } from '../../kernel/documents.js';
import type { Plan } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';

export const channels = ['dine-in', 'takeaway', 'delivery'] as const;
/** How an order leaves the house. */
export type Channel = (typeof channels)[number];

/** A part of a tax that is shown and paid apart: a state's and a city's, CGST and SGST. */
export interface TaxComponent {
  name: string;
  ratePpm: number;
}

export interface TaxRate {
  /** Parts per million: 8.875 % is 88_750. */
  ratePpm: number;
  /** Their rates add up to `ratePpm`. */
  components?: TaxComponent[];
}

/** A rate that holds for one channel, or from a business day (`YYYY-MM-DD`) on. */
export interface DatedRate extends TaxRate {
  channel?: Channel;
  from?: string;
}

/** A kind of tax that a menu item can have; `rates` are before its own rate, where and when they hold. */
export interface TaxClass extends TaxRate {
  code: string;
  name: string;
  rates?: DatedRate[];
}

/** Something a menu has to name: a code, and what guests read. */
export interface Declared {
  code: string;
  name: string;
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
  /** Allergens beside the 14 of the EU, and additives, that its menu names by their codes. */
  allergens?: Declared[];
  additives?: Declared[];
  /** After this many seconds a ticket that no screen has received raises an alert; 0 is never. */
  ticketReceiptSeconds?: number;
  /** Scheduled orders are sent to the kitchen so many seconds before their preparation time begins. */
  pickupMarginSeconds?: number;
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
    taxClasses: [Object],
    allergens: Object,
    additives: Object,
    ticketReceiptSeconds: Number,
    pickupMarginSeconds: Number,
  },
  indexes: [[{ restaurantId: 1 }]],
});

/** Where nothing else was chosen, and in restaurants older than the setting. */
export const TICKET_RECEIPT_SECONDS = 10;

/** Likewise. */
export const PICKUP_MARGIN_SECONDS = 300;

/** The settings of a restaurant. */
export const settingsOf = (reads: Reads, restaurantId: string): Promise<RestaurantDoc> =>
  reads.get(restaurants, restaurantId);
