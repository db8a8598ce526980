import {
  type Brigade,
  callRest,
  type House,
  logIn,
  openHouse,
  startBrigade,
  transports,
} from '../../../tests/harness/index.js';

let brigade: Brigade;
let house: House;
let other: House;
beforeAll(async () => {
  brigade = await startBrigade();
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
});
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

let counter = 0;
function signUp(restaurant: object = {}, owner: object = {}) {
  counter += 1;
  return {
    restaurant: { name: 'The Lantern', currency: 'GBP', timeZone: 'Europe/London', locale: 'en-gb', ...restaurant },
    owner: { name: 'Ada', email: `Ada-${counter}@Lantern.example`, password: 'four tables by the window', ...owner },
  };
}

describe.each(transports)('over %s', (transport) => {
  describe('restaurant:sign-up', () => {
    it('opens a restaurant, whose owner can log in', async () => {
      const input = signUp();
      const { status, data } = await other.owner.via(transport, 'restaurant:sign-up', input);
      expect(status).toBe(201);
      expect(data.restaurant).toMatchObject({ name: 'The Lantern', locale: 'en-GB', dayStartHour: 4, version: 1 });
      expect(data.restaurant.taxClasses).toEqual([{ code: 'standard', name: 'Tax', ratePpm: 0 }]);
      expect(data.owner).toMatchObject({ name: 'Ada', role: 'owner', hasPassword: true, active: true });
      expect(data.owner.email).toBe(input.owner.email.toLowerCase());
      expect(JSON.stringify(data)).not.toContain('argon2');
      const owner = await logIn(brigade.url, input.owner.email.toUpperCase(), input.owner.password);
      expect(await owner.must('restaurant:get')).toEqual(data.restaurant);
    });

    it('answers a repeated sign-up with its first reply, and a second one with a conflict', async () => {
      const input = signUp();
      const key = `sign-up-${transport}`;
      const first = await other.owner.via(transport, 'restaurant:sign-up', input, { key });
      const again = await other.owner.via(transport, 'restaurant:sign-up', input, { key });
      expect(again).toMatchObject({ status: 201, data: first.data, replayed: true });
      const second = await other.owner.via(transport, 'restaurant:sign-up', input);
      expect(second.status).toBe(409);
      expect(second.problem).toMatchObject({ code: 'duplicate', errors: [{ field: 'owner.email' }] });
    });

    it.each([
      ['restaurant.currency', signUp({ currency: 'XXQ' })],
      ['restaurant.timeZone', signUp({ timeZone: 'Europe/Atlantis' })],
      ['restaurant.locale', signUp({ locale: 'en_GB' })],
      ['restaurant.dayStartHour', signUp({ dayStartHour: 24 })],
      ['restaurant.taxClasses.0.ratePpm', signUp({ taxClasses: [{ code: 'food', name: 'Food', ratePpm: 0.1 }] })],
      ['restaurant.stars', signUp({ stars: 3 })],
      ['owner.password', signUp({}, { password: 'short' })],
      ['owner.email', signUp({}, { email: 'ada' })],
      ['owner.role', signUp({}, { role: 'owner' })],
    ])('names %s when it is wrong', async (field, input) => {
      const { status, problem } = await other.owner.via(transport, 'restaurant:sign-up', input);
      expect(status).toBe(400);
      expect(problem?.errors?.map((error) => error.field)).toEqual([field]);
    });
  });

  describe('restaurant:update', () => {
    it('changes the settings and tells every screen, and no other restaurant', async () => {
      const [kitchen, stranger] = [await (await house.hire('kitchen')).screen(), await other.owner.screen()];
      const { data } = await house.owner.via(transport, 'restaurant:update', {
        name: `Chez ${transport}`,
        dayStartHour: 5,
      });
      expect(data).toMatchObject({
        id: house.restaurantId,
        name: `Chez ${transport}`,
        dayStartHour: 5,
        currency: 'EUR',
      });
      const seen = await kitchen.saw('restaurant:updated', ({ restaurant }) => restaurant.name === `Chez ${transport}`);
      expect(seen.restaurant).toEqual(data);
      expect(await other.owner.must('restaurant:get')).toMatchObject({ name: 'Chez Test' });
      expect(stranger.events).toEqual([]);
    });

    it('keeps the currency, and the codes of the taxes', async () => {
      const currency = await house.owner.via(transport, 'restaurant:update', { currency: 'USD' });
      expect(currency.problem?.errors).toMatchObject([{ field: 'currency' }]);
      expect((await house.owner.via(transport, 'restaurant:update', { currency: 'EUR' })).status).toBe(200);
      const taxClasses = [{ code: 'food', name: 'Food', ratePpm: 55_000 }];
      const taxes = await house.owner.via(transport, 'restaurant:update', { taxClasses });
      expect(taxes.problem).toMatchObject({ status: 400, errors: [{ field: 'taxClasses' }] });
    });

    it('is the owner’s alone', async () => {
      const manager = await house.hire('manager');
      const { problem } = await manager.via(transport, 'restaurant:update', { name: 'Mine now' });
      expect(problem).toMatchObject({ status: 403, code: 'forbidden' });
      expect((await manager.via(transport, 'restaurant:get')).status).toBe(200);
    });

    it('refuses what it does not know, and says where', async () => {
      const { problem } = await house.owner.via(transport, 'restaurant:update', { stars: 3, timeZone: 'Nowhere' });
      expect(problem?.errors?.map(({ field }) => field).sort()).toEqual(['stars', 'timeZone']);
    });

    it('shows whoever is late how things stand', async () => {
      const { version } = await house.owner.must('restaurant:get');
      const late = await house.owner.via(
        transport,
        'restaurant:update',
        { dayStartHour: 3 },
        { expectedVersion: version - 1 },
      );
      expect(late.problem).toMatchObject({ status: 409, code: 'version_conflict', current: { version } });
      const right = await house.owner.via(
        transport,
        'restaurant:update',
        { dayStartHour: 3 },
        { expectedVersion: version },
      );
      expect(right.data.version).toBe(version + 1);
    });
  });
});

it('shows nothing to strangers', async () => {
  expect(await callRest(brigade.url, undefined, 'restaurant:get')).toMatchObject({ status: 401 });
});
