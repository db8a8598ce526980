import {
  type Brigade,
  type House,
  openHouse,
  type Person,
  startBrigade,
  transports,
  until,
} from '../../../tests/harness/index.js';

const eur = (amount: number) => ({ amount, currency: 'EUR' });
const HOUR = 3_600_000;

let brigade: Brigade;
let house: House;
let other: House;
let manager: Person;
let waiter: Person;
let kitchen: Person;
let categoryId: string;
let foreignItemId: string;

beforeAll(async () => {
  brigade = await startBrigade();
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
  manager = await house.hire('manager');
  waiter = await house.hire('waiter');
  kitchen = await house.hire('kitchen');
  await waiter.screen();
  categoryId = (await manager.must('menu:create-category', { name: 'Mains', taxClass: 'food', course: 2 })).id;
  const foreign = await other.owner.must('menu:create-category', { name: 'Foreign', taxClass: 'food' });
  foreignItemId = (
    await other.owner.must('menu:create-item', { name: 'Foreign', categoryId: foreign.id, price: eur(1) })
  ).id;
});
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

const newItem = (more: object = {}) =>
  manager.must('menu:create-item', { name: 'Roast chicken', categoryId, price: eur(1_950), ...more });
const newGroup = (more: object = {}) =>
  manager.must('menu:create-modifier-group', {
    name: 'Side',
    min: 0,
    max: 1,
    options: [{ name: 'Fries' }, { name: 'Rice' }],
    ...more,
  });
const fieldsOf = (problem: { errors?: { field: string }[] } | undefined) => problem?.errors?.map(({ field }) => field);

describe.each(transports)('over %s', (transport) => {
  describe('menu:create-item', () => {
    it('adds an item with what the category gives it, and every screen has it', async () => {
      const screen = await waiter.screen();
      const { status, data } = await manager.via(transport, 'menu:create-item', {
        ...{ name: ' Sea bass ', categoryId, allergens: { contains: ['fish'], traces: [] }, prepSeconds: 840 },
        sizes: [
          { name: 'Half', price: eur(1_650) },
          { name: 'Whole', price: eur(2_900), channelPrices: { takeaway: eur(2_600) } },
        ],
      });
      expect(status).toBe(201);
      expect(data).toMatchObject({
        name: 'Sea bass',
        categoryId,
        taxClass: 'food',
        course: 2,
        status: 'active',
        version: 1,
      });
      expect(data.sizes[1]).toMatchObject({
        name: 'Whole',
        price: eur(2_900),
        channelPrices: { takeaway: eur(2_600) },
      });
      expect(data.availability).toEqual({ channels: ['dine-in', 'takeaway', 'delivery'], dayparts: [] });
      const seen = await screen.saw('menu:updated', ({ items }) => items?.[0]?.id === data.id);
      expect(seen.items).toEqual([data]);
      expect((await waiter.via(transport, 'menu:get-item', { itemId: data.id })).data).toEqual(data);
      expect((await waiter.via(transport, 'menu:get')).data.items).toContainEqual(data);
    });

    it.each([
      ['categoryId', { categoryId: 'aaaaaaaaaaaaaaaaaaaaaaaa' }],
      ['modifierGroupIds.0', { modifierGroupIds: ['aaaaaaaaaaaaaaaaaaaaaaaa'] }],
      ['taxClass', { taxClass: 'tobacco' }],
      ['price.currency', { price: { amount: 1, currency: 'USD' } }],
      ['price', { sizes: [{ name: 'Small', price: { amount: 1, currency: 'EUR' } }] }],
      ['allergens.contains.0', { allergens: { contains: ['plastic'], traces: [] } }],
      ['priceRules.0.from', { priceRules: [{ name: 'x', weekdays: [1], from: '25:00', to: '26:00', percentOff: 5 }] }],
      ['colour', { colour: 'green' }],
    ])('names %s when it is wrong', async (field, change) => {
      const input = { name: 'X', categoryId, price: eur(100), ...change };
      const { status, problem } = await manager.via(transport, 'menu:create-item', input);
      expect([status, problem?.code]).toEqual([400, 'validation_failed']);
      expect(fieldsOf(problem)?.[0]).toBe(field);
    });

    it('is refused to a waiter', async () => {
      const { problem } = await waiter.via(transport, 'menu:create-item', { name: 'X', categoryId, price: eur(1) });
      expect(problem).toMatchObject({ status: 403, code: 'forbidden' });
    });

    it('takes a code once', async () => {
      const code = `dish-${transport}`;
      const { id } = await newItem({ code });
      const { problem } = await manager.via(transport, 'menu:create-item', {
        name: 'X',
        categoryId,
        price: eur(1),
        code,
      });
      expect(fieldsOf(problem)).toEqual(['code']);
      expect((await manager.via(transport, 'menu:update-item', { itemId: id, code, name: 'Still mine' })).status).toBe(
        200,
      );
    });
  });

  describe('menu:update-item', () => {
    it('changes what is given, takes away what is null, and keeps the ids of sizes', async () => {
      const item = await newItem({ description: 'With thyme', prepSeconds: 60 });
      const itemId = item.id;
      const sizes = [
        { name: 'Half', price: eur(1_000) },
        { name: 'Whole', price: eur(1_900) },
      ];
      const sized = await manager.via(transport, 'menu:update-item', { itemId, sizes, description: null });
      expect(sized.data).toMatchObject({ name: 'Roast chicken', prepSeconds: 60, version: 2 });
      expect(Object.keys(sized.data)).not.toContain('description');
      expect(Object.keys(sized.data)).not.toContain('price');
      const dearer = [
        { name: 'half', price: eur(1_100) },
        { name: 'Double', price: eur(3_000) },
      ];
      const again = await manager.via(transport, 'menu:update-item', { itemId, sizes: dearer });
      expect(again.data.sizes[0]).toEqual({ id: sized.data.sizes[0].id, name: 'half', price: eur(1_100) });
      expect(sized.data.sizes.map(({ id }: { id: string }) => id)).not.toContain(again.data.sizes[1].id);
      const single = await manager.via(transport, 'menu:update-item', { itemId, price: eur(2_000) });
      expect(single.data).toMatchObject({ sizes: [], price: eur(2_000) });
    });

    it('is refused with the present state when somebody was faster', async () => {
      const { id: itemId } = await newItem();
      const first = await manager.via(transport, 'menu:update-item', { itemId, name: 'First' }, { expectedVersion: 1 });
      expect(first.data.version).toBe(2);
      const { problem } = await manager.via(
        transport,
        'menu:update-item',
        { itemId, name: 'Second' },
        { expectedVersion: 1 },
      );
      expect(problem).toMatchObject({ status: 409, code: 'version_conflict', current: { name: 'First', version: 2 } });
    });
  });

  it('an item leaves the menu and comes back', async () => {
    const { id: itemId } = await newItem({ name: 'Seasonal' });
    const screen = await waiter.screen();
    expect((await manager.via(transport, 'menu:archive-item', { itemId })).data).toMatchObject({ status: 'archived' });
    await screen.saw('menu:updated', ({ items }) => items?.[0]?.id === itemId && items[0].status === 'archived');
    const ids = async (input: object) =>
      (await waiter.via(transport, 'menu:get', input)).data.items.map((item: { id: string }) => item.id);
    expect(await ids({})).not.toContain(itemId);
    expect(await ids({ archived: true })).toContain(itemId);
    expect((await kitchen.via(transport, 'menu:set-availability', { itemId, available: false })).problem?.code).toBe(
      'conflict',
    );
    expect((await manager.via(transport, 'menu:restore-item', { itemId })).data).toMatchObject({ status: 'active' });
    expect(await ids({})).toContain(itemId);
  });

  it("another restaurant's items do not exist", async () => {
    const itemId = foreignItemId;
    const calls: [string, object][] = [
      ['menu:get-item', { itemId }],
      ['menu:update-item', { itemId, name: 'Mine' }],
      ['menu:archive-item', { itemId }],
      ['menu:restore-item', { itemId }],
      ['menu:set-availability', { itemId, available: false }],
    ];
    for (const [name, input] of calls) {
      expect((await manager.via(transport, name, input)).problem).toMatchObject({
        status: 404,
        code: 'not_found',
        detail: 'No such item',
      });
    }
  });

  describe('categories', () => {
    it('are added, changed, and removed once they are empty', async () => {
      const made = await manager.via(transport, 'menu:create-category', {
        name: 'Specials',
        position: 9,
        taxClass: 'food',
      });
      expect(made).toMatchObject({ status: 201, data: { name: 'Specials', position: 9, version: 1 } });
      const { id } = made.data;
      const changed = await manager.via(transport, 'menu:update-category', {
        categoryId: id,
        taxClass: null,
        name: 'Tonight',
      });
      expect(changed.data).toEqual({ id, name: 'Tonight', position: 9, version: 2 });
      const withoutTax = await manager.via(transport, 'menu:create-item', { name: 'X', categoryId: id, price: eur(1) });
      expect(fieldsOf(withoutTax.problem)).toEqual(['taxClass']);
      const item = await newItem({ categoryId: id, taxClass: 'food' });
      const refused = await manager.via(transport, 'menu:delete-category', { categoryId: id });
      expect(refused.problem).toMatchObject({ status: 409, code: 'conflict' });
      await manager.must('menu:archive-item', { itemId: item.id });
      expect((await manager.via(transport, 'menu:delete-category', { categoryId: id })).data).toEqual({ id });
      await (await waiter.screen()).saw('menu:updated', ({ removedCategoryIds }) => removedCategoryIds?.[0] === id);
      const back = await manager.via(transport, 'menu:restore-item', { itemId: item.id });
      expect(fieldsOf(back.problem)).toEqual(['categoryId']);
    });

    it('are for managers, of known tax classes', async () => {
      expect((await waiter.via(transport, 'menu:create-category', { name: 'X' })).status).toBe(403);
      const { problem } = await manager.via(transport, 'menu:create-category', { name: 'X', taxClass: 'tobacco' });
      expect(fieldsOf(problem)).toEqual(['taxClass']);
      const unknown = await manager.via(transport, 'menu:update-category', { categoryId: foreignItemId, name: 'X' });
      expect(unknown.problem).toMatchObject({ status: 404, detail: 'No such category' });
    });
  });

  describe('modifier groups', () => {
    it('are added, changed with their options keeping ids, and removed once unused', async () => {
      const inner = await newGroup({ name: 'Dip', options: [{ name: 'Mayonnaise', price: eur(50) }] });
      const { status, data } = await manager.via(transport, 'menu:create-modifier-group', {
        ...{ name: 'Side', min: 1, max: 2 },
        options: [
          { name: 'Fries', default: true, nestedGroupIds: [inner.id] },
          { name: 'Rice', price: eur(100) },
        ],
      });
      expect(status).toBe(201);
      expect(data.options[0]).toMatchObject({
        name: 'Fries',
        price: eur(0),
        default: true,
        soldOut: false,
        nestedGroupIds: [inner.id],
      });
      const [fries, rice] = data.options;
      const options = [{ id: rice.id, name: 'Basmati rice', price: eur(120) }, { name: 'Fries' }];
      const changed = await manager.via(transport, 'menu:update-modifier-group', { groupId: data.id, options });
      expect(changed.data.options.map(({ id }: { id: string }) => id)).toEqual([rice.id, fries.id]);
      expect((await manager.via(transport, 'menu:delete-modifier-group', { groupId: inner.id })).data).toEqual({
        id: inner.id,
      });
      const item = await newItem({ modifierGroupIds: [data.id] });
      const used = await manager.via(transport, 'menu:delete-modifier-group', { groupId: data.id });
      expect(used.problem).toMatchObject({ code: 'conflict', detail: 'Side is still used by Roast chicken' });
      await manager.must('menu:archive-item', { itemId: item.id });
      expect((await manager.via(transport, 'menu:delete-modifier-group', { groupId: data.id })).status).toBe(200);
    });

    it('are never nested in a circle', async () => {
      const inner = await newGroup({ name: 'Inner' });
      const outer = await newGroup({ name: 'Outer', options: [{ name: 'More', nestedGroupIds: [inner.id] }] });
      const options = [{ name: 'Back', nestedGroupIds: [outer.id] }];
      const { problem } = await manager.via(transport, 'menu:update-modifier-group', { groupId: inner.id, options });
      expect(fieldsOf(problem)).toEqual(['options']);
      expect(problem?.detail).toMatch(/Inner > Outer > Inner|Outer > Inner > Outer/);
      const deletion = await manager.via(transport, 'menu:delete-modifier-group', { groupId: inner.id });
      expect(deletion.problem?.detail).toBe('Inner is still used by Outer');
    });

    it.each([
      ['max', { min: 3, max: 2 }],
      ['options.1.name', { options: [{ name: 'Rice' }, { name: 'rice' }] }],
      ['options', { options: [] }],
      [
        'options',
        {
          options: [
            { name: 'A', default: true },
            { name: 'B', default: true },
          ],
        },
      ],
      ['options.0.nestedGroupIds.0', { options: [{ name: 'A', nestedGroupIds: ['aaaaaaaaaaaaaaaaaaaaaaaa'] }] }],
      ['options.0.id', { options: [{ name: 'A', id: 'aaaaaaaaaaaaaaaaaaaaaaaa' }] }],
    ])('name %s when it is wrong', async (field, change) => {
      const input = { name: 'X', min: 0, max: 1, options: [{ name: 'A' }], ...change };
      const { status, problem } = await manager.via(transport, 'menu:create-modifier-group', input);
      expect([status, fieldsOf(problem)?.[0]]).toEqual([400, field]);
    });

    it('have options the kitchen can set to sold out', async () => {
      const group = await newGroup();
      const optionId = group.options[0].id;
      const input = { groupId: group.id, optionId, available: false };
      const { data } = await kitchen.via(transport, 'menu:set-option-availability', input);
      expect(data.options.map(({ soldOut }: { soldOut: boolean }) => soldOut)).toEqual([true, false]);
      const seen = await (await waiter.screen()).saw(
        'menu:updated',
        ({ modifierGroups }) => modifierGroups?.[0]?.id === group.id && modifierGroups[0].version === 2,
      );
      expect(seen.modifierGroups).toEqual([data]);
      const lost = await kitchen.via(transport, 'menu:set-option-availability', { ...input, optionId: group.id });
      expect(lost.problem).toMatchObject({ status: 404, detail: 'No such option' });
      expect((await waiter.via(transport, 'menu:set-option-availability', input)).status).toBe(403);
    });
  });

  describe('menu:set-availability', () => {
    it('takes an item out until a time, and back', async () => {
      const { id: itemId } = await newItem();
      const until = new Date(brigade.clock.now().getTime() + HOUR).toISOString();
      const screen = await waiter.screen();
      const gone = await kitchen.via(transport, 'menu:set-availability', { itemId, available: false, until });
      expect(gone.data).toMatchObject({ soldOut: { until } });
      expect((await screen.saw('menu:availability-changed', ({ item }) => item.id === itemId)).item).toEqual(gone.data);
      const back = await kitchen.via(transport, 'menu:set-availability', { itemId, available: true });
      expect(Object.keys(back.data)).not.toContain('soldOut');
      const lifted = await kitchen.via(transport, 'menu:set-availability', { itemId, available: false });
      expect(lifted.data.soldOut).toEqual({ until: null });
      const counted = await kitchen.via(transport, 'menu:set-availability', { itemId, available: true, remaining: 4 });
      expect([counted.data.remaining, counted.data.soldOut]).toEqual([4, undefined]);
    });

    it('names what is wrong, and is for the kitchen and managers', async () => {
      const { id: itemId } = await newItem();
      const wrong = async (input: object) =>
        fieldsOf((await kitchen.via(transport, 'menu:set-availability', { itemId, ...input })).problem);
      expect(await wrong({ available: false, until: '2020-01-01T00:00:00.000Z' })).toEqual(['until']);
      expect(await wrong({ available: false, remaining: 3 })).toEqual(['remaining']);
      expect(await wrong({ available: true, remaining: -1 })).toEqual(['remaining']);
      expect(await wrong({})).toEqual(['available']);
      expect((await waiter.via(transport, 'menu:set-availability', { itemId, available: true })).status).toBe(403);
    });
  });

  it('an order is refused while its item is sold out, and taken once it is back', async () => {
    const { id: itemId } = await newItem();
    const until = new Date(brigade.clock.now().getTime() + HOUR).toISOString();
    await kitchen.must('menu:set-availability', { itemId, available: false, until });
    const order = { channel: 'takeaway', lines: [{ itemId, quantity: 1 }] };
    const refused = await waiter.via(transport, 'order:place', order);
    expect(refused.problem).toMatchObject({
      status: 409,
      code: 'unavailable_item',
      detail: 'Roast chicken is sold out',
    });
    expect(fieldsOf(refused.problem)).toEqual(['lines.0.itemId']);
    await kitchen.must('menu:set-availability', { itemId, available: true });
    expect((await waiter.via(transport, 'order:place', order)).status).toBe(201);
  });

  it('a counted item loses its portions to orders, and gets back those that are cancelled unfired', async () => {
    const { id: itemId } = await newItem({ name: 'Terrine' });
    await kitchen.must('menu:set-availability', { itemId, available: true, remaining: 5 });
    const left = async () => (await waiter.must('menu:get-item', { itemId })).remaining;
    const lines = [
      { itemId, quantity: 2 },
      { itemId, quantity: 1 },
    ];
    const placed = await waiter.via(transport, 'order:place', { channel: 'takeaway', fire: 'hold', lines });
    expect(await left()).toBe(2);
    const tooMany = await waiter.via(transport, 'order:place', { channel: 'takeaway', lines });
    expect(tooMany.problem).toMatchObject({ code: 'sold_out', detail: 'Terrine: 3 wanted, 2 left' });
    expect(await left()).toBe(2);
    await waiter.via(transport, 'order:cancel', { orderId: placed.data.id, reason: 'They left' });
    expect(await left()).toBe(5);
  });
});

it('ten guests order the last three portions: exactly three succeed', async () => {
  const { id: itemId } = await newItem({ name: 'Côte de bœuf' });
  await kitchen.must('menu:set-availability', { itemId, available: true, remaining: 3 });
  const people = await Promise.all(Array.from({ length: 10 }, () => house.hire('waiter')));
  const screens = await Promise.all(people.map((person) => person.screen()));
  const order = { channel: 'takeaway', lines: [{ itemId, quantity: 1 }] };
  const answers = await Promise.all(screens.map((screen) => screen.call('order:place', order)));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
  const refused = answers.flatMap(({ problem }) => problem ?? []);
  expect(refused).toHaveLength(7);
  for (const problem of refused) {
    expect(problem).toMatchObject({
      code: 'sold_out',
      detail: 'Côte de bœuf: 1 wanted, 0 left',
      current: [{ itemId, remaining: 0 }],
    });
  }
  expect((await waiter.must('menu:get-item', { itemId })).remaining).toBe(0);
  const screen = await waiter.screen();
  const counts = () =>
    screen.named('menu:availability-changed').flatMap(({ data }) => {
      const { item } = data as { item: { id: string; remaining?: number } };
      return item.id === itemId ? [item.remaining] : [];
    });
  await until('the waiter saw the count fall', () => counts().length >= 4);
  expect(counts()).toEqual([3, 2, 1, 0]);
});
