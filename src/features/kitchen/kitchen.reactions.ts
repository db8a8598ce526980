import type { UnitContext } from '../../kernel/context.js';
import { minus } from '../../kernel/quantity.js';
import { reaction } from '../../kernel/reaction.js';
import {
  type OrderLine,
  orderFired,
  orderLineChanged,
  orderLineStatusChanged,
  orderLinesMoved,
  orderLinesWithdrawn,
  orderRelabelled,
  orderStatusChanged,
  orders,
  progressLines,
} from '../orders/index.js';
import { openStatuses, stations, type TicketDoc, type TicketHead, type TicketLine, tickets } from './kitchen.model.js';
import { byStation, isFood, paceOf, statusOf, statusWithout, withLineStatus } from './kitchen.rules.js';
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
} from './kitchen.tickets.js';

/** One ticket for each station that makes something of it. What no station makes needs nobody and is ready at once. */
export const openTickets = reaction({
  on: orderFired,
  emits: [...opening, orderLineStatusChanged, orderStatusChanged],
  async handle(ctx) {
    const { orderId, firing, lineIds } = ctx.data;
    const order = await ctx.get(orders, orderId);
    const fired = order.lines.filter((line) => lineIds.includes(line.id));
    const head = await headOf(ctx, order);
    const groups = byStation(await ctx.all(stations), fired);
    for (const [stationId, lines] of groups) {
      if (stationId === undefined) continue;
      const parent = await parentOf(ctx, order, stationId, firing);
      await openTicket(ctx, {
        ...head,
        _id: ticketIdOf(orderId, stationId, firing),
        stationId,
        firing,
        ...(parent === undefined ? { kind: 'new' } : { kind: 'delta', parentTicketId: parent }),
        lines: lines.map((line) => ticketLineOf(line, 'add')),
        ...paceOf(ctx.now, lines, fired),
      });
    }
    const unmade = groups.get(undefined) ?? [];
    if (unmade.length > 0)
      await progressLines(
        ctx,
        orderId,
        unmade.map((line) => line.id),
        'ready',
      );
  },
});

/** The tickets of an order that are still on the screens. Rare steps only: this asks the database. */
const openTicketsOf = (ctx: UnitContext, orderId: string): Promise<TicketDoc[]> =>
  ctx.find(tickets, { orderId, status: { $in: openStatuses } });

/** A ticket with less food on it, or none. */
function saveWithout(ctx: UnitContext, ticket: TicketDoc, lines: TicketLine[]): void {
  const status = statusWithout(ticket.status, lines);
  const isReadyNow = status === 'ready' && ticket.status !== 'ready';
  saveTicket(ctx, { ...ticket, lines, status, ...(isReadyNow && { readyAt: ctx.now }) });
}

/** What the guests have is no news for the kitchen any more. */
const isEaten = (line: OrderLine | undefined): boolean => line?.servedAt !== undefined;

/** Voided or held: taken off the tickets that have it, and said on a ticket of its own. */
export const withdrawLines = reaction({
  on: orderLinesWithdrawn,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const { orderId } = ctx.data;
    const order = await ctx.get(orders, orderId);
    const unserved = ctx.data.lines.filter(({ lineId }) => !isEaten(order.lines.find((line) => line.id === lineId)));
    if (unserved.length === 0) return;
    const gone = new Map(unserved.map(({ lineId, quantity }) => [lineId, quantity]));
    for (const ticket of await openTicketsOf(ctx, orderId)) {
      const affected = ticket.lines.filter((line) => isFood(line) && gone.has(line.lineId));
      if (affected.length === 0) continue;
      const lines = ticket.lines.map((line) => (affected.includes(line) ? reduced(line, gone.get(line.lineId)) : line));
      saveWithout(ctx, ticket, lines);
      const news = affected.map((line) => cancelled(line, gone.get(line.lineId)));
      await openDelta(ctx, ticket, news);
    }
  },
});

const reduced = (line: TicketLine, by = line.quantity): TicketLine =>
  by < line.quantity ? { ...line, quantity: minus(line.quantity, by) } : { ...line, status: 'cancelled' };

const cancelled = (line: TicketLine, by = line.quantity): TicketLine => ({
  ...line,
  quantity: by,
  change: 'cancel',
  status: 'queued',
});

/** Another note or seat: corrected on the ticket, and said on a ticket of its own. No food. */
export const showChange = reaction({
  on: orderLineChanged,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const { orderId, lineId } = ctx.data;
    const order = await ctx.get(orders, orderId);
    const line = order.lines.find((one) => one.id === lineId);
    if (line === undefined || isEaten(line)) return;
    for (const ticket of await openTicketsOf(ctx, orderId)) {
      if (!ticket.lines.some((one) => one.lineId === lineId && isFood(one))) continue;
      const lines = ticket.lines.map((one) => (one.lineId === lineId ? corrected(one, line) : one));
      saveTicket(ctx, { ...ticket, lines });
      await openDelta(ctx, ticket, [ticketLineOf(line, 'change')]);
    }
  },
});

function corrected(line: TicketLine, { note, seat }: OrderLine): TicketLine {
  const { seat: _, ...rest } = line;
  return { ...rest, note, ...(seat !== undefined && { seat }) };
}

/**
 * Fired lines went to another order. They leave the tickets they are on, and stand, as far as they have come, on a
 * ticket of the order they are in now: the kitchen is told of a move, not of new food.
 */
export const moveTicketLines = reaction({
  on: orderLinesMoved,
  emits: [...opening, ...saving],
  async handle(ctx) {
    const { fromOrderId, toOrderId, firing, lineIds, parts = [] } = ctx.data;
    const to = await ctx.get(orders, toOrderId);
    const head = await headOf(ctx, to);
    const moved = new Set(lineIds.filter((lineId) => !isEaten(to.lines.find((line) => line.id === lineId))));
    if (moved.size === 0) return;
    const cut = new Map(parts.map(({ lineId, partOf }) => [partOf, to.lines.find(({ id }) => id === lineId)]));
    const arrivals = new Map<string, Arrival>();
    for (const ticket of await openTicketsOf(ctx, fromOrderId)) {
      const going = ticket.lines.flatMap((line) => movedOf(line, moved, cut));
      if (going.length === 0) continue;
      const smaller = ticket.lines.map((line) => {
        const part = cut.get(line.lineId);
        return isFood(line) && part !== undefined && moved.has(part.id) ? reduced(line, part.quantity) : line;
      });
      saveWithout(ctx, ticket, withLineStatus(smaller, moved, 'moved'));
      const arrival = arrivals.get(ticket.stationId) ?? { from: ticket, lines: [] };
      arrival.lines.push(...going.map((line): TicketLine => ({ ...line, change: 'move' })));
      arrivals.set(ticket.stationId, arrival);
    }
    for (const { from, lines } of arrivals.values()) {
      const parent = (await parentOf(ctx, to, from.stationId, firing)) ?? from._id;
      await openMoved(ctx, { ...head, firing, parentTicketId: parent }, from, lines);
    }
  },
});

/** What goes of a ticket's line: all of it, a part under the id it has now, or nothing. */
function movedOf(
  line: TicketLine,
  moved: ReadonlySet<string>,
  cut: ReadonlyMap<string, OrderLine | undefined>,
): TicketLine[] {
  const part = cut.get(line.lineId);
  if (!isFood(line)) return [];
  if (moved.has(line.lineId)) return [line];
  return part !== undefined && moved.has(part.id) ? [{ ...line, lineId: part.id, quantity: part.quantity }] : [];
}

interface Arrival {
  /** A ticket the lines were on. */
  from: TicketDoc;
  lines: TicketLine[];
}

async function openMoved(
  ctx: UnitContext,
  head: TicketHead & { firing: number; parentTicketId: string },
  from: TicketDoc,
  lines: TicketLine[],
): Promise<TicketDoc> {
  const { stationId, priority, sentAt, paceStartAt, dueAt, startedAt, readyAt } = from;
  const status = statusOf(lines);
  return openTicket(ctx, {
    ...head,
    _id: ticketIdOf(head.orderId, stationId, head.firing),
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
    ...(status === 'ready' && readyAt && { readyAt }),
  });
}

const placeOf = (head: TicketHead): string => head.tableName ?? `#${head.orderNumber}`;

/** Another table, waiter, guest count or note: the same tickets under a new head. */
export const relabelTickets = reaction({
  on: orderRelabelled,
  emits: saving,
  async handle(ctx) {
    const order = await ctx.get(orders, ctx.data.orderId);
    const head = await headOf(ctx, order);
    for (const ticket of await openTicketsOf(ctx, order._id)) {
      const before = placeOf(ticket);
      const movedFrom = before === placeOf(head) ? ticket.movedFrom : before;
      // What a head no longer has (the table of what is taken away) does not stay.
      const { tableName: _, waiterName: __, customerName: ___, pickupAt: ____, ...rest } = ticket;
      saveTicket(ctx, { ...rest, ...head, ...(movedFrom !== undefined && { movedFrom }) });
    }
  },
});
