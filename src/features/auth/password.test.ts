import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import mongoose from 'mongoose';
import {
  type Brigade,
  callRest,
  type House,
  openHouse,
  type Person,
  startBrigade,
  transports,
  until,
} from '../../../tests/harness/index.js';

const logDir = mkdtempSync(join(tmpdir(), 'brigade-log-ins-'));
let brigade: Brigade;
let house: House;
let manager: Person;
beforeAll(async () => {
  brigade = await startBrigade({ LOG_DIR: logDir, LOG_LEVEL: 'info', ARGON2_PASSES: '2' });
  house = await openHouse(brigade);
  manager = await house.hire('manager');
});
afterAll(async () => {
  await house?.close();
  await brigade?.stop();
  rmSync(logDir, { recursive: true, force: true });
});

let made = 0;
const address = () => {
  made += 1;
  return `person-${made}@example.com`;
};
const logIn = (email: string, password: string) => callRest(brigade.url, undefined, 'auth:login', { email, password });
const signUp = (password: string, more: object = {}) =>
  callRest(brigade.url, undefined, 'restaurant:sign-up', {
    restaurant: { name: 'The Copper Lantern', currency: 'EUR', timeZone: 'Europe/Paris', locale: 'fr-FR' },
    owner: { name: 'Ana Ruiz-Ortega', email: address(), password, ...more },
  });
const storedHash = async (id: string): Promise<string> =>
  (await mongoose.connection.collection('staff').findOne({ _id: id as never }))?.passwordHash;

describe.each(transports)('over %s', (transport) => {
  it.each([
    'password',
    'PassWord',
    '12345678',
    '11111111',
    'qwertyui',
    'iloveyou',
    'trustno1',
    '        ',
    '\u3000'.repeat(9),
  ])('the password "%s" is refused where one is set', async (password) => {
    const input = { name: 'P', role: 'waiter', email: address(), password };
    const created = await manager.via(transport, 'staff:create', input);
    expect(created.problem).toMatchObject({ status: 400, errors: [{ field: 'password' }] });
    const { id: staffId } = await manager.must('staff:create', { ...input, password: 'long enough' });
    const set = await manager.via(transport, 'staff:set-password', { staffId, password });
    expect(set.problem).toMatchObject({ status: 400, errors: [{ field: 'password' }] });
    expect((await signUp(password)).problem).toMatchObject({ status: 400, errors: [{ field: 'owner.password' }] });
  });

  it('names and addresses are no passwords, longer phrases are', async () => {
    const person = { name: 'Ana Ruiz-Ortega', role: 'waiter' };
    for (const password of ['anaruizortega', 'Ana Ruiz Ortega 1987', 'somebody-else@example.com', 'somebodyelse!']) {
      const input = { ...person, email: 'somebody-else@example.com', password };
      const { problem } = await manager.via(transport, 'staff:create', input);
      expect([password, problem?.errors?.[0]?.field]).toEqual([password, 'password']);
    }
    expect((await signUp('thecopperlantern2026')).problem?.errors?.[0]?.field).toBe('owner.password');
    for (const password of ['four tables by the window', 'long enough', 'a new one of ten', 'ラーメンと餃子と麦酒'])
      expect((await manager.via(transport, 'staff:create', { ...person, email: address(), password })).status).toBe(
        201,
      );
  });

  it('a password and an address are the same in whatever form they are typed', async () => {
    const [password, email] = ['crème brûlée à midi', `josé-${made}-${transport}@example.com`];
    const typed = { name: 'José', role: 'waiter', email: email.normalize('NFD'), password: password.normalize('NFC') };
    const { data } = await manager.via(transport, 'staff:create', typed);
    expect(data.email).toBe(email.normalize('NFC'));
    for (const form of ['NFC', 'NFD', 'NFKC'] as const)
      expect((await logIn(email.normalize(form), password.normalize(form))).data?.user.id).toBe(data.id);
    expect((await logIn(email, 'creme brulee a midi')).status).toBe(401);
    const twin = await manager.via(transport, 'staff:create', { ...typed, email: email.normalize('NFC') });
    expect(twin.problem).toMatchObject({ status: 409, errors: [{ field: 'email' }] });
  });

  it('two sections whose names look the same have the same', async () => {
    const name = `Café ${transport}`;
    const { data } = await manager.via(transport, 'section:create', { name: name.normalize('NFD') });
    expect(data.name).toBe(name.normalize('NFC'));
    const twin = await manager.via(transport, 'section:create', { name: name.normalize('NFC') });
    expect(twin.problem).toMatchObject({ status: 409, errors: [{ field: 'name' }] });
  });
});

describe('a hash from before', () => {
  const store = async (password: string) => {
    const email = address();
    const { id } = await manager.must('staff:create', { name: 'Old', role: 'waiter', email, password: 'long enough' });
    const passwordHash = await hash(password, { memoryCost: 1024, timeCost: 1, parallelism: 1 });
    await mongoose.connection.collection('staff').updateOne({ _id: id as never }, { $set: { passwordHash } });
    return { id: id as string, email, passwordHash };
  };

  it('of a password that was not normalised is good as it was typed', async () => {
    const decomposed = 'crème brûlée à midi'.normalize('NFD');
    const { id, email } = await store(decomposed);
    expect((await logIn(email, decomposed)).data?.user.id).toBe(id);
    // Made anew at that log-in, and from then on good in both forms.
    expect((await logIn(email, decomposed.normalize('NFC'))).status).toBe(200);
  });

  it('that was cheaper is made anew by a right log-in, and not by a wrong one', async () => {
    const { id, email, passwordHash } = await store('the fish is off today');
    expect((await logIn(email, 'the fish is on today')).status).toBe(401);
    expect(await storedHash(id)).toBe(passwordHash);
    const { data } = await logIn(email, 'the fish is off today');
    const after = await storedHash(id);
    expect(after).toMatch(/\$m=\d+,t=2/);
    expect((await callRest(brigade.url, data.accessToken, 'auth:me')).status).toBe(200);
    expect((await logIn(email, 'the fish is off today')).status).toBe(200);
    expect(await storedHash(id)).toBe(after);
    // The restaurant's lane finds what has changed under it.
    expect((await manager.rest('staff:update', { staffId: id, name: 'Older' })).data).toMatchObject({ name: 'Older' });
  });
});

it('each log-in leaves one line: who, from where, right or wrong, and no secret', async () => {
  const lines = () =>
    readdirSync(logDir)
      .filter((name) => name.endsWith('.log'))
      .flatMap((name) => readFileSync(join(logDir, name), 'utf8').split('\n'))
      .filter((line) => line.includes('"Log-in"'))
      .map((line) => JSON.parse(line));
  const { login, userId } = await house.hire('waiter');
  const { id: deviceId } = await manager.must('device:pair', { name: 'Bar', kind: 'waiter' });
  const { deviceToken } = await manager.must('device:token', { deviceId });
  const { id: staffId } = await manager.must('staff:create', { name: 'Pia', role: 'waiter', pin: '734918' });
  const from = lines().length;
  await logIn(login.email, 'not this one');
  await logIn('nobody@example.com', 'not this one');
  for (const pin of ['734919', '734918'])
    await callRest(brigade.url, undefined, 'auth:pin-login', { deviceToken, staffId, pin });
  await callRest(brigade.url, undefined, 'auth:pad', { deviceToken });
  await logIn(login.email, login.password);
  const { restaurantId } = house;
  const said = await until('the last of them is written', () => lines().length - from === 5 && lines().slice(from));
  expect(said).toMatchObject([
    { operation: 'auth:login', outcome: 'credentials_invalid', userId, restaurantId, ip: expect.stringMatching(/./) },
    { operation: 'auth:login', outcome: 'credentials_invalid' },
    { operation: 'auth:pin-login', outcome: 'credentials_invalid', userId: staffId, restaurantId, deviceId },
    { operation: 'auth:pin-login', outcome: 'ok', userId: staffId, restaurantId, deviceId },
    { operation: 'auth:login', outcome: 'ok', userId, restaurantId },
  ]);
  expect(said[1].userId).toBeUndefined();
  for (const secret of ['not this one', '734919', '734918', login.password, deviceToken])
    expect(JSON.stringify(said)).not.toContain(secret);
});
