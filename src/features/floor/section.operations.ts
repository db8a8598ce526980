import Joi from 'joi';
import { fail } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command } from '../../kernel/operation.js';
import { id, label } from '../../kernel/schema.js';
import { checkNameIsFree, checkWaiter, waiterField, withWaiter } from './floor.checks.js';
import { floorUpdated, staffAssigned } from './floor.events.js';
import { exampleSection, exampleTable, exampleWaiterId } from './floor.examples.js';
import { type SectionDoc, sections, tables } from './floor.model.js';
import {
  position,
  type SectionView,
  sectionSchema,
  sectionView,
  type TableView,
  tableSchema,
  tableView,
} from './floor.views.js';

const sectionId = id('the section').required();
const name = label(40);

export const createSection = command({
  name: 'section:create',
  summary: 'Add a section to the floor',
  rest: { method: 'post', path: '/sections', status: 201 },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<{ name: string; position: number }, true>({ name: name.required(), position: position.default(0) }),
  output: sectionSchema,
  emits: [floorUpdated],
  example: {
    input: { name: 'Terrace', position: 2 },
    output: { id: exampleSection.id, version: 1, name: 'Terrace', position: 2 },
  },
  async handle(ctx) {
    const { input } = ctx;
    checkNameIsFree(sections, await ctx.all(sections), input.name, undefined);
    const section = sectionView(ctx.insert(sections, { _id: newId(), ...input }));
    ctx.publish(floorUpdated, { sections: [section] });
    return section;
  },
});

export const updateSection = command({
  name: 'section:update',
  summary: 'Change the name or place of a section',
  rest: { method: 'patch', path: '/sections/:sectionId' },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<{ sectionId: string; name?: string; position?: number }, true>({ sectionId, name, position }),
  output: sectionSchema,
  emits: [floorUpdated],
  example: {
    input: { sectionId: exampleSection.id, name: 'Garden' },
    output: { ...exampleSection, version: 2, name: 'Garden' },
  },
  async handle(ctx) {
    const { sectionId: ownId, ...patch } = ctx.input;
    const before = await ctx.get(sections, ownId);
    checkVersion(ctx.expectedVersion, before, sectionView(before));
    if (patch.name !== undefined) checkNameIsFree(sections, await ctx.all(sections), patch.name, ownId);
    const section = sectionView(ctx.save(sections, { ...before, ...patch }));
    ctx.publish(floorUpdated, { sections: [section] });
    return section;
  },
});

export const deleteSection = command({
  name: 'section:delete',
  summary: 'Remove a section without tables',
  description: 'Refused (conflict) while tables are in it.',
  rest: { method: 'delete', path: '/sections/:sectionId' },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<{ sectionId: string }, true>({ sectionId }),
  output: Joi.object<{ id: string }, true>({ id: id('the section that is gone').required() }),
  emits: [floorUpdated],
  example: { input: { sectionId: exampleSection.id }, output: { id: exampleSection.id } },
  async handle(ctx) {
    const section = await ctx.get(sections, ctx.input.sectionId);
    checkVersion(ctx.expectedVersion, section, sectionView(section));
    const inside = (await ctx.all(tables)).filter((table) => table.sectionId === section._id).length;
    if (inside > 0) throw fail('conflict', `${section.name} still has ${inside} tables`);
    ctx.remove(sections, section);
    ctx.publish(floorUpdated, { removedSectionIds: [section._id] });
    return { id: section._id };
  },
});

interface AssignSection {
  sectionId: string;
  waiterId: string | null;
}

export const assignSection = command({
  name: 'section:assign',
  summary: 'Give a section with all its tables to a waiter',
  description: 'Open orders stay with their waiter: `table:transfer` hands one over.',
  rest: { method: 'post', path: '/sections/:sectionId/assignment' },
  permission: 'floor:assign',
  limit: 'write',
  input: Joi.object<AssignSection, true>({ sectionId, waiterId: waiterField }),
  output: Joi.object<{ section: SectionView; tables: TableView[] }, true>({
    section: sectionSchema.required(),
    tables: Joi.array().items(tableSchema).required().description('The tables whose waiter changed with it'),
  }),
  emits: [staffAssigned],
  example: {
    input: { sectionId: exampleSection.id, waiterId: exampleWaiterId },
    output: { section: { ...exampleSection, version: 2 }, tables: [{ ...exampleTable, version: 2 }] },
  },
  async handle(ctx) {
    const { waiterId } = ctx.input;
    const before: SectionDoc = await ctx.get(sections, ctx.input.sectionId);
    checkVersion(ctx.expectedVersion, before, sectionView(before));
    await checkWaiter(ctx, waiterId);
    const section = sectionView(ctx.save(sections, withWaiter(before, waiterId)));
    const own = (await ctx.all(tables)).filter((table) => table.sectionId === before._id);
    const changed = own
      .filter((table) => (table.waiterId ?? null) !== waiterId)
      .map((table) => tableView(ctx.save(tables, withWaiter(table, waiterId))));
    ctx.publish(staffAssigned, { section, tables: changed, ...(waiterId === null ? {} : { waiterId }) });
    return { section, tables: changed };
  },
});
