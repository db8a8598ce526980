import type { FieldError } from '../../kernel/errors.js';
import { MILLION, portion } from '../../kernel/money.js';
import { localMinute } from '../../kernel/time.js';
import type { Channel } from '../restaurants/index.js';
import type { Allergens, DaySpan, ItemDoc, ModifierGroupDoc, ModifierOption, PriceRule, Size } from './menu.model.js';

/** What the rules need of an item; a document has it, and so has a test's literal. */
export type Priced = Pick<ItemDoc, 'price' | 'channelPrices' | 'sizes' | 'priceRules'>;
export type Offered = Pick<ItemDoc, 'archived' | 'soldOut' | 'availability'>;
export type Group = Pick<ModifierGroupDoc, '_id' | 'name' | 'min' | 'max' | 'free' | 'options'>;

const minuteOf = (clock: string): number => Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3, 5));
const dayBefore = (weekday: number): number => (weekday === 1 ? 7 : weekday - 1);

/** Whether a moment, read on the restaurant's wall clock, lies in a stretch; one past midnight belongs to its first day. */
export function inSpan(span: DaySpan, at: Date, timeZone: string): boolean {
  const { weekday, minute } = localMinute(at, timeZone);
  const from = minuteOf(span.from);
  const to = minuteOf(span.to);
  if (from < to) return span.weekdays.includes(weekday) && minute >= from && minute < to;
  if (minute >= from) return span.weekdays.includes(weekday);
  return minute < to && span.weekdays.includes(dayBefore(weekday));
}

/** Whether somebody has set it to sold out and that still holds. A count of 0 is not this: see `remaining`. */
export function isSoldOut(item: Pick<ItemDoc, 'soldOut'>, at: Date): boolean {
  if (item.soldOut === undefined) return false;
  return item.soldOut.until === null || at < item.soldOut.until;
}

export type Unavailable = 'archived' | 'sold_out' | 'not_on_this_channel' | 'not_at_this_time';

/** Why an item cannot be ordered at a moment on a channel; undefined when it can. */
export function whyUnavailable(item: Offered, channel: Channel, at: Date, timeZone: string): Unavailable | undefined {
  if (item.archived) return 'archived';
  if (isSoldOut(item, at)) return 'sold_out';
  if (!item.availability.channels.includes(channel)) return 'not_on_this_channel';
  const { dayparts } = item.availability;
  if (dayparts.length > 0 && !dayparts.some((daypart) => inSpan(daypart, at, timeZone))) return 'not_at_this_time';
  return undefined;
}

interface Moment {
  channel: Channel;
  at: Date;
  timeZone: string;
}

/** The first rule in the item's list that applies at a moment. */
function ruleAt(rules: readonly PriceRule[], { channel, at, timeZone }: Moment): PriceRule | undefined {
  return rules.find((rule) => (rule.channels?.includes(channel) ?? true) && inSpan(rule, at, timeZone));
}

/** Price of one portion, in minor units: of the size or the item, for the channel, after the rule of the hour. */
export function unitPrice(item: Priced, size: Size | undefined, moment: Moment): number {
  const listed = size ?? item;
  const usual = listed.channelPrices?.[moment.channel] ?? listed.price;
  if (usual === undefined) throw new RangeError('An item without a price needs one of its sizes');
  const rule = ruleAt(item.priceRules, moment);
  if (rule?.price !== undefined) return rule.price;
  if (rule?.percentOff === undefined) return usual;
  return usual - portion(usual, rule.percentOff * (MILLION / 100));
}

export interface ModifierChoice {
  groupId: string;
  optionId: string;
  quantity: number;
}
export interface PricedModifier extends ModifierChoice {
  name: string;
  /** Of one, in minor units; below zero it lowers the price. */
  price: number;
  /** How many of them cost nothing. */
  free?: number;
}

/** What came of the choices: all of them priced, or what is wrong; `field` is relative to the line. */
export type ModifierCheck =
  | { modifiers: PricedModifier[]; options: ModifierOption[] }
  | { wrong: FieldError }
  | { soldOut: { field: string; name: string } };

/**
 * Checks the chosen modifiers of a line against the groups an item offers, and prices them. The list is flat: a choice
 * in a nested group names that group, which is open once an option that leads to it is chosen. A group that several
 * options open counts once. A required group in which nothing is chosen takes its default options. What a line holds
 * already is not sold out for it, and keeps its price.
 */
export function checkModifiers(
  offered: readonly string[],
  groups: ReadonlyMap<string, Group>,
  choices: readonly ModifierChoice[],
  { sizeName, held = [] }: Holding = {},
): ModifierCheck {
  const repeated = firstRepeated(choices);
  if (repeated !== undefined) return wrong(`modifiers.${repeated}.optionId`, 'is chosen twice: give it a quantity');
  const modifiers: PricedModifier[] = [];
  const options: ModifierOption[] = [];
  const open = [...offered];
  const seen = new Set<string>();
  for (let groupId = open.shift(); groupId !== undefined; groupId = open.shift()) {
    const group = groups.get(groupId);
    if (group === undefined || seen.has(groupId)) continue;
    seen.add(groupId);
    const chosen = chooseIn(group, choices, held);
    if (!Array.isArray(chosen)) return chosen;
    const priced = chosen.map(({ option, quantity }): PricedModifier => {
      const { name, price } = heldAs(held, groupId, option.id) ?? {
        name: option.name,
        price: optionPrice(option, sizeName),
      };
      return { groupId, optionId: option.id, quantity, name, price };
    });
    modifiers.push(...(group.free === undefined ? priced : withFree(priced, group.free)));
    for (const { option } of chosen) {
      options.push(option);
      open.push(...option.nestedGroupIds);
    }
  }
  const stray = choices.findIndex((choice) => !seen.has(choice.groupId));
  if (stray >= 0) return wrong(`modifiers.${stray}.groupId`, 'is not offered with this item and these choices');
  return { modifiers, options };
}

/** The line a choice is for: the name of its size, and what it holds already. */
export interface Holding {
  sizeName?: string | undefined;
  held?: readonly PricedModifier[];
}

/** Of one, with a dish of this size. */
function optionPrice({ price, sizePrices }: ModifierOption, sizeName: string | undefined): number {
  if (sizePrices === undefined || sizeName === undefined) return price;
  const wanted = sizeName.toLowerCase();
  return sizePrices.find(({ size }) => size.toLowerCase() === wanted)?.price ?? price;
}

/** The cheapest of those that cost something are free, in whatever order they were chosen. */
function withFree(chosen: readonly PricedModifier[], free: number): PricedModifier[] {
  const cheapest = chosen.filter(({ price }) => price > 0).sort((one, other) => one.price - other.price);
  const gifts = new Map<PricedModifier, number>();
  let left = free;
  for (const one of cheapest) {
    const given = Math.min(left, one.quantity);
    if (given > 0) gifts.set(one, given);
    left -= given;
  }
  return chosen.map((one) => (gifts.has(one) ? { ...one, free: gifts.get(one) ?? 0 } : one));
}

/** What a dish with these options contains and may contain; what it contains is no trace. */
export function allergensWith(item: Allergens, options: readonly ModifierOption[]): Allergens {
  if (options.every((option) => option.allergens === undefined)) return item;
  const contains = new Set(item.contains);
  const traces = new Set(item.traces);
  for (const { allergens } of options) {
    for (const code of allergens?.contains ?? []) contains.add(code);
    for (const code of allergens?.traces ?? []) traces.add(code);
  }
  return { contains: [...contains], traces: [...traces].filter((code) => !contains.has(code)) };
}

interface Chosen {
  option: ModifierOption;
  quantity: number;
}

const heldAs = (held: readonly PricedModifier[], groupId: string, optionId: string): PricedModifier | undefined =>
  held.find((one) => one.groupId === groupId && one.optionId === optionId);

function chooseIn(
  group: Group,
  choices: readonly ModifierChoice[],
  held: readonly PricedModifier[],
): Chosen[] | Exclude<ModifierCheck, { modifiers: unknown }> {
  const chosen: Chosen[] = [];
  for (const [index, choice] of choices.entries()) {
    if (choice.groupId !== group._id) continue;
    const option = group.options.find((one) => one.id === choice.optionId);
    if (option === undefined) return wrong(`modifiers.${index}.optionId`, `is not an option of ${group.name}`);
    const isMore = choice.quantity > (heldAs(held, group._id, option.id)?.quantity ?? 0);
    if (option.soldOut && isMore) return { soldOut: { field: `modifiers.${index}.optionId`, name: option.name } };
    if (choice.quantity > (option.max ?? choice.quantity))
      return wrong(`modifiers.${index}.quantity`, `${option.name}: choose at most ${option.max}`);
    chosen.push({ option, quantity: choice.quantity });
  }
  if (chosen.length === 0 && group.min > 0) {
    for (const option of group.options) if (option.default && !option.soldOut) chosen.push({ option, quantity: 1 });
  }
  const count = chosen.reduce((sum, { quantity }) => sum + quantity, 0);
  if (count < group.min) return wrong('modifiers', `${group.name}: choose at least ${group.min}, not ${count}`);
  if (count > group.max) return wrong('modifiers', `${group.name}: choose at most ${group.max}, not ${count}`);
  return chosen;
}

const wrong = (field: string, message: string) => ({ wrong: { field, message } });

function firstRepeated(choices: readonly ModifierChoice[]): number | undefined {
  const seen = new Set<string>();
  for (const [index, { groupId, optionId }] of choices.entries()) {
    const pair = `${groupId} ${optionId}`;
    if (seen.has(pair)) return index;
    seen.add(pair);
  }
  return undefined;
}

/** The names along a circle of nested groups (`['Sides', 'Sauces', 'Sides']`), or undefined when there is none. */
export function circleOfGroups(groups: ReadonlyMap<string, Pick<Group, 'name' | 'options'>>): string[] | undefined {
  const done = new Set<string>();
  const visit = (id: string, path: readonly string[]): string[] | undefined => {
    const group = groups.get(id);
    if (group === undefined || done.has(id)) return undefined;
    const start = path.indexOf(id);
    if (start >= 0) return [...path.slice(start), id].map((one) => groups.get(one)?.name ?? one);
    for (const nested of group.options.flatMap((option) => option.nestedGroupIds)) {
      const circle = visit(nested, [...path, id]);
      if (circle !== undefined) return circle;
    }
    done.add(id);
    return undefined;
  };
  for (const id of groups.keys()) {
    const circle = visit(id, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
