import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newId } from '../../src/kernel/ids.js';
import { Chromium, describeWithChromium } from '../harness/chromium.js';
import { type Brigade, startBrigade, until } from '../harness/index.js';
import { openService, type Service } from '../harness/service.js';
import {
  type App,
  appServer,
  outcomesOf,
  pendingOf,
  quantitiesOn,
  refusedOf,
  type Start,
  startApp,
  statusOf,
  storedOf,
} from './browser-app.js';
import { FlakyNetwork } from './flaky-network.js';

const isStatus = (app: App, status: string) =>
  until(`it is ${status}`, async () => (await statusOf(app)) === status, 60_000);

describeWithChromium('the client in a browser', () => {
  let files: Server;
  let origin: string;
  let brigade: Brigade;
  let service: Service;
  beforeAll(async () => {
    files = appServer();
    await new Promise<void>((done) => files.listen(0, '127.0.0.1', done));
    // Plain HTTP and not localhost, as in many a restaurant: what browsers keep for secure pages is not there.
    origin = `http://tablet.test:${(files.address() as AddressInfo).port}`;
    brigade = await startBrigade({ CORS_ORIGINS: origin });
    service = await openService(brigade);
  });
  afterAll(async () => {
    await service?.house.close();
    await brigade?.stop();
    files.close();
    files.closeAllConnections();
  });

  let network: FlakyNetwork;
  let browser: Chromium;
  beforeEach(() => {
    network = new FlakyNetwork();
    browser = new Chromium();
  });
  afterEach(async () => {
    await browser.remove();
    await network.close();
  });

  // Not localStorage and SIGKILL: Chromium writes that one to disk some seconds later.
  it.each<{ kind: Start['kind']; end: string }>([
    { kind: 'localStorage', end: 'a reload' },
    { kind: 'IndexedDB', end: 'a reload' },
    { kind: 'IndexedDB', end: 'SIGKILL' },
  ])(
    'sends what $kind kept across $end once and in order, and keeps what is refused',
    async ({ kind, end }) => {
      const { waiter, water } = service;
      const { port } = new URL(await network.listen(brigade.url));
      const start = { url: `http://brigade.test:${port}`, login: waiter.login, userId: waiter.userId, kind };
      let page = await (await browser.start()).newPage();
      const begin = async () => {
        await page.goto(origin);
        return startApp(page, start);
      };
      const again = async () => {
        if (end === 'SIGKILL') {
          await browser.kill();
          page = await (await browser.start()).newPage();
        }
        return begin();
      };

      let app = await begin();
      await isStatus(app, 'live');
      const orderId = newId();
      const { id: tableId } = await service.table();
      const paid = await service.order([{ itemId: water }]);
      network.down = true;
      network.cut();
      await isStatus(app, 'offline');
      await app.evaluate(
        ({ client }, { orderId, tableId, paidId, itemId }) => {
          const sent = [
            client.send('order:place', { id: orderId, tableId, lines: [{ itemId, quantity: 1 }] }),
            client.send('order:add-lines', { orderId, lines: [{ itemId, quantity: 2 }] }),
            client.send('order:add-lines', { orderId: paidId, lines: [{ itemId, quantity: 3 }] }),
            client.send('order:add-lines', { orderId, lines: [{ itemId, quantity: 4 }] }),
          ];
          for (const one of sent) one.catch(() => undefined);
        },
        { orderId, tableId, paidId: paid.id, itemId: water },
      );
      await until('all are stored', async () => (await storedOf(app)).commands === 4);
      await waiter.must('order:serve', { orderId: paid.id, lineIds: paid.lines.map(({ id }) => id) });
      await waiter.must('order:complete', { orderId: paid.id });

      app = await again();
      await isStatus(app, 'offline');
      expect(await pendingOf(app)).toEqual(['order:place', 'order:add-lines', 'order:add-lines', 'order:add-lines']);
      expect((await waiter.rest('order:get', { orderId })).status).toBe(404);
      network.down = false;
      await until('all are decided', async () => (await outcomesOf(app)).length === 4);
      expect(await outcomesOf(app)).toEqual(['ok', 'ok', 'illegal_step', 'ok']);
      await until('the lines are on the screen', async () => (await quantitiesOn(app, orderId))?.join() === '1,2,4');
      await until('the refusal is stored', async () => (await storedOf(app)).refused === 1);

      app = await again();
      await until('it is shown again', async () => (await refusedOf(app)).length > 0);
      expect(await refusedOf(app)).toEqual(['illegal_step']);
      await isStatus(app, 'live');
      await app.evaluate(({ client }) => client.dismiss(client.refused[0]?.command.key ?? ''));
      await until('it is forgotten', async () => (await storedOf(app)).refused === 0);

      app = await again();
      await until('the storage is read', async () => (await storedOf(app)).refused === 0);
      await isStatus(app, 'live');
      expect(await refusedOf(app)).toEqual([]);
      expect(await pendingOf(app)).toEqual([]);
      const placed = await waiter.must('order:get', { orderId });
      expect(placed).toMatchObject({ tableId, lines: [{ quantity: 1 }, { quantity: 2 }, { quantity: 4 }] });
      expect(await waiter.must('order:get', { orderId: paid.id })).toMatchObject({ status: 'completed', lines: [{}] });
    },
    240_000,
  );
});
