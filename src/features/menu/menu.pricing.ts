import type { UnitContext } from '../../kernel/context.js';
import type { Reads } from '../../kernel/documents.js';
import { fail, invalid } from '../../kernel/errors.js';
import { type RestaurantDoc, settingsOf } from '../restaurants/index.js';
import { availabilityChanged } from './menu.events.js';
import { type Channel, type ItemDoc, menuItems, modifierGroups, type Size } from './menu.model.js';
import {
  checkModifiers,
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
}

/** A choice checked and priced; amounts in minor units of the restaurant's currency. */
export interface PricedItem {
  itemId: string;
  categoryId: string;
  name: string;
  sizeName?: string;
  /** Of one, for item, size, channel and hour, without modifiers. */
  unitPrice: number;
  /** `price` is of one. Includes the defaults of required groups in which nothing was chosen. */
  modifiers: PricedModifier[];
  taxClass: string;
  ratePpm: number;
  course: number;
  prepSeconds: number;
  /** What is in it; traces are not named here. */
  allergens: string[];
}

type PricingContext = Reads & { restaurantId: string; now: Date };

const reasons: Record<Unavailable, string> = {
  archived: 'is no longer on the menu',
  sold_out: 'is sold out',
  not_on_this_channel: 'is not offered for this kind of order',
  not_at_this_time: 'is not offered at this time',
};

/**
 * Checks and prices one line as of now. Portions are not counted here: see {@link takePortions}.
 * @throws validation_failed naming `${field}.itemId`, `.sizeId` or `.modifiers...`
 * @throws unavailable_item when the item (86, hour, channel, archived) or a chosen option cannot be had
 */
export async function priceItem(
  ctx: PricingContext,
  choice: LineChoice,
  channel: Channel,
  field: string,
): Promise<PricedItem> {
  const item = await ctx.lookup(menuItems, choice.itemId);
  if (item === undefined) throw invalid(`${field}.itemId`, 'is not on the menu');
  const settings = await settingsOf(ctx, ctx.restaurantId);
  const reason = whyUnavailable(item, channel, ctx.now, settings.timeZone);
  if (reason !== undefined) throw unavailable(`${field}.itemId`, item.name, reasons[reason]);
  const size = chosenSize(item, choice.sizeId, `${field}.sizeId`);
  const { currency, timeZone } = settings;
  return {
    itemId: item._id,
    categoryId: item.categoryId,
    name: item.name,
    ...(size === undefined ? {} : { sizeName: size.name }),
    unitPrice: unitPrice(item, size, { channel, at: ctx.now, timeZone, currency }),
    modifiers: await chosenModifiers(ctx, item, choice.modifiers, field),
    taxClass: item.taxClass,
    ratePpm: rateOf(settings, item),
    course: item.course,
    prepSeconds: item.prepSeconds,
    allergens: item.allergens.contains,
  };
}

const unavailable = (field: string, name: string, why: string) =>
  fail('unavailable_item', `${name} ${why}`, { errors: [{ field, message: why }] });

function chosenSize({ name, sizes }: ItemDoc, sizeId: string | undefined, field: string): Size | undefined {
  if (sizes.length === 0) {
    if (sizeId !== undefined) throw invalid(field, `${name} has no sizes`);
    return undefined;
  }
  const size = sizes.find((one) => one.id === sizeId);
  if (size === undefined) throw invalid(field, `choose a size of ${name}: ${sizes.map((one) => one.name).join(', ')}`);
  return size;
}

async function chosenModifiers(
  ctx: PricingContext,
  item: ItemDoc,
  choices: readonly ModifierChoice[],
  field: string,
): Promise<PricedModifier[]> {
  if (item.modifierGroupIds.length === 0 && choices.length === 0) return [];
  const groups = new Map((await ctx.all(modifierGroups)).map((group) => [group._id, group]));
  const check = checkModifiers(item.modifierGroupIds, groups, choices);
  if ('modifiers' in check) return check.modifiers;
  if ('soldOut' in check) throw unavailable(`${field}.${check.soldOut.field}`, check.soldOut.name, reasons.sold_out);
  throw invalid(`${field}.${check.wrong.field}`, check.wrong.message);
}

function rateOf(settings: RestaurantDoc, item: ItemDoc): number {
  const found = settings.taxClasses.find(({ code }) => code === item.taxClass);
  if (found === undefined)
    throw fail('conflict', `${item.name} has the tax class ${item.taxClass}, which is not set up`);
  return found.ratePpm;
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
  for (const { item, remaining, wanted } of counted) await count(ctx, item, remaining - wanted);
}

/** Gives back the portions of cancelled lines that were never fired, where the item is (still) counted. */
export async function returnPortions(ctx: UnitContext, quantities: ReadonlyMap<string, number>): Promise<void> {
  for (const [itemId, returned] of quantities) {
    const item = await ctx.lookup(menuItems, itemId);
    if (item?.remaining !== undefined) await count(ctx, item, item.remaining + returned);
  }
}

async function count(ctx: UnitContext, item: ItemDoc, remaining: number): Promise<void> {
  const { currency } = await settingsOf(ctx, ctx.restaurantId);
  const saved = ctx.save(menuItems, { ...item, remaining });
  ctx.publish(availabilityChanged, { item: itemView(saved, currency) });
}
