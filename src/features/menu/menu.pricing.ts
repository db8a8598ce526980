import { isDeepStrictEqual } from 'node:util';
import type { UnitContext } from '../../kernel/context.js';
import type { Reads } from '../../kernel/documents.js';
import { fail, invalid } from '../../kernel/errors.js';
import { hasDecimals, MOST, minus, plus } from '../../kernel/quantity.js';
import { businessDay } from '../../kernel/time.js';
import { type Channel, type RestaurantDoc, rateOn, settingsOf, type TaxComponent } from '../restaurants/index.js';
import { availabilityChanged } from './menu.events.js';
import { type Allergens, type ItemDoc, menuItems, modifierGroups, type Size, type Unit } from './menu.model.js';
import {
  allergensWith,
  checkModifiers,
  type Holding,
  type ModifierChoice,
  type PricedModifier,
  type Unavailable,
  unitPrice,
  whyUnavailable,
} from './menu.rules.js';
import { itemView } from './menu.views.js';

/**
 * What a guest chose. The modifiers are one flat list: a choice in a nested group names that group, and is possible
 * once an option that leads there is in the list too.
 */
export interface LineChoice {
  itemId: string;
  sizeId?: string;
  modifiers: ModifierChoice[];
  /** Of the item's unit, at most three decimals. */
  quantity: number;
  /** Of one, minor units: what somebody says of an item with an open price. */
  price?: number;
}

/** A choice checked and priced; amounts in minor units of the restaurant's currency. */
export interface PricedItem {
  itemId: string;
  categoryId: string;
  /** The dish's number on the menu. */
  number?: string;
  name: string;
  sizeName?: string;
  /** What the quantity is of, where it is not portions. */
  unit?: Unit;
  /** Somebody said its price. */
  openPrice?: true;
  /** Of one, for item, size, channel and hour, without modifiers. */
  unitPrice: number;
  /** `price` is of one. Includes the defaults of required groups in which nothing was chosen. */
  modifiers: PricedModifier[];
  /** Its class and rate for the channel and the day. */
  taxClass: string;
  ratePpm: number;
  taxComponents?: TaxComponent[];
  course: number;
  prepSeconds: number;
  /** What is in it, with its options, and what may be. */
  allergens: string[];
  traces?: string[];
}

type PricingContext = Reads & { restaurantId: string };

/** What an order wants its lines for: how they leave the house, and the moment that counts (pick-up, else now). */
export interface Occasion {
  channel: Channel;
  at: Date;
}

/** How the caller's input names a field of a line: `itemId` is `lines.0.itemId`, or `quantity`. */
export type Naming = (field: string) => string;

const reasons: Record<Unavailable, string> = {
  archived: 'is no longer on the menu',
  sold_out: 'is sold out',
  not_on_this_channel: 'is not offered for this kind of order',
  not_at_this_time: 'is not offered at this time',
};

/**
 * Checks and prices one line for an occasion. Portions are not counted here: see {@link takePortions}.
 * @throws validation_failed naming `itemId`, `sizeId`, `quantity` or `modifiers...`
 * @throws unavailable_item when the item (86, hour, channel, archived), its size or a chosen option cannot be had
 */
export async function priceItem(
  ctx: PricingContext,
  choice: LineChoice,
  { channel, at }: Occasion,
  naming: Naming,
): Promise<PricedItem> {
  const item = await ctx.lookup(menuItems, choice.itemId);
  if (item === undefined) throw invalid(naming('itemId'), 'is not on the menu');
  const settings = await settingsOf(ctx, ctx.restaurantId);
  const { timeZone } = settings;
  const reason = whyUnavailable(item, channel, at, timeZone);
  if (reason !== undefined) throw unavailable(naming('itemId'), item.name, reasons[reason]);
  checkQuantityOf(item, choice.quantity, naming('quantity'));
  const size = chosenSize(item, choice.sizeId, naming);
  return {
    itemId: item._id,
    categoryId: item.categoryId,
    ...(item.number !== undefined && { number: item.number }),
    name: item.name,
    ...(size === undefined ? {} : { sizeName: size.name }),
    ...(item.unit !== undefined && { unit: item.unit }),
    ...priceOf(item, size, choice.price, { channel, at, timeZone }, naming),
    ...(await chosenModifiers(ctx, item, choice.modifiers, naming, { sizeName: size?.name })),
    ...taxOf(settings, item, { channel, at }),
    course: item.course,
    prepSeconds: item.prepSeconds,
  };
}

/** Of one: what is said where the price is open, else what stands on the menu. @throws validation_failed */
function priceOf(
  item: ItemDoc,
  size: Size | undefined,
  said: number | undefined,
  moment: Occasion & { timeZone: string },
  naming: Naming,
): Pick<PricedItem, 'unitPrice' | 'openPrice'> {
  if (said === undefined) {
    if (item.openPrice === true && item.price === undefined)
      throw invalid(naming('price'), `is required: ${item.name} has no price of its own`);
    return { unitPrice: unitPrice(item, size, moment) };
  }
  if (item.openPrice !== true) throw invalid(naming('price'), `is not for ${item.name}, whose price is on the menu`);
  return { unitPrice: said, openPrice: true };
}

/** What is counted by hand; of what is weighed or measured there may be more. */
const MOST_AT_ONCE = { counted: 200, measured: 100_000 };

/** @throws validation_failed when an item is not sold in such a quantity */
function checkQuantityOf({ name, unit = 'portion', decimals = 3 }: ItemDoc, quantity: number, field: string): void {
  const most = unit === 'portion' || unit === 'piece' ? MOST_AT_ONCE.counted : MOST_AT_ONCE.measured;
  if (quantity > most) throw invalid(field, `must be less than or equal to ${most}`);
  if (hasDecimals(quantity, decimals)) return;
  throw invalid(field, decimals === 0 ? `of ${name} must be whole` : `of ${name} has at most ${decimals} decimals`);
}

/** @throws validation_failed when an item is not sold in such a quantity */
export async function checkQuantity(
  ctx: PricingContext,
  itemId: string,
  quantity: number,
  field: string,
): Promise<void> {
  const item = await ctx.lookup(menuItems, itemId);
  if (item !== undefined) checkQuantityOf(item, quantity, field);
}

/**
 * Other modifiers for a line that holds its portion already: only what was not chosen before must be there to be had,
 * and only that is priced.
 * @throws validation_failed, unavailable_item naming `modifiers...`
 */
export async function otherModifiers(
  ctx: PricingContext,
  { itemId, sizeName, modifiers: held }: Pick<PricedItem, 'itemId' | 'sizeName' | 'modifiers'>,
  choices: readonly ModifierChoice[],
  naming: Naming,
): Promise<WithModifiers> {
  return chosenModifiers(ctx, await ctx.get(menuItems, itemId), choices, naming, { sizeName, held });
}

const unavailable = (field: string, name: string, why: string) =>
  fail('unavailable_item', `${name} ${why}`, { errors: [{ field, message: why }] });

function chosenSize({ name, sizes }: ItemDoc, sizeId: string | undefined, naming: Naming): Size | undefined {
  if (sizes.length === 0) {
    if (sizeId !== undefined) throw invalid(naming('sizeId'), `${name} has no sizes`);
    return undefined;
  }
  const size = sizes.find((one) => one.id === sizeId);
  if (size === undefined)
    throw invalid(naming('sizeId'), `choose a size of ${name}: ${sizes.map((one) => one.name).join(', ')}`);
  if (size.soldOut === true) throw unavailable(naming('sizeId'), `${name}, ${size.name},`, reasons.sold_out);
  return size;
}

type WithModifiers = Pick<PricedItem, 'modifiers' | 'allergens' | 'traces'>;

const withAllergens = (modifiers: PricedModifier[], { contains, traces }: Allergens): WithModifiers => ({
  modifiers,
  allergens: contains,
  ...(traces.length > 0 && { traces }),
});

async function chosenModifiers(
  ctx: PricingContext,
  item: ItemDoc,
  choices: readonly ModifierChoice[],
  naming: Naming,
  line: Holding,
): Promise<WithModifiers> {
  if (item.modifierGroupIds.length === 0 && choices.length === 0) return withAllergens([], item.allergens);
  const groups = new Map((await ctx.all(modifierGroups)).map((group) => [group._id, group]));
  const check = checkModifiers(item.modifierGroupIds, groups, choices, line);
  if ('modifiers' in check) return withAllergens(check.modifiers, allergensWith(item.allergens, check.options));
  if ('soldOut' in check) throw unavailable(naming(check.soldOut.field), check.soldOut.name, reasons.sold_out);
  throw invalid(naming(check.wrong.field), check.wrong.message);
}

type LineTax = Pick<PricedItem, 'taxClass' | 'ratePpm' | 'taxComponents'>;

/** The class an item has on the channel, at the rate that holds on the business day. @throws conflict */
function taxOf(settings: RestaurantDoc, item: ItemDoc, { channel, at }: Occasion): LineTax {
  const taxClass = item.channelTaxClasses?.[channel] ?? item.taxClass;
  const found = settings.taxClasses.find(({ code }) => code === taxClass);
  if (found === undefined) throw fail('conflict', `${item.name} has the tax class ${taxClass}, which is not set up`);
  const { ratePpm, components } = found.rates ? rateOn(found, channel, businessDay(at, settings)) : found;
  return { taxClass, ratePpm, ...(components && { taxComponents: components }) };
}

/** @throws unavailable_item when an item is not offered on the channel or at the hour; an 86 does not matter */
export async function requireOffered(
  ctx: PricingContext,
  itemId: string,
  { channel, at }: Occasion,
  field: string,
): Promise<void> {
  const { availability, name } = await ctx.get(menuItems, itemId);
  const { timeZone } = await settingsOf(ctx, ctx.restaurantId);
  const reason = whyUnavailable({ availability, archived: false }, channel, at, timeZone);
  if (reason !== undefined) throw unavailable(field, name, reasons[reason]);
}

type Repriced = Pick<PricedItem, 'unitPrice' | 'openPrice'> & LineTax;

/**
 * What a line costs, and how it is taxed, for another occasion than it was priced for: another channel, another pick-up
 * time. Only what differs between the two changes; a new price on the menu does not reach it.
 */
export async function repriceItem(
  ctx: PricingContext,
  line: Repriced & { itemId: string; sizeId?: string },
  from: Occasion,
  to: Occasion,
): Promise<Repriced> {
  const item = await ctx.get(menuItems, line.itemId);
  const settings = await settingsOf(ctx, ctx.restaurantId);
  const { timeZone } = settings;
  const size = item.sizes.find(({ id }) => id === line.sizeId);
  const isPriced = line.openPrice !== true && (size?.price ?? item.price) !== undefined;
  const priceFor = (occasion: Occasion) => (isPriced ? unitPrice(item, size, { ...occasion, timeZone }) : 0);
  const [listed, now] = [priceFor(from), priceFor(to)];
  const [taxed, tax] = [taxOf(settings, item, from), taxOf(settings, item, to)];
  const { taxClass, ratePpm, taxComponents } = isDeepStrictEqual(taxed, tax) ? line : tax;
  return {
    unitPrice: listed === now ? line.unitPrice : now,
    ...{ taxClass, ratePpm },
    ...(taxComponents && { taxComponents }),
  };
}

/**
 * Takes portions of the items that are counted (item id -> how many); the others have no limit.
 * @throws sold_out naming each item and what is left of it; then nothing is taken
 */
export async function takePortions(ctx: UnitContext, quantities: ReadonlyMap<string, number>): Promise<void> {
  const counted: { item: ItemDoc; remaining: number; wanted: number }[] = [];
  for (const [itemId, wanted] of quantities) {
    const item = await ctx.get(menuItems, itemId);
    if (item.remaining !== undefined) counted.push({ item, remaining: item.remaining, wanted });
  }
  const short = counted.filter(({ remaining, wanted }) => remaining < wanted);
  if (short.length > 0) {
    const detail = short
      .map(({ item, remaining, wanted }) => `${item.name}: ${wanted} wanted, ${remaining} left`)
      .join('; ');
    const current = short.map(({ item, remaining }) => ({ itemId: item._id, name: item.name, remaining }));
    throw fail('sold_out', detail, { current });
  }
  for (const { item, remaining, wanted } of counted) await count(ctx, item, minus(remaining, wanted));
}

/** Gives back the portions of cancelled lines that were never fired, where the item is (still) counted. */
export async function returnPortions(ctx: UnitContext, quantities: ReadonlyMap<string, number>): Promise<void> {
  for (const [itemId, returned] of quantities) {
    const item = await ctx.lookup(menuItems, itemId);
    if (item?.remaining !== undefined) await count(ctx, item, Math.min(MOST, plus(item.remaining, returned)));
  }
}

async function count(ctx: UnitContext, item: ItemDoc, remaining: number): Promise<void> {
  const { currency } = await settingsOf(ctx, ctx.restaurantId);
  const saved = ctx.save(menuItems, { ...item, remaining });
  ctx.publish(availabilityChanged, { item: itemView(saved, currency) });
}
