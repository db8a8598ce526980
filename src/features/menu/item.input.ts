import Joi from 'joi';
import { newId } from '../../kernel/ids.js';
import type { Money } from '../../kernel/money.js';
import { id, label, note, price } from '../../kernel/schema.js';
import { channels } from '../restaurants/index.js';
import type { Complain } from './menu.findings.js';
import {
  type ChannelAmounts,
  type ChannelTaxClasses,
  allergens as euAllergens,
  type ItemDoc,
  type PlainItem,
  type PriceRule,
  plainItem,
  type Size,
} from './menu.model.js';
import {
  additives,
  allergensSchema,
  availability,
  type ChannelPrices,
  channelPrices,
  channelTaxClasses,
  code,
  course,
  decimals,
  dietary,
  dishNumber,
  imageUrl,
  itemView,
  openPrice,
  type PriceRuleView,
  position,
  prepSeconds,
  present,
  priceRule,
  taxClass,
  unit,
} from './menu.views.js';

export interface SizeInput {
  id?: string;
  name: string;
  price: Money;
  channelPrices?: ChannelPrices;
  /** From a file only: of a size that is new here. */
  soldOut?: boolean;
}
export const sizeInputFields = {
  id: id('the size').description('Of a size the item already has; without it a size of the same name keeps its id'),
  name: label(40).required(),
  price: price.required(),
  channelPrices,
};
const sizeInput = Joi.object<SizeInput>(sizeInputFields).meta({ typeName: 'MenuItemSizeInput' });

/** What describes an item wherever it comes from; categories and groups are named differently in a file. */
export interface ItemContent extends Partial<PlainItem> {
  name: string;
  price?: Money;
  channelPrices?: ChannelPrices;
  sizes?: SizeInput[];
  priceRules?: PriceRuleView[];
}
export const itemContentFields = {
  code,
  number: dishNumber,
  name: label(),
  description: note(1000),
  position,
  price: price.description('A single price; give this or `sizes`, or neither with `openPrice`'),
  channelPrices,
  sizes: Joi.array().items(sizeInput).max(20).description('Sizes with a price each, for instance 0.3 l and 0.5 l'),
  priceRules: Joi.array()
    .items(priceRule)
    .max(20)
    .description('Happy hours and the like; the first that applies counts'),
  taxClass: taxClass.description("Code of one of the restaurant's tax classes; the category's when not given"),
  allergens: allergensSchema,
  additives,
  dietary,
  prepSeconds,
  course: course.description("Course it is served in by default; the category's, or 1, when not given"),
  imageUrl,
  channelTaxClasses: channelTaxClasses.description(
    "Tax classes that differ by channel; the category's when neither is given",
  ),
  availability: availability.description('Always and everywhere when not given'),
  unit,
  decimals,
  openPrice,
};

export interface ItemInput extends ItemContent {
  categoryId: string;
  modifierGroupIds?: string[];
}
export const itemInputFields = {
  ...itemContentFields,
  categoryId: id('its category'),
  modifierGroupIds: Joi.array()
    .items(id('a modifier group'))
    .max(30)
    .unique()
    .description('In the order they are asked'),
};

/** The codes that the restaurant has declared, beside the EU's allergens. */
export interface Known {
  allergens: readonly string[];
  additives: readonly string[];
}

/** What an item falls back on, and what its prices and taxes must agree with. */
export interface ItemSetting extends Known {
  currency: string;
  taxClasses: readonly string[];
  category: { taxClass?: string; channelTaxClasses?: ChannelTaxClasses; course?: number } | undefined;
}

/** Complains about what a schema cannot see. References to categories and groups are the caller's. */
export function checkContent(input: ItemContent, setting: ItemSetting, complain: Complain): void {
  checkPricing(input, complain);
  for (const [field, price] of pricesIn(input)) {
    if (price.currency !== setting.currency) {
      complain(`${field}.currency`, `must be ${setting.currency}, the restaurant's currency`);
    }
  }
  checkDeclared(input, setting, complain);
  const tax = input.taxClass ?? setting.category?.taxClass;
  if (tax === undefined) complain('taxClass', 'is required, for the category names none');
  else checkTaxClasses({ taxClass: tax, channelTaxClasses: input.channelTaxClasses }, setting.taxClasses, complain);
}

const isEuropean = (code: string): boolean => (euAllergens as readonly string[]).includes(code);

/** Complains about allergens and additives that nobody has declared. */
export function checkDeclared(
  { allergens, additives: added = [] }: Pick<ItemContent, 'allergens' | 'additives'>,
  known: Known,
  complain: Complain,
): void {
  for (const list of ['contains', 'traces'] as const)
    for (const [index, code] of (allergens?.[list] ?? []).entries())
      if (!isEuropean(code) && !known.allergens.includes(code))
        complain(`allergens.${list}.${index}`, "is none of the EU's 14, nor of the restaurant's own allergens");
  for (const [index, code] of added.entries())
    if (!known.additives.includes(code)) complain(`additives.${index}`, "is none of the restaurant's additives");
}

/** Complains about tax classes that the restaurant does not have. */
export function checkTaxClasses(
  { taxClass: single, channelTaxClasses: byChannel = {} }: Taxed,
  known: readonly string[],
  complain: Complain,
): void {
  if (single !== undefined && !known.includes(single)) complain('taxClass', oneOf(known));
  for (const [channel, code] of Object.entries(byChannel))
    if (!known.includes(code)) complain(`channelTaxClasses.${channel}`, oneOf(known));
}

interface Taxed {
  taxClass?: string | undefined;
  channelTaxClasses?: ChannelTaxClasses | undefined;
}

const oneOf = (names: readonly string[]): string => `must be one of ${names.join(', ')}`;

function checkPricing(
  { price, openPrice: isOpen, channelPrices: byChannel, sizes = [], priceRules = [] }: ItemContent,
  complain: Complain,
): void {
  if (price === undefined && sizes.length === 0 && isOpen !== true)
    complain('price', 'is required, unless the item has sizes or an open price');
  if (isOpen === true && sizes.length > 0) complain('openPrice', 'is not for an item with sizes');
  if (isOpen === true && price === undefined && byChannel !== undefined)
    complain('channelPrices', 'need a price that holds elsewhere');
  if (price !== undefined && sizes.length > 0)
    complain('price', 'is not for an item with sizes: each size has its own');
  if (byChannel !== undefined && sizes.length > 0)
    complain('channelPrices', 'is not for an item with sizes: each size has its own');
  const names = new Set<string>();
  for (const [index, { name }] of sizes.entries()) {
    if (names.has(name.toLowerCase())) complain(`sizes.${index}.name`, 'is there twice');
    names.add(name.toLowerCase());
  }
  for (const [index, rule] of priceRules.entries()) {
    if (rule.price !== undefined && sizes.length > 0) {
      complain(`priceRules.${index}.price`, 'is not for an item with sizes: use percentOff');
    }
  }
}

function* pricesIn(input: ItemContent): Generator<[field: string, price: Money]> {
  const { price: single, channelPrices: byChannel, sizes = [], priceRules = [] } = input;
  if (single !== undefined) yield ['price', single];
  for (const [name, amount] of Object.entries(byChannel ?? {})) yield [`channelPrices.${name}`, amount];
  for (const [index, size] of sizes.entries()) {
    yield [`sizes.${index}.price`, size.price];
    for (const [name, amount] of Object.entries(size.channelPrices ?? {})) {
      yield [`sizes.${index}.channelPrices.${name}`, amount];
    }
  }
  for (const [index, rule] of priceRules.entries()) {
    if (rule.price !== undefined) yield [`priceRules.${index}.price`, rule.price];
  }
}

/** What an item's document says of it, apart from the state of the day (sold out, remaining, archived). */
export type ItemFields = Pick<ItemDoc, ItemFieldName>;
type ItemFieldName = Exclude<keyof ItemInput, never> & keyof ItemDoc;

/** The fields of an item's document from a checked input; sizes that stay keep their ids. */
export function itemFields(input: ItemInput, setting: ItemSetting, before: readonly Size[] = []): ItemFields {
  return present<ItemFields>({
    ...plainItem(input),
    name: input.name,
    description: input.description === '' ? undefined : input.description,
    categoryId: input.categoryId,
    position: input.position ?? 0,
    price: input.price?.amount,
    channelPrices: amounts(input.channelPrices),
    sizes: (input.sizes ?? []).map((size) => sizeFrom(size, before)),
    priceRules: (input.priceRules ?? []).map(({ price: amount, ...rule }) =>
      present<PriceRule>({ ...rule, price: amount?.amount }),
    ),
    taxClass: input.taxClass ?? setting.category?.taxClass ?? '',
    // What says its own class says all of its tax.
    channelTaxClasses:
      input.channelTaxClasses ?? (input.taxClass === undefined ? setting.category?.channelTaxClasses : undefined),
    allergens: input.allergens ?? { contains: [], traces: [] },
    dietary: input.dietary ?? [],
    prepSeconds: input.prepSeconds ?? 0,
    course: input.course ?? setting.category?.course ?? 1,
    modifierGroupIds: input.modifierGroupIds ?? [],
    availability: input.availability ?? { channels: [...channels], dayparts: [] },
  });
}

function sizeFrom(size: SizeInput, before: readonly Size[]): Size {
  const same = before.find((one) =>
    size.id === undefined ? one.name.toLowerCase() === size.name.toLowerCase() : one.id === size.id,
  );
  return present<Size>({
    id: size.id ?? same?.id ?? newId(),
    name: size.name,
    price: size.price.amount,
    channelPrices: amounts(size.channelPrices),
    soldOut: (same?.soldOut ?? size.soldOut) ? true : undefined,
  });
}

function amounts(prices: ChannelPrices | undefined): ChannelAmounts | undefined {
  if (prices === undefined) return undefined;
  return Object.fromEntries(Object.entries(prices).map(([name, { amount }]) => [name, amount]));
}

/** A document as the input that would make it again. */
export function itemInputOf(doc: ItemDoc, currency: string): ItemInput {
  const { price: single, channelPrices: byChannel, sizes, priceRules } = itemView(doc, currency);
  return present<ItemInput>({
    ...plainItem(doc),
    categoryId: doc.categoryId,
    price: single,
    channelPrices: byChannel,
    sizes: sizes.map(({ soldOut: _, ...size }) => size),
    priceRules,
    modifierGroupIds: doc.modifierGroupIds,
  });
}
