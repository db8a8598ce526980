import Joi from 'joi';
import { fail, invalid } from '../../kernel/errors.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { id, time } from '../../kernel/schema.js';
import { restaurants, settingsOf } from '../restaurants/index.js';
import { availabilityChanged } from './menu.events.js';
import { exampleCategory, exampleGroup, exampleItem } from './menu.examples.js';
import { type ItemDoc, menuCategories, menuItems, modifierGroups } from './menu.model.js';
import { categoryView, groupView, itemSchema, itemView, menuSchema, remaining } from './menu.views.js';

const byPosition = (a: { position: number; name: string }, b: { position: number; name: string }) =>
  a.position - b.position || a.name.localeCompare(b.name);

export const getMenu = query({
  name: 'menu:get',
  summary: 'Show the menu: categories, items and modifier groups',
  rest: { method: 'get', path: '/menu' },
  permission: 'menu:read',
  limit: 'read',
  input: Joi.object<{ archived: boolean }, true>({
    archived: Joi.boolean().default(false).description('Archived items too'),
  }),
  cache: { ttl: 3600, tags: [restaurants, menuItems, menuCategories, modifierGroups] },
  output: menuSchema,
  example: {
    input: { archived: false },
    output: { categories: [exampleCategory], items: [exampleItem], modifierGroups: [exampleGroup] },
  },
  async handle(ctx) {
    const { currency } = await settingsOf(ctx, ctx.restaurantId);
    const items = (await ctx.all(menuItems)).filter((item) => ctx.input.archived || !item.archived);
    return {
      categories: (await ctx.all(menuCategories)).map(categoryView).sort(byPosition),
      items: items.map((item) => itemView(item, currency)).sort(byPosition),
      modifierGroups: (await ctx.all(modifierGroups)).map((group) => groupView(group, currency)),
    };
  },
});

interface SetAvailability {
  itemId: string;
  sizeId?: string;
  available: boolean;
  until?: string | null;
  remaining?: number;
}

export const setAvailability = command({
  name: 'menu:set-availability',
  summary: 'Set an item to sold out (86), count its portions, or bring it back',
  description:
    'Sold out until a time, or until lifted when no time is given; at that time it comes back by itself. Available with `remaining`: that many portions are left, and each order takes its own. Available without: no limit. With `sizeId` only that size is sold out or back, until lifted.',
  rest: { method: 'post', path: '/menu/items/:itemId/availability' },
  permission: 'menu:availability',
  limit: 'write',
  input: Joi.object<SetAvailability, true>({
    itemId: id('the item').required(),
    sizeId: id('one of its sizes').description('Only this size; then without `until` and `remaining`'),
    available: Joi.boolean().required().description('false: sold out'),
    until: time('Sold out until then; null or absent: until lifted').allow(null),
    remaining: remaining.description('Portions left; only when available'),
  }),
  output: itemSchema,
  emits: [availabilityChanged],
  example: {
    input: { itemId: exampleItem.id, available: true, remaining: 3 },
    output: { ...exampleItem, version: 2, remaining: 3 },
  },
  async handle(ctx) {
    const { input, now } = ctx;
    const before = await ctx.get(menuItems, input.itemId);
    const { currency } = await settingsOf(ctx, ctx.restaurantId);
    checkVersion(ctx.expectedVersion, before, itemView(before, currency));
    if (before.archived) throw fail('conflict', `${before.name} is archived`, { current: itemView(before, currency) });
    const after =
      input.sizeId === undefined ? withAvailability(before, input, now) : withSize(before, input.sizeId, input);
    const item = itemView(ctx.save(menuItems, after), currency);
    ctx.publish(availabilityChanged, { item });
    return item;
  },
});

/** Each setting replaces the one before: an 86 ends the count, a count ends the 86. */
function withAvailability(before: ItemDoc, { available, until, remaining: left }: SetAvailability, now: Date): ItemDoc {
  const { soldOut: _soldOut, remaining: _remaining, ...item } = before;
  if (available) {
    if (until !== undefined && until !== null) throw invalid('until', 'is only for an item that is sold out');
    return left === undefined ? item : { ...item, remaining: left };
  }
  if (left !== undefined) throw invalid('remaining', 'is only for an item that is available');
  const moment = until === undefined || until === null ? null : new Date(until);
  if (moment !== null && moment <= now) throw invalid('until', 'must be in the future');
  return { ...item, soldOut: { until: moment } };
}

function withSize(before: ItemDoc, sizeId: string, { available, until, remaining: left }: SetAvailability): ItemDoc {
  if (left !== undefined) throw invalid('remaining', 'is counted for the item, not for one of its sizes');
  if (until !== undefined && until !== null) throw invalid('until', 'is for the item, not for one of its sizes');
  if (!before.sizes.some((size) => size.id === sizeId)) throw invalid('sizeId', `is no size of ${before.name}`);
  const sizes = before.sizes.map((size) => {
    if (size.id !== sizeId) return size;
    const { soldOut: _, ...offered } = size;
    return available ? offered : { ...offered, soldOut: true };
  });
  return { ...before, sizes };
}
