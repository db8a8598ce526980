import { reaction } from '../../kernel/reaction.js';
import { waiterGone } from '../floor/index.js';
import { foodUnrouted, isRouted, routesLost, stations, stationsUpdated } from '../kitchen/index.js';
import { menuItems } from '../menu/index.js';
import { orders } from '../orders/index.js';
import { rosterChanged } from '../staff/index.js';
import { liveOf, present, raise, resolve, saveAlert } from './dashboard.alerts.js';
import { alertRaised, alertUpdated } from './dashboard.events.js';

/** Food that no route names: a manager and its waiter are told where it went, once for each item until a route is set. */
export const raiseForUnrouted = reaction({
  on: foodUnrouted,
  emits: [alertRaised, alertUpdated],
  async handle(ctx) {
    const { orderId, stationId, itemIds } = ctx.data;
    const [order, station] = [await ctx.get(orders, orderId), await ctx.get(stations, stationId)];
    const waiterIds = await present(ctx, [order.waiterId]);
    const live = await liveOf(ctx, { kind: 'unrouted' });
    for (const itemId of itemIds) {
      const known = live.find((alert) => alert.itemId === itemId);
      if (known !== undefined) {
        const missing = waiterIds.filter((one) => !known.waiterIds.includes(one));
        if (missing.length > 0) saveAlert(ctx, { ...known, waiterIds: [...known.waiterIds, ...missing] });
        continue;
      }
      const item = await ctx.lookup(menuItems, itemId);
      raise(ctx, {
        ...{ kind: 'unrouted', noScreen: false, stationId, stationName: station.name, itemId },
        ...(item !== undefined && { itemName: item.name }),
        ...{ orderId, orderNumber: order.number, waiterIds },
      });
    }
  },
});

export const raiseForLostRoutes = reaction({
  on: routesLost,
  emits: [alertRaised],
  async handle(ctx) {
    for (const stationId of ctx.data.stationIds) {
      const { name } = await ctx.get(stations, stationId);
      raise(ctx, { kind: 'routes_lost', noScreen: false, stationId, stationName: name, waiterIds: [] });
    }
  },
});

/** Routes were set: what they name now is nobody's question any more. */
export const resolveRouted = reaction({
  on: stationsUpdated,
  emits: [alertUpdated],
  async handle(ctx) {
    const routes = await ctx.all(stations);
    for (const alert of await liveOf(ctx, { kind: { $in: ['unrouted', 'routes_lost'] } })) {
      const station = routes.find(({ _id }) => _id === alert.stationId);
      const item = alert.itemId === undefined ? undefined : await ctx.lookup(menuItems, alert.itemId);
      const isOver =
        alert.kind === 'routes_lost'
          ? station === undefined || ctx.data.stations.some(({ id }) => id === alert.stationId)
          : item === undefined || isRouted(routes, { itemId: item._id, categoryId: item.categoryId });
      if (isOver) resolve(ctx, alert, 'routed');
    }
  },
});

/** Somebody has left: what is still theirs is shown to the managers, and what they were told of is theirs no more. */
export const raiseForLeaver = reaction({
  on: waiterGone,
  emits: [alertRaised, alertUpdated],
  async handle(ctx) {
    const { staffId, name, tableNames } = ctx.data;
    for (const alert of await liveOf(ctx, { waiterIds: staffId }))
      saveAlert(ctx, { ...alert, waiterIds: alert.waiterIds.filter((one) => one !== staffId) });
    const open = await ctx.find(orders, {
      status: { $in: ['needs_approval', 'scheduled', 'open'] },
      waiterId: staffId,
    });
    const isTold = (await liveOf(ctx, { kind: 'staff_left', staffId })).length > 0;
    if (isTold || open.length + tableNames.length === 0) return;
    const left = { orderNumbers: open.map(({ number }) => number).sort((one, other) => one - other), tableNames };
    raise(ctx, { kind: 'staff_left', noScreen: false, staffId, staffName: name, ...left, waiterIds: [] });
  },
});

/** And they are back. */
export const resolveForReturned = reaction({
  on: rosterChanged,
  emits: [alertUpdated],
  async handle(ctx) {
    const { id: staffId, active } = ctx.data.member;
    if (!active) return;
    for (const alert of await liveOf(ctx, { kind: 'staff_left', staffId })) resolve(ctx, alert, 'not_needed');
  },
});
