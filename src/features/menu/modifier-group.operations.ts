import Joi from 'joi';
import { fail } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { menuUpdated } from './menu.events.js';
import { exampleGroup } from './menu.examples.js';
import { Findings } from './menu.findings.js';
import { type ModifierOption, menuItems, modifierGroups } from './menu.model.js';
import { checkCode, type References, referencesOf } from './menu.references.js';
import { circleOfGroups, type Group } from './menu.rules.js';
import { groupSchema, groupView, type ModifierGroupView, patched } from './menu.views.js';
import { checkGroup, type GroupInput, groupFields, groupInputFields, groupInputOf } from './modifier-group.input.js';

const groupId = id('the modifier group').required();

/** @throws validation_failed */
function check(input: GroupInput, ownId: string, before: readonly ModifierOption[], references: References): void {
  const findings = new Findings();
  const complain = findings.at('');
  const { groups } = references;
  checkCode(input.code, [...groups.values()], ownId, complain);
  checkGroup(input, references, complain);
  const ids = new Set<string>();
  for (const [index, option] of input.options.entries()) {
    if (option.id !== undefined && !before.some((one) => one.id === option.id)) {
      complain(`options.${index}.id`, 'is no option of this group');
    }
    if (option.id !== undefined && ids.has(option.id)) complain(`options.${index}.id`, 'is there twice');
    ids.add(option.id ?? '');
    for (const [place, nested] of (option.nestedGroupIds ?? []).entries()) {
      if (nested === ownId || groups.has(nested)) continue;
      complain(`options.${index}.nestedGroupIds.${place}`, 'is no modifier group of this menu');
    }
  }
  const after = new Map<string, Pick<Group, 'name' | 'options'>>(groups).set(ownId, groupFields(input));
  const circle = circleOfGroups(after);
  if (circle !== undefined) complain('options', `groups would be nested in a circle: ${circle.join(' > ')}`);
  findings.refuse();
}

export const createModifierGroup = command({
  name: 'menu:create-modifier-group',
  summary: 'Add a modifier group',
  rest: { method: 'post', path: '/menu/modifier-groups', status: 201 },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<GroupInput, true>({
    ...groupInputFields,
    name: groupInputFields.name.required(),
    min: groupInputFields.min.required(),
    max: groupInputFields.max.required(),
    options: groupInputFields.options.required(),
  }),
  output: groupSchema,
  emits: [menuUpdated],
  example: {
    input: {
      name: 'Doneness',
      min: 1,
      max: 1,
      options: [{ name: 'Medium rare', default: true }, { name: 'Well done' }],
    },
    output: exampleGroup,
  },
  async handle(ctx) {
    const references = await referencesOf(ctx);
    const _id = newId();
    check(ctx.input, _id, [], references);
    const group = groupView(ctx.insert(modifierGroups, { _id, ...groupFields(ctx.input) }), references.currency);
    ctx.publish(menuUpdated, { modifierGroups: [group] });
    return group;
  },
});

interface UpdateGroup {
  groupId: string;
  code?: string | null;
  name?: string;
  min?: number;
  max?: number;
  free?: number | null;
  options?: GroupInput['options'];
}

export const updateModifierGroup = command({
  name: 'menu:update-modifier-group',
  summary: 'Change a modifier group',
  description: 'What is not given stays. `options` replaces the list; options that stay keep their ids.',
  rest: { method: 'patch', path: '/menu/modifier-groups/:groupId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<UpdateGroup, true>({
    groupId,
    ...groupInputFields,
    code: groupInputFields.code.allow(null),
    free: groupInputFields.free.allow(null),
  }),
  output: groupSchema,
  emits: [menuUpdated],
  example: {
    input: { groupId: exampleGroup.id, name: 'How would you like it?' },
    output: { ...exampleGroup, version: 2, name: 'How would you like it?' },
  },
  async handle(ctx) {
    const { groupId: ownId, ...patch } = ctx.input;
    const before = await ctx.get(modifierGroups, ownId);
    const references = await referencesOf(ctx);
    const { currency } = references;
    checkVersion(ctx.expectedVersion, before, groupView(before, currency));
    const input = patched<GroupInput>(groupInputOf(before, currency), patch);
    check(input, ownId, before.options, references);
    const { restaurantId, version, createdAt, updatedAt } = before;
    const after = { _id: ownId, restaurantId, version, createdAt, updatedAt, ...groupFields(input, before.options) };
    const group = groupView(ctx.save(modifierGroups, after), currency);
    ctx.publish(menuUpdated, { modifierGroups: [group] });
    return group;
  },
});

export const deleteModifierGroup = command({
  name: 'menu:delete-modifier-group',
  summary: 'Remove a modifier group that nothing uses',
  description:
    'Refused (conflict) while an item or an option of another group leads to it; archived items do not count.',
  rest: { method: 'delete', path: '/menu/modifier-groups/:groupId' },
  permission: 'menu:write',
  limit: 'write',
  input: Joi.object<{ groupId: string }, true>({ groupId }),
  output: Joi.object<{ id: string }, true>({ id: id('the modifier group that is gone').required() }),
  emits: [menuUpdated],
  example: { input: { groupId: exampleGroup.id }, output: { id: exampleGroup.id } },
  async handle(ctx) {
    const group = await ctx.get(modifierGroups, ctx.input.groupId);
    const { currency, groups } = await referencesOf(ctx);
    checkVersion(ctx.expectedVersion, group, groupView(group, currency));
    const items = (await ctx.all(menuItems)).filter(
      (item) => !item.archived && item.modifierGroupIds.includes(group._id),
    );
    const outer = [...groups.values()].filter((one) => one.options.some((o) => o.nestedGroupIds.includes(group._id)));
    const user = [...items, ...outer][0];
    if (user !== undefined) throw fail('conflict', `${group.name} is still used by ${user.name}`);
    ctx.remove(modifierGroups, group);
    ctx.publish(menuUpdated, { removedModifierGroupIds: [group._id] });
    return { id: group._id };
  },
});

interface OptionAvailability {
  groupId: string;
  optionId: string;
  available: boolean;
}

export const setOptionAvailability = command({
  name: 'menu:set-option-availability',
  summary: 'Set an option of a modifier group to sold out, or bring it back',
  rest: { method: 'post', path: '/menu/modifier-groups/:groupId/options/:optionId/availability' },
  permission: 'menu:availability',
  limit: 'write',
  input: Joi.object<OptionAvailability, true>({
    groupId,
    optionId: id('the option').required(),
    available: Joi.boolean().required(),
  }),
  output: groupSchema,
  emits: [menuUpdated],
  example: {
    input: { groupId: exampleGroup.id, optionId: exampleGroup.options[1]?.id ?? '', available: true },
    output: { ...exampleGroup, version: 2 },
  },
  async handle(ctx): Promise<ModifierGroupView> {
    const { input } = ctx;
    const before = await ctx.get(modifierGroups, input.groupId);
    const { currency } = await referencesOf(ctx);
    checkVersion(ctx.expectedVersion, before, groupView(before, currency));
    if (!before.options.some((option) => option.id === input.optionId)) throw fail('not_found', 'No such option');
    const options = before.options.map((option) =>
      option.id === input.optionId ? { ...option, soldOut: !input.available } : option,
    );
    const group = groupView(ctx.save(modifierGroups, { ...before, options }), currency);
    ctx.publish(menuUpdated, { modifierGroups: [group] });
    return group;
  },
});
