import fc from 'fast-check';
import { type Brigade, type House, openHouse, type Person, startBrigade } from './harness/index.js';

let brigade: Brigade;
beforeAll(async () => {
  brigade = await startBrigade();
});
afterAll(() => brigade?.stop());

/** What a house consists of, by what it is called in a reference. */
interface Things {
  section: string[];
  table: string[];
  station: string[];
  category: string[];
  item: string[];
  group: string[];
  device: string[];
  person: string[];
}
const none = (): Things => ({
  ...{ section: [], table: [], station: [], category: [], item: [], group: [], device: [], person: [] },
});

/** A step: what, and numbers that choose among all that ever was, what is gone included. */
interface Step {
  what: number;
  a: number;
  b: number;
}
const step: fc.Arbitrary<Step> = fc.record({ what: fc.nat(999), a: fc.nat(999), b: fc.nat(999) });

let names = 0;
const name = (of: string) => {
  names += 1;
  return `${of} ${names}`;
};

/** Every step that makes, changes or ends something another thing may name; refusals are answers too. */
function stepsOf(ever: Things, { a, b }: Step): [kind: keyof Things | undefined, operation: string, input: object][] {
  const one = (kind: keyof Things, index = a) => ever[kind][index % Math.max(1, ever[kind].length)] ?? '0'.repeat(24);
  const some = (kind: keyof Things) => [...new Set([one(kind, a), one(kind, b)])];
  const price = { amount: 1000, currency: 'EUR' };
  const routes = { categoryIds: some('category'), itemIds: some('item') };
  const options = [{ name: 'Plain' }, { name: 'Special', nestedGroupIds: b % 2 === 0 ? [one('group', b)] : [] }];
  return [
    ['section', 'section:create', { name: name('Section') }],
    ['table', 'table:create', { name: name('Table'), sectionId: one('section'), seats: 4 }],
    ['category', 'menu:create-category', { name: name('Category'), taxClass: 'food' }],
    ['group', 'menu:create-modifier-group', { name: name('Group'), min: 0, max: 2, options }],
    [
      'item',
      'menu:create-item',
      {
        name: name('Item'),
        categoryId: one('category'),
        price,
        modifierGroupIds: b % 3 === 0 ? [one('group', b)] : [],
      },
    ],
    ['station', 'station:create', { name: name('Station'), routes }],
    ['device', 'device:pair', { name: name('Screen'), kind: 'kitchen', stationIds: some('station') }],
    ['person', 'staff:create', { name: name('Waiter'), role: 'waiter' }],
    [undefined, 'section:delete', { sectionId: one('section') }],
    [undefined, 'section:assign', { sectionId: one('section'), waiterId: one('person', b) }],
    [undefined, 'table:update', { tableId: one('table'), sectionId: one('section', b) }],
    [undefined, 'table:assign', { tableId: one('table'), waiterId: one('person', b) }],
    [undefined, 'table:join', { tableId: one('table'), tableIds: [one('table', b)] }],
    [undefined, 'table:split', { tableId: one('table') }],
    [undefined, 'table:delete', { tableId: one('table') }],
    [undefined, 'menu:update-item', { itemId: one('item'), categoryId: one('category', b) }],
    [undefined, 'menu:archive-item', { itemId: one('item') }],
    [undefined, 'menu:restore-item', { itemId: one('item') }],
    [undefined, 'menu:delete-category', { categoryId: one('category') }],
    [undefined, 'menu:delete-modifier-group', { groupId: one('group') }],
    [undefined, 'station:update', { stationId: one('station'), routes }],
    [undefined, 'station:delete', { stationId: one('station') }],
    [undefined, 'device:update', { deviceId: one('device'), stationIds: some('station') }],
    [undefined, 'device:unpair', { deviceId: one('device') }],
    [undefined, 'staff:deactivate', { staffId: one('person') }],
    [undefined, 'staff:reactivate', { staffId: one('person') }],
    [
      undefined,
      'order:place',
      { tableId: one('table'), waiterId: one('person', b), lines: [{ itemId: one('item', b) }] },
    ],
  ];
}

/** Every reference that the house shows, and whether what it names is there. */
async function danglingIn(owner: Person): Promise<string[]> {
  // What is archived can come back, and then goes where it went before.
  const [menu, floor, stations, devices, roster] = await Promise.all([
    owner.must('menu:get', { archived: true }),
    ...['floor:get', 'station:list', 'device:list', 'staff:roster'].map((query) => owner.must(query)),
  ]);
  const ids = (things: { id: string }[]) => new Set(things.map(({ id }) => id));
  const there = {
    ...{ section: ids(floor.sections), table: ids(floor.tables), station: ids(stations), person: ids(roster) },
    ...{ category: ids(menu.categories), item: ids(menu.items), group: ids(menu.modifierGroups) },
  };
  const found: string[] = [];
  const check = (kind: keyof typeof there, where: string, named: readonly (string | undefined)[]) => {
    for (const id of named) if (id !== undefined && !there[kind].has(id)) found.push(`${where} names ${kind} ${id}`);
  };
  for (const section of floor.sections) check('person', 'a section', [section.waiterId]);
  for (const table of floor.tables) {
    check('section', 'a table', [table.sectionId]);
    check('person', 'a table', [table.waiterId, table.orderWaiterId]);
    check('table', 'a table', table.joinedTableIds);
  }
  for (const item of menu.items) {
    check('category', 'an item', [item.categoryId]);
    check('group', 'an item', item.modifierGroupIds);
  }
  for (const group of menu.modifierGroups)
    check(
      'group',
      'an option',
      group.options.flatMap(({ nestedGroupIds }: { nestedGroupIds: string[] }) => nestedGroupIds),
    );
  for (const { routes } of stations) {
    check('category', 'a route', routes.categoryIds);
    check('item', 'a route', routes.itemIds);
  }
  for (const device of devices) check('station', 'a screen', device.stationIds);
  return found;
}

describe('references', () => {
  let house: House;
  beforeEach(async () => {
    house = await openHouse(brigade);
  });
  afterEach(() => house.close());

  it.each([1, 2])(
    'never dangle, whatever is made, changed and taken away (walk %s)',
    async (seed) => {
      const { owner } = house;
      const ever = none();
      const first = { what: 0, a: 0, b: 1 };
      const taken = { done: 0, refused: 0 };
      const take = async ([kind, operation, input]: ReturnType<typeof stepsOf>[number]) => {
        const { data, problem } = await owner.rest(operation, input);
        if (kind !== undefined && data !== undefined) ever[kind].push(data.id);
        expect({ operation, status: problem?.status ?? 200 }).not.toMatchObject({ status: 500 });
        taken[problem === undefined ? 'done' : 'refused'] += 1;
        return problem;
      };
      // Two of everything, so that there is something to name.
      for (const index of [0, 0, 1, 1, 2, 2, 3, 4, 4, 5, 5, 6, 7, 7]) await take(stepsOf(ever, first)[index] as never);
      for (const next of fc.sample(step, { numRuns: 120, seed })) {
        const steps = stepsOf(ever, next);
        const chosen = steps[next.what % steps.length] as (typeof steps)[number];
        await take(chosen);
        expect({ after: chosen[1], dangling: await danglingIn(owner) }).toEqual({ after: chosen[1], dangling: [] });
      }
      expect(taken.done).toBeGreaterThan(40);
    },
    120_000,
  );
});
