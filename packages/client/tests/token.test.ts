import { newKey } from '../src/key.js';
import { localProblem } from '../src/problem.js';
import { lifetimeOf, SessionOver, Tokens } from '../src/token.js';

const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.s`;

describe('tokens', () => {
  it('asks the provider once, and again only when the server refused what it gave', async () => {
    let asked = 0;
    const tokens = new Tokens(async () => `token-${++asked}`);
    expect(await tokens.current()).toBe('token-1');
    expect(await tokens.current()).toBe('token-1');
    tokens.refuse(localProblem('session_over'));
    expect(await tokens.current()).toBe('token-2');
  });

  it('lets all who ask at once share one answer', async () => {
    let asked = 0;
    const tokens = new Tokens(async () => `token-${++asked}`);
    expect(await Promise.all([tokens.fresh(), tokens.fresh(), tokens.current()])).toEqual([
      'token-1',
      'token-1',
      'token-1',
    ]);
  });

  it('is over when the provider has none, or only one that was refused twice', async () => {
    await expect(new Tokens(async () => null).current()).rejects.toBeInstanceOf(SessionOver);
    const same = new Tokens(async () => 'same');
    await same.current();
    same.refuse({ ...localProblem('session_over'), code: 'session_ended' });
    expect(await same.current()).toBe('same');
    same.refuse({ ...localProblem('session_over'), code: 'session_ended' });
    await expect(same.current()).rejects.toMatchObject({ code: 'session_ended' });
  });

  it("passes a provider's failure on, and asks again", async () => {
    let asked = 0;
    const tokens = new Tokens(async () => {
      asked += 1;
      if (asked === 1) throw new TypeError('fetch failed');
      return 'token';
    });
    await expect(tokens.current()).rejects.toThrow('fetch failed');
    expect(await tokens.current()).toBe('token');
  });

  it.each([
    [jwt({ iat: 1000, exp: 1900 }), 900_000],
    [jwt({ exp: 1900 }), undefined],
    [jwt({ iat: 5, exp: 5 }), undefined],
    ['opaque', undefined],
    ['a.%%%.c', undefined],
  ])('reads the lifetime of %s', (token, lifetime) => {
    expect(lifetimeOf(token)).toBe(lifetime);
  });
});

it('makes keys that are UUIDs', () => {
  const keys = Array.from({ length: 100 }, newKey);
  expect(new Set(keys).size).toBe(100);
  for (const key of keys) expect(key).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});
