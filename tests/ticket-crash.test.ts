import type { AlertView } from '../src/features/dashboard/dashboard.views.js';
import { type Brigade, logIn, Screen, until } from './harness/index.js';
import { OwnProcess } from './harness/process.js';
import { openService } from './harness/service.js';

const server = new OwnProcess({ FEATURE_DEMO: 'false', DUTY_INTERVAL_MS: '100' });
afterAll(() => server.remove());

it('raises the alert for a ticket whose seconds ran while the server was dead, once', async () => {
  const service = await openService({ url: await server.start() } as Brigade, { ticketReceiptSeconds: 2 });
  const cook = await Screen.open(service.cook.url, service.cook.token);
  const order = await service.order([{ itemId: service.soup }]);
  await server.kill();
  cook.close();
  const { email, password } = service.manager.login;
  const manager = await logIn(await server.start(), email, password);
  const alerts = await until('the alert was raised', async () => {
    const live: AlertView[] = await manager.must('dashboard:alerts');
    return live.some(({ kind }) => kind === 'ticket_undelivered') && live;
  });
  expect(alerts.filter(({ kind }) => kind === 'ticket_undelivered')).toMatchObject([{ orderId: order.id }]);
}, 120_000);
