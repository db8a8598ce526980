import { duty } from '../../kernel/duty.js';
import { openScheduled, saveOrder } from './orders.changes.js';
import { orderFired, orderLate, orderLineStatusChanged, orderStatusChanged, orderUpdated } from './orders.events.js';
import { type OrderDoc, orders } from './orders.model.js';
import { isMissed } from './orders.rules.js';

/** Later than this an order was not sent in time: no process was there to do it. */
const LATE_MS = 60_000;

/**
 * Sends a scheduled order to the kitchen when it is time. Its time stands in the database, so a server that was down does
 * it when it is back, and says that it is late; what is hours late is left to a person (`order:release`, `order:cancel`).
 */
export const fireScheduled = duty<OrderDoc>({
  name: 'order:fire-scheduled',
  summary: 'Send a scheduled order to the kitchen, a preparation time before it is wanted',
  kind: orders,
  due: 'fireAt',
  emits: [orderUpdated, orderLineStatusChanged, orderStatusChanged, orderFired, orderLate],
  handle(ctx) {
    const { doc: order, now } = ctx;
    const { fireAt = now, pickupAt = now } = order;
    const missed = isMissed(pickupAt, now);
    // Saved as it is, a missed order loses its time.
    if (missed || order.status !== 'scheduled') saveOrder(ctx, order, order);
    else openScheduled(ctx, order, 'now');
    if (missed || now.getTime() - fireAt.getTime() > LATE_MS)
      ctx.publish(orderLate, { orderId: order._id, isFired: !missed });
  },
});
