import {
  type Brigade,
  type House,
  openHouse,
  type Person,
  startBrigade,
  transports,
} from '../../../tests/harness/index.js';

let brigade: Brigade;
let house: House;
let other: House;
let manager: Person;
let waiter: Person;
let host: Person;
let sectionId: string;
let itemId: string;
let foreignTableId: string;

beforeAll(async () => {
  brigade = await startBrigade();
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
  manager = await house.hire('manager');
  waiter = await house.hire('waiter');
  host = await house.hire('host');
  await Promise.all([waiter.screen(), host.screen()]);
  sectionId = (await manager.must('section:create', { name: 'Dining room', position: 1 })).id;
  const { id: categoryId } = await manager.must('menu:create-category', { name: 'Mains', taxClass: 'food' });
  const price = { amount: 1_900, currency: 'EUR' };
  itemId = (await manager.must('menu:create-item', { name: 'Chicken', categoryId, price })).id;
  const foreign = await other.owner.must('section:create', { name: 'Foreign' });
  foreignTableId = (await other.owner.must('table:create', { name: '1', sectionId: foreign.id, seats: 2 })).id;
});
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

let counter = 0;
const nextName = () => {
  counter += 1;
  return `T${counter}`;
};
const newTable = (more: object = {}) =>
  manager.must('table:create', { name: nextName(), sectionId, seats: 4, ...more });
const placed = (tableId: string, by = waiter) =>
  by.must('order:place', { channel: 'dine-in', tableId, guestCount: 2, lines: [{ itemId, quantity: 1 }] });
const tableNow = async (tableId: string) =>
  (await waiter.must('floor:get')).tables.find(({ id }: { id: string }) => id === tableId);
const fieldsOf = (problem: { errors?: { field: string }[] } | undefined) => problem?.errors?.map(({ field }) => field);

describe.each(transports)('over %s', (transport) => {
  describe('sections', () => {
    it('are added, renamed, and removed once they have no tables', async () => {
      const name = `Terrace ${transport}`;
      const made = await manager.via(transport, 'section:create', { name, position: 2 });
      expect(made).toMatchObject({ status: 201, data: { name, position: 2, version: 1 } });
      const { id } = made.data;
      const seen = await (await waiter.screen()).saw('floor:updated', ({ sections }) => sections?.[0]?.id === id);
      expect(seen.sections).toEqual([made.data]);
      const twin = await manager.via(transport, 'section:create', { name: name.toUpperCase() });
      expect(twin.problem).toMatchObject({ status: 409, code: 'duplicate', errors: [{ field: 'name' }] });
      expect((await manager.via(transport, 'section:update', { sectionId: id, position: 7 })).data).toMatchObject({
        name,
        position: 7,
      });
      const table = await newTable({ sectionId: id });
      expect((await manager.via(transport, 'section:delete', { sectionId: id })).problem?.code).toBe('conflict');
      await manager.must('table:delete', { tableId: table.id });
      expect((await manager.via(transport, 'section:delete', { sectionId: id })).data).toEqual({ id });
      expect((await waiter.via(transport, 'section:create', { name: 'X' })).status).toBe(403);
    });

    it('go to a waiter with their tables, those made later too', async () => {
      const section = await manager.must('section:create', { name: `Garden ${transport}` });
      const table = await newTable({ sectionId: section.id });
      const { data } = await host.via(transport, 'section:assign', { sectionId: section.id, waiterId: waiter.userId });
      expect(data.section.waiterId).toBe(waiter.userId);
      expect(data.tables).toMatchObject([{ id: table.id, waiterId: waiter.userId }]);
      const seen = await (await waiter.screen()).saw('staff:assigned', (event) => event.section.id === section.id);
      expect(seen).toEqual({ ...data, waiterId: waiter.userId });
      expect(await newTable({ sectionId: section.id })).toMatchObject({ waiterId: waiter.userId });
      const nobody = await host.via(transport, 'section:assign', { sectionId: section.id, waiterId: null });
      expect(nobody.data.section.waiterId).toBeUndefined();
      expect(nobody.data.tables).toHaveLength(2);
      expect((await waiter.via(transport, 'section:assign', { sectionId, waiterId: null })).status).toBe(403);
    });
  });

  describe('tables', () => {
    it('are added with geometry, changed and removed', async () => {
      const name = nextName();
      const input = { name, sectionId, seats: 6, shape: 'round', x: 100, y: 200, width: 120, height: 120 };
      const { status, data } = await manager.via(transport, 'table:create', input);
      expect(status).toBe(201);
      expect(data).toMatchObject({
        ...input,
        status: 'available',
        billRequested: false,
        joinedTableIds: [],
        version: 1,
      });
      await (await waiter.screen()).saw('floor:updated', ({ tables }) => tables?.[0]?.id === data.id);
      const tableId = data.id;
      const changed = await manager.via(transport, 'table:update', { tableId, name, seats: 8 }, { expectedVersion: 1 });
      expect(changed.data).toMatchObject({ ...input, seats: 8, version: 2 });
      const stale = await manager.via(transport, 'table:update', { tableId, seats: 9 }, { expectedVersion: 1 });
      expect(stale.problem).toMatchObject({ code: 'version_conflict', current: { seats: 8 } });
      expect((await manager.via(transport, 'table:delete', { tableId })).data).toEqual({ id: tableId });
      expect((await manager.via(transport, 'table:update', { tableId, seats: 9 })).status).toBe(404);
    });

    it.each([
      ['name', { name: '' }],
      ['seats', { seats: 0 }],
      ['sectionId', { sectionId: 'aaaaaaaaaaaaaaaaaaaaaaaa' }],
      ['shape', { shape: 'star' }],
      ['status', { status: 'occupied' }],
    ])('name %s when it is wrong', async (field, change) => {
      const { problem } = await manager.via(transport, 'table:create', {
        name: nextName(),
        sectionId,
        seats: 2,
        ...change,
      });
      expect([problem?.code, fieldsOf(problem)]).toEqual(['validation_failed', [field]]);
    });

    it('have one name each, and are a manager’s to change', async () => {
      const { id: tableId, name } = await newTable();
      const twin = await manager.via(transport, 'table:create', { name, sectionId, seats: 2 });
      expect(twin.problem).toMatchObject({ code: 'duplicate' });
      const { id: otherId } = await newTable();
      const renamed = await manager.via(transport, 'table:update', { tableId: otherId, name: name.toLowerCase() });
      expect(renamed.problem).toMatchObject({ code: 'duplicate', errors: [{ field: 'name' }] });
      for (const operation of ['table:update', 'table:delete']) {
        expect((await waiter.via(transport, operation, { tableId })).problem?.code).toBe('forbidden');
      }
    });
  });

  it("another restaurant's tables do not exist", async () => {
    const tableId = foreignTableId;
    const calls: [string, object][] = [
      ['table:update', { tableId, seats: 3 }],
      ['table:delete', { tableId }],
      ['table:set-status', { tableId, status: 'dirty' }],
      ['table:assign', { tableId, waiterId: null }],
      ['table:transfer', { tableId, waiterId: waiter.userId }],
      ['table:request-bill', { tableId }],
      ['table:join', { tableId, tableIds: [tableId] }],
      ['table:split', { tableId }],
    ];
    for (const [name, input] of calls) {
      expect((await manager.via(transport, name, input)).problem).toMatchObject({
        status: 404,
        detail: 'No such table',
      });
    }
  });

  describe('table:set-status', () => {
    it('goes along the legal steps and names them otherwise', async () => {
      const { id: tableId, name } = await newTable();
      const reserved = await waiter.via(transport, 'table:set-status', { tableId, status: 'reserved' });
      expect(reserved.data).toMatchObject({ status: 'reserved', version: 2 });
      const seen = await (await host.screen()).saw('table:status-changed', ({ table }) => table.id === tableId);
      expect(seen).toEqual({ table: reserved.data, from: 'available' });
      const refused = await waiter.via(transport, 'table:set-status', { tableId, status: 'dirty' });
      expect(refused.problem).toMatchObject({
        ...{ status: 409, code: 'illegal_step', legal: ['available', 'out_of_service'] },
        detail: `Table ${name} is reserved and cannot become dirty`,
      });
      const seat = await waiter.via(transport, 'table:set-status', { tableId, status: 'occupied' });
      expect(seat.problem).toMatchObject({ code: 'illegal_step', detail: expect.stringMatching(/only an order/) });
      const kitchen = await house.hire('kitchen');
      expect((await kitchen.via(transport, 'table:set-status', { tableId, status: 'available' })).status).toBe(403);
    });
  });

  describe('a table with an order', () => {
    it('is occupied, can be asked for the bill, and cannot be freed or removed by hand', async () => {
      const { id: tableId } = await newTable();
      const early = await waiter.via(transport, 'table:request-bill', { tableId });
      expect(early.problem).toMatchObject({ code: 'illegal_step' });
      const order = await placed(tableId);
      expect(await tableNow(tableId)).toMatchObject({
        status: 'occupied',
        orderId: order.id,
        orderWaiterId: waiter.userId,
      });
      const asked = await waiter.via(transport, 'table:request-bill', { tableId });
      expect(asked.data).toMatchObject({ billRequested: true, status: 'occupied' });
      await (await host.screen()).saw(
        'table:updated',
        ({ tables }) => tables[0].id === tableId && tables[0].billRequested,
      );
      expect(
        (await waiter.via(transport, 'table:request-bill', { tableId, requested: false })).data.billRequested,
      ).toBe(false);
      const freed = await waiter.via(transport, 'table:set-status', { tableId, status: 'available' });
      expect(freed.problem).toMatchObject({ code: 'illegal_step', legal: [] });
      expect((await manager.via(transport, 'table:delete', { tableId })).problem?.code).toBe('conflict');
    });

    it('is nobody else’s: the second is told whose it is', async () => {
      const { id: tableId, name } = await newTable();
      const order = await placed(tableId);
      const colleague = await house.hire('waiter');
      const input = { channel: 'dine-in', tableId, guestCount: 2, lines: [{ itemId, quantity: 1 }] };
      const { problem } = await colleague.via(transport, 'order:place', input);
      expect(problem).toMatchObject({
        ...{ status: 409, code: 'conflict', detail: `Table ${name} already has an open order of Some waiter` },
        current: { orderId: order.id, waiterId: waiter.userId, waiterName: 'Some waiter' },
      });
    });

    it('is free again when the order is cancelled before the kitchen had it, and dirty when the order moves away', async () => {
      const [first, second] = await Promise.all([newTable(), newTable()]);
      const held = { channel: 'dine-in', tableId: first.id, fire: 'hold', lines: [{ itemId, quantity: 1 }] };
      const { id: orderId } = await waiter.must('order:place', held);
      await waiter.must('table:request-bill', { tableId: first.id });
      await waiter.via(transport, 'order:transfer', { orderId, tableId: second.id });
      expect(await tableNow(second.id)).toMatchObject({ status: 'occupied', orderId });
      await waiter.via(transport, 'order:cancel', { orderId, reason: 'They left' });
      const [moved, cancelled] = [await tableNow(first.id), await tableNow(second.id)];
      expect([moved.status, cancelled.status]).toEqual(['dirty', 'available']);
      for (const table of [moved, cancelled]) {
        expect([table.orderId, table.orderWaiterId, table.billRequested]).toEqual([undefined, undefined, false]);
      }
      const steps = (await host.screen())
        .named('table:status-changed')
        .map(({ data }) => data as { table: { id: string; status: string }; from: string });
      expect(
        steps.filter(({ table }) => table.id === second.id).map(({ from, table }) => [from, table.status]),
      ).toEqual([
        ['available', 'occupied'],
        ['occupied', 'available'],
      ]);
    });

    it('goes over to a colleague, with its order', async () => {
      const { id: tableId } = await newTable();
      const order = await placed(tableId);
      const colleague = await house.hire('waiter');
      const { data } = await waiter.via(transport, 'table:transfer', { tableId, waiterId: colleague.userId });
      expect(data).toMatchObject({ waiterId: colleague.userId, orderWaiterId: colleague.userId });
      const seen = await (await host.screen()).saw('table:transferred', ({ table }) => table.id === tableId);
      expect(seen).toEqual({
        table: data,
        joined: [],
        fromWaiterId: waiter.userId,
        toWaiterId: colleague.userId,
        orderId: order.id,
      });
      expect((await colleague.must('order:get', { orderId: order.id })).waiterId).toBe(colleague.userId);
    });
  });

  describe('table:assign', () => {
    it('gives a table to somebody active', async () => {
      const { id: tableId } = await newTable();
      const { data } = await host.via(transport, 'table:assign', { tableId, waiterId: waiter.userId });
      expect(data.waiterId).toBe(waiter.userId);
      const seen = await (await waiter.screen()).saw('table:assigned', ({ tables }) => tables[0].id === tableId);
      expect(seen).toEqual({ tables: [data], waiterId: waiter.userId });
      expect((await host.via(transport, 'table:assign', { tableId, waiterId: null })).data.waiterId).toBeUndefined();
      const leaver = await house.hire('waiter');
      await manager.must('staff:deactivate', { staffId: leaver.userId });
      for (const waiterId of [leaver.userId, other.owner.userId]) {
        expect(fieldsOf((await host.via(transport, 'table:assign', { tableId, waiterId })).problem)).toEqual([
          'waiterId',
        ]);
        expect(fieldsOf((await waiter.via(transport, 'table:transfer', { tableId, waiterId })).problem)).toEqual([
          'waiterId',
        ]);
      }
      expect((await waiter.via(transport, 'table:assign', { tableId, waiterId: null })).status).toBe(403);
    });
  });

  describe('joined tables', () => {
    it('share status, waiter and order with the main one', async () => {
      const [main, second, third] = await Promise.all([newTable(), newTable(), newTable()]);
      await manager.must('table:assign', { tableId: main.id, waiterId: waiter.userId });
      const joining = await waiter.via(transport, 'table:join', { tableId: main.id, tableIds: [second.id, third.id] });
      expect(joining.data.table.joinedTableIds).toEqual([second.id, third.id]);
      expect(joining.data.joined).toMatchObject([
        { joinedTo: main.id, waiterId: waiter.userId },
        { joinedTo: main.id },
      ]);
      const seen = await (await host.screen()).saw('table:updated', ({ tables }) => tables[0].id === main.id);
      expect(seen.tables).toEqual([joining.data.table, ...joining.data.joined]);
      const order = await placed(third.id);
      expect(order.tableId).toBe(main.id);
      for (const { id } of [main, second, third])
        expect(await tableNow(id)).toMatchObject({ status: 'occupied', orderId: order.id });
      const alone = await waiter.via(transport, 'table:set-status', { tableId: second.id, status: 'dirty' });
      expect(alone.problem).toMatchObject({
        code: 'conflict',
        detail: `Table ${second.name} is joined to table ${main.name}`,
      });
      expect((await manager.via(transport, 'table:delete', { tableId: main.id })).problem?.code).toBe('conflict');
    });

    it('part again: free ones stay free, used ones are dirty', async () => {
      const [main, second] = await Promise.all([newTable(), newTable()]);
      const none = await waiter.via(transport, 'table:split', { tableId: main.id });
      expect(none.problem).toMatchObject({ code: 'conflict' });
      await waiter.must('table:join', { tableId: main.id, tableIds: [second.id] });
      const free = await waiter.via(transport, 'table:split', { tableId: main.id });
      expect(free.data).toMatchObject({
        table: { joinedTableIds: [] },
        joined: [{ id: second.id, status: 'available' }],
      });
      expect(free.data.joined[0].joinedTo).toBeUndefined();
      const order = await placed(main.id);
      const grown = await waiter.via(transport, 'table:join', { tableId: main.id, tableIds: [second.id] });
      expect(grown.data.joined).toMatchObject([{ status: 'occupied', orderId: order.id }]);
      const used = await waiter.via(transport, 'table:split', { tableId: main.id });
      expect(used.data).toMatchObject({
        table: { status: 'occupied', orderId: order.id },
        joined: [{ status: 'dirty' }],
      });
      expect(used.data.joined[0].orderId).toBeUndefined();
    });

    it('must be free, and of one group', async () => {
      const [main, second, taken, dirty] = await Promise.all([newTable(), newTable(), newTable(), newTable()]);
      await placed(taken.id);
      await waiter.must('table:set-status', { tableId: dirty.id, status: 'dirty' });
      await waiter.must('table:join', { tableId: main.id, tableIds: [second.id] });
      const join = async (tableId: string, ...tableIds: string[]) =>
        (await waiter.via(transport, 'table:join', { tableId, tableIds })).problem;
      expect(await join(main.id, taken.id)).toMatchObject({
        code: 'illegal_step',
        detail: `Table ${taken.name} is occupied`,
      });
      expect(await join(main.id, dirty.id)).toMatchObject({
        code: 'illegal_step',
        legal: ['available', 'out_of_service'],
      });
      expect(await join(dirty.id, second.id)).toMatchObject({ code: 'conflict' });
      const free = await newTable();
      expect(await join(dirty.id, free.id)).toMatchObject({
        ...{ code: 'illegal_step', detail: `Table ${dirty.name} is dirty` },
      });
      expect(await tableNow(free.id)).toMatchObject({ status: 'available', joinedTableIds: [] });
      expect(await join(dirty.id, main.id)).toMatchObject({ code: 'conflict' });
      expect(await join(second.id, dirty.id)).toMatchObject({ code: 'conflict' });
      expect(fieldsOf(await join(main.id, main.id))).toEqual(['tableIds.0']);
      expect(fieldsOf(await join(main.id, foreignTableId))).toEqual(['tableIds.0']);
    });
  });
});

it('two waiters open the same free table at once: one order, the second is told whose', async () => {
  const { id: tableId } = await newTable();
  const [one, two] = [await house.hire('waiter'), await house.hire('waiter')];
  const input = { channel: 'dine-in', tableId, guestCount: 2, lines: [{ itemId, quantity: 1 }] };
  const answers = await Promise.all([
    (await one.screen()).call('order:place', input),
    (await two.screen()).call('order:place', input),
  ]);
  const won = answers.findIndex(({ status }) => status === 201);
  const lost = answers[1 - won];
  expect(lost?.problem).toMatchObject({
    code: 'conflict',
    current: { orderId: answers[won]?.data.id, waiterId: [one, two][won]?.userId },
  });
});
