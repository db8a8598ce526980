import type { Present } from '../../kernel/presence.js';
import { plus } from '../../kernel/quantity.js';
import type { StepTable } from '../orders/index.js';
import { openStatuses, type StationDoc, type TicketDoc, type TicketLine, type TicketStatus } from './kitchen.model.js';

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

interface Wanted {
  itemId: string;
  categoryId: string;
}

/** The route an item goes by: its own, then its category's, then the default; the first by position. */
function routeOf(stations: readonly Route[], { itemId, categoryId }: Wanted): Route | undefined {
  const routes = inOrder(stations.filter((station) => station.kind !== 'expo'));
  return (
    routes.find((station) => station.routes.itemIds.includes(itemId)) ??
    routes.find((station) => station.routes.categoryIds.includes(categoryId)) ??
    routes.find((station) => station.isDefault)
  );
}

const inOrder = (stations: Route[]): Route[] => stations.sort((one, other) => one.position - other.position);

/**
 * The station that makes an item; undefined when nobody has to: a route leads to a station of kind `none`, or the house
 * has no station at all. What no route names goes to the first station, for somebody must have it ({@link isRouted}).
 */
export function stationFor(stations: readonly Route[], item: Wanted): string | undefined {
  const route = routeOf(stations, item);
  if (route !== undefined) return route.kind === 'prep' ? route._id : undefined;
  const [first] = inOrder(stations.filter((station) => station.kind === 'prep'));
  return first?._id;
}

/** Whether the house has said who makes an item, or that nobody needs to. Without any station there is nothing to say. */
export const isRouted = (stations: readonly Route[], item: Wanted): boolean =>
  stations.every((station) => station.kind !== 'prep') || routeOf(stations, item) !== undefined;

/** Lines by the station that makes them; under `undefined` those that need nobody. */
export function byStation<T extends Wanted>(
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

/**
 * Whether a screen speaks for a station: one bound to it; an unbound one of the kitchen's only where the station has no
 * screen of its own, for what the pass has seen the grill has not.
 */
export const speaksFor = (
  stationId: string,
  { stationIds }: Pick<Present, 'stationIds'>,
  withScreens: ReadonlySet<string>,
): boolean => (stationIds.length > 0 ? stationIds.includes(stationId) : !withScreens.has(stationId));

/** Whether somebody on line sees a station's tickets come. */
export const isScreenOf = (
  stationId: string,
  present: Pick<Present, 'role' | 'stationIds'>,
  withScreens: ReadonlySet<string>,
): boolean =>
  (present.stationIds.length > 0 || present.role === 'kitchen') && speaksFor(stationId, present, withScreens);

/** Whether a ticket needs no screen's word of receipt (any more). */
export const isReceiptSettled = ({
  status,
  receivedAt,
  startedAt,
  leavesAt,
}: Pick<TicketDoc, 'status' | 'receivedAt' | 'startedAt' | 'leavesAt'>): boolean =>
  [receivedAt, startedAt, leavesAt].some((at) => at !== undefined) || status === 'done' || status === 'cancelled';

/** Whether a ticket is on the screens. */
export const isOpen = ({ status }: Pick<TicketDoc, 'status'>): boolean => openStatuses.includes(status);

/** Whether a ticket's line is word of another note or seat. */
export const isNews = ({ change }: Pick<TicketLine, 'change'>): boolean => change === 'change';

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

/** Whether expo can send an order out: every ticket with food that was not served yet is ready, or bumped. */
export const isOrderReady = (unserved: ReadonlyArray<Pick<TicketDoc, 'status'>>): boolean =>
  unserved.length > 0 && unserved.every(({ status }) => status === 'ready' || status === 'done');

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
