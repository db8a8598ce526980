import Joi from 'joi';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { id, type Nothing, nothing } from '../../kernel/schema.js';
import { checkNameIsFree } from './floor.checks.js';
import { floorUpdated } from './floor.events.js';
import { exampleSection, exampleTable } from './floor.examples.js';
import { sections, type TableShape, tables } from './floor.model.js';
import { floorSchema, layoutFields, sectionView, tableSchema, tableView } from './floor.views.js';

const tableId = id('the table').required();
const { name, sectionId, seats, shape, x, y, width, height } = layoutFields;

export const getFloor = query({
  name: 'floor:get',
  summary: 'Show the floor: sections and tables',
  rest: { method: 'get', path: '/floor' },
  permission: 'floor:read',
  limit: 'read',
  input: nothing,
  cache: { ttl: 3600, tags: [sections, tables] },
  output: floorSchema,
  example: { input: {} as Nothing, output: { sections: [exampleSection], tables: [exampleTable] } },
  async handle(ctx) {
    const ordered = new Intl.Collator('en', { numeric: true });
    return {
      sections: (await ctx.all(sections)).map(sectionView).sort((a, b) => a.position - b.position),
      tables: (await ctx.all(tables)).map(tableView).sort((a, b) => ordered.compare(a.name, b.name)),
    };
  },
});

interface CreateTable {
  name: string;
  sectionId: string;
  seats: number;
  shape: TableShape;
  x: number;
  y: number;
  width: number;
  height: number;
}

export const createTable = command({
  name: 'table:create',
  summary: 'Add a table to the floor',
  rest: { method: 'post', path: '/tables', status: 201 },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<CreateTable, true>({
    name: name.required(),
    sectionId: sectionId.required(),
    seats: seats.required(),
    shape: shape.default('square'),
    x: x.default(0),
    y: y.default(0),
    width: width.default(90),
    height: height.default(90),
  }),
  output: tableSchema,
  emits: [floorUpdated],
  example: {
    input: {
      name: '12',
      sectionId: exampleSection.id,
      seats: 4,
      shape: 'square' as const,
      x: 240,
      y: 120,
      width: 90,
      height: 90,
    },
    output: exampleTable,
  },
  async handle(ctx) {
    const { input, now } = ctx;
    const section = await ctx.lookup(sections, input.sectionId);
    if (section === undefined) throw invalid('sectionId', 'is no section of this floor');
    checkNameIsFree(tables, await ctx.all(tables), input.name, undefined);
    const { waiterId } = section;
    const doc = ctx.insert(tables, {
      _id: newId(),
      ...input,
      status: 'available',
      statusSince: now,
      billRequested: false,
      joinedTableIds: [],
      ...(waiterId === undefined ? {} : { waiterId }),
    });
    const table = tableView(doc);
    ctx.publish(floorUpdated, { tables: [table] });
    return table;
  },
});

export const updateTable = command({
  name: 'table:update',
  summary: 'Change the name, section, seats or geometry of a table',
  description: 'What is not given stays.',
  rest: { method: 'patch', path: '/tables/:tableId' },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<{ tableId: string } & Partial<CreateTable>, true>({ tableId, ...layoutFields }),
  output: tableSchema,
  emits: [floorUpdated],
  example: { input: { tableId: exampleTable.id, seats: 6 }, output: { ...exampleTable, version: 2, seats: 6 } },
  async handle(ctx) {
    const { tableId: ownId, ...patch } = ctx.input;
    const before = await ctx.get(tables, ownId);
    checkVersion(ctx.expectedVersion, before, tableView(before));
    if (patch.sectionId !== undefined && (await ctx.lookup(sections, patch.sectionId)) === undefined) {
      throw invalid('sectionId', 'is no section of this floor');
    }
    if (patch.name !== undefined) checkNameIsFree(tables, await ctx.all(tables), patch.name, ownId);
    const table = tableView(ctx.save(tables, { ...before, ...patch }));
    ctx.publish(floorUpdated, { tables: [table] });
    return table;
  },
});

export const deleteTable = command({
  name: 'table:delete',
  summary: 'Remove a table from the floor',
  description: 'Refused (conflict) while it is occupied or joined to others.',
  rest: { method: 'delete', path: '/tables/:tableId' },
  permission: 'floor:write',
  limit: 'write',
  input: Joi.object<{ tableId: string }, true>({ tableId }),
  output: Joi.object<{ id: string }, true>({ id: id('the table that is gone').required() }),
  emits: [floorUpdated],
  example: { input: { tableId: exampleTable.id }, output: { id: exampleTable.id } },
  async handle(ctx) {
    const table = await ctx.get(tables, ctx.input.tableId);
    const current = tableView(table);
    checkVersion(ctx.expectedVersion, table, current);
    if (table.status === 'occupied') throw fail('conflict', `Table ${table.name} is occupied`, { current });
    if (table.joinedTo !== undefined || table.joinedTableIds.length > 0) {
      throw fail('conflict', `Table ${table.name} is joined to others: split them first`, { current });
    }
    ctx.remove(tables, table);
    ctx.publish(floorUpdated, { removedTableIds: [table._id] });
    return { id: table._id };
  },
});
