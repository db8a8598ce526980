import type { OrderView } from '../../src/features/orders/index.js';
import { newId } from '../../src/kernel/ids.js';
import { type Brigade, type House, openHouse, type Person } from './index.js';

/** A restaurant in service: a menu, stations, as many tables as a test wants, and people. */
export interface Service {
  house: House;
  manager: Person;
  waiter: Person;
  colleague: Person;
  cook: Person;
  /** Items: 6.50 cold starter; 28.90 hot main, 15 min; 3.00 which needs nobody; others no route names. Prices include 10 % tax. */
  soup: string;
  steak: string;
  water: string;
  /** Required modifier group of the steak: an option for free, one for 1.50. */
  cooking: { groupId: string; rare: string; truffle: string };
  cold: string;
  hot: string;
  /** A free table of its own. */
  table(): Promise<{ id: string; name: string }>;
  /** A dish that only this test orders. */
  dish(name: string, more?: object): Promise<string>;
  /** An order at a table of its own. */
  order(lines: readonly object[], more?: object): Promise<OrderView>;
}

export const eur = (amount: number) => ({ amount, currency: 'EUR' });

export async function openService(brigade: Brigade, settings: object = {}): Promise<Service> {
  const house = await openHouse(brigade, settings);
  const { owner } = house;
  const [manager, waiter, colleague, cook] = await Promise.all([
    house.hire('manager'),
    house.hire('waiter'),
    house.hire('waiter'),
    house.hire('kitchen'),
  ]);
  const category = await owner.must('menu:create-category', { name: 'Dishes' });
  const dish = async (name: string, more: object = {}) => {
    const price = eur(1000);
    const item = { name: `${name} ${newId().slice(-4)}`, categoryId: category.id, price, taxClass: 'food', ...more };
    return (await owner.must('menu:create-item', item)).id as string;
  };
  const group = await owner.must('menu:create-modifier-group', {
    name: 'Cooking',
    min: 1,
    max: 2,
    options: [
      { name: 'Rare', price: eur(0), default: true },
      { name: 'Truffle butter', price: eur(150) },
    ],
  });
  const soup = await dish('Soup', { price: eur(650), prepSeconds: 300 });
  const grilled = { price: eur(2890), prepSeconds: 900, course: 2, modifierGroupIds: [group.id] };
  const steak = await dish('Steak', grilled);
  const water = await dish('Water', { price: eur(300) });
  const station = async (name: string, itemIds: string[]) =>
    (await owner.must('station:create', { name, routes: { categoryIds: [], itemIds } })).id as string;
  const cold = await station('Cold', [soup]);
  const hot = await station('Hot', [steak]);
  await owner.must('station:create', {
    name: 'Fridge',
    kind: 'none',
    position: 9,
    routes: { categoryIds: [], itemIds: [water] },
  });
  const section = await owner.must('section:create', { name: 'Room' });
  let tables = 0;
  const table = async () => {
    tables += 1;
    const input = { name: `T${tables}`, sectionId: section.id, seats: 4 };
    return (await owner.must('table:create', input)) as { id: string; name: string };
  };
  return {
    ...{ house, manager, waiter, colleague, cook, soup, steak, water, cold, hot, table, dish },
    cooking: { groupId: group.id, rare: group.options[0].id, truffle: group.options[1].id },
    async order(lines, more = {}) {
      const { id } = await table();
      return (await waiter.must('order:place', { tableId: id, lines, ...more })) as OrderView;
    },
  };
}

/** The statuses of an order's lines, in their order. */
export const statusesOf = ({ lines }: Pick<OrderView, 'lines'>): string[] => lines.map(({ status }) => status);
