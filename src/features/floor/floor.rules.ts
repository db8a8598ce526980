import { type BrigadeError, fail } from '../../kernel/errors.js';
import type { TableStatus } from './floor.model.js';

/**
 * The whole life of a table. `occupied` is entered and left by an order only: what people set by hand is the rest
 * (see {@link stepsByHand}).
 */
export const tableSteps: Readonly<Record<TableStatus, readonly TableStatus[]>> = {
  available: ['reserved', 'occupied', 'dirty', 'out_of_service'],
  reserved: ['available', 'occupied', 'out_of_service'],
  occupied: ['available', 'dirty'],
  dirty: ['available', 'out_of_service'],
  out_of_service: ['available', 'dirty'],
};

export function stepsByHand(from: TableStatus): readonly TableStatus[] {
  return from === 'occupied' ? [] : tableSteps[from].filter((to) => to !== 'occupied');
}

/** What is wrong with setting a table's status by hand, if anything: an `illegal_step` that names the legal ones. */
export function refusalByHand(name: string, from: TableStatus, to: TableStatus): BrigadeError | undefined {
  const legal = stepsByHand(from);
  if (legal.includes(to)) return undefined;
  const why =
    from === 'occupied' || to === 'occupied' ? `: only an order ${to === 'occupied' ? 'takes' : 'frees'} a table` : '';
  return fail('illegal_step', `${name} is ${spoken(from)} and cannot become ${spoken(to)}${why}`, { legal });
}

/** What is wrong with an order taking a table, or a table joining a group, in this status. */
export function refusalToSeat(name: string, from: TableStatus): BrigadeError | undefined {
  if (from === 'available' || from === 'reserved') return undefined;
  return fail('illegal_step', `${name} is ${spoken(from)}`, { legal: stepsByHand(from) });
}

const spoken = (status: TableStatus): string => status.replaceAll('_', ' ');
