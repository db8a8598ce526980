import { duty } from '../../kernel/duty.js';
import { invalid } from '../../kernel/errors.js';
import { reaction } from '../../kernel/reaction.js';
import { deviceChanged } from '../auth/index.js';
import { menuUpdated } from '../menu/index.js';
import {
  orderFired,
  orderLineStatusChanged,
  orderServedUnready,
  orderStatusChanged,
  orders,
  progressLines,
} from '../orders/index.js';
import { foodUnrouted, routesLost, stationsUpdated } from './kitchen.events.js';
import { ticketsOf } from './kitchen.following.js';
import { stations, type TicketDoc, tickets } from './kitchen.model.js';
import { byStation, isOpen, isRouted, isToMake, paceOf, withLineStatus } from './kitchen.rules.js';
import {
  headOf,
  opening,
  openTicket,
  parentOf,
  saveTicket,
  saving,
  ticketIdOf,
  ticketLineOf,
} from './kitchen.tickets.js';
import { viewStation } from './kitchen.views.js';

/** One ticket for each station that makes something of it. What needs nobody is ready at once. */
export const openTickets = reaction({
  on: orderFired,
  emits: [...opening, foodUnrouted, orderLineStatusChanged, orderStatusChanged],
  async handle(ctx) {
    const { orderId, firing, lineIds } = ctx.data;
    const order = await ctx.get(orders, orderId);
    const fired = order.lines.filter((line) => lineIds.includes(line.id));
    const head = await headOf(ctx, order);
    const routes = await ctx.all(stations);
    const groups = byStation(routes, fired);
    for (const [stationId, lines] of groups) {
      if (stationId === undefined) continue;
      const parent = await parentOf(ctx, order, stationId, firing);
      await openTicket(ctx, {
        ...head,
        _id: ticketIdOf(ctx.restaurantId, orderId, stationId, firing),
        stationId,
        firing,
        ...(parent === undefined ? { kind: 'new' } : { kind: 'delta', parentTicketId: parent }),
        lines: lines.map((line) => ticketLineOf(line, 'add')),
        ...paceOf(ctx.now, lines, fired),
      });
      const lost = lines.filter((line) => !isRouted(routes, line)).map(({ itemId }) => itemId);
      if (lost.length > 0) ctx.publish(foodUnrouted, { orderId, stationId, itemIds: [...new Set(lost)] });
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

/** The guests have what no cook has called ready, so it is made. */
export const takeServed = reaction({
  on: orderServedUnready,
  emits: saving,
  async handle(ctx) {
    const { orderId, lineIds } = ctx.data;
    const served = new Set(lineIds);
    for (const ticket of await ticketsOf(ctx, orderId)) {
      if (!isOpen(ticket) || !ticket.lines.some((line) => isToMake(line) && served.has(line.lineId))) continue;
      const lines = withLineStatus(ticket.lines, served, 'ready');
      const after = { ...ticket, lines, startedAt: ticket.startedAt ?? ctx.now };
      if (lines.some(isToMake)) saveTicket(ctx, { ...after, status: 'preparing' });
      else saveTicket(ctx, { ...after, status: 'ready', readyAt: ctx.now });
    }
  },
});

/** How long what nobody bumped stays on the screens after its order's end, ms. */
const LINGER_MS = 600_000;

/** With its order a ticket is over: it leaves the screens by itself when nobody bumps it, as where none are. */
export const releaseTickets = reaction({
  on: orderStatusChanged,
  emits: saving,
  async handle(ctx) {
    const { orderId, status } = ctx.data;
    if (status !== 'completed' && status !== 'cancelled') return;
    const leavesAt = new Date(ctx.now.getTime() + LINGER_MS);
    for (const ticket of await ticketsOf(ctx, orderId)) if (isOpen(ticket)) saveTicket(ctx, { ...ticket, leavesAt });
  },
});

export const clearTicket = duty<TicketDoc>({
  name: 'kitchen:clear-ticket',
  summary: 'Take a ticket that nobody bumped off the screens, ten minutes after its order ended',
  kind: tickets,
  due: 'leavesAt',
  emits: saving,
  handle(ctx) {
    const { leavesAt: _, ...ticket } = ctx.doc;
    saveTicket(ctx, isOpen(ticket) ? { ...ticket, status: 'done', doneAt: ctx.now } : ticket);
  },
});

/** A screen is bound to stations that are there. @throws validation_failed naming the one that is not */
export const checkBinding = reaction({
  on: deviceChanged,
  async handle(ctx) {
    const { active, stationIds } = ctx.data.device;
    if (!active) return;
    for (const [index, stationId] of stationIds.entries())
      if ((await ctx.lookup(stations, stationId)) === undefined)
        throw invalid(`stationIds.${index}`, 'is no station of this kitchen');
  },
});

/** Categories have gone from the menu: no station makes them any more, and a manager is told whose they were. */
export const dropRoutes = reaction({
  on: menuUpdated,
  emits: [stationsUpdated, routesLost],
  async handle(ctx) {
    const gone = new Set(ctx.data.removedCategoryIds ?? []);
    if (gone.size === 0) return;
    const broken = (await ctx.all(stations)).filter(({ routes }) => routes.categoryIds.some((one) => gone.has(one)));
    if (broken.length === 0) return;
    const mended = broken.map((station) => {
      const categoryIds = station.routes.categoryIds.filter((one) => !gone.has(one));
      return ctx.save(stations, { ...station, routes: { ...station.routes, categoryIds } });
    });
    ctx.publish(stationsUpdated, { stations: mended.map(viewStation), removedStationIds: [] });
    ctx.publish(routesLost, { stationIds: mended.map(({ _id }) => _id) });
  },
});
