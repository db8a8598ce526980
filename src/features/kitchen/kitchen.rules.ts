import type { Present } from '../../kernel/presence.js';
import { plus } from '../../kernel/quantity.js';
import type { StepTable } from '../orders/index.js';
import type { StationDoc, TicketDoc, TicketLine, TicketStatus } from './kitchen.model.js';

export type TicketStep = 'start' | 'ready' | 'bump' | 'recall' | 'cancel';
/** `cancel` is not a cook's: a ticket is cancelled when nothing on it is to be made any more. */
export const ticketSteps: StepTable<TicketStatus, TicketStep> = {
  queued: { start: 'preparing', ready: 'ready', bump: 'done', cancel: 'cancelled' },
  preparing: { ready: 'ready', bump: 'done', cancel: 'cancelled' },
  ready: { bump: 'done', cancel: 'cancelled' },
  done: { recall: 'preparing' },
  cancelled: {},
};

export type Route = Pick<StationDoc, '_id' | 'kind' | 'position' | 'routes' | 'isDefault'>;

/** The station that makes an item: by item, then by category, then the default one; the first by position. */
export function stationFor(
  stations: readonly Route[],
  { itemId, categoryId }: { itemId: string; categoryId: string },
): string | undefined {
  const makers = stations
    .filter((station) => station.kind === 'prep')
    .sort((one, other) => one.position - other.position);
  const found =
    makers.find((station) => station.routes.itemIds.includes(itemId)) ??
    makers.find((station) => station.routes.categoryIds.includes(categoryId)) ??
    makers.find((station) => station.isDefault);
  return found?._id;
}

/** Lines by the station that makes them; under `undefined` those that no station makes. */
export function byStation<T extends { itemId: string; categoryId: string }>(
  stations: readonly Route[],
  lines: readonly T[],
): Map<string | undefined, T[]> {
  const groups = new Map<string | undefined, T[]>();
  for (const line of lines) {
    const station = stationFor(stations, line);
    groups.set(station, [...(groups.get(station) ?? []), line]);
  }
  return groups;
}

/** When a station begins and when the firing is due, so that what takes longest decides and all comes up together. */
export function paceOf(
  sentAt: Date,
  own: ReadonlyArray<{ prepSeconds: number }>,
  firing: ReadonlyArray<{ prepSeconds: number }>,
): { paceStartAt: Date; dueAt: Date } {
  const longest = Math.max(0, ...firing.map((line) => line.prepSeconds));
  const longestOwn = Math.max(0, ...own.map((line) => line.prepSeconds));
  const after = (seconds: number) => new Date(sentAt.getTime() + seconds * 1000);
  return { paceStartAt: after(longest - longestOwn), dueAt: after(longest) };
}

/** Whether somebody on line sees a station's tickets come: a screen bound to it, or an unbound one of the kitchen's. */
export const isScreenOf = (stationId: string, { role, stationIds }: Pick<Present, 'role' | 'stationIds'>): boolean =>
  stationIds.length > 0 ? stationIds.includes(stationId) : role === 'kitchen';

/** Whether a ticket needs no screen's word of receipt (any more). */
export const isReceiptSettled = ({
  status,
  receivedAt,
  startedAt,
}: Pick<TicketDoc, 'status' | 'receivedAt' | 'startedAt'>): boolean =>
  receivedAt !== undefined || startedAt !== undefined || status === 'done' || status === 'cancelled';

/** Whether a ticket's line is food that is (or was) to be made here. */
export const isFood = ({ change, status }: Pick<TicketLine, 'change' | 'status'>): boolean =>
  (change === 'add' || change === 'move') && status !== 'cancelled' && status !== 'moved';

/** Whether it is still to be made. */
export const isToMake = (line: Pick<TicketLine, 'change' | 'status'>): boolean =>
  isFood(line) && line.status !== 'ready';

/** A ticket's lines once some of them are in another state. */
export function withLineStatus(
  lines: readonly TicketLine[],
  ids: ReadonlySet<string>,
  status: TicketLine['status'],
): TicketLine[] {
  return lines.map((line) => (ids.has(line.lineId) && isFood(line) ? { ...line, status } : line));
}

/** The status a ticket has once lines were taken off it: cancelled when no food is left, ready when all of it is. */
export function statusWithout(status: TicketStatus, lines: readonly TicketLine[]): TicketStatus {
  const food = lines.filter(isFood);
  if (food.length === 0) return 'cancelled';
  return status === 'preparing' && food.every((line) => line.status === 'ready') ? 'ready' : status;
}

/** The status of a ticket that begins with lines already on their way. */
export function statusOf(lines: readonly TicketLine[]): 'queued' | 'preparing' | 'ready' {
  if (lines.every((line) => line.status === 'ready')) return 'ready';
  return lines.every((line) => line.status === 'queued') ? 'queued' : 'preparing';
}

/** Whether expo can send an order out: every ticket of it that is still in the kitchen is ready. */
export const isOrderReady = (open: ReadonlyArray<Pick<TicketDoc, 'status'>>): boolean =>
  open.length > 0 && open.every((ticket) => ticket.status === 'ready');

export interface AllDay {
  stationId: string;
  itemId: string;
  name: string;
  sizeName?: string;
  quantity: number;
}

/** How many of each item every station still has to make. */
export function allDayOf(tickets: ReadonlyArray<Pick<TicketDoc, 'stationId' | 'lines'>>): AllDay[] {
  const counts = new Map<string, AllDay>();
  for (const { stationId, lines } of tickets) {
    for (const { itemId, name, sizeName, quantity } of lines.filter(isToMake)) {
      const key = `${stationId} ${itemId} ${sizeName ?? ''}`;
      const counted = counts.get(key)?.quantity ?? 0;
      const size = sizeName === undefined ? {} : { sizeName };
      counts.set(key, { stationId, itemId, name, ...size, quantity: plus(counted, quantity) });
    }
  }
  return [...counts.values()].sort((one, other) => other.quantity - one.quantity || (one.name < other.name ? -1 : 1));
}
