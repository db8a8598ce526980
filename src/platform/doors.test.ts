import { systemClock } from '../kernel/time.js';
import { createDoors } from './doors.js';
import { LocalPresence } from './presence.js';
import { createTokens } from './tokens.js';

const secret = 'a key of the tests, thirty-two bytes or more';
const tokens = createTokens({ secret, accessTtlSeconds: 900, refreshTtlSeconds: 86_400, clock: systemClock });
const presence = new LocalPresence({ graceMs: 0 });
const argon2 = { memoryKib: 1024, passes: 1 };
const open = (pepper = secret) => createDoors({ pepper, tokens, argon2, presence, signUp: 'open' });

describe('passwords', () => {
  it('are hashed with argon2id at the cost that was set, each with its own salt', async () => {
    const { passwords } = open();
    const [first, second] = await Promise.all([passwords.hash('a fine evening'), passwords.hash('a fine evening')]);
    expect(first).toMatch(/^\$argon2id\$v=19\$m=1024,t=1,p=1\$/);
    expect(first).not.toBe(second);
    expect(await passwords.verify(first, 'a fine evening')).toBe(true);
    expect(await passwords.verify(first, 'a fine Evening')).toBe(false);
  });

  it('of nobody take their time and are never right', async () => {
    await expect(open().passwords.verifyNothing('a fine evening')).resolves.toBeUndefined();
  });
});

describe('digests', () => {
  it('depend on value, purpose and pepper, and on nothing else', () => {
    const { digest } = open();
    expect(digest('pin', '1234')).toMatch(/^[0-9a-f]{64}$/);
    expect(digest('pin', '1234')).toBe(open().digest('pin', '1234'));
    expect(digest('pin', '1234')).not.toBe(digest('pin', '1235'));
    expect(digest('pin', '1234')).not.toBe(digest('device', '1234'));
    expect(digest('pin', '1234')).not.toBe(digest('pin1', '234'));
    expect(digest('pin', '1234')).not.toBe(open('another pepper, thirty-two bytes or more').digest('pin', '1234'));
  });

  it('want a pepper worth the name', () => {
    expect(() => open('salt')).toThrow(RangeError);
  });
});
