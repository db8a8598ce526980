import Joi from 'joi';
import { fail } from '../../kernel/errors.js';
import { checkVersion, command } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { checkWaiter, waiterField, withWaiter } from './floor.checks.js';
import { tableAssigned, tableStatusChanged, tableTransferred, tableUpdated } from './floor.events.js';
import { exampleColleagueId, exampleOccupiedTable, exampleTable, exampleWaiterId } from './floor.examples.js';
import { type TableDoc, type TableStatus, tables } from './floor.model.js';
import { refusalByHand, stepsByHand } from './floor.rules.js';
import { changeStatus, groupOf, mainTable } from './floor.seating.js';
import { status, type TableView, tableSchema, tableView } from './floor.views.js';

const tableId = id('the table').required();

export const setTableStatus = command({
  name: 'table:set-status',
  summary: 'Set a table to available, reserved, dirty or out of service',
  description: 'Of a joined group the main table speaks for all. Only an order takes a table (occupied) and frees it.',
  rest: { method: 'post', path: '/tables/:tableId/status' },
  permission: 'table:status',
  limit: 'write',
  input: Joi.object<{ tableId: string; status: TableStatus }, true>({ tableId, status: status.required() }),
  output: tableSchema,
  emits: [tableStatusChanged],
  example: {
    input: { tableId: exampleTable.id, status: 'reserved' as const },
    output: { ...exampleTable, version: 2, status: 'reserved' },
  },
  async handle(ctx) {
    const { input } = ctx;
    const table = await ctx.get(tables, input.tableId);
    checkVersion(ctx.expectedVersion, table, tableView(table));
    if (table.joinedTo !== undefined) {
      const main = await ctx.get(tables, table.joinedTo);
      throw fail('conflict', `Table ${table.name} is joined to table ${main.name}`, { current: tableView(main) });
    }
    const refusal = refusalByHand(`Table ${table.name}`, table.status, input.status);
    if (refusal !== undefined) throw refusal;
    const [changed = table] = (await groupOf(ctx, table)).map((one) => changeStatus(ctx, one, input.status));
    return tableView(changed);
  },
});

export const assignTable = command({
  name: 'table:assign',
  summary: 'Give a table to a waiter',
  description: 'With the tables joined to it. An open order stays with its waiter: `table:transfer` hands it over.',
  rest: { method: 'post', path: '/tables/:tableId/assignment' },
  permission: 'floor:assign',
  limit: 'write',
  input: Joi.object<{ tableId: string; waiterId: string | null }, true>({ tableId, waiterId: waiterField }),
  output: tableSchema,
  emits: [tableAssigned],
  example: {
    input: { tableId: exampleTable.id, waiterId: exampleWaiterId },
    output: { ...exampleTable, version: 2 },
  },
  async handle(ctx) {
    const { waiterId } = ctx.input;
    const main = await mainTable(ctx, ctx.input.tableId);
    checkVersion(ctx.expectedVersion, main, tableView(main));
    await checkWaiter(ctx, waiterId);
    const group = (await groupOf(ctx, main)).map((table) => ctx.save(tables, withWaiter(table, waiterId)));
    const views = group.map(tableView);
    ctx.publish(tableAssigned, { tables: views, ...(waiterId === null ? {} : { waiterId }) });
    return asked(views, ctx.input.tableId);
  },
});

/** The one of a group that the client named. */
function asked(views: readonly TableView[], named: string): TableView {
  const view = views.find((one) => one.id === named);
  if (view === undefined) throw fail('internal');
  return view;
}

interface TransferTable {
  tableId: string;
  waiterId: string;
}

export const transferTable = command({
  name: 'table:transfer',
  summary: 'Hand a table, with its open order, over to another waiter',
  description: 'With the tables joined to it.',
  rest: { method: 'post', path: '/tables/:tableId/transfer' },
  permission: 'order:transfer',
  limit: 'write',
  input: Joi.object<TransferTable, true>({
    tableId,
    waiterId: id('the waiter who takes it over; somebody active').required(),
  }),
  output: tableSchema,
  emits: [tableTransferred],
  example: {
    input: { tableId: exampleOccupiedTable.id, waiterId: exampleColleagueId },
    output: { ...exampleOccupiedTable, version: 3, waiterId: exampleColleagueId, orderWaiterId: exampleColleagueId },
  },
  async handle(ctx) {
    const toWaiterId = ctx.input.waiterId;
    const main = await mainTable(ctx, ctx.input.tableId);
    checkVersion(ctx.expectedVersion, main, tableView(main));
    await checkWaiter(ctx, toWaiterId);
    const fromWaiterId = main.orderWaiterId ?? main.waiterId;
    const group = (await groupOf(ctx, main)).map((table) => ctx.save(tables, handedOver(table, toWaiterId)));
    const [table = tableView(main), ...joined] = group.map(tableView);
    ctx.publish(tableTransferred, {
      table,
      joined,
      toWaiterId,
      ...(fromWaiterId === undefined ? {} : { fromWaiterId }),
      ...(main.orderId === undefined ? {} : { orderId: main.orderId }),
    });
    return asked([table, ...joined], ctx.input.tableId);
  },
});

function handedOver(table: TableDoc, waiterId: string): TableDoc {
  return { ...table, waiterId, ...(table.orderId === undefined ? {} : { orderWaiterId: waiterId }) };
}

interface RequestBill {
  tableId: string;
  requested: boolean;
}

export const requestBill = command({
  name: 'table:request-bill',
  summary: 'Note that the guests of a table have asked for the bill',
  rest: { method: 'post', path: '/tables/:tableId/bill-request' },
  permission: 'table:status',
  limit: 'write',
  input: Joi.object<RequestBill, true>({
    tableId,
    requested: Joi.boolean().default(true).description('false takes it back'),
  }),
  output: tableSchema,
  emits: [tableUpdated],
  example: {
    input: { tableId: exampleOccupiedTable.id, requested: true },
    output: { ...exampleOccupiedTable, version: 3, billRequested: true },
  },
  async handle(ctx) {
    const main = await mainTable(ctx, ctx.input.tableId);
    checkVersion(ctx.expectedVersion, main, tableView(main));
    if (main.status !== 'occupied') {
      throw fail('illegal_step', `Nobody sits at table ${main.name}`, { legal: stepsByHand(main.status) });
    }
    const group = (await groupOf(ctx, main)).map((table) =>
      ctx.save(tables, { ...table, billRequested: ctx.input.requested }),
    );
    const views = group.map(tableView);
    ctx.publish(tableUpdated, { tables: views });
    return asked(views, ctx.input.tableId);
  },
});
