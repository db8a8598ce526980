import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrigadeClient, connect } from '@brigade/client';
import { fileStorage } from '@brigade/client/node';
import { io } from 'socket.io-client';
import { type Brigade, callRest, type Person, startBrigade, until } from '../harness/index.js';
import { openService, type Service } from '../harness/service.js';
import { FlakyNetwork } from './flaky-network.js';

let brigade: Brigade;
let service: Service;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'brigade-offline-'));
  brigade = await startBrigade();
  service = await openService(brigade);
});
afterAll(async () => {
  await service?.house.close();
  await brigade?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const open = (token: string, url: string, path: string): BrigadeClient =>
  connect({ url, token, storage: fileStorage(path), transports: ['websocket'], reconnectMinMs: 5, reconnectMaxMs: 50 });

/** A waiter's paired tablet, with somebody logged in on it. */
async function tablet(name: string): Promise<{ deviceId: string; token: string }> {
  const { owner } = service.house;
  const { id: deviceId } = await owner.must('device:pair', { name, kind: 'waiter' });
  const { deviceToken } = await owner.must('device:token', { deviceId });
  const pin = String(Math.floor(100_000 + Math.random() * 900_000));
  await owner.must('staff:create', { name: `Wim ${name}`, role: 'waiter', pin });
  const { data } = await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, pin });
  return { deviceId, token: data.accessToken };
}

const listed = async (deviceId: string) =>
  (await service.manager.must('device:list')).find((device: { id: string }) => device.id === deviceId);

it('brings back what was done off line, across a reload, with an outcome for each, and the managers hear of it', async () => {
  const { deviceId, token } = await tablet('Garden tablet');
  const path = join(folder, 'garden.json');
  const network = new FlakyNetwork();
  const url = await network.listen(brigade.url);
  const before = open(token, url, path);
  await before.ready;
  const gone = await service.order([{ itemId: service.water }]);
  const open1 = await service.order([{ itemId: service.water }]);
  network.down = true;
  network.cut();
  await until('the tablet is off line', () => before.status === 'offline');
  const line = (orderId: string) => before.send('order:add-lines', { orderId, lines: [{ itemId: service.water }] });
  const lost = [line(gone.id), line(open1.id)].map((sent) => sent.catch(() => undefined));
  await until('both are queued', () => before.pending.length === 2);
  const lineIds = gone.lines.map(({ id }) => id);
  await service.waiter.must('order:serve', { orderId: gone.id, lineIds });
  await service.waiter.must('order:complete', { orderId: gone.id });
  await before.close();
  await Promise.all(lost);
  // Twelve minutes go by.
  const stored = JSON.parse(readFileSync(path, 'utf8'));
  for (const command of stored.commands) command.server -= 720_000;
  writeFileSync(path, JSON.stringify(stored));

  network.down = false;
  const manager = await service.manager.screen();
  const after = open(token, url, path);
  const outcomes: string[] = [];
  after.onOutcome((outcome) => outcomes.push(outcome.ok ? 'ok' : outcome.problem.code));
  await until('both came back', () => outcomes.length === 2);
  expect(outcomes).toEqual(['illegal_step', 'ok']);
  expect(after.refused).toMatchObject([{ command: { name: 'order:add-lines', input: { orderId: gone.id } } }]);
  expect((await service.waiter.must('order:get', { orderId: open1.id })).lines).toHaveLength(2);
  expect((await service.waiter.must('order:get', { orderId: gone.id })).status).toBe('completed');
  const returned = await manager.saw('device:returned', (data) => data.deviceId === deviceId);
  expect(returned).toMatchObject({ deviceName: 'Garden tablet', unsent: { count: 2 } });
  const waited = Date.now() - Date.parse(returned.unsent.since);
  // The token tells the server's time, as it was when it was issued.
  expect(waited).toBeGreaterThanOrEqual(600_000);
  await until('the server knows that nothing is left', async () => (await listed(deviceId)).unsent === undefined);
  expect(await listed(deviceId)).toMatchObject({ online: true });
  await after.close();
  await until('the tablet is gone', async () => !(await listed(deviceId)).online);
  await network.close();
}, 120_000);

describe('what a device holds', () => {
  const handshake = async (person: Person, unsent: unknown) => {
    const auth = { token: person.token, unsent };
    const socket = io(brigade.url, { transports: ['websocket'], auth, reconnection: false, forceNew: true });
    const problem = await new Promise<{ data?: { code: string; errors: { field: string }[] } } | undefined>(
      (resolve) => {
        socket.once('connect', () => resolve(undefined));
        socket.once('connect_error', (error) => resolve(error as never));
      },
    );
    return { socket, problem: problem?.data };
  };
  const present = async (person: Person) =>
    (await service.manager.must('presence:list')).filter((one: { userId: string }) => one.userId === person.userId);

  it('is news to managers once in five minutes, however often it says so', async () => {
    const manager = await service.manager.screen();
    const before = manager.named('device:returned').length;
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, i) => handshake(service.waiter, { count: i + 1, ageMs: 3_600_000 })),
    );
    // What comes after in the same lane has been heard last.
    const { id } = await service.manager.must('device:pair', { name: 'Last', kind: 'waiter' });
    await manager.saw('device:changed', ({ device }) => device.id === id);
    expect(manager.named('device:returned')).toHaveLength(before + 1);
    for (const { socket } of claims) socket.disconnect();
  });

  it('is seen by managers from the handshake and each later word, and by nobody else', async () => {
    const { colleague } = service;
    const { socket } = await handshake(colleague, { count: 3, ageMs: 60_000 });
    expect(await present(colleague)).toMatchObject([{ role: 'waiter', stationIds: [], unsent: { count: 3 } }]);
    const told = await socket.emitWithAck('session:unsent', { count: 1, ageMs: 1 }, {});
    expect(told).toEqual({ ok: true, data: { count: 1 } });
    expect(await present(colleague)).toMatchObject([{ unsent: { count: 1 } }]);
    await socket.emitWithAck('session:unsent', { count: 0, ageMs: 0 }, {});
    expect((await present(colleague))[0].unsent).toBeUndefined();
    expect((await colleague.rest('presence:list')).status).toBe(403);
    socket.close();
    await until('the colleague is gone', async () => (await present(colleague)).length === 0);
  });

  it.each([{ count: -1, ageMs: 0 }, { count: 1.5, ageMs: 0 }, { count: 1, ageMs: 'long' }, { count: 1 }, 7])(
    'is refused as %j',
    async (unsent) => {
      const { problem, socket } = await handshake(service.colleague, unsent);
      expect(problem).toMatchObject({ code: 'validation_failed' });
      socket.close();
      const { socket: other } = await handshake(service.colleague, undefined);
      const answer = await other.emitWithAck('session:unsent', unsent, {});
      expect(answer).toMatchObject({ ok: false, error: { status: 400 } });
      other.close();
    },
  );
});
