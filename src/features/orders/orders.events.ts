import Joi from 'joi';
import { event, holders } from '../../kernel/event.js';
import { quantitySchema } from '../../kernel/quantity.js';
import { id } from '../../kernel/schema.js';
import { exampleOrder, orderId, soupLine, steakLine, tableId } from './orders.examples.js';
import type { LineStatus, OrderStatus, Stage } from './orders.model.js';
import { lineStatus, type OrderView, orderStatus, orderView, stage } from './orders.views.js';

// A command sends the whole order once, in the one event that says most; `order:status-changed` follows as a short note.

const floorAndPass = [holders('order:read')];
const lineIds = Joi.array().items(id('a line')).required();

export const orderCreated = event<{ order: OrderView }>({
  name: 'order:created',
  summary: 'An order was placed',
  payload: Joi.object<{ order: OrderView }, true>({ order: orderView.required().description('The order') }),
  audience: () => floorAndPass,
  carries: { order: 'orders' },
  example: { order: exampleOrder },
});

export const orderUpdated = event<{ order: OrderView }>({
  name: 'order:updated',
  summary: 'An order changed: lines added, changed or moved, its table, waiter, guests or note, or its end',
  payload: Joi.object<{ order: OrderView }, true>({ order: orderView.required().description('As it is now') }),
  audience: () => floorAndPass,
  carries: { order: 'orders' },
  example: { order: exampleOrder },
});

export interface LineStatusChanged {
  order: OrderView;
  lineIds: string[];
  status: LineStatus;
}

export const orderLineStatusChanged = event<LineStatusChanged>({
  name: 'order:line-status-changed',
  summary: 'Lines of an order were fired, held, begun, made ready, served, cancelled or voided',
  payload: Joi.object<LineStatusChanged, true>({
    order: orderView.required().description('As it is now'),
    lineIds: lineIds.description('The lines that moved'),
    status: lineStatus.required().description('What they are now'),
  }),
  audience: () => floorAndPass,
  carries: { order: 'orders' },
  example: { order: exampleOrder, lineIds: [soupLine], status: 'ready' },
});

export interface OrderStatusChanged {
  orderId: string;
  number: number;
  tableId?: string;
  waiterId: string;
  status: OrderStatus;
  stage: Stage;
  previous: { status: OrderStatus; stage: Stage };
}

export const orderStatusChanged = event<OrderStatusChanged>({
  name: 'order:status-changed',
  summary: 'The status or the stage of an order moved; the order itself came with the event before',
  payload: Joi.object<OrderStatusChanged, true>({
    orderId: id('the order').required(),
    number: Joi.number().integer().min(1).required().description("The order's number"),
    tableId: id('its table'),
    waiterId: id('its waiter').required(),
    status: orderStatus.required().description('Status now'),
    stage: stage.required().description('Stage now'),
    previous: Joi.object({ status: orderStatus.required(), stage: stage.required() })
      .required()
      .description('What they were'),
  }),
  audience: () => floorAndPass,
  example: {
    orderId,
    number: 17,
    tableId,
    waiterId: exampleOrder.waiterId,
    status: 'open',
    stage: 'ready',
    previous: { status: 'open', stage: 'preparing' },
  },
});

export const orderCancelled = event<{ order: OrderView; reason: string }>({
  name: 'order:cancelled',
  summary: 'An order was cancelled before anything of it was made',
  payload: Joi.object<{ order: OrderView; reason: string }, true>({
    order: orderView.required().description('As it is now'),
    reason: Joi.string().required().description('Why'),
  }),
  audience: () => floorAndPass,
  carries: { order: 'orders' },
  example: { order: { ...exampleOrder, status: 'cancelled' }, reason: 'The guests left' },
});

// What follows is for other features' reactions, which read the order itself: it goes to no screen.

export interface OrderFired {
  orderId: string;
  firing: number;
  lineIds: string[];
}

export const orderFired = event<OrderFired>({
  name: 'order:fired',
  summary: 'Lines were sent to the kitchen (for reactions only; screens hear of their tickets)',
  payload: Joi.object<OrderFired, true>({
    orderId: id('the order').required(),
    firing: Joi.number().integer().min(1).required().description('Number of the firing within the order'),
    lineIds: lineIds.description('The lines'),
  }),
  audience: () => [],
  example: { orderId, firing: 1, lineIds: [soupLine] },
});

export interface LinesWithdrawn {
  orderId: string;
  why: 'voided' | 'held';
  lines: { lineId: string; quantity: number }[];
}

export const orderLinesWithdrawn = event<LinesWithdrawn>({
  name: 'order:lines-withdrawn',
  summary: 'The kitchen is not to make some fired lines, or not yet (for reactions only)',
  payload: Joi.object<LinesWithdrawn, true>({
    orderId: id('the order').required(),
    why: Joi.string().valid('voided', 'held').required().description('Voided for good, or held for a later firing'),
    lines: Joi.array()
      .items(
        Joi.object<LinesWithdrawn['lines'][number], true>({
          lineId: id('the line').required(),
          quantity: quantitySchema().required().description('How much of it'),
        }),
      )
      .required()
      .description('What is withdrawn'),
  }),
  audience: () => [],
  example: { orderId, why: 'voided', lines: [{ lineId: soupLine, quantity: 1 }] },
});

export interface LinesMoved {
  fromOrderId: string;
  toOrderId: string;
  firing: number;
  lineIds: string[];
  /** Of those lines the ones that are parts: the line they were split off, which stays in the old order. */
  parts?: { lineId: string; partOf: string }[];
}

export const orderLinesMoved = event<LinesMoved>({
  name: 'order:lines-moved',
  summary: 'Fired lines now belong to another order (for reactions only)',
  payload: Joi.object<LinesMoved, true>({
    fromOrderId: id('the order they were in').required(),
    toOrderId: id('the order they are in').required(),
    firing: Joi.number().integer().min(1).required().description('The number of their firing in the new order'),
    lineIds: lineIds.description('The lines'),
    parts: Joi.array()
      .items(
        Joi.object<{ lineId: string; partOf: string }, true>({
          lineId: id('the line that was split off').required(),
          partOf: id('the line in the old order of which it was a part').required(),
        }),
      )
      .description('Those that are parts of a line'),
  }),
  audience: () => [],
  example: { fromOrderId: orderId, toOrderId: '6740f1c2a1b2c3d4e5000051', firing: 2, lineIds: [steakLine] },
});

export const orderLineChanged = event<{ orderId: string; lineId: string }>({
  name: 'order:line-changed',
  summary: 'The note or seat of a fired line changed (for reactions only)',
  payload: Joi.object<{ orderId: string; lineId: string }, true>({
    orderId: id('the order').required(),
    lineId: id('the line').required(),
  }),
  audience: () => [],
  example: { orderId, lineId: soupLine },
});

export const orderRelabelled = event<{ orderId: string }>({
  name: 'order:relabelled',
  summary: "What stands at the head of an order's tickets changed: table, waiter, guests or note (for reactions only)",
  payload: Joi.object<{ orderId: string }, true>({ orderId: id('the order').required() }),
  audience: () => [],
  example: { orderId },
});

export const orderLate = event<{ orderId: string; isFired: boolean }>({
  name: 'order:late',
  summary: 'A scheduled order was not sent to the kitchen in time (for reactions only)',
  payload: Joi.object<{ orderId: string; isFired: boolean }, true>({
    orderId: id('the order').required(),
    isFired: Joi.boolean().required().description('Whether it was sent now; else somebody must decide'),
  }),
  audience: () => [],
  example: { orderId, isFired: true },
});

export const orderServedUnready = event<{ orderId: string; lineIds: string[] }>({
  name: 'order:served-unready',
  summary: 'Lines reached the guests before the kitchen had called them ready (for reactions only)',
  payload: Joi.object<{ orderId: string; lineIds: string[] }, true>({
    orderId: id('the order').required(),
    lineIds: lineIds.description('The lines'),
  }),
  audience: () => [],
  example: { orderId, lineIds: [soupLine] },
});

export const orderEvents = [
  orderCreated,
  orderUpdated,
  orderLineStatusChanged,
  orderStatusChanged,
  orderCancelled,
  orderFired,
  orderLinesWithdrawn,
  orderLinesMoved,
  orderLineChanged,
  orderRelabelled,
  orderLate,
  orderServedUnready,
];
