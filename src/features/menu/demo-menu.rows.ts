import { money } from '../../kernel/money.js';
import type { FileItem } from './menu-file.js';

interface Details extends Partial<Omit<FileItem, 'sizes'>> {
  contains?: string[];
  traces?: string[];
  /** Codes of modifier groups. */
  groups?: string[];
  /** Name -> price in cents, instead of a single price. */
  sizes?: Record<string, number>;
}

/** One line of the demo menu: name, price in cents, minutes to prepare it. */
export type DishRow = readonly [name: string, cents: number, minutes: number, details?: Details];

const codeFor = (name: string): string =>
  name
    .replaceAll('œ', 'oe')
    .normalize('NFD')
    .replace(/[^\p{Letter}\p{Number} -]/gu, '')
    .trim()
    .toLowerCase()
    .replace(/[ -]+/g, '-')
    .slice(0, 40);

/** The dish numbers of a category begin here. */
const firstNumbers: Readonly<Record<string, number>> = {
  starters: 1,
  salads: 20,
  mains: 30,
  'pasta-pizza': 50,
  desserts: 70,
};

/** The items of a category as `menu:import` takes them. */
export function dishes(category: string, rows: readonly DishRow[]): FileItem[] {
  return rows.map(([name, cents, minutes, details = {}], index) => {
    const first = firstNumbers[category];
    const { contains = [], traces = [], groups = [], sizes, ...more } = details;
    const listed = Object.entries(sizes ?? {}).map(([size, amount]) => ({ name: size, price: money(amount, 'EUR') }));
    return {
      ...{ code: codeFor(name), name, category, position: index + 1, prepSeconds: minutes * 60 },
      allergens: { contains, traces },
      modifierGroups: groups,
      ...(first !== undefined && { number: String(first + index) }),
      ...(listed.length > 0 ? { sizes: listed } : { price: money(cents, 'EUR') }),
      ...more,
    };
  });
}
