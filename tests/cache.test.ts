import {
  type Brigade,
  type House,
  metricsOf,
  openHouse,
  type Person,
  startBrigade,
  type Transport,
  transports,
  until,
} from './harness/index.js';
import { openService, type Service } from './harness/service.js';

let brigade: Brigade;
let service: Service;
let house: House;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  ({ house } = service);
});
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
});

/** How often answers of a query came from where, so far. */
async function count(query: string, outcome: string): Promise<number> {
  const text = await metricsOf(brigade.url);
  const line = `brigade_cache_answers_total{query="${query}",outcome="${outcome}"} `;
  const found = text.split('\n').find((one) => one.startsWith(line));
  return Number(found?.slice(line.length) ?? 0);
}

async function delta(query: string, outcome: string, work: () => Promise<unknown>): Promise<number> {
  const before = await count(query, outcome);
  await work();
  return (await count(query, outcome)) - before;
}

describe.each(transports)('a cached query over %s', (transport: Transport) => {
  it('is read once, and from memory after that', async () => {
    const { waiter } = service;
    const first = await waiter.via(transport, 'menu:get');
    const hits = await delta('menu:get', 'hit', async () => {
      for (let i = 0; i < 5; i += 1) expect((await waiter.via(transport, 'menu:get')).data).toEqual(first.data);
    });
    expect(hits).toBe(5);
  });

  it('shows a change as soon as it is acknowledged', async () => {
    const {
      house: { owner },
      waiter,
      soup,
    } = service;
    for (let amount = 700; amount < 720; amount += 1) {
      await waiter.via(transport, 'menu:get');
      await owner.must('menu:update-item', { itemId: soup, price: { amount, currency: 'EUR' } });
      const { data } = await waiter.via(transport, 'menu:get');
      expect(data.items.find(({ id }: { id: string }) => id === soup).price.amount).toBe(amount);
    }
  });

  it('is dropped by what it rests on, and by nothing else', async () => {
    const { waiter, soup } = service;
    const order = await service.order([{ itemId: soup }]);
    const other = await service.order([{ itemId: soup }]);
    await waiter.via(transport, 'order:get', { orderId: order.id });
    const misses = await delta('order:get', 'miss', async () => {
      await waiter.must('order:update', { orderId: other.id, note: 'Not this one' });
      await waiter.via(transport, 'order:get', { orderId: order.id });
    });
    expect(misses).toBe(0);
    await waiter.must('order:update', { orderId: order.id, note: 'This one' });
    expect((await waiter.via(transport, 'order:get', { orderId: order.id })).data.note).toBe('This one');
  });
});

describe('an entry of the cache', () => {
  it('is never another restaurant’s', async () => {
    const other = await openHouse(brigade, { name: 'Next Door' });
    await house.owner.must('restaurant:get');
    expect((await other.owner.must('restaurant:get')).name).toBe('Next Door');
    const { tableId } = await service.order([{ itemId: service.soup }]);
    await house.owner.must('order:list', { tableId });
    expect(await other.owner.must('order:list', { tableId })).toEqual({ items: [] });
    await other.close();
  });

  it('is never given to who may not ask, and people with other rights have their own', async () => {
    const { cook, manager } = service;
    await manager.must('staff:list');
    expect(await cook.rest('staff:list')).toMatchObject({ status: 403 });
    await manager.must('floor:get');
    expect(await delta('floor:get', 'hit', () => cook.must('floor:get'))).toBe(0);
  });

  it('is of one input', async () => {
    const { manager } = service;
    const leaver = await house.hire('host');
    await manager.must('staff:deactivate', { staffId: leaver.userId });
    const names = async (input: object) =>
      ((await manager.must('staff:list', input)) as { id: string }[]).map(({ id }) => id);
    expect(await names({ active: true })).not.toContain(leaver.userId);
    expect(await names({ active: false })).toEqual([leaver.userId]);
  });

  it('is no error: what failed is asked again', async () => {
    const orderId = '66f1a2b3c4d5e6f708192d01';
    expect((await service.waiter.rest('order:get', { orderId })).status).toBe(404);
    const { id } = await service.table();
    await service.waiter.must('order:place', { id: orderId, tableId: id, lines: [{ itemId: service.soup }] });
    expect((await service.waiter.rest('order:get', { orderId })).status).toBe(200);
  });
});

it('many who ask at once share one read', async () => {
  const { owner } = await openHouse(brigade);
  await owner.must('restaurant:get');
  const screen = await owner.screen();
  let shared = 0;
  await until('reads were shared', async () => {
    shared += await delta('menu:get', 'shared', () =>
      Promise.all(Array.from({ length: 20 }, () => screen.call('menu:get'))),
    );
    return shared > 0;
  });
});

it('readers beside writers never see less than was acknowledged before they asked', async () => {
  const { waiter, soup } = service;
  const order = await service.order([{ itemId: soup }]);
  let acknowledged = order.version;
  let over = false;
  const read = async (person: Person): Promise<number> => {
    let reads = 0;
    while (!over) {
      const floor = acknowledged;
      const seen = (await person.must('order:get', { orderId: order.id })).version as number;
      if (seen < floor) throw new Error(`saw version ${seen} after ${floor} was acknowledged`);
      reads += 1;
    }
    return reads;
  };
  const readers = Promise.all([service.colleague, service.manager].map(read));
  try {
    for (let i = 0; i < 25; i += 1) {
      acknowledged = (await waiter.must('order:update', { orderId: order.id, note: `Note ${i}` })).version;
    }
  } finally {
    over = true;
  }
  for (const reads of await readers) expect(reads).toBeGreaterThan(5);
});
