import {
  type Brigade,
  type House,
  openHouse,
  type Person,
  startBrigade,
  transports,
} from '../../../tests/harness/index.js';
import { demoMenu } from './demo-menu.js';
import type { FileItem, MenuFile } from './menu-file.js';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
let brigade: Brigade;
beforeAll(async () => {
  brigade = await startBrigade();
});
afterAll(() => brigade?.stop());

const small: MenuFile = {
  format: 'brigade-menu/1',
  categories: [{ code: 'mains', name: 'Mains', taxClass: 'food' }],
  modifierGroups: [{ code: 'side', name: 'Side', min: 0, max: 1, options: [{ name: 'Fries' }, { name: 'Rice' }] }],
  items: [
    { code: 'chicken', name: 'Chicken', category: 'mains', price: eur(1_900), modifierGroups: ['side'] },
    { code: 'bass', name: 'Bass', category: 'mains', sizes: [{ name: 'Half', price: eur(900) }], remaining: 5 },
  ],
};
const first = small.items[0] as FileItem;

describe.each(transports)('over %s', (transport) => {
  let house: House;
  let owner: Person;
  const load = (menu: object, mode = 'replace') => owner.via(transport, 'menu:import', { mode, menu });
  const menu = async () => (await owner.via(transport, 'menu:get')).data;
  beforeEach(async () => {
    house = await openHouse(brigade);
    owner = house.owner;
  });
  afterEach(() => house?.close());

  it('the demo menu goes in, and comes out as it was', async () => {
    const { data } = await load(demoMenu);
    expect(data).toEqual({
      categories: 8,
      modifierGroups: demoMenu.modifierGroups.length,
      items: demoMenu.items.length,
      removed: 0,
    });
    const exported = (await owner.via(transport, 'menu:export')).data;
    expect(exported.items).toHaveLength(demoMenu.items.length);
    const twin = await openHouse(brigade);
    await twin.owner.must('menu:import', { mode: 'merge', menu: exported });
    expect(await twin.owner.must('menu:export')).toEqual(exported);
    await twin.close();
  });

  it('the same again changes no id; what a replacing file leaves out goes', async () => {
    await load(small);
    const before = await menu();
    await load({ ...small, items: [{ ...first, name: 'Roast chicken', price: eur(2_100) }] });
    const after = await menu();
    const [chicken] = after.items;
    expect(after.items).toHaveLength(1);
    expect(chicken).toMatchObject({ name: 'Roast chicken', price: eur(2_100), version: 2 });
    expect(chicken.id).toBe(before.items.find((item: { code: string }) => item.code === 'chicken').id);
    expect(after.modifierGroups[0].options).toEqual(before.modifierGroups[0].options);
    const archived = (await owner.via(transport, 'menu:get', { archived: true })).data.items;
    expect(archived.map((item: { status: string }) => item.status).sort()).toEqual(['active', 'archived']);
    await load(small);
    const again = await menu();
    expect(again.items.map(({ id }: { id: string }) => id).sort()).toEqual(
      before.items.map(({ id }: { id: string }) => id).sort(),
    );
  });

  it('a merging file adds to what is there and may refer to it', async () => {
    await load(small);
    const addition: MenuFile = {
      ...{ format: 'brigade-menu/1', categories: [], modifierGroups: [] },
      items: [{ code: 'duck', name: 'Duck', category: 'mains', price: eur(2_300), modifierGroups: ['side'] }],
    };
    expect((await load(addition, 'merge')).data).toEqual({ categories: 0, modifierGroups: 0, items: 1, removed: 0 });
    const { items, categories, modifierGroups } = await menu();
    expect(items).toHaveLength(3);
    expect(items.find((item: { code: string }) => item.code === 'duck')).toMatchObject({
      ...{ categoryId: categories[0].id, modifierGroupIds: [modifierGroups[0].id], taxClass: 'food' },
    });
    expect((await load(addition, 'replace')).status).toBe(400);
  });

  it('everything wrong is named, and nothing is written', async () => {
    await load(small);
    const before = await menu();
    const [side] = small.modifierGroups;
    const { status, problem } = await load({
      ...small,
      modifierGroups: [{ ...side, min: 2, max: 1 }],
      items: [
        { ...first, name: 'Changed' },
        { code: 'a', name: 'A', category: 'nowhere', price: eur(1), taxClass: 'food' },
        { code: 'b', name: 'B', category: 'mains' },
        { code: 'c', name: 'C', category: 'mains', price: { amount: 1, currency: 'JPY' }, modifierGroups: ['sauce'] },
      ],
    });
    expect(status).toBe(400);
    expect(problem?.errors?.map(({ field }) => field)).toEqual([
      'menu.modifierGroups.0.max',
      'menu.items.1.category',
      'menu.items.2.price',
      'menu.items.3.price.currency',
      'menu.items.3.modifierGroups.0',
    ]);
    expect(await menu()).toEqual(before);
  });

  it('is a manager’s, and known by its format', async () => {
    const waiter = await house.hire('waiter');
    expect((await waiter.via(transport, 'menu:import', { mode: 'merge', menu: small })).status).toBe(403);
    expect((await load({ ...small, format: 'other' })).problem?.errors?.[0]?.field).toBe('menu.format');
    const twice = await load({ ...small, items: [first, first] });
    expect(twice.problem?.errors?.[0]?.field).toBe('menu.items.1');
  });
});

describe('a menu as large as one can be', () => {
  /** Two thousand dishes with all that a dish can have. */
  const large = (count: number, from = 0): MenuFile => ({
    format: 'brigade-menu/1',
    categories: Array.from({ length: 40 }, (_, index) => ({
      code: `c${index}`,
      name: `Part ${index}`,
      taxClass: 'food',
    })),
    modifierGroups: small.modifierGroups,
    items: Array.from({ length: count }, (_, index) => ({
      ...{ code: `i${from + index}`, name: `Dish ${from + index}`, category: `c${index % 40}` },
      description: 'Dry and stony, with citrus and white peach; sixty year old vines on limestone. '.repeat(2),
      sizes: [
        { name: 'Glass', price: eur(600) },
        { name: 'Bottle', price: eur(2_900), channelPrices: { takeaway: eur(1_900) } },
      ],
      allergens: { contains: ['sulphites'], traces: [] },
      modifierGroups: ['side'],
    })),
  });

  it('goes in, comes out, goes in again; one more of anything is refused where it is made', async () => {
    const house = await openHouse(brigade);
    const { owner } = house;
    const load = (menu: MenuFile, mode = 'merge') => owner.rest('menu:import', { mode, menu });
    expect((await load(large(2_000))).status).toBe(200);
    const exported = await owner.rest('menu:export');
    expect(exported.data.items).toHaveLength(2_000);
    expect(JSON.stringify(exported.data).length).toBeGreaterThan(1_000_000);
    expect((await load(exported.data)).status).toBe(200);
    expect((await owner.rest('menu:export')).data).toEqual(exported.data);
    const over = await load(large(1, 2_000));
    expect(over.problem).toMatchObject({ code: 'conflict', detail: expect.stringMatching(/at most 2000 menu items/) });
    const [first] = (await owner.must('menu:get')).items;
    const another = { name: 'One more', categoryId: first.categoryId, price: eur(1) };
    expect((await owner.rest('menu:create-item', another)).problem?.code).toBe('conflict');
    await owner.must('menu:archive-item', { itemId: first.id });
    await owner.must('menu:create-item', another);
    expect((await owner.rest('menu:restore-item', { itemId: first.id })).problem?.code).toBe('conflict');
    expect((await owner.rest('menu:export')).data.items).toHaveLength(2_000);
    expect((await load(large(1_999, 1), 'replace')).status).toBe(200);
    await house.close();
  }, 120_000);
});

describe('the state of the day', () => {
  it('goes to another house with the file, and no file changes it where there is one', async () => {
    const house = await openHouse(brigade);
    const { owner } = house;
    await owner.must('menu:import', { mode: 'merge', menu: small });
    const old = await owner.must('menu:export');
    const { items, modifierGroups } = await owner.must('menu:get');
    const [bass, chicken] = [items.find((one: { code: string }) => one.code === 'bass'), items[0]];
    await owner.must('menu:set-availability', { itemId: bass.id, available: true, remaining: 2 });
    await owner.must('menu:set-availability', { itemId: bass.id, sizeId: bass.sizes[0].id, available: false });
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const other = chicken.code === 'bass' ? items[1] : chicken;
    await owner.must('menu:set-availability', { itemId: other.id, available: false, until });
    const option = { groupId: modifierGroups[0].id, optionId: modifierGroups[0].options[0].id };
    await owner.must('menu:set-option-availability', { ...option, available: false });
    const now = await owner.must('menu:export');
    for (const mode of ['merge', 'replace']) {
      await owner.must('menu:import', { mode, menu: old });
      expect(await owner.must('menu:export')).toEqual(now);
    }
    const twin = await openHouse(brigade);
    await twin.owner.must('menu:import', { mode: 'replace', menu: now });
    expect(await twin.owner.must('menu:export')).toEqual(now);
    const there = (await twin.owner.must('menu:get')).items;
    expect(there.find((one: { code: string }) => one.code === 'bass')).toMatchObject({ remaining: 2 });
    expect(there.find((one: { code: string }) => one.code === 'bass').sizes[0].soldOut).toBe(true);
    expect(there.find((one: { code: string }) => one.code === 'chicken').soldOut).toEqual({ until });
    await house.close();
    await twin.close();
  });
});
