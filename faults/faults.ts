import { Redis } from 'ioredis';
import type { RedisServer } from '../cluster/redis-server.js';
import type { Random } from '../simulate/random.js';
import type { Screen } from '../simulate/screen.js';
import { polled, sleep } from '../simulate/waits.js';
import { journalHeadsOf } from './oracle.js';
import type { Brigade, World } from './world.js';

export interface Scene {
  world: World;
  screens: readonly Screen[];
  random: Random;
  /** Paused or off line for at most this long, ms. */
  longestMs: number;
}

export interface Fault {
  name: string;
  needsRedis?: boolean;
  strike: (scene: Scene) => Promise<void>;
}

const pickOf = <T>(random: Random, things: readonly T[]): T => {
  const thing = random.pick(things);
  if (thing === undefined) throw new Error('Nothing to pick from');
  return thing;
};

const someBrigade = ({ world, random }: Scene): Brigade => pickOf(random, world.brigades);

/** A moment of the length that a fault lasts: mostly short, now and then as long as allowed. */
const spell = ({ random, longestMs }: Scene): Promise<void> =>
  sleep(random.chance(0.2) ? longestMs : random.between(500, Math.min(4_000, longestMs)));

/** Killed, and after a while replaced by a new one at the same address. */
async function replace({ child }: Brigade, random: Random): Promise<void> {
  await child.kill();
  await sleep(random.between(0, 1_500));
  await child.start();
}

/** Within this the process under fault does commit something, or the fault strikes anyway. */
const PATIENCE_MS = 3_000;

const within = <T>(ms: number, what: Promise<T>): Promise<T | undefined> =>
  Promise.race([what, sleep(ms).then(() => undefined)]);

/** The process stands inside its transaction when it is killed: nothing of it may remain, and nobody may wait for it. */
async function killBeforeCommit(scene: Scene): Promise<void> {
  const { world, random } = scene;
  const brigade = someBrigade(scene);
  const block = { blockConnection: true, blockTimeMS: 2_000 };
  const arm = () => world.failCommand({ failCommands: ['commitTransaction'], appName: brigade.appName, ...block }, 1);
  await arm();
  // Armed again, it tells whether it has struck.
  await within(
    PATIENCE_MS,
    polled('a commit to hang', 20, async () => (await arm()) > 0 || undefined),
  );
  await replace(brigade, random);
}

/** The database has committed, and its answer never arrives: only a sweeper can tell the screens. */
async function killBetweenCommitAndPublish(scene: Scene): Promise<void> {
  const brigade = someBrigade(scene);
  const before = await journalHeadsOf(scene.world.db);
  brigade.database.mute();
  await within(
    PATIENCE_MS,
    polled(
      'a commit that nobody hears of',
      5,
      async () => (await journalHeadsOf(scene.world.db)) > before || undefined,
    ),
  );
  await brigade.child.kill();
  brigade.database.cut(0);
  await sleep(scene.random.between(0, 1_500));
  await brigade.child.start();
}

/** Some screens have heard an event, and the process dies before it has told the others or noted that it did. */
async function killWhilePublishing(scene: Scene): Promise<void> {
  const screen = pickOf(scene.random, scene.screens);
  const heard = new Promise<void>((resolve) => {
    const stop = screen.client.onAny(() => {
      stop();
      resolve();
    });
  });
  await within(PATIENCE_MS, heard);
  await replace(someBrigade(scene), scene.random);
}

const failing = (failure: object, commands: string[], times: number) => (scene: Scene) =>
  scene.world
    .failCommand({ failCommands: commands, appName: someBrigade(scene).appName, ...failure }, times)
    .then(() => undefined);

async function pauseProcess(scene: Scene): Promise<void> {
  const { child } = someBrigade(scene);
  child.pause();
  await spell(scene);
  child.resume();
}

async function pauseDatabase(scene: Scene): Promise<void> {
  scene.world.database.pause();
  await spell(scene);
  scene.world.database.resume();
}

const withRedis = (strike: (scene: Scene, redis: NonNullable<World['redis']>) => Promise<void>) => (scene: Scene) =>
  scene.world.redis === undefined ? Promise.resolve() : strike(scene, scene.world.redis);

async function command({ url }: RedisServer, name: string, ...args: string[]): Promise<void> {
  const redis = new Redis(url);
  // Another fault may have it down just now; the call waits until it is back.
  redis.on('error', () => undefined);
  await redis.call(name, ...args);
  redis.disconnect();
}

/** What a service must survive; the list, and the database's own death. */
export const faults: readonly Fault[] = [
  { name: 'killed before commit', strike: killBeforeCommit },
  { name: 'killed between commit and publish', strike: killBetweenCommitAndPublish },
  { name: 'killed while publishing', strike: killWhilePublishing },
  { name: 'one of three killed and replaced', strike: (scene) => replace(someBrigade(scene), scene.random) },
  { name: 'a process stands still', strike: pauseProcess },
  {
    name: 'Redis killed and restarted',
    needsRedis: true,
    strike: withRedis(async (scene, redis) => {
      await redis.kill();
      await spell(scene);
      await redis.restart();
    }),
  },
  {
    name: 'Redis forgets everything',
    needsRedis: true,
    strike: withRedis((_scene, redis) => command(redis, 'FLUSHALL')),
  },
  {
    name: 'Redis drops its subscribers',
    needsRedis: true,
    strike: withRedis((_scene, redis) => command(redis, 'CLIENT', 'KILL', 'TYPE', 'pubsub')),
  },
  {
    name: 'Redis stands still',
    needsRedis: true,
    strike: withRedis(async (scene, redis) => {
      redis.pause();
      await spell(scene);
      redis.resume();
    }),
  },
  {
    name: 'lines cut',
    async strike({ screens, random }) {
      for (const { line } of screens) if (random.chance(0.7)) line.cut(random.between(0, 1_500));
    },
  },
  {
    name: 'answers lost',
    async strike({ screens, random }) {
      const struck = screens.filter(() => random.chance(0.5));
      for (const { line } of struck) line.mute();
      await sleep(random.between(200, 1_500));
      for (const { line } of struck) line.cut(0);
    },
  },
  {
    name: 'tablets off line',
    async strike(scene) {
      for (const { line } of scene.screens) if (scene.random.chance(0.4)) line.cut(scene.longestMs);
      await sleep(scene.longestMs);
    },
  },
  {
    name: 'write conflicts',
    strike: failing(
      { errorCode: 112, errorLabels: ['TransientTransactionError'] },
      ['bulkWrite', 'commitTransaction'],
      5,
    ),
  },
  { name: 'network error on commit', strike: failing({ closeConnection: true }, ['commitTransaction'], 2) },
  {
    name: 'no connection to the database',
    async strike(scene) {
      someBrigade(scene).database.cut(scene.random.between(200, 3_000));
    },
  },
  {
    name: 'database killed and restarted',
    async strike({ world, random }) {
      await world.database.kill();
      await sleep(random.between(0, 1_000));
      await world.database.start();
    },
  },
  { name: 'the database stands still', strike: pauseDatabase },
];
