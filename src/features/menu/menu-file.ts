import Joi from 'joi';
import type { Doc } from '../../kernel/documents.js';
import { type CategoryInput, categoryInputFields } from './category.operations.js';
import { type ItemContent, itemContentFields, itemInputOf, type SizeInput, sizeInputFields } from './item.input.js';
import type { CategoryDoc, ItemDoc, ModifierGroupDoc } from './menu.model.js';
import { codeOf } from './menu.references.js';
import { categoryView, code, isSoldOut, present, remaining, type SoldOut, soldOut, soldOutView } from './menu.views.js';
import { groupContentFields, groupInputOf, type OptionContent, optionContentFields } from './modifier-group.input.js';

/**
 * A menu as one document. Things name each other by code, so that a file can be written by hand and moved between
 * restaurants. The state of the day (sold out, portions left) goes with it, for things that have none where it comes to.
 */
export interface MenuFile {
  format: 'brigade-menu/1';
  categories: FileCategory[];
  modifierGroups: FileGroup[];
  items: FileItem[];
}
export interface FileCategory extends CategoryInput {
  code: string;
}
export interface FileOption extends OptionContent {
  nestedGroups?: string[];
  soldOut?: boolean;
}
export interface FileGroup {
  code: string;
  name: string;
  min: number;
  max: number;
  free?: number;
  options: FileOption[];
}
export interface FileItem extends ItemContent {
  code: string;
  category: string;
  modifierGroups?: string[];
  soldOut?: SoldOut;
  remaining?: number;
}

const fileCategory = Joi.object<FileCategory, true>({
  ...categoryInputFields,
  code: code.required(),
  name: categoryInputFields.name.required(),
}).meta({ typeName: 'MenuFileCategory' });

const fileOption = Joi.object<FileOption, true>({
  ...optionContentFields,
  nestedGroups: Joi.array().items(code).max(10).unique().description('Codes of the groups asked once this is chosen'),
  soldOut: isSoldOut.description('Sold out, where the option is new'),
}).meta({ typeName: 'MenuFileOption' });

const fileSize = Joi.object<SizeInput, true>({
  ...sizeInputFields,
  soldOut: isSoldOut.description('Sold out, where the size is new'),
}).meta({ typeName: 'MenuFileSize' });

const fileGroup = Joi.object<FileGroup, true>({
  code: code.required(),
  name: groupContentFields.name.required(),
  min: groupContentFields.min.required(),
  max: groupContentFields.max.required(),
  free: groupContentFields.free,
  options: Joi.array().items(fileOption).min(1).max(100).required(),
}).meta({ typeName: 'MenuFileModifierGroup' });

const fileItem = Joi.object<FileItem, true>({
  ...itemContentFields,
  code: code.required(),
  name: itemContentFields.name.required(),
  sizes: Joi.array().items(fileSize).max(20).description('Sizes with a price each, for instance 0.3 l and 0.5 l'),
  category: code.required().description('Code of its category'),
  modifierGroups: Joi.array().items(code).max(30).unique().description('Codes of its modifier groups'),
  soldOut: soldOut.description('Sold out, where the item is neither that nor counted yet'),
  remaining: remaining.description('Portions left, where the item is neither sold out nor counted yet'),
}).meta({ typeName: 'MenuFileItem' });

export const menuFileSchema = Joi.object<MenuFile, true>({
  format: Joi.string().valid('brigade-menu/1').required(),
  // Far above what a menu may have now (menu.limits.ts), so that one from before those limits goes out and in.
  categories: Joi.array().items(fileCategory).max(2_000).unique('code').required(),
  modifierGroups: Joi.array().items(fileGroup).max(5_000).unique('code').required(),
  items: Joi.array().items(fileItem).max(10_000).unique('code').required(),
}).meta({ typeName: 'MenuFile' });

export interface StoredMenu {
  categories: readonly CategoryDoc[];
  groups: readonly ModifierGroupDoc[];
  items: readonly ItemDoc[];
}

type Placed = Doc & { code?: string; position?: number };

/** The same menu is the same file, whatever ids its parts have. */
const inOrder = <T extends Placed>(docs: readonly T[]): T[] =>
  [...docs].sort((one, other) => (one.position ?? 0) - (other.position ?? 0) || (codeOf(one) < codeOf(other) ? -1 : 1));

/** A stored menu as a file, without archived items. */
export function menuFileOf({ categories, groups, items }: StoredMenu, currency: string): MenuFile {
  const codes = new Map([...categories, ...groups].map((doc) => [doc._id, codeOf(doc)]));
  const named = (id: string): string => codes.get(id) ?? id;
  return {
    format: 'brigade-menu/1',
    categories: inOrder(categories).map((doc) => {
      const { id: _id, version: _version, ...fields } = categoryView(doc);
      return { ...fields, code: codeOf(doc) };
    }),
    modifierGroups: inOrder(groups).map((doc) => fileGroupOf(doc, named, currency)),
    items: inOrder(items.filter((item) => !item.archived)).map((item) => fileItemOf(item, named, currency)),
  };
}

function fileGroupOf(doc: ModifierGroupDoc, named: (id: string) => string, currency: string): FileGroup {
  const { options, ...group } = groupInputOf(doc, currency);
  return {
    ...group,
    code: codeOf(doc),
    options: options.map(({ id: _id, nestedGroupIds = [], ...option }, index) => ({
      ...option,
      nestedGroups: nestedGroupIds.map(named),
      ...(doc.options[index]?.soldOut && { soldOut: true }),
    })),
  };
}

function fileItemOf(item: ItemDoc, named: (id: string) => string, currency: string): FileItem {
  const { categoryId, modifierGroupIds = [], sizes = [], ...content } = itemInputOf(item, currency);
  return present<FileItem>({
    ...content,
    sizes: sizes.map(({ id: _id, ...size }, index) =>
      present<SizeInput>({ ...size, soldOut: item.sizes[index]?.soldOut }),
    ),
    code: codeOf(item),
    category: named(categoryId),
    modifierGroups: modifierGroupIds.map(named),
    soldOut: soldOutView(item),
    remaining: item.remaining,
  });
}
