import type { UnitContext } from '../../kernel/context.js';
import type { Doc, Kind } from '../../kernel/documents.js';
import { newId } from '../../kernel/ids.js';
import { categoryFields } from './category.operations.js';
import {
  checkContent,
  checkTaxClasses,
  type ItemFields,
  type ItemInput,
  type ItemSetting,
  itemFields,
} from './item.input.js';
import { type Complain, Findings } from './menu.findings.js';
import {
  type CategoryDoc,
  type ItemDoc,
  type ModifierGroupDoc,
  menuCategories,
  menuItems,
  modifierGroups,
} from './menu.model.js';
import { codeOf } from './menu.references.js';
import { circleOfGroups, type Group } from './menu.rules.js';
import { present } from './menu.views.js';
import type { FileGroup, FileItem, MenuFile, StoredMenu } from './menu-file.js';
import { checkGroup, type GroupFields, type GroupInput, groupFields } from './modifier-group.input.js';

/** `replace`: what the file does not name goes (items are archived). `merge`: it stays as it is. */
export type ImportMode = 'replace' | 'merge';

/** A thing as the file wants it, beside the stored one with the same code. */
interface Wanted<T extends Doc, F> {
  id: string;
  before: T | undefined;
  fields: F;
}
type CategoryFields = ReturnType<typeof categoryFields>;
export interface MenuPlan {
  categories: Wanted<CategoryDoc, CategoryFields>[];
  groups: Wanted<ModifierGroupDoc, GroupFields>[];
  items: Wanted<ItemDoc, ItemFields & StateOfDay>[];
  gone: { categories: CategoryDoc[]; groups: ModifierGroupDoc[]; items: ItemDoc[] };
}

type StateOfDay = Pick<ItemDoc, 'soldOut' | 'remaining'>;

/** What the house knows of the day stays: an older file neither brings back what is sold out nor loses a count. */
function stateOfDay(before: ItemDoc | undefined, { soldOut, remaining }: FileItem): StateOfDay {
  const { soldOut: set, remaining: left } = before ?? {};
  if (set !== undefined || left !== undefined) return present<StateOfDay>({ soldOut: set, remaining: left });
  const until = soldOut?.until ?? null;
  return present<StateOfDay>({
    soldOut: soldOut && { until: until === null ? null : new Date(until) },
    remaining: soldOut === undefined ? remaining : undefined,
  });
}

interface Setting extends Omit<ItemSetting, 'category'> {
  mode: ImportMode;
}

/** Code -> the thing to be: its id, and what is stored under that code. */
type ByCode<T> = Map<string, { id: string; before: T | undefined }>;

function target<T extends Doc & { code?: string }>(
  stored: readonly T[],
  entries: readonly { code: string }[],
): ByCode<T> {
  const known = new Map(stored.map((doc) => [codeOf(doc), doc]));
  return new Map(
    entries.map(({ code }) => {
      const before = known.get(code);
      return [code, { id: before?._id ?? newId(), before }];
    }),
  );
}

const missingFrom = <T extends Doc>(stored: readonly T[], wanted: readonly { id: string }[]): T[] => {
  const staying = new Set(wanted.map(({ id }) => id));
  return stored.filter((doc) => !staying.has(doc._id));
};

/**
 * Checks a whole file against what is stored and says what to write. Nothing is written here.
 * @throws validation_failed with everything that is wrong, fields named as in `{ menu: file }`
 */
export function planImport(file: MenuFile, stored: StoredMenu, setting: Setting): MenuPlan {
  const findings = new Findings();
  const referable = setting.mode === 'merge' ? stored : { categories: [], groups: [] };
  const categories = planCategories(file, stored.categories, setting, findings);
  const groups = planGroups(file, stored.groups, referable.groups, setting, findings);
  const items = planItems(file, stored, { categories, groups }, referable, setting, findings);
  const gone =
    setting.mode === 'merge'
      ? { categories: [], groups: [], items: [] }
      : {
          categories: missingFrom(stored.categories, categories),
          groups: missingFrom(stored.groups, groups),
          items: missingFrom(stored.items, items).filter((item) => !item.archived),
        };
  findings.refuse();
  return { categories, groups, items, gone };
}

function planCategories(
  file: MenuFile,
  stored: readonly CategoryDoc[],
  { taxClasses }: Setting,
  findings: Findings,
): MenuPlan['categories'] {
  const targets = target(stored, file.categories);
  return file.categories.map((entry, index) => {
    checkTaxClasses(entry, taxClasses, findings.at(`menu.categories.${index}`));
    return { ...found(targets, entry.code), fields: categoryFields(entry) };
  });
}

function found<T>(targets: ByCode<T>, code: string): { id: string; before: T | undefined } {
  return targets.get(code) ?? { id: newId(), before: undefined };
}

/** Turns codes into ids and complains about those that nothing has. */
function resolve(
  codes: readonly string[],
  ids: ReadonlyMap<string, string>,
  field: string,
  complain: Complain,
): string[] {
  return codes.flatMap((code, index) => {
    const id = ids.get(code);
    if (id === undefined) complain(`${field}.${index}`, `there is no modifier group ${code}`);
    return id ?? [];
  });
}

const idsByCode = (docs: readonly (Doc & { code?: string })[]): [string, string][] =>
  docs.map((doc) => [codeOf(doc), doc._id]);

function planGroups(
  file: MenuFile,
  stored: readonly ModifierGroupDoc[],
  referable: readonly ModifierGroupDoc[],
  setting: Setting,
  findings: Findings,
): MenuPlan['groups'] {
  const targets = target(stored, file.modifierGroups);
  const ids = new Map([...idsByCode(referable), ...[...targets].map(([code, { id }]) => [code, id] as const)]);
  const planned = file.modifierGroups.map((entry, index) => {
    const complain = findings.at(`menu.modifierGroups.${index}`);
    checkGroup(entry, setting, complain);
    const { id, before } = found(targets, entry.code);
    return { id, before, fields: groupFields(groupInput(entry, ids, complain), before?.options) };
  });
  const after = new Map<string, Pick<Group, 'name' | 'options'>>(referable.map((doc) => [doc._id, doc]));
  for (const { id, fields } of planned) after.set(id, fields);
  const circle = circleOfGroups(after);
  if (circle !== undefined) findings.at('menu')('modifierGroups', `are nested in a circle: ${circle.join(' > ')}`);
  return planned;
}

function groupInput(entry: FileGroup, ids: ReadonlyMap<string, string>, complain: Complain): GroupInput {
  const options = entry.options.map(({ nestedGroups = [], ...option }, index) => ({
    ...option,
    nestedGroupIds: resolve(nestedGroups, ids, `options.${index}.nestedGroups`, complain),
  }));
  return { ...entry, options };
}

function planItems(
  file: MenuFile,
  stored: StoredMenu,
  planned: Pick<MenuPlan, 'categories' | 'groups'>,
  referable: Pick<StoredMenu, 'categories' | 'groups'>,
  { mode: _mode, ...known }: Setting,
  findings: Findings,
): MenuPlan['items'] {
  const targets = target(stored.items, file.items);
  const categories = new Map<string, { id: string; category: ItemSetting['category'] }>();
  for (const doc of referable.categories) categories.set(codeOf(doc), { id: doc._id, category: doc });
  for (const [index, { code }] of file.categories.entries()) {
    const wanted = planned.categories[index];
    if (wanted !== undefined) categories.set(code, { id: wanted.id, category: wanted.fields });
  }
  const groupIds = new Map(idsByCode(referable.groups));
  for (const { id, fields } of planned.groups) groupIds.set(fields.code ?? id, id);
  return file.items.map((entry, index) => {
    const complain = findings.at(`menu.items.${index}`);
    const home = categories.get(entry.category);
    if (home === undefined) complain('category', `there is no category ${entry.category}`);
    const setting: ItemSetting = { ...known, category: home?.category };
    checkContent(entry, setting, complain);
    const { id, before } = found(targets, entry.code);
    const input = itemInput(entry, home?.id ?? '', groupIds, complain);
    return { id, before, fields: { ...itemFields(input, setting, before?.sizes), ...stateOfDay(before, entry) } };
  });
}

function itemInput(
  { category: _category, modifierGroups: codes = [], remaining: _left, soldOut: _set, ...content }: FileItem,
  categoryId: string,
  groupIds: ReadonlyMap<string, string>,
  complain: Complain,
): ItemInput {
  return { ...content, categoryId, modifierGroupIds: resolve(codes, groupIds, 'modifierGroups', complain) };
}

/** Writes a plan and answers what is there now. */
export function carryOut(
  ctx: UnitContext,
  plan: MenuPlan,
): { categories: CategoryDoc[]; groups: ModifierGroupDoc[]; items: ItemDoc[] } {
  const written = {
    categories: plan.categories.map((wanted) => put(ctx, menuCategories, wanted, {})),
    groups: plan.groups.map((wanted) => put(ctx, modifierGroups, wanted, {})),
    items: plan.items.map((wanted) => put(ctx, menuItems, wanted, { archived: false })),
  };
  for (const doc of plan.gone.categories) ctx.remove(menuCategories, doc);
  for (const doc of plan.gone.groups) ctx.remove(modifierGroups, doc);
  const archived = plan.gone.items.map((item) => ctx.save(menuItems, { ...item, archived: true }));
  return { ...written, items: [...written.items, ...archived] };
}

function put<T extends Doc, F, S>(ctx: UnitContext, kind: Kind<T>, { id, before, fields }: Wanted<T, F>, state: S): T {
  const content = { ...fields, ...state };
  if (before === undefined)
    return ctx.insert(kind, { _id: id, ...content } as unknown as Parameters<typeof ctx.insert<T>>[1]);
  const { _id, restaurantId, version, createdAt, updatedAt } = before;
  return ctx.save(kind, { _id, restaurantId, version, createdAt, updatedAt, ...content } as unknown as T);
}
