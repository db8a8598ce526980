import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '../src/platform/config.js';
import { Balancer } from './balancer.js';
import { Child } from './child.js';
import { RedisServer } from './redis-server.js';

/** The built repository, wherever this file is run from. */
const home = dirname(fileURLToPath(import.meta.url)).replace(/\/dist\/cluster$|\/cluster$/, '');

export interface ClusterOptions {
  processes: number;
  /** Without Redis the processes find each other's commits in the database alone. */
  redis: boolean;
  /** Settings, as in the environment. MONGODB_URI and REDIS_URL are started where they are not given. */
  env: NodeJS.ProcessEnv;
  /** Folder the processes run in; their `.env` files and relative paths are looked for here. */
  cwd?: string;
  /** A process that ends by itself is replaced; told here. */
  onReplaced?: (name: string, how: string) => void;
  /** Stops a start that is still under way, too. */
  signal?: AbortSignal;
  /** Passes on what the first process prints: links and log-ins. */
  show?: boolean;
}

/** One Brigade process of a cluster. */
export interface Member {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** Kill -9, or any other signal. */
  signal(signal: NodeJS.Signals): void;
}

/**
 * Several Brigade processes behind one port, on one database and one Redis. Whichever of them ends is replaced at once,
 * until `stop`. For trying and for tests.
 */
export class Cluster {
  readonly #members: ({ child: Child; url: string } | undefined)[] = [];
  #stopping = false;

  private constructor(
    private readonly options: ClusterOptions,
    private readonly balancer: Balancer,
    private readonly env: NodeJS.ProcessEnv,
    private readonly database: Child | undefined,
    /** The Redis that was started for this cluster. */
    readonly redis: RedisServer | undefined,
  ) {}

  static async start(options: ClusterOptions): Promise<Cluster> {
    const { env, signal, cwd = process.cwd() } = options;
    // Every wrong setting is reported here, once; it also makes the secrets that all processes share.
    const config = loadConfig({ env: settings(env), dir: cwd });
    const balancer = await Balancer.listen(config.server.port, config.server.host, config.socket.path);
    const started: { stop(): Promise<unknown> }[] = [balancerStop(balancer)];
    try {
      const database = config.database.uri === undefined ? await startDatabase(config.server.dataDir, cwd) : undefined;
      if (database !== undefined) started.push({ stop: () => database.child.end() });
      const redis = options.redis && config.redis.url === undefined ? await RedisServer.start() : undefined;
      if (redis !== undefined) started.push(redis);
      const shared = {
        ...process.env,
        ...env,
        MONGODB_URI: config.database.uri ?? database?.said,
        REDIS_URL: options.redis ? (config.redis.url ?? redis?.url) : '',
        // Decided before the address above, which is ours, was given.
        FEATURE_DEMO: String(config.features.demo),
        PORT: '0',
        HOST: '127.0.0.1',
        PUBLIC_URL: config.server.publicUrl ?? balancer.url,
        TRUST_PROXY: String(config.server.trustProxy + 1),
        LOG_PER_PROCESS: 'true',
      };
      const cluster = new Cluster(options, balancer, shared, database?.child, redis);
      started.push({ stop: () => cluster.#endMembers() });
      // The first makes the demo restaurant on an empty database; the others find it there.
      await cluster.#run(0);
      signal?.throwIfAborted();
      await Promise.all(Array.from({ length: options.processes - 1 }, (_, i) => cluster.#run(i + 1)));
      signal?.throwIfAborted();
      return cluster;
    } catch (error) {
      for (const one of started.reverse()) await one.stop();
      throw error;
    }
  }

  /** The one address in front of all processes. */
  get url(): string {
    return this.balancer.url;
  }

  /** The processes that serve now. */
  get members(): readonly Member[] {
    return this.#members.flatMap((member) => {
      if (member === undefined || !member.child.isRunning) return [];
      const { child, url } = member;
      return [{ name: child.name, url, pid: child.pid, signal: (signal) => child.signal(signal) }];
    });
  }

  /** Process ids of all there is, for a test to see that nothing stays behind. */
  get pids(): readonly number[] {
    const others = [this.database?.pid, this.redis?.pid].filter((pid) => pid !== undefined);
    return [...this.members.map(({ pid }) => pid), ...others];
  }

  /** The end of what every process printed, for when something went wrong. */
  get output(): string {
    return this.#members.map((member) => (member === undefined ? '' : member.child.output)).join('\n');
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#endMembers();
    await this.balancer.close();
    await this.redis?.stop();
    await this.database?.end();
  }

  async #endMembers(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#members.map((member) => member?.child.end()));
  }

  async #run(index: number): Promise<void> {
    const first = index === 0 && this.#members[0] === undefined;
    const { child, said } = await Child.start({
      name: `brigade ${index + 1}`,
      command: process.execPath,
      args: [join(home, 'dist/src/main.js')],
      env: first ? this.env : { ...this.env, FEATURE_DEMO: 'false' },
      cwd: this.options.cwd ?? process.cwd(),
      show: first && this.options.show === true ? 'all' : 'errors',
      ready: ({ message }) => {
        const { listening } = (message ?? {}) as { listening?: number };
        return listening === undefined ? undefined : `http://127.0.0.1:${listening}`;
      },
    });
    if (this.#stopping) return child.end();
    this.#members[index] = { child, url: said };
    this.#balance();
    void child.exited.then((how) => this.#replace(index, how));
  }

  #balance(): void {
    this.balancer.serve(this.members.map(({ url }) => url));
  }

  async #replace(index: number, how: string): Promise<void> {
    this.#balance();
    while (!this.#stopping) {
      this.options.onReplaced?.(`brigade ${index + 1}`, how);
      const started = await this.#run(index).then(
        () => true,
        () => false,
      );
      if (started) return;
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }
}

const balancerStop = (balancer: Balancer) => ({ stop: () => balancer.close() });

/** What `loadConfig` may see: our own environment under what was given. */
const settings = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({ ...process.env, ...env });

/** pocket-mongo as a process of its own, which all Brigade processes share. */
function startDatabase(dataDir: string, cwd: string): Promise<{ child: Child; said: string }> {
  return Child.start({
    name: 'pocket-mongo',
    command: process.execPath,
    args: [join(home, 'packages/pocket-mongo/dist/cli.js'), '--dir', join(dataDir, 'db'), '--port', '0'],
    cwd,
    ready: ({ text }) => /mongodb:\/\/\S+/.exec(text)?.[0],
  });
}
