import { createApp } from '../src/app.js';
import { features } from '../src/features.js';
import { type Actor, anonymous } from '../src/kernel/context.js';
import { newId } from '../src/kernel/ids.js';
import { permissionsOf } from '../src/kernel/permissions.js';
import { loadConfig } from '../src/platform/config.js';
import { createLogger } from '../src/platform/logger.js';
import { createRegistry } from '../src/runtime/registry.js';

export const PASSWORD = 'bench bench bench';

/** Carries out an operation without a transport. */
type Run = <T>(actor: Actor, name: string, input: object) => Promise<T>;

/** The whole server as it runs in production, on loopback, with limits that are in nobody's way; `env` over that. */
export async function openBrigade(env: NodeJS.ProcessEnv): Promise<{ listen: () => Promise<string>; run: Run }> {
  const config = loadConfig({
    file: false,
    env: {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'silent',
      LOG_LEVEL: 'info',
      SIGN_UP: 'open',
      JWT_SESSIONS_PER_PERSON: '100000',
      ARGON2_MEMORY_KIB: '1024',
      ARGON2_PASSES: '1',
      RATE_LIMIT_AUTH: '100000/15m',
      RATE_LIMIT_AUTH_ADDRESS: '100000/15m',
      RATE_LIMIT_ANONYMOUS: '100000/15m',
      RATE_LIMIT_RESTAURANT: '100000000/1m',
      RATE_LIMIT_READ: '1000000/1m',
      RATE_LIMIT_WRITE: '1000000/1m',
      SOCKET_MESSAGES_PER_SECOND: '10000',
      SOCKET_MESSAGE_BURST: '100000',
      ...env,
    },
  });
  const app = await createApp({ config, logger: createLogger(config.logging) });
  const { operations } = createRegistry(features);
  process.on('SIGTERM', () => void app.stop().then(() => process.exit(0)));
  return {
    listen: () => app.listen(),
    async run<T>(actor: Actor, name: string, input: object) {
      const operation = operations.get(name);
      if (operation === undefined) throw new Error(`No operation ${name}`);
      // Hundreds of screens log in as the same few people at once.
      const uncounted = name === 'auth:login';
      const { data } = await app.execute({ operation, input, actor, requestId: newId(), ip: '127.0.0.1', uncounted });
      return data as T;
    },
  };
}

/** A restaurant with `more` settings, and its owner to do everything else as; they log in by `email` and `PASSWORD`. */
export async function signUp(run: Run, name: string, email: string, more: object = {}): Promise<Actor> {
  const place = { currency: 'EUR', timeZone: 'Europe/Paris', locale: 'fr-FR' };
  const settings = { ...place, taxClasses: [{ code: 'food', name: 'Food', ratePpm: 100_000 }], ...more };
  const { restaurant, owner } = await run<{ restaurant: { id: string }; owner: { id: string } }>(
    anonymous,
    'restaurant:sign-up',
    { restaurant: { name, ...settings }, owner: { name: 'Olive Owner', email, password: PASSWORD } },
  );
  return {
    ...{ kind: 'staff', userId: owner.id, name: 'Olive Owner', restaurantId: restaurant.id, role: 'owner' },
    ...{ permissions: permissionsOf('owner'), sessionId: 'bench', stationIds: [] },
  };
}

/** Dishes of one category. Answers their ids. */
export async function addDishes(
  run: Run,
  owner: Actor,
  categoryId: (i: number) => string,
  count: number,
): Promise<string[]> {
  const items = await Promise.all(
    Array.from({ length: count }, (_, i) =>
      run<{ id: string }>(owner, 'menu:create-item', {
        name: `Dish ${i}`,
        categoryId: categoryId(i),
        price: { amount: 900 + i * 25, currency: 'EUR' },
      }),
    ),
  );
  return items.map(({ id }) => id);
}

export async function logIn(run: Run, email: string): Promise<string> {
  return (await run<{ accessToken: string }>(anonymous, 'auth:login', { email, password: PASSWORD })).accessToken;
}
