import { features } from '../src/features.js';
import type { Operation } from '../src/kernel/operation.js';
import { type Answer, type Brigade, startBrigade, transports } from './harness/index.js';
import { openService, type Service } from './harness/service.js';

let brigade: Brigade;
let service: Service;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
  const { owner } = service.house;
  for (const name of ['Table tablet 10', 'Table tablet 9', 'Bar'])
    await owner.must('device:pair', { name, kind: 'waiter' });
  for (const item of [service.soup, service.steak, service.soup]) await service.order([{ itemId: item }]);
  await Promise.all([service.waiter.screen(), service.colleague.screen()]);
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
});

const isPaged = (operation: Operation) => operation.kind === 'query' && operation.page !== undefined;
const lists = features.flatMap(({ operations }) => operations.filter(isPaged)).map(({ name }) => name);
const itemsOf = ({ data }: Answer): unknown[] => (Array.isArray(data) ? data : data.items);

describe.each(transports)('every list over %s', (transport) => {
  it.each(lists)('%s: page by page it is the whole, in the same order', async (name) => {
    const ask = async (input: object) => {
      const answer = await service.house.owner.via(transport, name, input);
      expect(answer.problem).toBeUndefined();
      return answer;
    };
    const whole = await ask({});
    expect(whole.meta).toBeUndefined();
    const seen: unknown[] = [];
    let cursor: string | undefined;
    do {
      const page = await ask({ limit: 1, ...(cursor !== undefined && { cursor }) });
      expect(itemsOf(page).length).toBeLessThanOrEqual(1);
      seen.push(...itemsOf(page));
      cursor = page.meta?.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(itemsOf(whole));
  });

  it('goes on after the last thing shown, also when that is gone meanwhile, and as people sort names', async () => {
    const { owner } = service.house;
    const list = (input: object) => owner.via(transport, 'device:list', input);
    const names = (answer: Answer) => answer.data.map((device: { name: string }) => device.name);
    const extra = await owner.must('device:pair', { name: 'Cellar', kind: 'till' });
    const first = await list({ limit: 2 });
    expect(names(first)).toEqual(['Bar', 'Cellar']);
    await owner.must('device:unpair', { deviceId: extra.id });
    expect(names(await list({ limit: 2, cursor: first.meta?.nextCursor }))).toEqual([
      'Table tablet 9',
      'Table tablet 10',
    ]);
  });

  it.each([
    ['a limit of none', { limit: 0 }, 'limit'],
    ['a limit without end', { limit: 100_000 }, 'limit'],
    ['a cursor that was never given', { cursor: '"' }, 'cursor'],
    ['a cursor of something else', { cursor: Buffer.from('{"a":1}').toString('base64url') }, 'cursor'],
  ])('refuses %s', async (_what, input, field) => {
    const { problem } = await service.house.owner.via(transport, 'staff:list', input);
    expect(problem).toMatchObject({ status: 400, errors: [{ field }] });
  });

  it('ticket:list answers the tickets of one order', async () => {
    const order = await service.order([{ itemId: service.soup }, { itemId: service.steak }]);
    const { data } = await service.cook.via(transport, 'ticket:list', { orderId: order.id });
    expect(data.map((ticket: { orderId: string }) => ticket.orderId)).toEqual([order.id, order.id]);
  });
});
