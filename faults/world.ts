import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import mongoose, { type mongo } from 'mongoose';
import { freePort } from '../cluster/free-port.js';
import { hasRedisServer, RedisServer } from '../cluster/redis-server.js';
import { Child } from '../simulate/child.js';
import { Line } from '../simulate/line.js';
import { brigadeProcess } from '../simulate/server-process.js';

/** One of the processes that serve, and its line to the database, which can be cut or made mute. */
export interface Brigade {
  child: Child;
  url: string;
  /** As it introduces itself to the database; fail points aim at it. */
  appName: string;
  database: Line;
}

const DATABASE = 'brigade';
const PROCESSES = 3;
/** The same in every process, as for any service of several; no more secret than the demo's passwords. */
const SHARED_SECRETS = { JWT_SECRET: 'faults '.repeat(8), PIN_PEPPER: 'pepper '.repeat(8) };

/** Everything a service needs, on this machine: a database and a Redis of its own, and several Brigades. */
export class World {
  private constructor(
    private readonly folder: string,
    readonly database: Child,
    /** Undefined where there is no redis-server on this machine. */
    readonly redis: RedisServer | undefined,
    readonly brigades: readonly Brigade[],
    readonly client: mongo.MongoClient,
  ) {}

  static async start(onDeath: (error: Error) => void): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'brigade-faults-'));
    const databasePort = await freePort();
    const database = databaseProcess(join(folder, 'db'), databasePort, onDeath);
    await database.start();
    const redis = hasRedisServer() ? await RedisServer.start() : undefined;
    const uri = `mongodb://127.0.0.1:${databasePort}`;
    const client = new mongoose.mongo.MongoClient(`${uri}/?directConnection=true`, { appName: 'faults' });
    await client.connect();
    const redisUrl = redis === undefined ? {} : { REDIS_URL: redis.url };
    const brigades: Brigade[] = [];
    for (let index = 0; index < PROCESSES; index += 1) {
      const brigade = await makeBrigade({ index, folder, databaseUri: uri, env: redisUrl, onDeath });
      brigades.push(brigade);
      // The first makes the demo restaurant.
      if (index === 0) await brigade.child.start();
    }
    await Promise.all(brigades.slice(1).map(({ child }) => child.start()));
    return new World(folder, database, redis, brigades, client);
  }

  get urls(): string[] {
    return this.brigades.map(({ url }) => url);
  }

  get db(): mongo.Db {
    return this.client.db(DATABASE);
  }

  /** Sets the database's `failCommand`, for the process of that name. Answers how often the one before has struck. */
  async failCommand(
    data: { failCommands: string[]; appName: string } & Record<string, unknown>,
    times: number,
  ): Promise<number> {
    const command = { configureFailPoint: 'failCommand', mode: { times }, data };
    const { count } = await this.client.db('admin').command(command);
    return Number(count);
  }

  /** Ends every fault of the database and starts what is down. */
  async heal(): Promise<void> {
    if (!this.database.isRunning) await this.database.start();
    await this.client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
    this.redis?.resume();
    if (this.redis?.isRunning === false) await this.redis.restart();
    for (const child of this.children()) child.resume();
    for (const { child, database } of this.brigades) {
      if (!child.isRunning) await child.start();
      database.cut(0);
    }
  }

  /** What each process printed last. */
  get output(): string {
    return this.children()
      .map((child) => child.output.slice(-1_500))
      .join('\n');
  }

  async stop(): Promise<void> {
    await this.client.close();
    await Promise.all(this.children().map((child) => child.stop('SIGKILL')));
    await this.redis?.kill();
    for (const { database } of this.brigades) database.close();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private children(): Child[] {
    return [...this.brigades.map(({ child }) => child), this.database];
  }
}

function databaseProcess(dir: string, port: number, onDeath: (error: Error) => void): Child {
  const cli = join(dirname(createRequire(import.meta.url).resolve('pocket-mongo')), 'cli.js');
  mkdirSync(dir);
  return new Child({
    name: 'the database',
    command: process.execPath,
    args: [cli, '--dir', dir, '--port', String(port)],
    cwd: dir,
    env: process.env,
    isReady: async () => {
      const probe = new mongoose.mongo.MongoClient(`mongodb://127.0.0.1:${port}/?directConnection=true`, {
        serverSelectionTimeoutMS: 200,
      });
      try {
        await probe.db('admin').command({ ping: 1 });
        return true;
      } finally {
        await probe.close();
      }
    },
    onDeath,
  });
}

interface BrigadeSetting {
  index: number;
  folder: string;
  databaseUri: string;
  env: NodeJS.ProcessEnv;
  onDeath: (error: Error) => void;
}

async function makeBrigade({ index, folder, databaseUri, env, onDeath }: BrigadeSetting): Promise<Brigade> {
  const appName = `brigade-${index}`;
  const own = join(folder, appName);
  mkdirSync(own);
  const port = await freePort();
  const database = await Line.to(databaseUri);
  const child = brigadeProcess({
    name: appName,
    port,
    folder: own,
    env: {
      ...env,
      ...SHARED_SECRETS,
      MONGODB_URI: `${database.url.replace('http:', 'mongodb:')}/?directConnection=true&appName=${appName}`,
      MONGODB_DATABASE: DATABASE,
      FEATURE_DEMO: String(index === 0),
      LOG_LEVEL: 'error',
    },
    onDeath,
  });
  return { child, url: `http://127.0.0.1:${port}`, appName, database };
}
