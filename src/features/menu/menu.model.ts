import type { Doc } from '../../kernel/documents.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';
import type { Channel } from '../restaurants/index.js';

/** The 14 allergens that must be named: Regulation (EU) No 1169/2011, Annex II. */
export const allergens = [
  'gluten',
  'crustaceans',
  'eggs',
  'fish',
  'peanuts',
  'soybeans',
  'milk',
  'nuts',
  'celery',
  'mustard',
  'sesame',
  'sulphites',
  'lupin',
  'molluscs',
] as const;

/** What a dish contains and may contain: codes of those 14, or of the house's own. */
export interface Allergens {
  contains: string[];
  traces: string[];
}

export const dietaryTags = [
  'vegetarian',
  'vegan',
  'gluten_free',
  'lactose_free',
  'halal',
  'kosher',
  'spicy',
  'very_spicy',
  'non_vegetarian',
  'pescatarian',
  'jain',
  'organic',
  'sugar_free',
  'contains_alcohol',
  'contains_pork',
] as const;
export type DietaryTag = (typeof dietaryTags)[number];

/** What an item is counted or weighed in. */
export const units = ['portion', 'piece', 'kg', 'g', 'lb', 'oz', 'l', 'cl', 'ml'] as const;
export type Unit = (typeof units)[number];

/** A stretch of the local clock, on some weekdays. */
export interface DaySpan {
  /** 1 Monday .. 7 Sunday; the day on which the stretch begins. */
  weekdays: number[];
  /** `HH:MM`, local. */
  from: string;
  /** `HH:MM`, local, exclusive. Not after `from`: it ends on the next day; equal to it: it lasts a whole day. */
  to: string;
}

/** Amounts are minor units of the restaurant's currency in every document. */
export type ChannelAmounts = Partial<Record<Channel, number>>;

export type ChannelTaxClasses = Partial<Record<Channel, string>>;

export interface Size {
  id: string;
  name: string;
  price: number;
  channelPrices?: ChannelAmounts;
  /** 86, until somebody lifts it. */
  soldOut?: boolean;
}

/** Happy hour and the like: either a price of its own or some percent off. */
export interface PriceRule extends DaySpan {
  name: string;
  channels?: Channel[];
  price?: number;
  percentOff?: number;
}

export interface CategoryDoc extends Doc {
  /** The restaurant's own short code; what an import finds it by. */
  code?: string;
  name: string;
  description?: string;
  position: number;
  /** What new items of the category get when they name none. */
  taxClass?: string;
  channelTaxClasses?: ChannelTaxClasses;
  course?: number;
}

export interface ItemDoc extends Doc {
  code?: string;
  /** As guests say it; several dishes may have the same. */
  number?: string;
  name: string;
  description?: string;
  categoryId: string;
  position: number;
  /** Either a single price, or sizes with a price each. */
  price?: number;
  /** Priced when it is ordered, by who may; `price` is then what it costs when nothing is said. */
  openPrice?: boolean;
  channelPrices?: ChannelAmounts;
  sizes: Size[];
  priceRules: PriceRule[];
  taxClass: string;
  /** Where another tax class holds. */
  channelTaxClasses?: ChannelTaxClasses;
  allergens: Allergens;
  /** Codes of the house's additives. */
  additives?: string[];
  dietary: DietaryTag[];
  prepSeconds: number;
  course: number;
  imageUrl?: string;
  modifierGroupIds: string[];
  availability: { channels: Channel[]; dayparts: DaySpan[] };
  /** What a quantity of it is of, where it is not portions. */
  unit?: Unit;
  /** How many decimals a quantity may have, 0 to 3; 3 where nothing is said. */
  decimals?: number;
  /** 86: until a moment, or until somebody lifts it (null). */
  soldOut?: { until: Date | null };
  /** Portions left, where they are counted. */
  remaining?: number;
  archived: boolean;
}

/** What an item's document, its view, an input and a file say in the same words. */
const plainFields = [
  'code',
  'number',
  'name',
  'description',
  'position',
  'taxClass',
  'channelTaxClasses',
  'allergens',
  'additives',
  'dietary',
  'prepSeconds',
  'course',
  'imageUrl',
  'availability',
  'unit',
  'decimals',
  'openPrice',
] as const satisfies readonly (keyof ItemDoc)[];
export type PlainItem = Pick<ItemDoc, (typeof plainFields)[number]>;

/** Those of its plain fields that a thing has. */
export function plainItem<T extends Partial<PlainItem>>(item: T): Pick<T, keyof T & keyof PlainItem> {
  const plain: Record<string, unknown> = {};
  for (const field of plainFields) if (item[field] !== undefined) plain[field] = item[field];
  return plain as Pick<T, keyof T & keyof PlainItem>;
}

export interface ModifierOption {
  id: string;
  name: string;
  description?: string;
  /** Below zero it lowers the price of the dish. */
  price: number;
  /** Where it costs something else on a size of this name (as written, any case). */
  sizePrices?: { size: string; price: number }[];
  /** How many of it at most; as many as the group allows when nothing is said. */
  max?: number;
  allergens?: Allergens;
  additives?: string[];
  default: boolean;
  soldOut: boolean;
  /** Groups to choose from once this option is chosen. */
  nestedGroupIds: string[];
}

export interface ModifierGroupDoc extends Doc {
  code?: string;
  name: string;
  /** How many choices at least and at most, an option's quantity counted; a `min` above 0 makes the group required. */
  min: number;
  max: number;
  /** So many choices cost nothing: the cheapest of those that cost something. */
  free?: number;
  options: ModifierOption[];
}

export const menuCategories = model<CategoryDoc>({
  collection: 'menu_categories',
  title: 'category',
  hold: 'all',
  quota: quota('menu categories', 200),
  fields: {
    code: String,
    name: String,
    description: String,
    position: Number,
    taxClass: String,
    channelTaxClasses: Object,
    course: Number,
  },
  indexes: [[{ restaurantId: 1 }]],
});

export const menuItems = model<ItemDoc>({
  collection: 'menu_items',
  title: 'item',
  hold: 'all',
  quota: quota('menu items', 2_000, { field: 'archived', values: [false] }),
  // Nested values are checked by the operations' schemas; `Object` keeps them exactly as they were written.
  fields: {
    code: String,
    number: String,
    name: String,
    description: String,
    categoryId: String,
    position: Number,
    price: Number,
    openPrice: Boolean,
    channelPrices: Object,
    sizes: [Object],
    priceRules: [Object],
    taxClass: String,
    channelTaxClasses: Object,
    allergens: Object,
    additives: Object,
    dietary: [String],
    prepSeconds: Number,
    course: Number,
    imageUrl: String,
    modifierGroupIds: [String],
    availability: Object,
    unit: String,
    decimals: Number,
    soldOut: Object,
    remaining: Number,
    archived: Boolean,
  },
  indexes: [[{ restaurantId: 1 }]],
});

export const modifierGroups = model<ModifierGroupDoc>({
  collection: 'menu_modifier_groups',
  title: 'modifier group',
  hold: 'all',
  quota: quota('modifier groups', 500),
  fields: { code: String, name: String, min: Number, max: Number, free: Number, options: [Object] },
  indexes: [[{ restaurantId: 1 }]],
});
