import { Client } from '../../packages/client/src/client.js';
import {
  type Events,
  events,
  type Operations,
  operations,
  type Replicas,
  replicas,
} from '../../packages/client/src/generated/contract.js';
import { type Brigade, startBrigade, until } from '../harness/index.js';
import { openService, type Service } from '../harness/service.js';

let brigade: Brigade;
let service: Service;
let client: Client<Operations, Events, Replicas> | undefined;
beforeAll(async () => {
  brigade = await startBrigade();
  service = await openService(brigade);
});
afterAll(async () => {
  await client?.close();
  await service?.house.close();
  await brigade?.stop();
});

it('a tablet made before a status was there keeps the orders that have it, as the server says', async () => {
  const orders = { live: { field: 'status', values: ['scheduled'] } };
  const old = new Client<Operations, Events, Replicas>(
    { operations, events, replicas: { ...replicas, orders } },
    { url: brigade.url, token: service.waiter.token, transports: ['websocket'], reconnectMinMs: 5, reconnectMaxMs: 50 },
  );
  client = old;
  await old.ready;
  const first = await service.order([{ itemId: service.soup }]);
  await until('the order came', () => old.state.orders.get(first.id)?.status === 'open');
  const changed = await service.waiter.must('order:update', { orderId: first.id, note: 'Window' });
  await until('its change came', () => old.state.orders.get(first.id)?.version === changed.version);
});

it.each(['rest', 'socket'] as const)('the server says which things are live, over %s', async (transport) => {
  const snapshot = await service.waiter.via(transport, 'sync:snapshot');
  expect(snapshot.data.live.orders).toMatchObject({ field: 'status', values: expect.arrayContaining(['open']) });
  expect(snapshot.data.live.sections).toBeUndefined();
  const { epoch, seq, live } = snapshot.data;
  expect((await service.waiter.via(transport, 'sync:since', { epoch, seq })).data.live).toEqual(live);
});
