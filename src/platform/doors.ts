import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import type { Doors } from '../kernel/context.js';

export interface DoorOptions {
  /** Keys every digest; changing it makes all PINs, paired devices and refresh tokens invalid. */
  pepper: string;
  tokens: Doors['tokens'];
  presence: Doors['presence'];
  signUp: Doors['signUp'];
  /** Cost of a password hash: KiB of memory and passes. OWASP's least is 19 MiB and 2 passes; only tests go lower. */
  argon2: { memoryKib: number; passes: number };
}

/** A keyed digest (HMAC-SHA256, hex); `purpose` separates its uses. */
export function digestBy(pepper: string): Doors['digest'] {
  if (Buffer.byteLength(pepper) < 32) throw new RangeError('The pepper needs at least 32 bytes');
  const key = createSecretKey(Buffer.from(pepper));
  return (purpose, value) => createHmac('sha256', key).update(`${purpose}\0${value}`).digest('hex');
}

/**
 * A password in the form in which it is hashed, and else as it was typed: so were those hashed that were set before. Both
 * are tried of an unknown account as well, so that the time does not tell which there are.
 */
async function verifyEither(known: string, typed: string): Promise<boolean> {
  const normal = typed.normalize('NFKC');
  return (await verify(known, normal)) || (normal !== typed && (await verify(known, typed)));
}

let common: Promise<ReadonlySet<string>> | undefined;

/** From leaks, as zxcvbn ranks them. Read at the first need: most processes never set a password. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  common ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common'].filter(({ length }) => length >= 8)),
  );
  return common;
}

/** argon2id with one lane, as the OWASP Password Storage Cheat Sheet has it; the library's default is argon2id. */
export function createDoors({ pepper, tokens: given, argon2, presence, signUp }: DoorOptions): Doors {
  const { signAccess, refreshTtlSeconds, sessionTtlSeconds, sessionsPerPerson } = given;
  const tokens = { signAccess, refreshTtlSeconds, sessionTtlSeconds, sessionsPerPerson };
  const digest = digestBy(pepper);
  const cost = { memoryCost: argon2.memoryKib, timeCost: argon2.passes, parallelism: 1 };
  // Made at the first need and with the same cost, so that an unknown account takes as long as a known one.
  let nobody: Promise<string> | undefined;
  return {
    passwords: {
      hash: (password) => hash(password.normalize('NFKC'), cost),
      verify: verifyEither,
      async verifyNothing(password) {
        nobody ??= hash(randomBytes(32), cost);
        await verifyEither(await nobody, password);
      },
      isCommon: async (password) => (await commonPasswords()).has(password.normalize('NFKC').toLowerCase()),
      isWeak(known) {
        const [, memory = 0, passes = 0] = (/\$m=(\d+),t=(\d+)/.exec(known) ?? []).map(Number);
        return memory < cost.memoryCost || passes < cost.timeCost;
      },
    },
    digest,
    tokens,
    presence,
    signUp,
  };
}
