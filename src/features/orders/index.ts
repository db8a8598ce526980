import { feature, replica } from '../../kernel/feature.js';
import { addLines, repeatLines } from './addition.operations.js';
import { fireLines, holdLines, serveLines } from './course.operations.js';
import { cancelLine, changeLine, voidLine } from './line.operations.js';
import { cancelOrder, completeOrder, getOrder, listOrders, releaseOrder, updateOrder } from './order.operations.js';
import { fireScheduled } from './orders.duties.js';
import { orderEvents } from './orders.events.js';
import { liveStatuses, orderCounters, orders } from './orders.model.js';
import { followTable } from './orders.reactions.js';
import { orderView, viewOrder } from './orders.views.js';
import { placeOrder } from './place.operations.js';
import { moveLines, transferOrder } from './table.operations.js';

export { progressLines } from './orders.changes.js';
export {
  orderFired,
  orderLate,
  orderLineChanged,
  orderLineStatusChanged,
  orderLinesMoved,
  orderLinesWithdrawn,
  orderRelabelled,
  orderServedUnready,
  orderStatusChanged,
} from './orders.events.js';
export { type OrderDoc, type OrderLine, orders } from './orders.model.js';
export { type StepTable, stepFrom } from './orders.rules.js';
export { channel, type OrderView } from './orders.views.js';

export const ordersFeature = feature({
  name: 'orders',
  summary: 'Orders: placing, changing, firing by course, serving, moving, and what they come to',
  kinds: [orders, orderCounters],
  operations: [
    placeOrder,
    getOrder,
    listOrders,
    updateOrder,
    addLines,
    repeatLines,
    changeLine,
    cancelLine,
    voidLine,
    fireLines,
    holdLines,
    serveLines,
    releaseOrder,
    transferOrder,
    moveLines,
    completeOrder,
    cancelOrder,
  ],
  events: orderEvents,
  reactions: [followTable],
  duties: [fireScheduled],
  replicas: [
    replica({
      name: 'orders',
      summary: 'Orders somebody still works on; none on a screen bound to stations',
      view: orderView,
      permission: 'order:read',
      cache: { ttl: 60, tags: [orders] },
      load: async ({ find, actor }) => {
        // A screen bound to stations hears of tickets only, so a copy of the orders would grow old there.
        if (actor.stationIds.length > 0) return [];
        const live = await find(orders, { status: { $in: liveStatuses } }, { sort: { businessDay: 1, number: 1 } });
        return live.map(viewOrder);
      },
      live: { field: 'status', values: liveStatuses },
    }),
  ],
});
