import type { Doc } from '../../kernel/documents.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';
import type { Channel, PricedItem } from '../menu/index.js';

export const orderStatuses = ['needs_approval', 'scheduled', 'open', 'completed', 'cancelled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/** An order somebody still works on; every screen keeps a copy of these. */
export const liveStatuses: readonly OrderStatus[] = ['needs_approval', 'scheduled', 'open'];

export const lineStatuses = ['held', 'fired', 'preparing', 'ready', 'served', 'cancelled', 'voided'] as const;
export type LineStatus = (typeof lineStatuses)[number];

/** How far the kitchen is, derived from the lines and never stored. */
export const stages = ['pending', 'preparing', 'ready', 'served'] as const;
export type Stage = (typeof stages)[number];

export interface Customer {
  name: string;
  phone?: string;
  address?: string;
}

export interface LineVoid {
  reason: string;
  /** Who voided it. */
  by: { id: string; name: string };
  at: Date;
}

/**
 * A line: what was ordered, with name, price, tax and allergens as they were at that moment. Amounts are minor units of
 * the order's currency; `unitPrice` is without the modifiers.
 */
export interface OrderLine extends PricedItem {
  id: string;
  seat?: number;
  quantity: number;
  status: LineStatus;
  sizeId?: string;
  /** The moment it was priced for: when it was ordered, or the pick-up time. */
  pricedFor?: Date;
  note: string;
  /** Number of the firing that sent it to the kitchen, from 1 within the order. */
  firing?: number;
  firedAt?: Date;
  readyAt?: Date;
  servedAt?: Date;
  void?: LineVoid;
  addedBy: { id: string; name: string };
  /** Digest of the line as a tablet sent it under an id of its own; recognises the same line sent again. */
  sentAs?: string;
}

export interface TaxLine {
  code: string;
  ratePpm: number;
  /** What each part of the rate is; `amount` is their sum. */
  components?: { name: string; ratePpm: number; amount: number }[];
  /** What the tax was counted on: gross when prices include it, net when they do not. */
  base: number;
  amount: number;
}

export interface Totals {
  subtotal: number;
  taxes: TaxLine[];
  total: number;
}

export interface OrderDoc extends Doc {
  /** Counted from 1 each business day. */
  number: number;
  /** `YYYY-MM-DD`, see `businessDay`. */
  businessDay: string;
  channel: Channel;
  status: OrderStatus;
  tableId?: string;
  waiterId: string;
  guestCount: number;
  customer?: Customer;
  pickupAt?: Date;
  /** Of a scheduled order: seconds before its preparation time, as the restaurant had it when it was placed. */
  marginSeconds?: number;
  /** Of a scheduled order: when it goes to the kitchen by itself. */
  fireAt?: Date;
  note: string;
  currency: string;
  pricesIncludeTax: boolean;
  lines: OrderLine[];
  totals: Totals;
  /** How many times lines were sent to the kitchen. */
  firings: number;
  /** Lines that went to another order; sent again by a tablet that did not hear of it, they are not made twice. */
  movedLines: { id: string; orderId: string }[];
  openedAt: Date;
  closedAt?: Date;
  cancelReason?: string;
}

export const orders = model<OrderDoc>({
  collection: 'orders',
  title: 'order',
  hold: 'recent',
  quota: quota('orders that are not closed', 2_000, { field: 'status', values: liveStatuses }),
  clientIds: true,
  // Nested values are checked by the operations' schemas; `Object` keeps them exactly as they were written.
  fields: {
    number: Number,
    businessDay: String,
    channel: String,
    status: String,
    tableId: String,
    waiterId: String,
    guestCount: Number,
    customer: Object,
    pickupAt: Date,
    marginSeconds: Number,
    fireAt: Date,
    note: String,
    currency: String,
    pricesIncludeTax: Boolean,
    lines: [Object],
    totals: Object,
    firings: Number,
    movedLines: [Object],
    openedAt: Date,
    closedAt: Date,
    cancelReason: String,
  },
  indexes: [
    [{ restaurantId: 1, businessDay: -1, number: -1 }],
    [{ restaurantId: 1, status: 1, businessDay: -1, number: -1 }],
    [{ restaurantId: 1, tableId: 1, businessDay: -1, number: -1 }],
    [{ restaurantId: 1, waiterId: 1, businessDay: -1, number: -1 }],
    [{ fireAt: 1 }, { sparse: true }],
    // A line's id is unique in the house.
    [{ restaurantId: 1, 'lines.id': 1 }],
  ],
});

/** The last order number given on one business day; `_id` is `{restaurantId}:{businessDay}`. */
export interface CounterDoc extends Doc {
  last: number;
}

export const orderCounters = model<CounterDoc>({
  collection: 'order_counters',
  title: 'counter',
  hold: 'recent',
  fields: { last: Number },
});
