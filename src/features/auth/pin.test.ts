import { createHmac } from 'node:crypto';
import mongoose from 'mongoose';
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
} from '../../../tests/harness/index.js';
import { newId } from '../../kernel/ids.js';

type Answer = Awaited<ReturnType<typeof callRest>>;

let brigade: Brigade;
let house: House;
let other: House;
let manager: Person;
let waiter: Person;
beforeAll(async () => {
  // The lock-outs move the clock by up to a day; everybody's tokens, and with them their screens, must outlive that.
  brigade = await startBrigade({ JWT_ACCESS_TTL_SECONDS: '86400', PIN_PEPPER: pepper });
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
  manager = await house.hire('manager');
  waiter = await house.hire('waiter');
});
afterEach(async () => {
  brigade.clock.set(new Date());
  await freshRestaurant();
});
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

const MINUTE = 60_000;
const pepper = 'a pepper of the tests, of thirty-two bytes or more';
let pins = 481_500;
const nextPin = () => {
  pins += 1;
  return String(pins);
};

async function pair(input: object = { name: 'Bar tablet', kind: 'waiter' }) {
  const device = await manager.must('device:pair', input);
  const { deviceToken } = await manager.must('device:token', { deviceId: device.id });
  return { deviceId: device.id as string, deviceToken: deviceToken as string };
}

async function hireWithPin(role: string, more: object = {}) {
  const pin = nextPin();
  const name = `PIN ${role} ${pin}`;
  const by = role === 'owner' ? house.owner : manager;
  const { id } = await by.must('staff:create', { name, role, pin, ...more });
  return { id: id as string, name, pin };
}

/** Forgets the wrong PINs of other tests. */
async function freshRestaurant() {
  const { deviceId } = await pair();
  await house.owner.must('device:unlock', { deviceId });
}

describe.each(transports)('over %s', (transport: Transport) => {
  const anybody = async (name: string, input: object): Promise<Answer> =>
    transport === 'rest' ? callRest(brigade.url, undefined, name, input) : (await waiter.screen()).call(name, input);
  const pinLogin = (input: object) => anybody('auth:pin-login', input);
  const wrongTimes = async (times: number, input: object) => {
    for (let n = 0; n < times; n += 1) await pinLogin(input);
  };

  describe('auth:pad', () => {
    it('lists who has a PIN, to a paired device only', async () => {
      const { deviceId, deviceToken } = await pair();
      const { id, name } = await hireWithPin('waiter');
      const left = await hireWithPin('waiter');
      await manager.must('staff:deactivate', { staffId: left.id });
      const { status, data } = await anybody('auth:pad', { deviceToken });
      expect(status).toBe(200);
      expect(data).toMatchObject({ restaurant: 'Chez Test', device: { id: deviceId, name: 'Bar tablet' } });
      expect(data.people).toContainEqual({ id, name, role: 'waiter' });
      const ids = data.people.map((person: { id: string }) => person.id);
      for (const absent of [left.id, waiter.userId, other.owner.userId]) expect(ids).not.toContain(absent);
      const forged = await anybody('auth:pad', { deviceToken: `${deviceId}.${'0'.repeat(64)}` });
      expect(forged.problem).toMatchObject({ status: 401, code: 'token_invalid' });
      await manager.must('device:unpair', { deviceId });
      expect((await anybody('auth:pad', { deviceToken })).problem?.code).toBe('token_invalid');
    });
  });

  describe('auth:pin-login', () => {
    it('logs in the person chosen, with the stations of the screen', async () => {
      const { id: stationId } = await house.owner.must('station:create', { name: `Pass by ${transport}` });
      const stationIds = [stationId];
      const { deviceId, deviceToken } = await pair({ name: 'Pass', kind: 'kitchen', stationIds });
      const cook = await hireWithPin('kitchen');
      const { data } = await pinLogin({ deviceToken, staffId: cook.id, pin: cook.pin });
      expect(data).toMatchObject({ user: { id: cook.id, role: 'kitchen' }, restaurantId: house.restaurantId });
      const me = await callRest(brigade.url, data.accessToken, 'auth:me');
      expect(me.data).toMatchObject({ user: { id: cook.id }, device: { id: deviceId }, stationIds, how: 'pin' });
      const sessions = await callRest(brigade.url, data.accessToken, 'auth:sessions');
      expect(sessions.data).toMatchObject([{ how: 'pin', deviceId, current: true }]);
      const listed = await manager.via(transport, 'device:list');
      const found = listed.data.find(({ id }: { id: string }) => id === deviceId);
      expect(Date.parse(found.lastLoginAt)).toBeLessThanOrEqual(brigade.clock.now().getTime());
      const refreshed = await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken: data.refreshToken });
      expect(refreshed.status).toBe(200);
    });

    it('takes a PIN alone when it is one person’s, and says of no PIN that somebody has it', async () => {
      const { deviceToken } = await pair();
      const [ana, ben] = [await hireWithPin('waiter'), await hireWithPin('cashier')];
      expect((await pinLogin({ deviceToken, pin: ana.pin })).data).toMatchObject({ user: { id: ana.id } });
      const same = await manager.via(transport, 'staff:set-pin', { staffId: ben.id, pin: ana.pin });
      expect(same.status).toBe(200);
      const answers = [
        await pinLogin({ deviceToken, pin: ana.pin }),
        await pinLogin({ deviceToken, pin: ben.pin }),
        await pinLogin({ deviceToken, pin: '99887766' }),
      ].map(({ problem }) => ({ ...problem, requestId: '' }));
      expect(answers[0]).toMatchObject({ status: 401, code: 'credentials_invalid' });
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[2]).toEqual(answers[0]);
      for (const one of [ana, ben]) {
        const { data } = await pinLogin({ deviceToken, staffId: one.id, pin: ana.pin });
        expect(data).toMatchObject({ user: { id: one.id } });
      }
    });

    it('says the same of a wrong PIN, somebody without one, somebody who has left, and nobody', async () => {
      const { deviceToken } = await pair();
      const [here, left] = [await hireWithPin('waiter'), await hireWithPin('waiter')];
      const stranger = await other.owner.must('staff:create', {
        name: `Stranger ${here.pin}`,
        role: 'waiter',
        pin: here.pin,
      });
      await manager.must('staff:deactivate', { staffId: left.id });
      const tries = [
        { staffId: here.id, pin: left.pin },
        { staffId: left.id, pin: left.pin },
        { staffId: waiter.userId, pin: here.pin },
        { staffId: stranger.id, pin: here.pin },
        { staffId: newId(), pin: here.pin },
      ];
      const said = [];
      for (const input of tries) said.push((await pinLogin({ deviceToken, ...input })).problem);
      const plain = said.map((problem) => ({ ...problem, requestId: '' }));
      expect(plain[0]).toMatchObject({ status: 401, code: 'credentials_invalid' });
      for (const problem of plain) expect(problem).toEqual(plain[0]);
    });

    it('knows no device that is not paired', async () => {
      const { deviceToken } = await pair();
      const { pin } = await hireWithPin('waiter');
      const [id] = deviceToken.split('.');
      for (const forged of [`${id}.${'0'.repeat(64)}`, `${newId()}.${'0'.repeat(64)}`, 'x']) {
        const { problem } = await pinLogin({ deviceToken: forged, pin });
        expect(problem).toMatchObject({ status: 401, code: 'token_invalid' });
      }
      expect((await pinLogin({ deviceToken, pin: '12' })).problem?.errors).toMatchObject([{ field: 'pin' }]);
    });

    it('locks the device at the fifth wrong PIN alone, until 15 minutes are over or a manager lifts it', async () => {
      const [locked, free] = [await pair(), await pair()];
      const cashier = await hireWithPin('cashier');
      const wrong = { deviceToken: locked.deviceToken, pin: '99887766' };
      await wrongTimes(4, wrong);
      // The own PIN in between does not start the count anew.
      expect((await pinLogin({ ...wrong, pin: cashier.pin })).status).toBe(200);
      expect((await pinLogin(wrong)).problem).toMatchObject({ status: 429, code: 'rate_limited', retryAfter: 900 });
      brigade.clock.advance(MINUTE);
      const right = await pinLogin({ ...wrong, staffId: cashier.id, pin: cashier.pin });
      expect(right.problem).toMatchObject({ status: 429, code: 'rate_limited' });
      expect(right.problem?.retryAfter).toBeLessThanOrEqual(841);
      expect((await anybody('auth:pad', { deviceToken: locked.deviceToken })).data.device.lockedUntil).toBeDefined();
      const lockOf = async () =>
        (await manager.must('device:list')).find(({ id }: { id: string }) => id === locked.deviceId).lockedUntil;
      expect(await lockOf()).toBeDefined();
      expect((await pinLogin({ deviceToken: free.deviceToken, pin: cashier.pin })).status).toBe(200);

      const { deviceId } = locked;
      expect((await waiter.via(transport, 'device:unlock', { deviceId })).problem?.code).toBe('forbidden');
      expect((await other.owner.via(transport, 'device:unlock', { deviceId })).problem?.code).toBe('not_found');
      expect((await manager.via(transport, 'device:unlock', { deviceId })).data).toEqual({ unlocked: true });
      expect((await manager.via(transport, 'device:unlock', { deviceId })).data).toEqual({ unlocked: false });
      expect(await lockOf()).toBeUndefined();
      expect((await pinLogin({ ...wrong, pin: cashier.pin })).status).toBe(200);

      await wrongTimes(5, wrong);
      expect((await pinLogin({ ...wrong, pin: cashier.pin })).status).toBe(429);
      await manager.must('device:update', { deviceId, name: 'Bar till 2' });
      expect((await pinLogin({ ...wrong, pin: cashier.pin })).status).toBe(200);

      await wrongTimes(5, wrong);
      brigade.clock.advance(15 * MINUTE + 1_000);
      expect((await pinLogin({ ...wrong, pin: cashier.pin })).status).toBe(200);
    });

    it('makes a person’s next PIN wait after five wrong ones, on every device, and nobody else’s', async () => {
      const [here, there] = [await pair(), await pair()];
      const [ana, ben] = [await hireWithPin('waiter'), await hireWithPin('waiter')];
      const wrong = { deviceToken: here.deviceToken, staffId: ana.id, pin: ben.pin };
      await wrongTimes(3, wrong);
      // Ben's right PIN takes nothing off what was tried at Ana's.
      expect((await pinLogin({ ...wrong, staffId: ben.id })).status).toBe(200);
      await wrongTimes(2, { ...wrong, deviceToken: there.deviceToken });
      const right = { deviceToken: there.deviceToken, staffId: ana.id, pin: ana.pin };
      expect((await pinLogin(right)).problem).toMatchObject({ status: 429, code: 'rate_limited', retryAfter: 60 });
      expect((await pinLogin({ ...right, staffId: ben.id, pin: ben.pin })).status).toBe(200);
      const { id: staffId } = ana;
      expect((await waiter.via(transport, 'staff:unlock-pin', { staffId })).problem?.code).toBe('forbidden');
      expect((await other.owner.via(transport, 'staff:unlock-pin', { staffId })).problem?.code).toBe('not_found');
      expect((await manager.via(transport, 'staff:unlock-pin', { staffId })).data).toEqual({ unlocked: true });
      expect((await pinLogin(right)).status).toBe(200);
      // Her right PIN began the count anew.
      await wrongTimes(4, wrong);
      expect((await pinLogin(right)).status).toBe(200);
      await wrongTimes(5, { ...wrong, deviceToken: (await pair()).deviceToken });
      brigade.clock.advance(MINUTE + 1_000);
      expect((await pinLogin(right)).status).toBe(200);
    });

    it('asks for the person after twenty wrong PINs alone in the restaurant, whatever device they came from', async () => {
      const ana = await hireWithPin('waiter');
      for (let device = 0; device < 5; device += 1) {
        const { deviceToken } = await pair();
        await wrongTimes(4, { deviceToken, pin: '99887766' });
      }
      const { deviceToken } = await pair();
      const { problem } = await pinLogin({ deviceToken, pin: ana.pin });
      expect(problem).toMatchObject({ status: 429, code: 'rate_limited', errors: [{ field: 'staffId' }] });
      expect((await pinLogin({ deviceToken, staffId: ana.id, pin: ana.pin })).status).toBe(200);
      brigade.clock.advance(60 * MINUTE + 1_000);
      expect((await pinLogin({ deviceToken, pin: ana.pin })).status).toBe(200);
    });

    it('lets nobody who tries PINs forget the tries at those whose PIN they may not set', async () => {
      const { deviceId, deviceToken } = await pair();
      const people = { owner: await hireWithPin('owner'), manager: await hireWithPin('manager') };
      for (const { id: staffId } of Object.values(people)) {
        await wrongTimes(5, { deviceToken, staffId, pin: '99887766' });
        await manager.must('device:unlock', { deviceId });
        expect((await manager.via(transport, 'staff:unlock-pin', { staffId })).problem?.code).toBe('forbidden');
        expect((await house.owner.via(transport, 'staff:unlock-pin', { staffId })).data).toEqual({ unlocked: true });
      }
      for (let device = 0; device < 5; device += 1)
        await wrongTimes(4, { deviceToken: (await pair()).deviceToken, pin: '99887766' });
      const alone = { deviceToken, pin: people.owner.pin };
      await manager.via(transport, 'device:unlock', { deviceId });
      expect((await pinLogin(alone)).problem).toMatchObject({ status: 429, errors: [{ field: 'staffId' }] });
      await house.owner.via(transport, 'device:unlock', { deviceId });
      expect((await pinLogin(alone)).status).toBe(200);
    });

    it('counts wrong PINs that come all at once, on one device and on many', async () => {
      const ana = await hireWithPin('waiter');
      const one = await pair();
      const burst = await Promise.all(
        Array.from({ length: 30 }, () => pinLogin({ deviceToken: one.deviceToken, pin: '99887766' })),
      );
      expect(burst.filter(({ status }) => status === 401)).toHaveLength(4);
      expect(burst.filter(({ status }) => status === 429)).toHaveLength(26);
      const many = await Promise.all(Array.from({ length: 8 }, () => pair()));
      const spread = await Promise.all(
        many.map(({ deviceToken }) => pinLogin({ deviceToken, staffId: ana.id, pin: '99887766' })),
      );
      const looked = spread.filter(({ status }) => status === 401).length;
      expect(spread.map(({ status }) => [401, 429].includes(status))).toEqual(many.map(() => true));
      expect(looked).toBeLessThanOrEqual(5);
    });

    it('forgets the PIN of who has left', async () => {
      const { deviceToken } = await pair();
      const { id, pin } = await hireWithPin('waiter');
      await manager.must('staff:deactivate', { staffId: id });
      expect((await pinLogin({ deviceToken, pin })).problem?.code).toBe('credentials_invalid');
    });
  });

  describe('a session opened with a PIN', () => {
    const enter = async (role: string, more: object = {}) => {
      const person = await hireWithPin(role, more);
      const { deviceId, deviceToken } = await pair();
      const { data } = await pinLogin({ deviceToken, staffId: person.id, pin: person.pin });
      const screen = transport === 'socket' ? await Screen.open(brigade.url, data.accessToken) : undefined;
      const ask = (name: string, input: object = {}): Promise<Answer> =>
        screen?.call(name, input) ?? callRest(brigade.url, data.accessToken, name, input);
      return { ...person, deviceId, ask, close: () => screen?.close() };
    };

    it('changes no people, devices, prices or settings until the password is typed, and then for five minutes', async () => {
      const password = 'the bread is in the oven';
      const email = `pin-owner-${transport}@example.com`;
      const owner = await enter('owner', { email, password });
      const name = () => `New ${nextPin()}`;
      const guarded: [string, object][] = [
        ['staff:create', { name: name(), role: 'waiter' }],
        ['staff:set-pin', { staffId: waiter.userId, pin: nextPin() }],
        ['staff:set-password', { staffId: waiter.userId, password }],
        ['device:pair', { name: 'X', kind: 'waiter' }],
        ['device:token', { deviceId: owner.deviceId }],
        ['restaurant:update', { dayStartHour: 5 }],
        ['menu:create-category', { name: name(), taxClass: 'food' }],
      ];
      for (const [operation, input] of guarded) {
        const { problem } = await owner.ask(operation, input);
        expect([operation, problem?.status, problem?.code]).toEqual([operation, 403, 'confirmation_needed']);
      }
      const batch = await owner.ask('sync:submit', {
        author: owner.id,
        commands: [{ name: 'staff:create', input: { name: name(), role: 'waiter' }, key: `batch-${transport}` }],
      });
      expect(batch.data.results[0].problem.code).toBe('confirmation_needed');
      // What a manager does in the middle of the evening goes on.
      expect((await owner.ask('device:list')).status).toBe(200);
      expect((await owner.ask('order:place', { lines: [] })).problem?.code).toBe('validation_failed');

      const wrong = await owner.ask('auth:confirm-password', { password: 'not this one' });
      expect(wrong.problem).toMatchObject({ status: 400, errors: [{ field: 'password' }] });
      const { data } = await owner.ask('auth:confirm-password', { password });
      expect(Date.parse(data.confirmedUntil) - brigade.clock.now().getTime()).toBeLessThanOrEqual(5 * MINUTE);
      expect((await owner.ask('staff:create', { name: name(), role: 'waiter' })).status).toBe(201);
      expect((await owner.ask('auth:me')).data).toMatchObject({ how: 'pin', confirmedUntil: data.confirmedUntil });
      brigade.clock.advance(5 * MINUTE + 1_000);
      expect((await owner.ask('staff:create', { name: name(), role: 'waiter' })).problem?.code).toBe(
        'confirmation_needed',
      );
      owner.close();
    });

    it('gives nobody a right that they lack', async () => {
      const person = await enter('waiter', {
        email: `pin-waiter-${transport}@example.com`,
        password: 'salt on the rim',
      });
      await person.ask('auth:confirm-password', { password: 'salt on the rim' });
      const { problem } = await person.ask('staff:create', { name: 'X', role: 'waiter' });
      expect(problem?.code).toBe('forbidden');
      person.close();
    });
  });
});

it('PINs stored before each had its person are still good', async () => {
  const { deviceToken } = await pair();
  const { id, pin } = await hireWithPin('waiter');
  const pinDigest = createHmac('sha256', pepper).update(`pin\0${house.restaurantId}:${pin}`).digest('hex');
  await mongoose.connection.collection('staff').updateOne({ _id: id as never }, { $set: { pinDigest } });
  for (const more of [{}, { staffId: id }]) {
    const { status } = await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, pin, ...more });
    expect(status).toBe(200);
  }
});
