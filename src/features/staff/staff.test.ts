import {
  type Brigade,
  callRest,
  type House,
  logIn,
  openHouse,
  type Person,
  Screen,
  startBrigade,
  transports,
  until,
} from '../../../tests/harness/index.js';

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
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

let counter = 0;
const address = () => {
  counter += 1;
  return `Person-${counter}@Example.com`;
};
const password = 'the fish is off today';
const fieldsOf = (problem: { errors?: { field: string }[] } | undefined) => problem?.errors?.map(({ field }) => field);
const isEnded = (screen: Screen) =>
  until('the socket ended', () => (screen.socket.disconnected ? screen.ended : undefined));
/** A number of four digits for each transport and use, none of them trivial. */
let pins = 4850;
const nextPin = () => {
  pins += 1;
  return String(pins);
};

describe.each(transports)('over %s', (transport) => {
  const stranger = async () => (await other.owner.must('staff:create', { name: 'Stranger', role: 'waiter' })).id;

  describe('staff:create', () => {
    it('adds a person: managers see all of it, colleagues the card, the kitchen nothing', async () => {
      const kitchen = await (await house.hire('kitchen')).screen();
      const [owners, waiters] = [await house.owner.screen(), await waiter.screen()];
      const email = address();
      const input = { name: ` Ben ${transport} `, role: 'host', email, password, pin: nextPin(), deny: ['order:read'] };
      const { status, data } = await manager.via(transport, 'staff:create', input);
      expect(status).toBe(201);
      expect(data).toMatchObject({
        name: `Ben ${transport}`,
        role: 'host',
        email: email.toLowerCase(),
        deny: ['order:read'],
      });
      expect(data).toMatchObject({ hasPassword: true, hasPin: true, active: true, version: 1 });
      expect(data.permissions).toContain('table:status');
      expect(data.permissions).not.toContain('order:read');
      expect(Object.keys(data).filter((name) => /hash|digest/i.test(name))).toEqual([]);
      const seen = await owners.saw('staff:changed', ({ staff }) => staff.id === data.id);
      expect(seen.staff).toEqual(data);
      const card = await waiters.saw('staff:roster-changed', ({ member }) => member.id === data.id);
      expect(card.member).toEqual({ id: data.id, name: `Ben ${transport}`, role: 'host', active: true });
      expect(kitchen.events).toEqual([]);
      await expect(logIn(brigade.url, email, password)).resolves.toMatchObject({ userId: data.id });
    });

    it('adds one person for one key', async () => {
      const input = { name: 'Once', role: 'waiter', email: address(), password };
      const key = `create-${transport}`;
      const first = await manager.via(transport, 'staff:create', input, { key });
      const again = await manager.via(transport, 'staff:create', input, { key });
      expect(again).toMatchObject({ status: 201, replayed: true, data: first.data });
    });

    it('takes no address that anybody, anywhere, logs in with', async () => {
      const email = other.owner.login.email;
      const { problem } = await manager.via(transport, 'staff:create', { name: 'Twin', role: 'waiter', email });
      expect(problem).toMatchObject({ status: 409, code: 'duplicate', errors: [{ field: 'email' }] });
    });

    it('takes a PIN that a colleague has, but no name that a colleague with a PIN has', async () => {
      const [pin, name] = [nextPin(), `Renée ${nextPin()}`];
      const first = await manager.must('staff:create', { name, role: 'waiter', pin });
      const same = await manager.via(transport, 'staff:create', { name: `Other ${nextPin()}`, role: 'waiter', pin });
      expect(same.status).toBe(201);
      const twin = { name: ` ${name.normalize('NFD').toUpperCase()} `, role: 'waiter' };
      const nameless = { status: 409, code: 'duplicate', errors: [{ field: 'name' }] };
      const { problem } = await manager.via(transport, 'staff:create', { ...twin, pin: nextPin() });
      expect(problem).toMatchObject(nameless);
      // Without a PIN she is not on the pad.
      const { data } = await manager.via(transport, 'staff:create', twin);
      const late = await manager.via(transport, 'staff:set-pin', { staffId: data.id, pin: nextPin() });
      expect(late.problem).toMatchObject(nameless);
      const renamed = await manager.via(transport, 'staff:update', { staffId: same.data.id, name });
      expect(renamed.problem).toMatchObject(nameless);
      expect(
        (await manager.via(transport, 'staff:update', { staffId: first.id, name: name.toUpperCase() })).status,
      ).toBe(200);
      await manager.must('staff:deactivate', { staffId: first.id });
      expect((await manager.via(transport, 'staff:set-pin', { staffId: data.id, pin: nextPin() })).status).toBe(200);
      expect((await other.owner.via(transport, 'staff:create', { ...twin, pin })).status).toBe(201);
    });

    it.each([
      ['name', { name: ' ', role: 'waiter' }],
      ['role', { name: 'X', role: 'emperor' }],
      ['pin', { name: 'X', role: 'waiter', pin: '12a4' }],
      ['pin', { name: 'X', role: 'manager', pin: '1234' }],
      ['pin', { name: 'X', role: 'waiter', pin: '0000' }],
      ['email', { name: 'X', role: 'waiter', password }],
      ['allow.0', { name: 'X', role: 'waiter', allow: ['everything'] }],
      ['restaurantId', { name: 'X', role: 'waiter', restaurantId: '66f1a2b3c4d5e6f708192a3b' }],
      ['deny', { name: 'X', role: 'owner', deny: ['order:void'] }],
    ])('names %s when it is wrong', async (field, input) => {
      const { status, problem } = await house.owner.via(transport, 'staff:create', input);
      expect(status).toBe(400);
      expect(fieldsOf(problem)).toEqual([field]);
    });

    it('is refused to a waiter, and keeps a manager from giving more than they have', async () => {
      const refused = await waiter.via(transport, 'staff:create', { name: 'X', role: 'waiter' });
      expect(refused.problem).toMatchObject({ status: 403, code: 'forbidden' });
      const owner = await manager.via(transport, 'staff:create', { name: 'X', role: 'owner' });
      expect(owner.problem).toMatchObject({ status: 403, errors: [{ field: 'role' }] });
      const allow = ['restaurant:write'];
      const more = await manager.via(transport, 'staff:create', { name: 'X', role: 'waiter', allow });
      expect(more.problem).toMatchObject({ status: 403, errors: [{ field: 'allow' }] });
    });
  });

  describe('staff:list, staff:roster and staff:get', () => {
    it('show the own restaurant only, each to whom it concerns', async () => {
      const everybody = await manager.via(transport, 'staff:list');
      expect(everybody.data.map(({ id }: { id: string }) => id)).toContain(waiter.userId);
      expect(everybody.data.map(({ id }: { id: string }) => id)).not.toContain(other.owner.userId);
      expect((await waiter.via(transport, 'staff:list')).status).toBe(403);
      const roster = await waiter.via(transport, 'staff:roster');
      expect(roster.data).toContainEqual({ id: manager.userId, name: 'Some manager', role: 'manager', active: true });
      expect((await manager.via(transport, 'staff:get', { staffId: waiter.userId })).data).toMatchObject({
        role: 'waiter',
      });
      expect((await waiter.via(transport, 'staff:get', { staffId: waiter.userId })).status).toBe(403);
    });
  });

  it('another restaurant’s people do not exist', async () => {
    const staffId = await stranger();
    const calls: [string, object][] = [
      ['staff:get', { staffId }],
      ['staff:update', { staffId, name: 'Mine' }],
      ['staff:set-pin', { staffId, pin: nextPin() }],
      ['staff:set-password', { staffId, password }],
      ['staff:deactivate', { staffId }],
      ['staff:reactivate', { staffId }],
    ];
    for (const [name, input] of calls) {
      const { problem } = await house.owner.via(transport, name, input);
      expect([name, problem?.status, problem?.code]).toEqual([name, 404, 'not_found']);
    }
    expect((await house.owner.via(transport, 'staff:get', { staffId: 'x' })).problem).toMatchObject({ status: 400 });
  });

  describe('staff:update', () => {
    it('gives other rights, with which the person connects again', async () => {
      const person = await house.hire('waiter');
      const before = await person.screen();
      const input = { staffId: person.userId, role: 'kitchen', allow: ['order:void'] };
      const { data } = await manager.via(transport, 'staff:update', input);
      expect(data).toMatchObject({ role: 'kitchen', version: 2 });
      expect(data.permissions).toContain('order:void');
      expect((await isEnded(before)).code).toBe('session_ended');
      const after = await Screen.open(brigade.url, person.token);
      expect((await after.call('auth:me')).data.user).toMatchObject({ role: 'kitchen', allow: ['order:void'] });
      after.close();
    });

    it('leaves the sockets alone when only the name changes', async () => {
      const person = await house.hire('waiter');
      const screen = await person.screen();
      await manager.via(transport, 'staff:update', { staffId: person.userId, name: 'Cleo' });
      expect((await screen.saw('staff:changed')).staff.name).toBe('Cleo');
      expect((await screen.saw('staff:roster-changed', ({ member }) => member.name === 'Cleo')).member.id).toBe(
        person.userId,
      );
      expect(screen.ended).toBeUndefined();
    });

    it('gives and takes an address, but not from who logs in with it', async () => {
      const { id } = await manager.must('staff:create', { name: 'Dot', role: 'waiter' });
      const email = address();
      expect((await manager.via(transport, 'staff:update', { staffId: id, email })).data.email).toBe(
        email.toLowerCase(),
      );
      expect((await manager.via(transport, 'staff:update', { staffId: id, email })).status).toBe(200);
      expect((await manager.via(transport, 'staff:update', { staffId: id, email: null })).data.email).toBeUndefined();
      const taken = await manager.via(transport, 'staff:update', { staffId: id, email: waiter.login.email });
      expect(taken.problem).toMatchObject({ status: 409, errors: [{ field: 'email' }] });
      const kept = await manager.via(transport, 'staff:update', { staffId: waiter.userId, email: null });
      expect(fieldsOf(kept.problem)).toEqual(['email']);
    });

    it('keeps owners to owners, and one owner at least', async () => {
      const staffId = house.owner.userId;
      expect((await manager.via(transport, 'staff:update', { staffId, name: 'X' })).problem?.code).toBe('forbidden');
      expect((await manager.via(transport, 'staff:deactivate', { staffId })).problem?.code).toBe('forbidden');
      expect((await manager.via(transport, 'staff:set-pin', { staffId, pin: nextPin() })).problem?.code).toBe(
        'forbidden',
      );
      expect((await manager.via(transport, 'staff:set-password', { staffId, password })).problem?.code).toBe(
        'forbidden',
      );
      const self = { staffId: manager.userId, role: 'owner' };
      expect((await manager.via(transport, 'staff:update', self)).problem?.code).toBe('forbidden');
      const demoted = await house.owner.via(transport, 'staff:update', { staffId, role: 'manager' });
      expect(demoted.problem).toMatchObject({ status: 409, code: 'conflict' });
      const gone = await house.owner.via(transport, 'staff:deactivate', { staffId });
      expect(gone.problem).toMatchObject({ status: 409, code: 'conflict' });
    });

    it('shows whoever is late how things stand', async () => {
      const { id } = await manager.must('staff:create', { name: 'Eve', role: 'waiter' });
      await manager.must('staff:update', { staffId: id, name: 'Eva' });
      const late = await manager.via(transport, 'staff:update', { staffId: id, name: 'Evi' }, { expectedVersion: 1 });
      expect(late.problem).toMatchObject({
        status: 409,
        code: 'version_conflict',
        current: { name: 'Eva', version: 2 },
      });
    });
  });

  describe('staff:deactivate and staff:reactivate', () => {
    it('end every screen of a dismissed waiter at once, and every way back in', async () => {
      const person = await house.hire('waiter');
      const screens = [await person.screen(), await Screen.open(brigade.url, person.token)];
      const staffId = person.userId;
      const { data } = await manager.via(transport, 'staff:deactivate', { staffId });
      expect(data).toMatchObject({ id: staffId, active: false, hasPin: false });
      for (const screen of screens) expect((await isEnded(screen)).code).toBe('session_ended');
      expect((await person.rest('auth:me')).problem).toMatchObject({ status: 401, code: 'session_ended' });
      await expect(Screen.open(brigade.url, person.token)).rejects.toMatchObject({ code: 'session_ended' });
      const { refreshToken, login } = person;
      expect((await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken })).problem?.code).toBe(
        'session_ended',
      );
      expect((await callRest(brigade.url, undefined, 'auth:login', login)).problem?.code).toBe('credentials_invalid');
      const again = await manager.via(transport, 'staff:deactivate', { staffId });
      expect(again.problem).toMatchObject({ status: 409, code: 'illegal_step', legal: ['reactivate'] });

      expect((await manager.via(transport, 'staff:reactivate', { staffId })).data).toMatchObject({ active: true });
      expect((await person.rest('auth:me')).problem?.code).toBe('session_ended');
      expect((await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken })).problem?.code).toBe(
        'session_ended',
      );
      await expect(logIn(brigade.url, login.email, login.password)).resolves.toMatchObject({ userId: staffId });
      const twice = await manager.via(transport, 'staff:reactivate', { staffId });
      expect(twice.problem).toMatchObject({ status: 409, code: 'illegal_step', legal: ['deactivate'] });
    });

    it('free the address for another restaurant, which then keeps it', async () => {
      const email = address();
      const { id } = await manager.must('staff:create', { name: 'Gil', role: 'waiter', email });
      await manager.must('staff:deactivate', { staffId: id });
      const { status } = await other.owner.via(transport, 'staff:create', { name: 'Gil', role: 'waiter', email });
      expect(status).toBe(201);
      const back = await manager.via(transport, 'staff:reactivate', { staffId: id });
      expect(back.problem).toMatchObject({ status: 409, code: 'duplicate', errors: [{ field: 'email' }] });
    });
  });

  describe('staff:set-password', () => {
    it('takes the own one, and ends all sessions', async () => {
      const person = await house.hire('waiter');
      const screen = await person.screen();
      const staffId = person.userId;
      const wrong = await person.via(transport, 'staff:set-password', {
        staffId,
        password,
        currentPassword: 'a guess',
      });
      expect(wrong.problem).toMatchObject({ status: 400, errors: [{ field: 'currentPassword' }] });
      const none = await person.via(transport, 'staff:set-password', { staffId, password });
      expect(fieldsOf(none.problem)).toEqual(['currentPassword']);
      const currentPassword = person.login.password;
      expect((await person.rest('staff:set-password', { staffId, password, currentPassword })).status).toBe(200);
      await isEnded(screen);
      expect((await person.rest('auth:me')).problem?.code).toBe('session_ended');
      await expect(logIn(brigade.url, person.login.email, currentPassword)).rejects.toThrow('credentials_invalid');
      await expect(logIn(brigade.url, person.login.email, password)).resolves.toMatchObject({ userId: staffId });
    });

    it('takes others’ from a manager alone', async () => {
      const person = await house.hire('waiter');
      const input = { staffId: person.userId, password };
      expect((await waiter.via(transport, 'staff:set-password', input)).problem?.code).toBe('forbidden');
      const { data } = await manager.via(transport, 'staff:set-password', input);
      expect(JSON.stringify(data)).not.toContain('argon2');
      await expect(logIn(brigade.url, person.login.email, password)).resolves.toMatchObject({ userId: person.userId });
      const { id } = await manager.must('staff:create', { name: 'No mail', role: 'waiter' });
      const homeless = await manager.via(transport, 'staff:set-password', { staffId: id, password });
      expect(homeless.problem).toMatchObject({ status: 409, code: 'conflict' });
    });
  });

  describe('staff:set-pin', () => {
    it('sets one’s own with the password or the PIN until now, and nothing less', async () => {
      const person = await house.hire('waiter');
      await manager.must('staff:update', { staffId: person.userId, name: `Own ${nextPin()}` });
      const staffId = person.userId;
      const currentPassword = person.login.password;
      const [first, second] = [nextPin(), nextPin()];
      const set = (input: object) => person.via(transport, 'staff:set-pin', { staffId, ...input });
      expect(fieldsOf((await set({ pin: first })).problem)).toEqual(['currentPassword']);
      expect(fieldsOf((await set({ pin: first, currentPassword: 'a guess' })).problem)).toEqual(['currentPassword']);
      expect((await set({ pin: first, currentPassword })).data).toMatchObject({ hasPin: true });
      expect((await person.rest('auth:me')).status).toBe(200);
      expect(fieldsOf((await set({ pin: second })).problem)).toEqual(['currentPin']);
      expect(fieldsOf((await set({ pin: second, currentPin: nextPin() })).problem)).toEqual(['currentPin']);
      expect(fieldsOf((await set({ pin: null })).problem)).toEqual(['currentPin']);
      expect(fieldsOf((await set({ pin: '1111', currentPin: first })).problem)).toEqual(['pin']);
      expect((await set({ pin: second, currentPin: first })).status).toBe(200);
      expect((await person.rest('auth:me')).problem?.code).toBe('session_ended');
    });

    it('lets nobody try many as their own, to see by logging in alone which of them somebody else has', async () => {
      const person = await house.hire('waiter');
      await manager.must('staff:update', { staffId: person.userId, name: `Trying ${nextPin()}` });
      const { userId: staffId, login } = person;
      const pin = nextPin();
      const statuses: number[] = [];
      for (let n = 0; n < 21; n += 1) {
        const input = { staffId, pin, currentPassword: login.password };
        statuses.push((await person.via(transport, 'staff:set-pin', input)).status);
      }
      expect(statuses).toEqual([...Array.from({ length: 20 }, () => 200), 429]);
      expect((await manager.via(transport, 'staff:set-pin', { staffId, pin: nextPin() })).status).toBe(200);
    });

    it('sets others’ by a manager, and a manager’s by an owner', async () => {
      const { id: staffId } = await manager.must('staff:create', { name: `Set ${nextPin()}`, role: 'waiter' });
      expect((await waiter.via(transport, 'staff:set-pin', { staffId, pin: nextPin() })).problem?.code).toBe(
        'forbidden',
      );
      expect((await manager.via(transport, 'staff:set-pin', { staffId, pin: nextPin() })).data).toMatchObject({
        hasPin: true,
      });
      expect((await manager.via(transport, 'staff:set-pin', { staffId, pin: null })).data).toMatchObject({
        hasPin: false,
      });
      const { id } = await house.owner.must('staff:create', { name: `Chief ${nextPin()}`, role: 'manager' });
      const input = { staffId: id, pin: nextPin() };
      expect((await manager.via(transport, 'staff:set-pin', input)).problem?.code).toBe('forbidden');
      const demoted = await manager.via(transport, 'staff:update', { staffId: id, role: 'waiter' });
      expect([demoted.problem?.code, fieldsOf(demoted.problem)]).toEqual(['forbidden', ['role']]);
      expect((await house.owner.via(transport, 'staff:set-pin', input)).status).toBe(200);
    });

    it('takes the PIN that is proposed', async () => {
      const { data } = await manager.via(transport, 'staff:propose-pin');
      expect(data.pin).toMatch(/^\d{6}$/);
      const { id: staffId } = await manager.must('staff:create', { name: `New ${nextPin()}`, role: 'waiter' });
      expect((await manager.via(transport, 'staff:set-pin', { staffId, pin: data.pin })).status).toBe(200);
    });
  });

  describe('staff:end-sessions', () => {
    it('ends all sessions of a person, by a manager or themselves, and no way to log in', async () => {
      const person = await house.hire('waiter');
      const staffId = person.userId;
      const screen = await person.screen();
      expect((await waiter.via(transport, 'staff:end-sessions', { staffId })).problem?.code).toBe('forbidden');
      expect((await waiter.via(transport, 'auth:sessions', { staffId })).problem?.code).toBe('forbidden');
      expect((await manager.via(transport, 'staff:end-sessions', { staffId: house.owner.userId })).problem?.code).toBe(
        'forbidden',
      );
      expect((await manager.via(transport, 'auth:sessions', { staffId })).data).toMatchObject([{ current: false }]);
      expect((await manager.via(transport, 'staff:end-sessions', { staffId })).status).toBe(200);
      expect((await isEnded(screen)).code).toBe('session_ended');
      expect((await person.rest('auth:me')).problem?.code).toBe('session_ended');
      const { refreshToken, login } = person;
      const refreshed = await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken });
      expect(refreshed.problem?.code).toBe('session_ended');
      expect((await manager.via(transport, 'auth:sessions', { staffId })).data).toEqual([]);
      const again = await logIn(brigade.url, login.email, login.password);
      expect((await again.rest('staff:end-sessions', { staffId })).status).toBe(200);
      expect((await again.rest('auth:me')).problem?.code).toBe('session_ended');
    });
  });
});
