import { fail } from '../../kernel/errors.js';
import { componentTax, extended, taxOn } from '../../kernel/money.js';
import { plus } from '../../kernel/quantity.js';
import type { LineStatus, OrderDoc, OrderLine, OrderStatus, Stage, TaxLine, Totals } from './orders.model.js';

/** State -> step -> next state. What is not in the table is illegal. */
export type StepTable<State extends string, Step extends string> = Readonly<
  Record<State, Readonly<Partial<Record<Step, State>>>>
>;

export type OrderStep = 'release' | 'complete' | 'cancel';
export const orderSteps: StepTable<OrderStatus, OrderStep> = {
  needs_approval: { cancel: 'cancelled' },
  scheduled: { release: 'open', cancel: 'cancelled' },
  open: { complete: 'completed', cancel: 'cancelled' },
  completed: {},
  cancelled: {},
};

/**
 * `start`, `ready` and `recall` are the kitchen's, taken on its tickets; the others are operations on orders. What a waiter
 * has in hand can be served whatever the kitchen has said of it: it may have no screen, or nobody had time to tap.
 */
export type LineStep = 'fire' | 'hold' | 'start' | 'ready' | 'serve' | 'recall' | 'cancel-line' | 'void-line';
export const lineSteps: StepTable<LineStatus, LineStep> = {
  held: { fire: 'fired', 'cancel-line': 'cancelled' },
  fired: { start: 'preparing', ready: 'ready', serve: 'served', hold: 'held', 'void-line': 'voided' },
  preparing: { ready: 'ready', serve: 'served', 'void-line': 'voided' },
  ready: { serve: 'served', recall: 'preparing', 'void-line': 'voided' },
  served: { 'void-line': 'voided' },
  cancelled: {},
  voided: {},
};

/** The state after a step. @throws illegal_step naming the legal ones */
export function stepFrom<State extends string, Step extends string>(
  table: StepTable<State, Step>,
  state: State,
  step: Step,
  what: string,
): State {
  const next: State | undefined = table[state][step];
  if (next !== undefined) return next;
  const legal = Object.keys(table[state]);
  const ways = legal.length === 0 ? 'nothing more can be done with it' : `possible now: ${legal.join(', ')}`;
  throw fail('illegal_step', `${what} is ${state}, so ${step} is not possible; ${ways}`, { legal });
}

/** What counting a line needs. */
export type Counted = Pick<
  OrderLine,
  'unitPrice' | 'modifiers' | 'quantity' | 'taxClass' | 'ratePpm' | 'taxComponents' | 'status'
>;

/** Whether guests get and pay for a line. */
export const counts = ({ status }: Pick<OrderLine, 'status'>): boolean => status !== 'cancelled' && status !== 'voided';

/** Whether the kitchen has or had a line. */
export const isFired = ({ status }: Pick<OrderLine, 'status'>): boolean =>
  status === 'fired' || status === 'preparing' || status === 'ready' || status === 'served';

/** Price of a line with its modifiers, minor units, as on the menu (with or without tax); options lower it to 0 at most. */
export function lineTotal({
  unitPrice,
  modifiers,
  quantity,
}: Pick<Counted, 'unitPrice' | 'modifiers' | 'quantity'>): number {
  const extras = modifiers.reduce(
    (sum, modifier) => sum + modifier.price * (modifier.quantity - (modifier.free ?? 0)),
    0,
  );
  return extended(Math.max(0, unitPrice + extras), quantity);
}

/**
 * What an order comes to. Tax is counted once per class and rate, on the sum of its lines, so that quantities and the
 * order of the lines make no difference; inclusive: `total = subtotal`, exclusive: `total = subtotal + taxes`.
 */
export function totalsOf(lines: readonly Counted[], pricesIncludeTax: boolean): Totals {
  const sums = new Map<string, { line: Counted; base: number }>();
  let subtotal = 0;
  for (const line of lines) {
    if (!counts(line)) continue;
    const amount = lineTotal(line);
    subtotal += amount;
    const parts = line.taxComponents === undefined ? '' : JSON.stringify(line.taxComponents);
    const key = `${line.taxClass} ${line.ratePpm} ${parts}`;
    sums.set(key, { line, base: (sums.get(key)?.base ?? 0) + amount });
  }
  const taxes = [...sums.values()].map(({ line, base }) => taxLine(line, base, pricesIncludeTax));
  taxes.sort((one, other) => (one.code === other.code ? one.ratePpm - other.ratePpm : one.code < other.code ? -1 : 1));
  const added = pricesIncludeTax ? 0 : taxes.reduce((sum, tax) => sum + tax.amount, 0);
  return { subtotal, taxes, total: subtotal + added };
}

function taxLine({ taxClass: code, ratePpm, taxComponents }: Counted, base: number, inclusive: boolean): TaxLine {
  if (taxComponents === undefined) return { code, ratePpm, base, amount: taxOn(base, ratePpm, inclusive) };
  const components = taxComponents.map(({ name, ratePpm: part }) => ({
    ...{ name, ratePpm: part },
    amount: componentTax(base, part, ratePpm, inclusive),
  }));
  return { code, ratePpm, components, base, amount: components.reduce((sum, { amount }) => sum + amount, 0) };
}

/**
 * How far the kitchen is with what it was sent. Served lines no longer count while others are on their way; `served`
 * is said once nothing is held any more.
 */
export function stageOf(lines: ReadonlyArray<Pick<OrderLine, 'status'>>): Stage {
  const statuses = lines.filter(counts).map(({ status }) => status);
  const onTheirWay = statuses.filter((status) => status !== 'held' && status !== 'served');
  if (onTheirWay.length === 0) return statuses.length > 0 && !statuses.includes('held') ? 'served' : 'pending';
  if (onTheirWay.every((status) => status === 'ready')) return 'ready';
  return onTheirWay.every((status) => status === 'fired') ? 'pending' : 'preparing';
}

/** How many portions of each item some lines are. */
export function portionsOf(lines: ReadonlyArray<{ itemId: string; quantity: number }>): Map<string, number> {
  const portions = new Map<string, number>();
  for (const { itemId, quantity } of lines) portions.set(itemId, plus(portions.get(itemId) ?? 0, quantity));
  return portions;
}

export const isMissed = (pickupAt: Date, now: Date): boolean => now.getTime() - pickupAt.getTime() > TOO_LATE_MS;

type Timed = Pick<OrderDoc, 'status' | 'pickupAt' | 'marginSeconds' | 'lines'>;

/** So long after its pick-up time nobody comes any more: food is made only when somebody says so. */
const TOO_LATE_MS = 2 * 3_600_000;

/**
 * When an order goes to the kitchen by itself: the longest preparation time of what is held, and the restaurant's margin,
 * before it is wanted; never in the past. Undefined for an order that is not scheduled, or was wanted hours ago.
 */
export function fireTimeOf({ status, pickupAt, marginSeconds = 0, lines }: Timed, now: Date): Date | undefined {
  if (status !== 'scheduled' || pickupAt === undefined || isMissed(pickupAt, now)) return undefined;
  const held = lines.filter((line) => line.status === 'held');
  const longest = Math.max(0, ...held.map((line) => line.prepSeconds));
  return new Date(Math.max(now.getTime(), pickupAt.getTime() - (longest + marginSeconds) * 1000));
}

/** A copy that knows when it goes to the kitchen by itself, if it does. */
export function withFireTime(order: OrderDoc, now: Date): OrderDoc {
  if (order.status !== 'scheduled' && order.fireAt === undefined) return order;
  const { fireAt: _, ...rest } = order;
  const fireAt = fireTimeOf(order, now);
  return { ...rest, ...(fireAt && { fireAt }) };
}
