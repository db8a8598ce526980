import Joi from 'joi';
import { event, everyone } from '../../kernel/event.js';
import { id } from '../../kernel/schema.js';
import { exampleItem } from './menu.examples.js';
import { type CategoryView, type ItemView, itemSchema, type ModifierGroupView, menuLists } from './menu.views.js';

/** What changed; what is not named stayed as it was. */
export interface MenuUpdated {
  categories?: CategoryView[];
  items?: ItemView[];
  modifierGroups?: ModifierGroupView[];
  removedCategoryIds?: string[];
  removedModifierGroupIds?: string[];
}

export const menuUpdated = event({
  name: 'menu:updated',
  summary: 'Categories, items or modifier groups were added, changed, archived or removed',
  payload: Joi.object<MenuUpdated, true>({
    categories: menuLists.categories.description('Added or changed'),
    items: menuLists.items.description('Added, changed or archived'),
    modifierGroups: menuLists.modifierGroups.description('Added or changed'),
    removedCategoryIds: Joi.array().items(id('a category that is gone')),
    removedModifierGroupIds: Joi.array().items(id('a modifier group that is gone')),
  }),
  audience: () => everyone,
  carries: { categories: 'menuCategories', items: 'menuItems', modifierGroups: 'modifierGroups' },
  removes: { removedCategoryIds: 'menuCategories', removedModifierGroupIds: 'modifierGroups' },
  example: { items: [exampleItem] },
});

export const availabilityChanged = event({
  name: 'menu:availability-changed',
  summary: 'An item was sold out or brought back, or its remaining portions changed',
  payload: Joi.object<{ item: ItemView }, true>({ item: itemSchema.required() }),
  audience: () => everyone,
  carries: { item: 'menuItems' },
  example: { item: { ...exampleItem, version: 2, soldOut: { until: '2026-03-08T08:00:00.000Z' } } },
});
