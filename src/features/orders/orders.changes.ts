import type { UnitContext } from '../../kernel/context.js';
import { totalLimit } from '../../kernel/currency.js';
import { fail, invalid } from '../../kernel/errors.js';
import { checkVersion } from '../../kernel/operation.js';
import { orderFired, orderLineStatusChanged, orderStatusChanged, orderUpdated } from './orders.events.js';
import { type LineStatus, type OrderDoc, type OrderLine, type OrderStatus, orders } from './orders.model.js';
import {
  isFired,
  type LineStep,
  lineSteps,
  orderSteps,
  stageOf,
  stepFrom,
  totalsOf,
  withFireTime,
} from './orders.rules.js';
import { type OrderView, viewOrder } from './orders.views.js';

/** The order a command is about. @throws not_found, version_conflict when the client expected another version */
export async function orderToChange(ctx: UnitContext, orderId: string): Promise<OrderDoc> {
  const order = await ctx.get(orders, orderId);
  if (ctx.expectedVersion !== undefined && ctx.expectedVersion !== order.version)
    checkVersion(ctx.expectedVersion, order, viewOrder(order));
  return order;
}

/** The answer of a command that changed an order: as it is once the kitchen and the others have done their part. */
export const asItIsNow = async (ctx: UnitContext, { id }: OrderView): Promise<OrderView> =>
  viewOrder(await ctx.get(orders, id));

/** @throws illegal_step with the order as it is: a tablet that was offline shows why its change came too late */
export function requireStatus(order: OrderDoc, ...allowed: OrderStatus[]): void {
  if (allowed.includes(order.status)) return;
  const closed = order.closedAt === undefined ? '' : ` since ${order.closedAt.toISOString()}`;
  throw fail('illegal_step', `Order ${order.number} is ${order.status}${closed}`, {
    legal: Object.keys(orderSteps[order.status]),
    current: viewOrder(order),
  });
}

/** @throws not_found */
export function lineOf(order: OrderDoc, lineId: string): OrderLine {
  const line = order.lines.find((one) => one.id === lineId);
  if (line === undefined) throw fail('not_found', 'No such line in this order');
  return line;
}

/** A changed copy with the totals counted anew. @throws validation_failed when they are beyond what its currency allows */
export function withLines(order: OrderDoc, lines: OrderLine[]): OrderDoc {
  const totals = totalsOf(lines, order.pricesIncludeTax);
  if (totals.total > totalLimit(order.currency) && totals.total > order.totals.total)
    throw invalid('lines', `make order ${order.number} come to more than can be counted`);
  return { ...order, lines, totals };
}

export interface LineChoiceInput {
  lineIds?: string[];
  courses?: number[];
}

/** The lines a step is meant for: the ones named, or those of some courses (or all) for which it is legal. */
export function chosenLines(order: OrderDoc, { lineIds, courses }: LineChoiceInput, step: LineStep): OrderLine[] {
  if (lineIds !== undefined) {
    const named = [...new Set(lineIds)].map((lineId) => lineOf(order, lineId));
    for (const line of named) stepFrom(lineSteps, line.status, step, line.name);
    return named;
  }
  const ready = order.lines.filter(
    (line) => lineSteps[line.status][step] !== undefined && (courses?.includes(line.course) ?? true),
  );
  if (ready.length > 0) return ready;
  const legal = [...new Set(order.lines.flatMap((line) => Object.keys(lineSteps[line.status])))];
  throw fail('illegal_step', `No line of order ${order.number} can take the step ${step} now`, { legal });
}

/** A copy in which some lines have taken a step; `mark` adds what the step leaves on them. Totals stay as they are. */
export function withStep(
  order: OrderDoc,
  lines: readonly OrderLine[],
  step: LineStep,
  mark: (line: OrderLine) => OrderLine = (line) => line,
): OrderDoc {
  const ids = new Set(lines.map((line) => line.id));
  const stepped = order.lines.map((line) =>
    ids.has(line.id) ? mark({ ...line, status: stepFrom(lineSteps, line.status, step, line.name) }) : line,
  );
  return { ...order, lines: stepped };
}

/** A copy in which some held lines are sent to the kitchen, in one firing. */
export function withFired(order: OrderDoc, lines: readonly OrderLine[], now: Date): OrderDoc {
  if (lines.length === 0) return order;
  const firing = order.firings + 1;
  return { ...withStep(order, lines, 'fire', (line) => ({ ...line, firing, firedAt: now })), firings: firing };
}

/** Tells the other features what the last firing of an order sent, if anything. */
export function announceFiring(ctx: UnitContext, order: OrderDoc, lines: readonly OrderLine[]): void {
  if (lines.length === 0) return;
  ctx.publish(orderFired, { orderId: order._id, firing: order.firings, lineIds: lines.map((line) => line.id) });
}

/**
 * Saves a changed order and announces it: `order:line-status-changed` when `moved` says so, else `order:updated`; then
 * `order:status-changed` when status or stage are not what they were.
 */
export function saveOrder(
  ctx: UnitContext,
  before: OrderDoc,
  after: OrderDoc,
  moved?: { lines: readonly OrderLine[]; status: LineStatus },
): OrderView {
  const order = viewOrder(ctx.save(orders, withFireTime(after, ctx.now)));
  if (moved === undefined) ctx.publish(orderUpdated, { order });
  else {
    const lineIds = moved.lines.map((line) => line.id);
    ctx.publish(orderLineStatusChanged, { order, lineIds, status: moved.status });
  }
  announceStatus(ctx, before, after);
  return order;
}

export function announceStatus(ctx: UnitContext, before: OrderDoc, after: OrderDoc): void {
  const previous = { status: before.status, stage: stageOf(before.lines) };
  const { status } = after;
  const stage = stageOf(after.lines);
  if (status === previous.status && stage === previous.stage) return;
  ctx.publish(orderStatusChanged, {
    orderId: after._id,
    number: after.number,
    ...(after.tableId !== undefined && { tableId: after.tableId }),
    waiterId: after.waiterId,
    status,
    stage,
    previous,
  });
}

/** A scheduled order is opened; with `now` all that is held goes to the kitchen. @throws illegal_step */
export function openScheduled(ctx: UnitContext, order: OrderDoc, fire: 'now' | 'hold'): OrderView {
  const status = stepFrom(orderSteps, order.status, 'release', `Order ${order.number}`);
  const opened: OrderDoc = { ...order, status };
  const lines = fire === 'hold' ? [] : order.lines.filter((line) => line.status === 'held');
  if (lines.length === 0) return saveOrder(ctx, order, opened);
  const after = withFired(opened, lines, ctx.now);
  const view = saveOrder(ctx, order, after, { lines, status: 'fired' });
  announceFiring(ctx, after, lines);
  return view;
}

/** The steps the kitchen takes with lines, on its tickets. */
export type KitchenStep = 'start' | 'ready' | 'recall';

/**
 * The kitchen's side of an order: moves those of the lines for which the step is legal (a line voided or served in the
 * meantime stays as it is), derives the stage and announces both. Answers the lines that moved.
 */
export async function progressLines(
  ctx: UnitContext,
  orderId: string,
  lineIds: readonly string[],
  step: KitchenStep,
): Promise<OrderLine[]> {
  const order = await ctx.get(orders, orderId);
  if (order.status !== 'open') return [];
  const named = new Set(lineIds);
  const lines = order.lines.filter((line) => named.has(line.id) && lineSteps[line.status][step] !== undefined);
  if (lines.length === 0) return [];
  const after = withStep(order, lines, step, (line) => {
    if (step === 'ready') return { ...line, readyAt: ctx.now };
    const { readyAt: _, ...begun } = line;
    return begun;
  });
  saveOrder(ctx, order, after, { lines, status: step === 'ready' ? 'ready' : 'preparing' });
  return lines;
}

/** Whether anything of an order was ever given to the kitchen and not voided. */
export const hasFired = (order: OrderDoc): boolean => order.lines.some(isFired);
