import Joi from 'joi';
import { type Money, money } from '../../kernel/money.js';
import { quantitySchema } from '../../kernel/quantity.js';
import { id, label, price, priceDifference, time, version } from '../../kernel/schema.js';
import { type Channel, channels } from '../restaurants/index.js';
import {
  type Allergens,
  type CategoryDoc,
  type ChannelAmounts,
  type ChannelTaxClasses,
  type DaySpan,
  dietaryTags,
  type ItemDoc,
  type ModifierGroupDoc,
  type ModifierOption,
  type PlainItem,
  type PriceRule,
  plainItem,
  type Size,
  units,
} from './menu.model.js';

/** The pieces that inputs and views share. */
const clockTime = (meaning: string) =>
  Joi.string()
    .pattern(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM')
    .description(`${meaning}, HH:MM on the restaurant's clock`);
export const code = Joi.string()
  .pattern(/^[\w.:-]{1,40}$/, 'code')
  .description("The restaurant's own short code; unique, and what an import finds the thing by");
const weekdays = Joi.array()
  .items(Joi.number().integer().min(1).max(7))
  .min(1)
  .unique()
  .description('1 Monday .. 7 Sunday; the days on which it begins');
const spanFields = {
  weekdays: weekdays.required(),
  from: clockTime('Beginning').required(),
  to: clockTime('End (exclusive); not after `from` means on the next day, equal to it a whole day').required(),
};
const daypart = Joi.object<DaySpan, true>(spanFields).meta({ typeName: 'Daypart' });
const channel = Joi.string().valid(...channels);
export const position = Joi.number().integer().min(0).max(100_000).description('Place in the list, ascending');
export const course = Joi.number().integer().min(1).max(9).description('Course it is served in by default');
export const taxClass = Joi.string().max(40).description("Code of one of the restaurant's tax classes");
export const channelTaxClasses = Joi.object<ChannelTaxClasses, true>({
  'dine-in': taxClass,
  takeaway: taxClass,
  delivery: taxClass,
})
  .description('Tax classes that differ by channel, for instance of what is taken away')
  .meta({ typeName: 'ChannelTaxClasses' });
export const prepSeconds = Joi.number().integer().min(0).max(86_400).description('Time to prepare one, in seconds');
export const imageUrl = Joi.string()
  .uri({ scheme: ['https', 'http'] })
  .max(500)
  .description('Where its picture is');

export const unit = Joi.string()
  .valid(...units)
  .description('What a quantity of it is of; portions when not given');
export const decimals = Joi.number()
  .integer()
  .min(0)
  .max(3)
  .description('How many decimals a quantity of it may have; 3 when not given, 0: only whole ones');

export type ChannelPrices = Partial<Record<Channel, Money>>;
export const channelPrices = Joi.object<ChannelPrices, true>({ 'dine-in': price, takeaway: price, delivery: price })
  .description('Prices that differ by channel')
  .meta({ typeName: 'ChannelPrices' });

const declaredCode = Joi.string().pattern(/^[a-z0-9][a-z0-9_-]{0,31}$/, 'code');
const allergenList = Joi.array().items(declaredCode).max(50).unique();
export const allergensSchema = Joi.object<Allergens, true>({
  contains: allergenList.required().description('In the dish'),
  traces: allergenList.required().description('Possibly in the dish'),
})
  .description("Of the 14 in Regulation (EU) No 1169/2011, Annex II, and the restaurant's own")
  .meta({ typeName: 'Allergens' });
export const additives = Joi.array()
  .items(declaredCode)
  .max(50)
  .unique()
  .description("Codes of the restaurant's additives that are in it");
export const dishNumber = label(10).description(
  'Number, as guests say it, for instance 23a; several may have the same',
);
export const openPrice = Joi.boolean().description(
  'Priced when it is ordered, by who may (`order:open-price`); `price` is then what it costs when nothing is said',
);
export const dietary = Joi.array()
  .items(Joi.string().valid(...dietaryTags))
  .unique()
  .description('What diets it suits, and `spicy`');

export interface Availability {
  channels: Channel[];
  dayparts: DaySpan[];
}
export const availability = Joi.object<Availability, true>({
  channels: Joi.array().items(channel).min(1).unique().required().description('Where it can be ordered'),
  dayparts: Joi.array().items(daypart).max(20).required().description('When it can be ordered; empty means always'),
}).meta({ typeName: 'Availability' });

export interface CategoryView {
  id: string;
  version: number;
  code?: string;
  name: string;
  description?: string;
  position: number;
  taxClass?: string;
  channelTaxClasses?: ChannelTaxClasses;
  course?: number;
}
export const categorySchema = Joi.object<CategoryView, true>({
  id: id('the category').required(),
  version,
  code,
  name: label().required(),
  description: Joi.string(),
  position: position.required(),
  taxClass: taxClass.description('Tax class of new items that name none'),
  channelTaxClasses,
  course: course.description('Course of new items that name none'),
}).meta({ typeName: 'MenuCategory' });

export const isSoldOut = Joi.boolean().description('Sold out (86), until somebody lifts it');

export interface SizeView {
  id: string;
  name: string;
  price: Money;
  channelPrices?: ChannelPrices;
  soldOut?: boolean;
}
const sizeSchema = Joi.object<SizeView, true>({
  id: id('the size').required(),
  name: label(40).required(),
  price: price.required(),
  channelPrices,
  soldOut: isSoldOut,
}).meta({ typeName: 'MenuItemSize' });

export interface PriceRuleView extends DaySpan {
  name: string;
  channels?: Channel[];
  price?: Money;
  percentOff?: number;
}
/** Also what an input gives. */
export const priceRule = Joi.object<PriceRuleView, true>({
  name: label(40).required().description('Shown beside the price, for instance Happy hour'),
  ...spanFields,
  channels: Joi.array().items(channel).min(1).unique().description('Where it holds; everywhere when not given'),
  price: price.description('Price in these hours (items without sizes)'),
  percentOff: Joi.number().integer().min(1).max(100).description('Percent off the usual price in these hours'),
})
  .xor('price', 'percentOff')
  .meta({ typeName: 'MenuPriceRule' });

export interface SoldOut {
  until: string | null;
}
export const soldOut = Joi.object<SoldOut, true>({
  until: time('It is sold out until then; null: until lifted').allow(null).required(),
}).description('Present while somebody has set it to sold out (86); past `until` it means nothing');
export const remaining = quantitySchema(0).description('Portions left, where they are counted');

export interface ItemView extends PlainItem {
  id: string;
  version: number;
  status: 'active' | 'archived';
  categoryId: string;
  price?: Money;
  channelPrices?: ChannelPrices;
  sizes: SizeView[];
  priceRules: PriceRuleView[];
  modifierGroupIds: string[];
  soldOut?: SoldOut;
  remaining?: number;
}
export const itemSchema = Joi.object<ItemView, true>({
  id: id('the item').required(),
  version,
  status: Joi.string().valid('active', 'archived').required().description('An archived item can no longer be ordered'),
  code,
  number: dishNumber,
  name: label().required(),
  description: Joi.string(),
  categoryId: id('its category').required(),
  position: position.required(),
  price: price.description('Present when the item has no sizes, but for an open price'),
  channelPrices,
  sizes: Joi.array().items(sizeSchema).required().description('Empty when the item has a single price'),
  priceRules: Joi.array().items(priceRule).required().description('The first that applies counts'),
  taxClass: taxClass.required(),
  channelTaxClasses,
  allergens: allergensSchema.required(),
  additives,
  dietary: dietary.required(),
  prepSeconds: prepSeconds.required(),
  course: course.required(),
  imageUrl,
  modifierGroupIds: Joi.array().items(id('a modifier group')).required().description('In the order they are asked'),
  availability: availability.required(),
  unit,
  decimals,
  openPrice,
  soldOut,
  remaining,
}).meta({ typeName: 'MenuItem' });

export interface ModifierOptionView {
  id: string;
  name: string;
  description?: string;
  price: Money;
  prices?: SizePrices;
  max?: number;
  allergens?: Allergens;
  additives?: string[];
  default: boolean;
  soldOut: boolean;
  nestedGroupIds: string[];
}
/** By the name of the size. */
export type SizePrices = Record<string, Money>;
export const sizePrices = Joi.object<SizePrices>()
  .pattern(label(40), priceDifference)
  .max(50)
  .description('Prices that differ by the size of the dish, by the name of the size');
export const optionMax = Joi.number()
  .integer()
  .min(1)
  .max(50)
  .description('How many of it at most; as many as the group allows when not given');
export const groupFree = Joi.number()
  .integer()
  .min(1)
  .max(50)
  .description('So many choices cost nothing: the cheapest of those that cost something');
export interface ModifierGroupView {
  id: string;
  version: number;
  code?: string;
  name: string;
  min: number;
  max: number;
  free?: number;
  options: ModifierOptionView[];
}
const optionSchema = Joi.object<ModifierOptionView, true>({
  id: id('the option').required(),
  name: label().required(),
  description: Joi.string(),
  price: priceDifference.required().description('Added to the item, or taken off it'),
  prices: sizePrices,
  max: optionMax,
  allergens: allergensSchema,
  additives,
  default: Joi.boolean().required().description('Chosen unless the guest says otherwise'),
  soldOut: Joi.boolean().required(),
  nestedGroupIds: Joi.array().items(id('a modifier group')).required().description('Asked once this is chosen'),
}).meta({ typeName: 'ModifierOption' });
export const groupMin = Joi.number().integer().min(0).max(50).description('Choices at least; above 0 it is required');
export const groupMax = Joi.number().integer().min(1).max(50).description('Choices at most, quantities counted');
export const groupSchema = Joi.object<ModifierGroupView, true>({
  id: id('the modifier group').required(),
  version,
  code,
  name: label().required(),
  min: groupMin.required(),
  max: groupMax.required(),
  free: groupFree,
  options: Joi.array().items(optionSchema).required(),
}).meta({ typeName: 'ModifierGroup' });

export interface MenuView {
  categories: CategoryView[];
  items: ItemView[];
  modifierGroups: ModifierGroupView[];
}

/** The given keys without those that are undefined: an absent field is absent on the wire and in the database. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

export function channelPricesView(amounts: ChannelAmounts | undefined, currency: string): ChannelPrices | undefined {
  if (amounts === undefined) return undefined;
  return Object.fromEntries(Object.entries(amounts).map(([name, amount]) => [name, money(amount, currency)]));
}

export function categoryView(doc: CategoryDoc): CategoryView {
  const { _id, version: counted, code: own, name, description, position: place, taxClass: tax, course: served } = doc;
  const byChannel = doc.channelTaxClasses;
  return present<CategoryView>({
    id: _id,
    version: counted,
    code: own,
    name,
    description,
    position: place,
    taxClass: tax,
    channelTaxClasses: byChannel,
    course: served,
  });
}

export const soldOutView = ({ soldOut: set }: Pick<ItemDoc, 'soldOut'>): SoldOut | undefined =>
  set && { until: set.until?.toISOString() ?? null };

export function itemView(doc: ItemDoc, currency: string): ItemView {
  return present<ItemView>({
    ...plainItem(doc),
    id: doc._id,
    version: doc.version,
    status: doc.archived ? 'archived' : 'active',
    categoryId: doc.categoryId,
    price: doc.price === undefined ? undefined : money(doc.price, currency),
    channelPrices: channelPricesView(doc.channelPrices, currency),
    sizes: doc.sizes.map((size) => sizeView(size, currency)),
    priceRules: priceRulesView(doc.priceRules, currency),
    modifierGroupIds: doc.modifierGroupIds,
    soldOut: soldOutView(doc),
    remaining: doc.remaining,
  });
}

const sizeView = (size: Size, currency: string): SizeView =>
  present<SizeView>({
    id: size.id,
    name: size.name,
    price: money(size.price, currency),
    channelPrices: channelPricesView(size.channelPrices, currency),
    soldOut: size.soldOut,
  });

const priceRulesView = (rules: readonly PriceRule[], currency: string): PriceRuleView[] =>
  rules.map(({ price: amount, ...rule }) =>
    present<PriceRuleView>({ ...rule, price: amount === undefined ? undefined : money(amount, currency) }),
  );

export function groupView(doc: ModifierGroupDoc, currency: string): ModifierGroupView {
  const { _id, version: counted, code: own, name, min, max, free } = doc;
  const options = doc.options.map((option) => optionView(option, currency));
  return present<ModifierGroupView>({ id: _id, version: counted, code: own, name, min, max, free, options });
}

function optionView({ sizePrices: bySize, ...option }: ModifierOption, currency: string): ModifierOptionView {
  const prices = bySize?.map(({ size, price: amount }) => [size, money(amount, currency)] as const);
  return {
    ...option,
    price: money(option.price, currency),
    ...(prices && { prices: Object.fromEntries(prices) }),
  };
}

const categoryList = Joi.array().items(categorySchema);
const itemList = Joi.array().items(itemSchema);
const groupList = Joi.array().items(groupSchema);
export const menuLists = { categories: categoryList, items: itemList, modifierGroups: groupList };
export const menuSchema = Joi.object<MenuView, true>({
  categories: categoryList.required(),
  items: itemList.required(),
  modifierGroups: groupList.required(),
}).meta({ typeName: 'Menu' });

/** A change of a thing's fields: absent leaves a field as it is, null takes it away. */
export type Patch<T> = {
  [K in keyof T]?: undefined extends T[K] ? T[K] | null : T[K];
};

/** The fields after a patch. */
export function patched<T extends object>(fields: T, patch: { [K in keyof T]?: T[K] | null | undefined }): T {
  const merged = Object.entries({ ...fields, ...patch }).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(merged) as T;
}
