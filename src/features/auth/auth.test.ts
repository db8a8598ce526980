import jwt from 'jsonwebtoken';
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

let brigade: Brigade;
let house: House;
let other: House;
/** Somebody whose socket carries the public messages. */
let bystander: Person;
beforeAll(async () => {
  brigade = await startBrigade();
  [house, other] = await Promise.all([openHouse(brigade), openHouse(brigade)]);
  bystander = await other.hire('host');
});
afterEach(() => brigade.clock.set(new Date()));
afterAll(async () => {
  await house?.close();
  await other?.close();
  await brigade?.stop();
});

const MINUTE = 60_000;
const isEnded = (screen: Screen) =>
  until('the socket ended', () => (screen.socket.disconnected ? screen.ended : undefined));
/** A public operation: over REST without any token, over the socket of somebody else. */
const anybody = async (transport: Transport, name: string, input: object): Promise<Answer> =>
  transport === 'rest' ? callRest(brigade.url, undefined, name, input) : (await bystander.screen()).call(name, input);
const me = (token: string) => callRest(brigade.url, token, 'auth:me');

describe.each(transports)('over %s', (transport) => {
  describe('auth:login', () => {
    it('answers tokens that open both transports', async () => {
      const waiter = await house.hire('waiter');
      const { status, data } = await anybody(transport, 'auth:login', waiter.login);
      expect(status).toBe(200);
      expect(data).toMatchObject({ restaurantId: house.restaurantId, user: { id: waiter.userId, role: 'waiter' } });
      const now = brigade.clock.now().getTime();
      expect(Date.parse(data.accessExpiresAt) - now).toBeGreaterThan(14 * MINUTE);
      expect(Date.parse(data.accessExpiresAt) - now).toBeLessThanOrEqual(15 * MINUTE);
      expect(Date.parse(data.refreshExpiresAt) - now).toBeGreaterThan(29 * 24 * 60 * MINUTE);
      expect((await me(data.accessToken)).data).toMatchObject({
        user: { id: waiter.userId },
        restaurant: { id: house.restaurantId },
        sessionId: data.sessionId,
        stationIds: [],
      });
      const screen = await Screen.open(brigade.url, data.accessToken);
      expect((await screen.call('auth:me')).data.sessionId).toBe(data.sessionId);
      screen.close();
    });

    it('says the same of a wrong password, an unknown account and one without a password', async () => {
      const { email } = (await house.hire('waiter')).login;
      const bare = `bare-${transport}@example.com`;
      await house.owner.must('staff:create', { name: 'Bare', role: 'waiter', email: bare });
      const password = 'not the password';
      const answers = await Promise.all([
        anybody(transport, 'auth:login', { email, password }),
        anybody(transport, 'auth:login', { email: 'nobody@example.com', password }),
        anybody(transport, 'auth:login', { email: bare, password }),
      ]);
      const said = answers.map(({ problem }) => ({ ...problem, requestId: '' }));
      expect(said[0]).toMatchObject({ status: 401, code: 'credentials_invalid' });
      expect(said[1]).toEqual(said[0]);
      expect(said[2]).toEqual(said[0]);
    });

    it('refuses what it does not know', async () => {
      const { problem } = await anybody(transport, 'auth:login', { email: { $ne: '' }, password: 'x', remember: true });
      expect(problem?.status).toBe(400);
      expect(problem?.errors?.map(({ field }) => field).sort()).toEqual(['email', 'remember']);
    });
  });

  describe('auth:refresh', () => {
    it('gives each token once, and takes the next', async () => {
      const { refreshToken } = await house.hire('waiter');
      const first = await anybody(transport, 'auth:refresh', { refreshToken });
      expect(first.status).toBe(200);
      expect(first.data.refreshToken).not.toBe(refreshToken);
      expect((await me(first.data.accessToken)).status).toBe(200);
      const second = await anybody(transport, 'auth:refresh', { refreshToken: first.data.refreshToken });
      expect(second.status).toBe(200);
      expect(second.data.sessionId).toBe(first.data.sessionId);
    });

    it('ends the session and its sockets when a used token comes back', async () => {
      const waiter = await house.hire('waiter');
      const screen = await waiter.screen();
      const { data } = await anybody(transport, 'auth:refresh', { refreshToken: waiter.refreshToken });
      const reused = await anybody(transport, 'auth:refresh', { refreshToken: waiter.refreshToken });
      expect(reused.problem).toMatchObject({ status: 401, code: 'session_ended' });
      await isEnded(screen);
      expect((await me(waiter.token)).problem?.code).toBe('session_ended');
      expect((await me(data.accessToken)).problem?.code).toBe('session_ended');
      const successor = await anybody(transport, 'auth:refresh', { refreshToken: data.refreshToken });
      expect(successor.problem?.code).toBe('session_ended');
      await expect(Screen.open(brigade.url, data.accessToken)).rejects.toMatchObject({ code: 'session_ended' });
    });

    it('ends one session only', async () => {
      const waiter = await house.hire('waiter');
      const elsewhere = await anybody(transport, 'auth:login', waiter.login);
      await anybody(transport, 'auth:refresh', { refreshToken: waiter.refreshToken });
      await anybody(transport, 'auth:refresh', { refreshToken: waiter.refreshToken });
      expect((await me(elsewhere.data.accessToken)).status).toBe(200);
    });

    it('answers the same attempt again when its reply was lost, for a minute', async () => {
      const { refreshToken } = await house.hire('waiter');
      const requestKey = `attempt-${transport}`;
      const first = await anybody(transport, 'auth:refresh', { refreshToken, requestKey });
      brigade.clock.advance(30_000);
      const again = await anybody(transport, 'auth:refresh', { refreshToken, requestKey });
      expect(again.status).toBe(200);
      expect(again.data.refreshToken).toBe(first.data.refreshToken);
      expect(again.data.refreshExpiresAt).toBe(first.data.refreshExpiresAt);
      brigade.clock.advance(31_000);
      const late = await anybody(transport, 'auth:refresh', { refreshToken, requestKey });
      expect(late.problem?.code).toBe('session_ended');
    });

    it('lets only one of many rotate the same token', async () => {
      const { refreshToken } = await house.hire('waiter');
      const answers = await Promise.all(
        Array.from({ length: 5 }, () => anybody(transport, 'auth:refresh', { refreshToken })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      expect(answers.filter(({ problem }) => problem?.code === 'session_ended')).toHaveLength(4);
    });

    it('takes nothing that is not its own, and nothing too old', async () => {
      const waiter = await house.hire('waiter');
      const [id, generation] = waiter.refreshToken.split('.');
      const forged = [`${id}.${generation}.${'0'.repeat(64)}`, `${id}`, waiter.token.slice(0, 128), 'x'];
      for (const refreshToken of forged) {
        const { problem } = await anybody(transport, 'auth:refresh', { refreshToken });
        expect(problem).toMatchObject({ status: 401, code: 'token_invalid' });
      }
      brigade.clock.advance(30 * 24 * 60 * MINUTE + MINUTE);
      const late = await callRest(brigade.url, undefined, 'auth:refresh', { refreshToken: waiter.refreshToken });
      expect(late.problem?.code).toBe('session_ended');
    });
  });

  describe('sessions', () => {
    it('are listed, and ended one by one', async () => {
      const waiter = await house.hire('waiter');
      const phone = await anybody(transport, 'auth:login', waiter.login);
      const screen = await Screen.open(brigade.url, phone.data.accessToken);
      const { data } = await waiter.via(transport, 'auth:sessions');
      expect(data.map(({ how, current }: { how: string; current: boolean }) => ({ how, current }))).toEqual([
        { how: 'password', current: false },
        { how: 'password', current: true },
      ]);
      const { sessionId } = phone.data;
      expect((await house.owner.via(transport, 'auth:end-session', { sessionId })).problem?.code).toBe('not_found');
      expect((await other.owner.via(transport, 'auth:end-session', { sessionId })).problem?.code).toBe('not_found');
      expect((await waiter.via(transport, 'auth:end-session', { sessionId })).data).toEqual({ sessionId });
      await isEnded(screen);
      expect((await me(phone.data.accessToken)).problem?.code).toBe('session_ended');
      expect((await waiter.via(transport, 'auth:sessions')).data).toHaveLength(1);
    });

    it('end by logging out, with their sockets and their refresh token', async () => {
      const waiter = await house.hire('waiter');
      const screen = await waiter.screen();
      const { status, data } = await waiter.via(transport, 'auth:logout');
      expect(status).toBe(200);
      expect(waiter.refreshToken.startsWith(data.sessionId)).toBe(true);
      await isEnded(screen);
      expect((await me(waiter.token)).problem?.code).toBe('session_ended');
      const { problem } = await anybody(transport, 'auth:refresh', { refreshToken: waiter.refreshToken });
      expect(problem?.code).toBe('session_ended');
    });
  });
});

describe('an access token', () => {
  const refused = async (token: string, code: string) => {
    expect((await me(token)).problem).toMatchObject({ status: 401, code });
    await expect(Screen.open(brigade.url, token)).rejects.toMatchObject({ status: 401, code });
  };

  it('is good for 15 minutes', async () => {
    const { token } = await house.hire('waiter');
    brigade.clock.advance(14 * MINUTE);
    expect((await me(token)).status).toBe(200);
    brigade.clock.advance(MINUTE + 1_000);
    await refused(token, 'token_expired');
  });

  it('is refused when forged', async () => {
    const { token } = await house.hire('waiter');
    const payload = jwt.decode(token) as jwt.JwtPayload;
    await refused(jwt.sign(payload, 'another key of the tests, also thirty-two bytes'), 'token_invalid');
    await refused(jwt.sign(payload, '', { algorithm: 'none' }), 'token_invalid');
    const [head, , signature] = token.split('.');
    const raised = Buffer.from(JSON.stringify({ ...payload, role: 'owner' })).toString('base64url');
    await refused(`${head}.${raised}.${signature}`, 'token_invalid');
    await refused('nonsense', 'token_invalid');
  });

  it('is needed, and a refresh token is none', async () => {
    const { refreshToken } = await house.hire('waiter');
    expect((await callRest(brigade.url, undefined, 'auth:me')).problem?.code).toBe('unauthenticated');
    await expect(Screen.open(brigade.url, '')).rejects.toMatchObject({ code: 'unauthenticated' });
    await refused(refreshToken, 'token_invalid');
  });
});
