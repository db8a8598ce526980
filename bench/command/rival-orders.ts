import mongoose, { Schema } from 'mongoose';

/**
 * The rival's documents, declared as lightly as Brigade's: nested values were checked by joi and priced by the server, so
 * mongoose need not cast each line as a subdocument, which alone would cost it half its speed. The same indexes.
 */
const orderSchema = new Schema(
  {
    restaurantId: { type: String, required: true },
    number: Number,
    channel: { type: String, required: true },
    status: { type: String, required: true },
    waiterId: String,
    guestCount: Number,
    customer: Object,
    note: String,
    currency: String,
    pricesIncludeTax: Boolean,
    lines: [Object],
    totals: Object,
    openedAt: Date,
  },
  { timestamps: true, collection: 'orders' },
);
orderSchema.index({ restaurantId: 1, status: 1, _id: -1 });
orderSchema.index({ restaurantId: 1, _id: -1 });
export const RivalOrder = mongoose.model('RivalOrder', orderSchema);

const ticketSchema = new Schema(
  {
    restaurantId: { type: String, required: true },
    orderId: { type: String, required: true },
    orderNumber: Number,
    stationId: { type: String, required: true },
    waiterName: String,
    customerName: String,
    channel: String,
    guestCount: Number,
    orderNote: String,
    lines: [Object],
    status: { type: String, required: true },
    sentAt: Date,
    dueAt: Date,
  },
  { timestamps: true, collection: 'tickets' },
);
ticketSchema.index({ restaurantId: 1, status: 1, sentAt: 1 });
ticketSchema.index({ restaurantId: 1, orderId: 1 });
export const RivalTicket = mongoose.model('RivalTicket', ticketSchema);

const counterSchema = new Schema({ _id: String, last: Number }, { collection: 'counters' });
export const RivalCounter = mongoose.model('RivalCounter', counterSchema);
