import {
  type Brigade,
  callRest,
  type House,
  openHouse,
  type Person,
  Screen,
  startBrigade,
  type Transport,
  transports,
  until,
} from '../../../tests/harness/index.js';

type Answer = Awaited<ReturnType<typeof callRest>>;

import { newId } from '../../kernel/ids.js';

let brigade: Brigade;
let house: House;
let other: House;
let manager: Person;
let waiter: Person;
beforeAll(async () => {
  brigade = await startBrigade();
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
  manager = await house.hire('manager');
  waiter = await house.hire('waiter');
});
afterEach(() => brigade.clock.set(new Date()));
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

const isEnded = (screen: Screen) =>
  until('the socket ended', () => (screen.socket.disconnected ? screen.ended : undefined));
let pins = 4810;
const nextPin = () => {
  pins += 1;
  return String(pins);
};

async function pair(input: object = { name: 'Bar tablet', kind: 'waiter' }) {
  const device = await manager.must('device:pair', input);
  const { deviceToken } = await manager.must('device:token', { deviceId: device.id });
  return { deviceId: device.id as string, deviceToken: deviceToken as string };
}

let stations = 0;
async function station(at: House = house): Promise<string> {
  stations += 1;
  return (await at.owner.must('station:create', { name: `Station ${stations}` })).id;
}

async function hireWithPin(role: string) {
  const pin = nextPin();
  const { id } = await manager.must('staff:create', { name: `PIN ${role} ${pin}`, role, pin });
  return { id: id as string, pin };
}

describe.each(transports)('over %s', (transport: Transport) => {
  const pinLogin = async (input: object): Promise<Answer> =>
    transport === 'rest'
      ? callRest(brigade.url, undefined, 'auth:pin-login', input)
      : (await waiter.screen()).call('auth:pin-login', input);

  describe('device:pair', () => {
    it('pairs a screen and tells the managers, not the token', async () => {
      const owner = await house.owner.screen();
      const stationIds = [await station()];
      const input = { name: 'Grill', kind: 'kitchen', stationIds };
      const { status, data } = await manager.via(transport, 'device:pair', input);
      expect(status).toBe(201);
      expect(data).toMatchObject({ ...input, active: true, version: 1 });
      const seen = await owner.saw('device:changed', ({ device }) => device.id === data.id);
      expect(seen).toEqual({ device: data });
      const { data: token } = await manager.via(transport, 'device:token', { deviceId: data.id });
      expect(token.deviceToken).toMatch(new RegExp(`^${data.id}\\.[0-9a-f]{64}$`));
      expect((await manager.via(transport, 'device:list')).data).toContainEqual({ ...data, online: false });
      expect((await other.owner.via(transport, 'device:list')).data).toEqual([]);
    });

    it.each([
      ['name', { name: '', kind: 'waiter' }],
      ['kind', { name: 'X', kind: 'toaster' }],
      ['stationIds.0', { name: 'X', kind: 'kitchen', stationIds: ['grill'] }],
      ['stationIds', { name: 'X', kind: 'waiter', stationIds: ['66f1a2b3c4d5e6f708192e01'] }],
      ['token', { name: 'X', kind: 'waiter', token: 'x' }],
    ])('names %s when it is wrong', async (field, input) => {
      const { problem } = await manager.via(transport, 'device:pair', input);
      expect(problem).toMatchObject({ status: 400 });
      expect(problem?.errors?.map((error) => error.field)).toEqual([field]);
    });

    it('binds a screen to stations of this kitchen only, and for as long as they are there', async () => {
      for (const unknown of [newId(), await station(other)]) {
        const stationIds = [await station(), unknown];
        const { problem } = await manager.via(transport, 'device:pair', { name: 'X', kind: 'kitchen', stationIds });
        expect(problem).toMatchObject({ status: 400, errors: [{ field: 'stationIds.1' }] });
      }
      const [kept, gone] = [await station(), await station()];
      const { deviceId } = await pair({ name: 'Two stations', kind: 'kitchen', stationIds: [gone, kept] });
      const unknown = { deviceId, stationIds: [newId()] };
      expect((await manager.via(transport, 'device:update', unknown)).problem).toMatchObject({
        ...{ status: 400, errors: [{ field: 'stationIds.0' }] },
      });
      const owner = await house.owner.screen();
      await manager.via(transport, 'station:delete', { stationId: gone });
      const bound = ({ device }: { device: { id: string; stationIds: string[] } }) =>
        device.id === deviceId && device.stationIds.length === 1;
      expect((await owner.saw('device:changed', bound)).device.stationIds).toEqual([kept]);
    });

    it('is a manager’s, as are list and token', async () => {
      const { deviceId } = await pair();
      const input = { name: 'X', kind: 'waiter' };
      expect((await waiter.via(transport, 'device:pair', input)).problem?.code).toBe('forbidden');
      expect((await waiter.via(transport, 'device:list')).problem?.code).toBe('forbidden');
      expect((await waiter.via(transport, 'device:token', { deviceId })).problem?.code).toBe('forbidden');
    });
  });

  it('another restaurant’s devices do not exist', async () => {
    const { deviceId } = await pair();
    for (const name of ['device:token', 'device:update', 'device:unpair']) {
      const { problem } = await other.owner.via(transport, name, { deviceId });
      expect([name, problem?.status]).toEqual([name, 404]);
    }
  });

  describe('device:update and device:unpair', () => {
    it('a new name disturbs nobody, other stations connect the screen anew', async () => {
      const { deviceId, deviceToken } = await pair({ name: 'Cold', kind: 'kitchen' });
      const cook = await hireWithPin('kitchen');
      const { data: login } = await pinLogin({ deviceToken, pin: cook.pin });
      const screen = await Screen.open(brigade.url, login.accessToken);
      const named = await manager.via(transport, 'device:update', { deviceId, name: 'Cold pass' });
      expect(named.data).toMatchObject({ name: 'Cold pass', version: 2 });
      expect((await screen.call('auth:me')).data).toMatchObject({ device: { name: 'Cold pass' }, stationIds: [] });
      const stationIds = [await station()];
      expect((await manager.via(transport, 'device:update', { deviceId, stationIds })).data).toMatchObject({
        stationIds,
      });
      await isEnded(screen);
      const again = await Screen.open(brigade.url, login.accessToken);
      expect((await again.call('auth:me')).data).toMatchObject({ stationIds });
      again.close();
      const late = await manager.via(transport, 'device:update', { deviceId, name: 'X' }, { expectedVersion: 1 });
      expect(late.problem).toMatchObject({ status: 409, code: 'version_conflict', current: { version: 3 } });
    });

    it('an unpaired tablet is out at once, for good', async () => {
      const { deviceId, deviceToken } = await pair();
      const { pin } = await hireWithPin('waiter');
      const { data: login } = await pinLogin({ deviceToken, pin });
      const screen = await Screen.open(brigade.url, login.accessToken);
      const { data } = await manager.via(transport, 'device:unpair', { deviceId });
      expect(data).toMatchObject({ id: deviceId, active: false });
      await isEnded(screen);
      const { accessToken, refreshToken } = login;
      expect((await callRest(brigade.url, accessToken, 'auth:me')).problem?.code).toBe('session_ended');
      expect((await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken })).problem?.code).toBe(
        'session_ended',
      );
      expect((await pinLogin({ deviceToken, pin })).problem).toMatchObject({ status: 401, code: 'token_invalid' });
      for (const name of ['device:unpair', 'device:update', 'device:token']) {
        const { problem } = await manager.via(transport, name, { deviceId });
        expect([name, problem?.status, problem?.code]).toEqual([name, 409, 'illegal_step']);
      }
      expect((await manager.via(transport, 'device:list')).data.map(({ id }: { id: string }) => id)).not.toContain(
        deviceId,
      );
    });
  });
});
