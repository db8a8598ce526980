import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { checkVersion, command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { tableStatusChanged, tableUpdated } from './floor.events.js';
import { exampleTable } from './floor.examples.js';
import { type TableDoc, tables } from './floor.model.js';
import { refusalToSeat } from './floor.rules.js';
import { changeStatus, groupOf, withoutOrder } from './floor.seating.js';
import { type TableView, tableSchema, tableView } from './floor.views.js';

const otherId = '665f1c2ab7d9e31a4c000062';
const main: TableView = { ...exampleTable, version: 2, joinedTableIds: [otherId] };
const other: TableView = { ...exampleTable, id: otherId, version: 2, name: '13', x: 330, joinedTo: exampleTable.id };

const tableId = id('the main table').required();
interface Group {
  table: TableView;
  joined: TableView[];
}
const joinedList = Joi.array().items(tableSchema).required();

export const joinTables = command({
  name: 'table:join',
  summary: 'Join tables to a main table',
  description:
    'One party sits at all of them: they take the main table’s status, order and waiter. They must be available or reserved; the main table may be occupied.',
  rest: { method: 'post', path: '/tables/:tableId/join' },
  permission: 'table:status',
  limit: 'write',
  input: Joi.object<{ tableId: string; tableIds: string[] }, true>({
    tableId,
    tableIds: Joi.array()
      .items(id('a table'))
      .min(1)
      .max(20)
      .unique()
      .required()
      .description('The tables that join it'),
  }),
  output: Joi.object<Group, true>({ table: tableSchema.required(), joined: joinedList }),
  emits: [tableUpdated, tableStatusChanged],
  example: { input: { tableId: exampleTable.id, tableIds: [otherId] }, output: { table: main, joined: [other] } },
  async handle(ctx) {
    const { input } = ctx;
    const before = await ctx.get(tables, input.tableId);
    checkVersion(ctx.expectedVersion, before, tableView(before));
    await checkUnjoined(ctx, before);
    const joining = await Promise.all(input.tableIds.map((id, index) => joinable(ctx, before, id, index)));
    // Whoever joins takes the main table's status, so that must be one that guests can sit in.
    const refusal = before.status === 'occupied' ? undefined : refusalToSeat(`Table ${before.name}`, before.status);
    if (refusal !== undefined) throw refusal;
    const joinedTableIds = [...before.joinedTableIds, ...input.tableIds];
    const table = ctx.save(tables, { ...before, joinedTableIds });
    const joined = joining.map((one) => follow(ctx, table, one));
    ctx.publish(tableUpdated, { tables: [table, ...joined].map(tableView) });
    return { table: tableView(table), joined: (await groupOf(ctx, table)).slice(1).map(tableView) };
  },
});

/** @throws conflict when it already follows another table */
async function checkUnjoined(ctx: UnitContext, table: TableDoc): Promise<void> {
  if (table.joinedTo === undefined) return;
  const its = await ctx.get(tables, table.joinedTo);
  throw fail('conflict', `Table ${table.name} is joined to table ${its.name}`, { current: tableView(its) });
}

async function joinable(ctx: UnitContext, to: TableDoc, tableId: string, index: number): Promise<TableDoc> {
  const field = `tableIds.${index}`;
  const table = await ctx.lookup(tables, tableId);
  if (table === undefined) throw invalid(field, 'is no table of this floor');
  if (tableId === to._id) throw invalid(field, 'is the main table itself');
  await checkUnjoined(ctx, table);
  if (table.joinedTableIds.length > 0) {
    throw fail('conflict', `Table ${table.name} has tables joined to it: split them first`, {
      current: tableView(table),
    });
  }
  const refusal = refusalToSeat(`Table ${table.name}`, table.status);
  if (refusal !== undefined) throw refusal;
  return table;
}

/** A table becomes part of a group: what holds for the main table holds for it. */
function follow(ctx: UnitContext, to: TableDoc, table: TableDoc): TableDoc {
  const { orderId, orderWaiterId, waiterId, billRequested } = to;
  const following: TableDoc = {
    ...table,
    billRequested,
    joinedTo: to._id,
    ...(orderId === undefined ? {} : { orderId }),
    ...(orderWaiterId === undefined ? {} : { orderWaiterId }),
    ...(waiterId === undefined ? {} : { waiterId }),
  };
  return table.status === to.status ? ctx.save(tables, following) : changeStatus(ctx, following, to.status);
}

export const splitTables = command({
  name: 'table:split',
  summary: 'Undo the joining of tables',
  description: 'An occupied main table keeps its order; the others have been used and are dirty then.',
  rest: { method: 'post', path: '/tables/:tableId/split' },
  permission: 'table:status',
  limit: 'write',
  input: Joi.object<{ tableId: string }, true>({ tableId }),
  output: Joi.object<Group, true>({ table: tableSchema.required(), joined: joinedList }),
  emits: [tableUpdated, tableStatusChanged],
  example: {
    input: { tableId: exampleTable.id },
    output: {
      table: { ...exampleTable, version: 3 },
      joined: [{ ...exampleTable, id: otherId, version: 3, name: '13' }],
    },
  },
  async handle(ctx) {
    const before = await ctx.get(tables, ctx.input.tableId);
    checkVersion(ctx.expectedVersion, before, tableView(before));
    await checkUnjoined(ctx, before);
    if (before.joinedTableIds.length === 0) throw fail('conflict', `No tables are joined to table ${before.name}`);
    const others = (await groupOf(ctx, before)).slice(1);
    const table = ctx.save(tables, { ...before, joinedTableIds: [] });
    const joined = others.map((other) => {
      const { joinedTo: _main, ...alone } = withoutOrder(other);
      return other.status === 'occupied' ? changeStatus(ctx, alone, 'dirty') : ctx.save(tables, alone);
    });
    ctx.publish(tableUpdated, { tables: [table, ...joined].map(tableView) });
    return { table: tableView(table), joined: joined.map(tableView) };
  },
});
