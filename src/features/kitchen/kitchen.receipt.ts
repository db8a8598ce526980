import type { UnitContext } from '../../kernel/context.js';
import { duty } from '../../kernel/duty.js';
import { devices } from '../auth/index.js';
import { settingsOf, TICKET_RECEIPT_SECONDS } from '../restaurants/index.js';
import { ticketAlarmEnded, ticketUndelivered, ticketUpdated } from './kitchen.events.js';
import { type TicketDoc, tickets } from './kitchen.model.js';
import { isReceiptSettled, isScreenOf } from './kitchen.rules.js';
import { viewTicket } from './kitchen.views.js';

/** The stations that have a paired screen of their own, on line or not. */
export async function stationsWithScreens(ctx: Pick<UnitContext, 'all'>): Promise<ReadonlySet<string>> {
  const paired = (await ctx.all(devices)).filter(({ active, kind }) => active && kind === 'kitchen');
  return new Set(paired.flatMap(({ stationIds }) => stationIds));
}

/** Whether anybody would see a ticket come at the station. */
async function hasScreen(ctx: UnitContext, stationId: string): Promise<boolean> {
  const withScreens = await stationsWithScreens(ctx);
  return ctx.doors.presence.of(ctx.restaurantId).some((one) => isScreenOf(stationId, one, withScreens));
}

/** How a new ticket begins: a screen has so many seconds to receive it; where none is on line the alarm is raised at once. */
export async function expectReceipt(
  ctx: UnitContext,
  stationId: string,
): Promise<Pick<TicketDoc, 'receiptDueAt' | 'alarmedAt'>> {
  const { ticketReceiptSeconds = TICKET_RECEIPT_SECONDS } = await settingsOf(ctx, ctx.restaurantId);
  if (ticketReceiptSeconds === 0) return {};
  if (!(await hasScreen(ctx, stationId))) return { alarmedAt: ctx.now };
  return { receiptDueAt: new Date(ctx.now.getTime() + ticketReceiptSeconds * 1000) };
}

export async function reportUndelivered(ctx: UnitContext, { _id, stationId, orderId }: TicketDoc): Promise<void> {
  const noScreen = !(await hasScreen(ctx, stationId));
  ctx.publish(ticketUndelivered, { ticketId: _id, stationId, orderId, noScreen });
}

/** The ticket without what waits for its receipt, once that is settled. Ends the alarm if there was one. */
export function settleReceipt(ctx: UnitContext, ticket: TicketDoc): TicketDoc {
  if (!isReceiptSettled(ticket)) return ticket;
  const { receiptDueAt: _, ...settled } = ticket;
  if (settled.alarmedAt === undefined || settled.alarmEndedAt !== undefined) return settled;
  ctx.publish(ticketAlarmEnded, { ticketId: ticket._id, received: ticket.receivedAt !== undefined });
  return { ...settled, alarmEndedAt: ctx.now };
}

/** The clock of every ticket: it runs in the database, so neither a crash nor a restart stops it. */
export const reportUnreceived = duty<TicketDoc>({
  name: 'kitchen:report-unreceived',
  summary: 'Raise the alarm for a ticket that no screen has received in time',
  kind: tickets,
  due: 'receiptDueAt',
  emits: [ticketUpdated, ticketUndelivered],
  async handle(ctx) {
    const { receiptDueAt: _, ...ticket } = ctx.doc;
    const saved = ctx.save(tickets, { ...ticket, alarmedAt: ctx.now });
    ctx.publish(ticketUpdated, { ticket: viewTicket(saved) });
    await reportUndelivered(ctx, saved);
  },
});
