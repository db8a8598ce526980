import { feature, replica } from '../../kernel/feature.js';
import { restaurants, settingsOf } from '../restaurants/index.js';
import { createCategory, deleteCategory, updateCategory } from './category.operations.js';
import { archiveItem, createItem, getItem, restoreItem, updateItem } from './item.operations.js';
import { availabilityChanged, menuUpdated } from './menu.events.js';
import { menuCategories, menuItems, modifierGroups } from './menu.model.js';
import { getMenu, setAvailability } from './menu.operations.js';
import { categorySchema, categoryView, groupSchema, groupView, itemSchema, itemView } from './menu.views.js';
import { exportMenu, importMenu } from './menu-file.operations.js';
import {
  createModifierGroup,
  deleteModifierGroup,
  setOptionAvailability,
  updateModifierGroup,
} from './modifier-group.operations.js';

export type { Channel } from '../restaurants/index.js';
export { demoMenu } from './demo-menu.js';
export { availabilityChanged, menuUpdated } from './menu.events.js';
export { menuCategories, menuItems, type Unit } from './menu.model.js';
export {
  checkQuantity,
  type LineChoice,
  type Naming,
  type Occasion,
  otherModifiers,
  type PricedItem,
  priceItem,
  repriceItem,
  requireOffered,
  returnPortions,
  takePortions,
} from './menu.pricing.js';

export { unit } from './menu.views.js';

export const menu = feature({
  name: 'menu',
  summary: 'What can be ordered: categories, items, modifiers, prices by channel and hour, and what is sold out',
  kinds: [menuCategories, menuItems, modifierGroups],
  operations: [
    getMenu,
    setAvailability,
    createCategory,
    updateCategory,
    deleteCategory,
    getItem,
    createItem,
    updateItem,
    archiveItem,
    restoreItem,
    createModifierGroup,
    updateModifierGroup,
    deleteModifierGroup,
    setOptionAvailability,
    exportMenu,
    importMenu,
  ],
  events: [menuUpdated, availabilityChanged],
  replicas: [
    replica({
      name: 'menuCategories',
      summary: 'The categories of the menu',
      view: categorySchema,
      permission: 'menu:read',
      cache: { ttl: 3600, tags: [menuCategories] },
      load: async ({ all }) => (await all(menuCategories)).map(categoryView),
    }),
    replica({
      name: 'menuItems',
      summary: 'The items on the menu',
      view: itemSchema,
      permission: 'menu:read',
      cache: { ttl: 3600, tags: [restaurants, menuItems] },
      load: async (ctx) => {
        const { currency } = await settingsOf(ctx, ctx.restaurantId);
        const items = (await ctx.all(menuItems)).filter(({ archived }) => !archived);
        return items.map((item) => itemView(item, currency));
      },
      live: { field: 'status', values: ['active'] },
    }),
    replica({
      name: 'modifierGroups',
      summary: 'The modifier groups that items and options lead to',
      view: groupSchema,
      permission: 'menu:read',
      cache: { ttl: 3600, tags: [restaurants, modifierGroups] },
      load: async (ctx) => {
        const { currency } = await settingsOf(ctx, ctx.restaurantId);
        return (await ctx.all(modifierGroups)).map((group) => groupView(group, currency));
      },
    }),
  ],
});
