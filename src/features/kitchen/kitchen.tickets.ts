import { createHash } from 'node:crypto';
import type { UnitContext } from '../../kernel/context.js';
import type { NewDoc } from '../../kernel/documents.js';
import { fail } from '../../kernel/errors.js';
import type { AnyEvent } from '../../kernel/event.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion } from '../../kernel/operation.js';
import { tables } from '../floor/index.js';
import type { OrderDoc, OrderLine } from '../orders/index.js';
import { staff } from '../staff/index.js';
import { ticketAlarmEnded, ticketCreated, ticketUndelivered, ticketUpdated } from './kitchen.events.js';
import { stations, type TicketDoc, type TicketHead, type TicketLine, tickets } from './kitchen.model.js';
import { expectReceipt, reportUndelivered, settleReceipt } from './kitchen.receipt.js';
import { stationFor } from './kitchen.rules.js';
import { type TicketView, viewTicket } from './kitchen.views.js';

/**
 * The id of a firing's ticket at a station. Being derived, it makes a second ticket for the same food impossible, and
 * the first one is found without a query. With the
 * restaurant's id in it, for an order's may be a client's choice.
 */
export function ticketIdOf(restaurantId: string, orderId: string, stationId: string, firing: number): string {
  return createHash('sha1').update(`${restaurantId}:${orderId}:${stationId}:${firing}`).digest('hex').slice(0, 24);
}

export async function headOf(ctx: UnitContext, order: OrderDoc): Promise<TicketHead> {
  const table = order.tableId === undefined ? undefined : await ctx.lookup(tables, order.tableId);
  const waiter = await ctx.lookup(staff, order.waiterId);
  return {
    orderId: order._id,
    orderNumber: order.number,
    ...(table && { tableName: table.name }),
    ...(waiter && { waiterName: waiter.name }),
    ...(order.customer && { customerName: order.customer.name }),
    channel: order.channel,
    guestCount: order.guestCount,
    orderNote: order.note,
    ...(order.pickupAt && { pickupAt: order.pickupAt }),
  };
}

/** A ticket under another head. What the new one lacks (a table, a name) goes. */
export function withHead(ticket: TicketDoc, head: TicketHead): TicketDoc {
  const { tableName: _, waiterName: __, customerName: ___, pickupAt: ____, ...rest } = ticket;
  return { ...rest, ...head };
}

export function ticketLineOf(line: OrderLine, change: TicketLine['change'], quantity = line.quantity): TicketLine {
  return {
    lineId: line.id,
    itemId: line.itemId,
    ...(line.number !== undefined && { number: line.number }),
    name: line.name,
    ...(line.sizeName !== undefined && { sizeName: line.sizeName }),
    modifiers: line.modifiers.map(({ name, quantity: count }) => ({ name, quantity: count })),
    quantity,
    ...(line.unit !== undefined && { unit: line.unit }),
    ...(line.seat !== undefined && { seat: line.seat }),
    course: line.course,
    note: line.note,
    allergens: line.allergens,
    ...(line.traces !== undefined && { traces: line.traces }),
    change,
    status: 'queued',
  };
}

/** The order's first ticket at a station, when an earlier firing left one. */
export async function parentOf(
  ctx: UnitContext,
  order: OrderDoc,
  stationId: string,
  firing: number,
): Promise<string | undefined> {
  const routes = await ctx.all(stations);
  const earlier = order.lines.filter(
    (line) => line.firing !== undefined && line.firing < firing && stationFor(routes, line) === stationId,
  );
  if (earlier.length === 0) return undefined;
  const first = Math.min(...earlier.map((line) => line.firing ?? firing));
  // Routes may have changed since, and then that ticket never was.
  return (await ctx.lookup(tickets, ticketIdOf(ctx.restaurantId, order._id, stationId, first)))?._id;
}

type Beginning = TicketHead &
  Pick<TicketDoc, 'stationId' | 'firing' | 'kind' | 'lines' | 'paceStartAt' | 'dueAt'> &
  Partial<Omit<TicketDoc, keyof TicketHead>>;

/** What {@link openTicket} publishes. */
export const opening: readonly AnyEvent[] = [ticketCreated, ticketUndelivered];

/** Puts a ticket on a station's screens. */
export async function openTicket(ctx: UnitContext, beginning: Beginning): Promise<TicketDoc> {
  const ticket: NewDoc<TicketDoc> = {
    _id: newId(),
    status: 'queued',
    priority: 0,
    sentAt: ctx.now,
    receivedBy: [],
    seenBy: [],
    ...(beginning.status === 'done' ? {} : await expectReceipt(ctx, beginning.stationId)),
    ...beginning,
  };
  const opened = ctx.insert(tickets, ticket);
  ctx.publish(ticketCreated, { ticket: viewTicket(opened) });
  if (opened.alarmedAt !== undefined) await reportUndelivered(ctx, opened);
  return opened;
}

/** Tells a station of a change to what it already has, on a ticket of its own that stands until it is bumped. */
export function openDelta(ctx: UnitContext, about: TicketDoc, lines: TicketLine[]): Promise<TicketDoc> {
  const { orderId, orderNumber, tableName, waiterName, customerName, channel, guestCount, orderNote, pickupAt } = about;
  return openTicket(ctx, {
    orderId,
    orderNumber,
    ...(tableName !== undefined && { tableName }),
    ...(waiterName !== undefined && { waiterName }),
    ...(customerName !== undefined && { customerName }),
    channel,
    guestCount,
    orderNote,
    ...(pickupAt && { pickupAt }),
    stationId: about.stationId,
    firing: about.firing,
    kind: 'delta',
    parentTicketId: about.parentTicketId ?? about._id,
    priority: about.priority,
    lines,
    paceStartAt: ctx.now,
    dueAt: ctx.now,
  });
}

/** What {@link saveTicket} publishes. */
export const saving: readonly AnyEvent[] = [ticketUpdated, ticketAlarmEnded];

export function saveTicket(ctx: UnitContext, ticket: TicketDoc): TicketView {
  const view = viewTicket(ctx.save(tickets, settleReceipt(ctx, ticket)));
  ctx.publish(ticketUpdated, { ticket: view });
  return view;
}

/**
 * The ticket a screen acts on.
 * @throws not_found, forbidden for a screen of other stations, version_conflict when another version was expected
 */
export async function ticketToChange(ctx: UnitContext, ticketId: string): Promise<TicketDoc> {
  const ticket = await ctx.get(tickets, ticketId);
  const { stationIds } = ctx.actor;
  if (stationIds.length > 0 && !stationIds.includes(ticket.stationId))
    throw fail('forbidden', 'This screen belongs to other stations');
  checkVersion(ctx.expectedVersion, ticket, viewTicket(ticket));
  return ticket;
}
