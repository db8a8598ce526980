import type { UnitContext } from '../../kernel/context.js';
import { invalid } from '../../kernel/errors.js';
import { occupyTable, releaseTable } from '../floor/index.js';
import type { Channel } from '../menu/index.js';
import { withLines } from './orders.changes.js';
import { linesForChannel } from './orders.lines.js';
import type { Customer, OrderDoc } from './orders.model.js';

// The same food by another way out of the house (ADR 20): prices and taxes follow the channel, nothing is made anew.

/** Takes the order's table, if it has one; a joined table leads to the main one. @throws conflict naming whose it is */
export async function seated(ctx: UnitContext, order: OrderDoc): Promise<OrderDoc> {
  if (order.tableId === undefined) return order;
  const table = await occupyTable(ctx, order.tableId, order._id, order.waiterId);
  return { ...order, tableId: table._id };
}

/** @throws unavailable_item naming `field` for what is held and not offered there */
async function throughChannel(ctx: UnitContext, order: OrderDoc, channel: Channel, field: string): Promise<OrderDoc> {
  return { ...withLines(order, await linesForChannel(ctx, order, channel, field)), channel };
}

/** Guests who sat down have it packed, or a take-away is brought to them; a table is free again. */
export async function takenAway(ctx: UnitContext, order: OrderDoc, channel: Channel): Promise<OrderDoc> {
  if (channel === order.channel) return order;
  if (channel === 'dine-in') throw invalid('channel', 'needs a table: send order:transfer with its tableId');
  const { tableId, ...packed } = await throughChannel(ctx, order, channel, 'channel');
  if (tableId !== undefined) await releaseTable(ctx, tableId, order.firings > 0 ? 'dirty' : 'available');
  return packed;
}

/** Guests who came to take away sit down at a free table; an order for later is open from then on, its lines still held. */
export async function satDown(ctx: UnitContext, order: OrderDoc, tableId: string): Promise<OrderDoc> {
  const served = await throughChannel(ctx, order, 'dine-in', 'tableId');
  const { pickupAt: _, marginSeconds: __, ...here } = served;
  const status = order.status === 'scheduled' ? 'open' : order.status;
  return seated(ctx, { ...here, status, tableId });
}

/** @throws validation_failed for a delivery to nowhere */
export function checkAddress({ channel, customer }: { channel: Channel; customer?: Customer }): void {
  if (channel === 'delivery' && customer?.address === undefined)
    throw invalid('customer.address', 'is required for a delivery');
}
