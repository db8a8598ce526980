import type { Actor, UnitContext } from '../../kernel/context.js';
import type { Filter, NewDoc, Reads } from '../../kernel/documents.js';
import { attendance } from '../../kernel/duty.js';
import { newId } from '../../kernel/ids.js';
import { reaction } from '../../kernel/reaction.js';
import { deviceChanged } from '../auth/index.js';
import {
  isScreenOf,
  openStatuses,
  type StationDoc,
  stations,
  stationsWithScreens,
  ticketAlarmEnded,
  tickets,
  ticketUndelivered,
} from '../kitchen/index.js';
import { orderLate, orders } from '../orders/index.js';
import { settingsOf } from '../restaurants/index.js';
import { staff } from '../staff/index.js';
import { alertRaised, alertUpdated } from './dashboard.events.js';
import { type AlertDoc, alerts, liveStatuses, type Resolution } from './dashboard.model.js';
import { type AlertView, viewAlert } from './dashboard.views.js';

/** The live alerts that somebody hears of: all of them, or those about their own orders. */
export async function liveAlertsFor(reads: Reads, actor: Actor): Promise<AlertView[]> {
  // A screen bound to stations is in their rooms instead of the permissions'.
  const hearsAll = actor.permissions.has('dashboard:read') && actor.stationIds.length === 0;
  const filter = { status: { $in: liveStatuses }, ...(!hearsAll && { waiterIds: actor.userId }) };
  return (await reads.find(alerts, filter, { sort: { raisedAt: -1 } })).map(viewAlert);
}

export function raise(ctx: UnitContext, alert: Omit<NewDoc<AlertDoc>, '_id' | 'status' | 'raisedAt'>): void {
  const doc = ctx.insert(alerts, { _id: newId(), status: 'open', raisedAt: ctx.now, ...alert });
  ctx.publish(alertRaised, { alert: viewAlert(doc) });
}

export function saveAlert(ctx: UnitContext, alert: AlertDoc): AlertView {
  const view = viewAlert(ctx.save(alerts, alert));
  ctx.publish(alertUpdated, { alert: view });
  return view;
}

export const resolve = (ctx: UnitContext, alert: AlertDoc, resolution: Resolution): AlertView =>
  saveAlert(ctx, { ...alert, status: 'resolved', resolvedAt: ctx.now, resolution });

/** Those of them who still work here: who has left is told nothing. */
export async function present(ctx: UnitContext, waiterIds: Iterable<string>): Promise<string[]> {
  const known = await Promise.all([...new Set(waiterIds)].map((one) => ctx.lookup(staff, one)));
  return known.flatMap((person) => (person?.active === true ? person._id : []));
}

/** The live alerts of a kind, each as this unit has it. */
export async function liveOf(ctx: UnitContext, filter: Filter): Promise<AlertDoc[]> {
  const found = await ctx.find(alerts, { status: { $in: liveStatuses }, ...filter });
  const now = await Promise.all(found.map(({ _id }) => ctx.get(alerts, _id)));
  return now.filter(({ status }) => liveStatuses.includes(status));
}

/** No screen has a ticket: the managers and its waiter are told. */
export const raiseForTicket = reaction({
  on: ticketUndelivered,
  emits: [alertRaised],
  async handle(ctx) {
    const { ticketId, stationId, orderId, noScreen } = ctx.data;
    const [ticket, station, order] = [
      await ctx.get(tickets, ticketId),
      await ctx.lookup(stations, stationId),
      await ctx.get(orders, orderId),
    ];
    // Whatever a station's tickets have come to, a line can always be voided.
    if (station === undefined) return;
    raise(ctx, {
      ...{ kind: 'ticket_undelivered', stationId, stationName: station.name, noScreen, ticketId, orderId },
      orderNumber: ticket.orderNumber,
      ...(ticket.tableName !== undefined && { tableName: ticket.tableName }),
      waiterIds: await present(ctx, [order.waiterId]),
    });
  },
});

/** A scheduled order was not sent in time: the managers and its waiter are told. */
export const raiseForOrder = reaction({
  on: orderLate,
  emits: [alertRaised],
  async handle(ctx) {
    const { orderId, isFired } = ctx.data;
    const { number: orderNumber, waiterId } = await ctx.get(orders, orderId);
    raise(ctx, {
      kind: 'order_late',
      noScreen: false,
      orderId,
      orderNumber,
      isFired,
      waiterIds: await present(ctx, [waiterId]),
    });
  },
});

export const resolveForTicket = reaction({
  on: ticketAlarmEnded,
  emits: [alertUpdated],
  async handle(ctx) {
    const { ticketId, received } = ctx.data;
    const live = await liveOf(ctx, { ticketId });
    for (const alert of live) resolve(ctx, alert, received ? 'received' : 'not_needed');
  },
});

/** Stations whose last screen is gone while they have open tickets; and the end of that. */
async function lookAtStations(ctx: UnitContext): Promise<void> {
  const { ticketReceiptSeconds } = await settingsOf(ctx, ctx.restaurantId);
  if (ticketReceiptSeconds === 0) return;
  const online = ctx.doors.presence.of(ctx.restaurantId);
  const withScreens = await stationsWithScreens(ctx);
  const deserted = (await ctx.all(stations)).filter(
    ({ _id, kind }) => kind === 'prep' && !online.some((one) => isScreenOf(_id, one, withScreens)),
  );
  const live = await liveOf(ctx, { kind: 'station_without_screen' });
  for (const alert of live)
    if (!deserted.some(({ _id }) => _id === alert.stationId)) resolve(ctx, alert, 'screen_back');
  const unknown = deserted.filter(({ _id }) => !live.some(({ stationId }) => stationId === _id));
  if (unknown.length > 0) await raiseForStations(ctx, unknown);
}

export const watchStations = attendance({
  name: 'dashboard:watch-stations',
  summary: 'Raise an alert for a station whose open tickets nobody sees any more, and end it when a screen is back',
  emits: [alertRaised, alertUpdated],
  handle: lookAtStations,
});

/** With its pairing a screen begins, or ends, to be the one its stations are watched on. */
export const watchPairing = reaction({
  on: deviceChanged,
  emits: [alertRaised, alertUpdated],
  handle: lookAtStations,
});

async function raiseForStations(ctx: UnitContext, deserted: readonly StationDoc[]): Promise<void> {
  const ids = deserted.map(({ _id }) => _id);
  const open = await ctx.find(tickets, { status: { $in: openStatuses }, stationId: { $in: ids } });
  for (const { _id, name } of deserted) {
    const unseen = open.filter(({ stationId }) => stationId === _id);
    if (unseen.length === 0) continue;
    const served = await Promise.all(unseen.map(({ orderId }) => ctx.lookup(orders, orderId)));
    const waiterIds = await present(
      ctx,
      served.flatMap((order) => order?.waiterId ?? []),
    );
    const about = { stationId: _id, stationName: name, openTickets: unseen.length, waiterIds };
    raise(ctx, { kind: 'station_without_screen', noScreen: true, ...about });
  }
}
