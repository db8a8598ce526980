import type { UnitContext } from '../../kernel/context.js';
import type { Reads } from '../../kernel/documents.js';
import { fail } from '../../kernel/errors.js';
import { staff } from '../staff/index.js';
import { tableStatusChanged, tableUpdated } from './floor.events.js';
import { type TableDoc, type TableStatus, tables } from './floor.model.js';
import { refusalToSeat } from './floor.rules.js';
import { tableView } from './floor.views.js';

/** The main table of the group a table is in: itself when it is joined to none. */
export async function mainTable(ctx: Reads, tableId: string): Promise<TableDoc> {
  const table = await ctx.get(tables, tableId);
  return table.joinedTo === undefined ? table : ctx.get(tables, table.joinedTo);
}

/** A main table and those joined to it. */
export async function groupOf(ctx: Reads, main: TableDoc): Promise<TableDoc[]> {
  const joined = await Promise.all(main.joinedTableIds.map((id) => ctx.get(tables, id)));
  return [main, ...joined];
}

/** Saves a table in a new status and announces it. */
export function changeStatus(ctx: UnitContext, table: TableDoc, status: TableStatus): TableDoc {
  const saved = ctx.save(tables, { ...table, status, statusSince: ctx.now });
  ctx.publish(tableStatusChanged, { table: tableView(saved), from: table.status });
  return saved;
}

/** A table without what belongs to an order. */
export function withoutOrder(table: TableDoc): TableDoc {
  const { orderId: _order, orderWaiterId: _waiter, ...rest } = table;
  return { ...rest, billRequested: false };
}

/**
 * An order takes a table, with all tables of its group. A joined table leads to its main table, which is answered: the
 * order belongs to that one.
 * @throws not_found
 * @throws conflict when it has an open order, with `current: { orderId, waiterId, waiterName }`
 * @throws illegal_step when it is dirty or out of service
 */
export async function occupyTable(
  ctx: UnitContext,
  tableId: string,
  orderId: string,
  waiterId: string,
): Promise<TableDoc> {
  const main = await mainTable(ctx, tableId);
  const holder = main.orderWaiterId ?? main.waiterId;
  if (main.orderId !== undefined) {
    const waiterName = holder === undefined ? undefined : (await ctx.lookup(staff, holder))?.name;
    const current = { orderId: main.orderId, waiterId: holder, waiterName };
    throw fail('conflict', `Table ${main.name} already has an open order of ${waiterName ?? 'somebody'}`, { current });
  }
  const refusal = refusalToSeat(`Table ${main.name}`, main.status);
  if (refusal !== undefined) throw refusal;
  // An order can outlive its waiter's days here; who has left is given nothing.
  const isHere = (await ctx.lookup(staff, waiterId))?.active === true;
  const taken = { orderId, ...(isHere && { orderWaiterId: waiterId }) };
  const group = await groupOf(ctx, main);
  const [occupied] = group.map((table) => changeStatus(ctx, { ...withoutOrder(table), ...taken }, 'occupied'));
  return occupied ?? main;
}

/** The order is completed, cancelled or has moved away: its table, and those joined to it, are free or to be cleaned. */
export async function releaseTable(ctx: UnitContext, tableId: string, after: 'dirty' | 'available'): Promise<void> {
  const main = await mainTable(ctx, tableId);
  if (main.status !== 'occupied') return;
  for (const table of await groupOf(ctx, main)) changeStatus(ctx, withoutOrder(table), after);
}

/** The open order of a table went over to another waiter while the table stays whose it is. */
export async function changeOrderWaiter(ctx: UnitContext, tableId: string, waiterId: string): Promise<void> {
  const main = await mainTable(ctx, tableId);
  if (main.orderId === undefined || main.orderWaiterId === waiterId) return;
  const group = (await groupOf(ctx, main)).map((table) => ctx.save(tables, { ...table, orderWaiterId: waiterId }));
  ctx.publish(tableUpdated, { tables: group.map(tableView) });
}
