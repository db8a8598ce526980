import type { Doc, Reads } from '../../kernel/documents.js';
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
    taxClasses: [{ _id: false, code: String, name: String, ratePpm: Number }],
  },
  indexes: [[{ restaurantId: 1 }]],
});

/** The settings of a restaurant. */
export const settingsOf = (reads: Reads, restaurantId: string): Promise<RestaurantDoc> =>
  reads.get(restaurants, restaurantId);
