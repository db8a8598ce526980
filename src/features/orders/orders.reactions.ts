import { reaction } from '../../kernel/reaction.js';
import { tableTransferred } from '../floor/index.js';
import { saveOrder } from './orders.changes.js';
import { orderRelabelled, orderUpdated } from './orders.events.js';
import { liveStatuses, orders } from './orders.model.js';

/** Whoever takes over a table takes over its order. */
export const followTable = reaction({
  on: tableTransferred,
  emits: [orderUpdated, orderRelabelled],
  async handle(ctx) {
    const { orderId, toWaiterId } = ctx.data;
    if (orderId === undefined) return;
    const order = await ctx.get(orders, orderId);
    if (!liveStatuses.includes(order.status) || order.waiterId === toWaiterId) return;
    saveOrder(ctx, order, { ...order, waiterId: toWaiterId });
    if (order.firings > 0) ctx.publish(orderRelabelled, { orderId });
  },
});
