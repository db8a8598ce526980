import { isDeepStrictEqual } from 'node:util';
import type { UnitContext } from '../../kernel/context.js';
import { reaction } from '../../kernel/reaction.js';
import { floorUpdated } from '../floor/index.js';
import {
  type OrderDoc,
  type OrderLine,
  orderLineChanged,
  orderLinesMoved,
  orderLinesWithdrawn,
  orderRelabelled,
  orders,
} from '../orders/index.js';
import { rosterChanged } from '../staff/index.js';
import { openStatuses, type TicketDoc, type TicketHead, type TicketLine, tickets } from './kitchen.model.js';
import { isFood, isNews, isOpen, statusOf, statusWithout } from './kitchen.rules.js';
import {
  headOf,
  openDelta,
  opening,
  openTicket,
  parentOf,
  saveTicket,
  saving,
  ticketIdOf,
  ticketLineOf,
  withHead,
} from './kitchen.tickets.js';

// A ticket is a copy of its order's lines, and follows them for as long as somebody may look at it: on the screens, and
// once it is bumped, for it can be recalled.

/** The tickets of an order that somebody may still look at. Rare steps only: this asks the database. */
export async function ticketsOf(ctx: UnitContext, orderId: string): Promise<TicketDoc[]> {
  const known = await ctx.find(tickets, { orderId, status: { $in: [...openStatuses, 'done'] } });
  const now = await Promise.all(known.map(({ _id }) => ctx.lookup(tickets, _id)));
  return now.filter((ticket): ticket is TicketDoc => ticket !== undefined && ticket.status !== 'cancelled');
}

/** What the guests have is no news for the kitchen any more. */
const isEaten = (line: OrderLine | undefined): boolean => line?.servedAt !== undefined;

const lineIn = (order: OrderDoc, lineId: string): OrderLine | undefined =>
  order.lines.find((line) => line.id === lineId);

/** A ticket's line as its order has it today. How far it has come is the kitchen's own word. */
function followed(line: TicketLine, order: OrderDoc): TicketLine {
  if (line.change === 'cancel' || !(isFood(line) || isNews(line))) return line;
  const today = lineIn(order, line.lineId);
  if (isNews(line)) return today === undefined ? line : { ...ticketLineOf(today, line.change), status: line.status };
  if (today === undefined) return { ...line, status: 'moved' };
  if (today.status === 'voided' || today.status === 'cancelled' || today.status === 'held')
    return { ...line, status: 'cancelled' };
  return { ...ticketLineOf(today, line.change), status: line.status };
}

/** Saves a ticket as its order is today; answers it, changed or not. */
function follow(
  ctx: UnitContext,
  ticket: TicketDoc,
  order: OrderDoc,
  isServed = (lineId: string) => isEaten(lineIn(order, lineId)),
): TicketDoc {
  const lines = ticket.lines.map((line) => followed(line, order));
  if (isDeepStrictEqual(lines, ticket.lines)) return ticket;
  const isLess = ticket.lines.some((line, i) => isFood(line) && !isFood(lines[i] ?? line) && !isServed(line.lineId));
  const status = isLess && isOpen(ticket) ? statusWithout(ticket.status, lines) : ticket.status;
  const isReadyNow = status === 'ready' && ticket.status !== 'ready';
  const after = { ...ticket, lines, status, ...(isReadyNow && { readyAt: ctx.now }) };
  saveTicket(ctx, after);
  return after;
}

/** Voided or held: taken off the tickets that have it, and where they are on a screen said on a ticket of its own. */
export const withdrawLines = reaction({
  on: orderLinesWithdrawn,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const order = await ctx.get(orders, ctx.data.orderId);
    const gone = new Map(ctx.data.lines.map(({ lineId, quantity }) => [lineId, quantity]));
    for (const ticket of await ticketsOf(ctx, order._id)) {
      const affected = ticket.lines.filter(
        (line) => isFood(line) && gone.has(line.lineId) && !isEaten(lineIn(order, line.lineId)),
      );
      const now = follow(ctx, ticket, order);
      if (affected.length === 0 || !isOpen(ticket)) continue;
      const news = affected.map((line) => cancelled(line, gone.get(line.lineId)));
      await openDelta(ctx, now, news);
    }
  },
});

const cancelled = (line: TicketLine, by = line.quantity): TicketLine => ({
  ...line,
  quantity: by,
  change: 'cancel',
  status: 'queued',
});

/** Another note or seat: corrected on the tickets, and where they are on a screen said on a ticket of its own. No food. */
export const showChange = reaction({
  on: orderLineChanged,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const { orderId, lineId } = ctx.data;
    const order = await ctx.get(orders, orderId);
    const line = lineIn(order, lineId);
    for (const ticket of await ticketsOf(ctx, orderId)) {
      const now = follow(ctx, ticket, order);
      if (line === undefined || isEaten(line) || !isOpen(ticket)) continue;
      if (ticket.lines.some((one) => one.lineId === lineId && isFood(one)))
        await openDelta(ctx, now, [ticketLineOf(line, 'change')]);
    }
  },
});

/**
 * Fired lines went to another order. They leave the tickets they are on, and stand, as far as they have come, on a
 * ticket of the order they are in now: the kitchen is told of a move, not of new food. What was bumped goes on bumped.
 */
export const moveTicketLines = reaction({
  on: orderLinesMoved,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const { fromOrderId, toOrderId, firing, lineIds, parts = [] } = ctx.data;
    const [from, to] = [await ctx.get(orders, fromOrderId), await ctx.get(orders, toOrderId)];
    const arriving = new Map<string, string>();
    for (const lineId of lineIds) {
      const was = parts.find((part) => part.lineId === lineId)?.partOf ?? lineId;
      if (!isEaten(lineIn(to, lineId))) arriving.set(was, lineId);
    }
    const isServed = (lineId: string) => isEaten(lineIn(from, lineId) ?? lineIn(to, lineId));
    const arrivals = new Map<string, Arrival>();
    for (const ticket of await ticketsOf(ctx, fromOrderId)) {
      const going = ticket.lines.flatMap((line) => arrived(line, to, arriving.get(line.lineId)));
      follow(ctx, ticket, from, isServed);
      if (going.length === 0) continue;
      const known = arrivals.get(ticket.stationId);
      // Whoever still makes some of it is told of all of it.
      const leader = known === undefined || (!isOpen(known.from) && isOpen(ticket)) ? ticket : known.from;
      arrivals.set(ticket.stationId, { from: leader, lines: [...(known?.lines ?? []), ...going] });
    }
    if (arrivals.size === 0) return;
    const head = await headOf(ctx, to);
    for (const arrival of arrivals.values()) {
      const parent = (await parentOf(ctx, to, arrival.from.stationId, firing)) ?? arrival.from._id;
      await openMoved(ctx, { ...head, firing, parentTicketId: parent }, arrival);
    }
  },
});

interface Arrival {
  /** A ticket the lines were on; an open one if there is one. */
  from: TicketDoc;
  lines: TicketLine[];
}

/** A ticket's line, or the part of it that goes along, on the ticket of its new order. */
function arrived(line: TicketLine, to: OrderDoc, lineId: string | undefined): TicketLine[] {
  const now = lineId === undefined || !isFood(line) ? undefined : lineIn(to, lineId);
  return now === undefined ? [] : [{ ...ticketLineOf(now, 'move'), status: line.status }];
}

async function openMoved(
  ctx: UnitContext,
  head: TicketHead & { firing: number; parentTicketId: string },
  { from, lines }: Arrival,
): Promise<void> {
  const { stationId, priority, sentAt, paceStartAt, dueAt, startedAt, readyAt, doneAt } = from;
  const status = isOpen(from) ? statusOf(lines) : 'done';
  const isMade = status === 'ready' || status === 'done';
  await openTicket(ctx, {
    ...head,
    _id: ticketIdOf(ctx.restaurantId, head.orderId, stationId, head.firing),
    stationId,
    kind: 'delta',
    movedFrom: placeOf(from),
    lines,
    status,
    priority,
    sentAt,
    paceStartAt,
    dueAt,
    ...(status !== 'queued' && startedAt && { startedAt }),
    ...(isMade && readyAt && { readyAt }),
    ...(status === 'done' && doneAt && { doneAt }),
  });
}

const placeOf = (head: TicketHead): string => head.tableName ?? `#${head.orderNumber}`;

/** The same tickets under a new head; `moved`: the guests are elsewhere, not only called otherwise. */
async function relabel(ctx: UnitContext, order: OrderDoc, moved: boolean): Promise<void> {
  const head = await headOf(ctx, order);
  for (const ticket of await ticketsOf(ctx, order._id)) {
    const renamed = withHead(ticket, head);
    if (isDeepStrictEqual(renamed, ticket)) continue;
    const before = placeOf(ticket);
    const isElsewhere = moved && before !== placeOf(head);
    saveTicket(ctx, isElsewhere ? { ...renamed, movedFrom: before } : renamed);
  }
}

/** Another table, waiter, guest count, note or channel. */
export const relabelTickets = reaction({
  on: orderRelabelled,
  emits: saving,
  handle: async (ctx) => relabel(ctx, await ctx.get(orders, ctx.data.orderId), true),
});

/** A table is called otherwise while its order is in the kitchen. */
export const followTableNames = reaction({
  on: floorUpdated,
  emits: saving,
  async handle(ctx) {
    for (const { id, orderId } of ctx.data.tables ?? []) {
      const order = orderId === undefined ? undefined : await ctx.lookup(orders, orderId);
      if (order?.tableId === id && order.firings > 0) await relabel(ctx, order, false);
    }
  },
});

/** A waiter is called otherwise while orders of theirs are in the kitchen. */
export const followWaiterNames = reaction({
  on: rosterChanged,
  emits: saving,
  async handle(ctx) {
    const theirs = await ctx.find(orders, { status: 'open', waiterId: ctx.data.member.id });
    for (const { _id } of theirs) {
      const order = await ctx.lookup(orders, _id);
      if (order !== undefined && order.firings > 0) await relabel(ctx, order, false);
    }
  },
});
