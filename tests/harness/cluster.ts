import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster } from '../../cluster/cluster.js';
import { hasRedisServer, type RedisServer } from '../../cluster/redis-server.js';
import { newId } from '../../src/kernel/ids.js';
import { describeWhere } from './needs.js';

/** `describe`, where a redis-server can be started. */
export function describeWithRedis(name: string, tests: () => void): void {
  describeWhere(hasRedisServer() ? undefined : 'there is no redis-server on the PATH', name, tests);
}

export interface TestCluster {
  cluster: Cluster;
  /** The Redis of this cluster alone. */
  redis: RedisServer;
  /** The addresses of its processes. */
  urls: string[];
  stop(): Promise<void>;
}

/** Real processes on the run's database, with a Redis of their own. */
export async function startCluster(
  processes: number,
  env: Record<string, string> = {},
  { redis = true } = {},
): Promise<TestCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'brigade-cluster-'));
  const cluster = await Cluster.start({
    processes,
    redis,
    cwd: folder,
    env: {
      NODE_ENV: 'test',
      DATA_DIR: join(folder, 'data'),
      MONGODB_URI: process.env.TEST_MONGODB_URI,
      MONGODB_DATABASE: `test-${newId()}`,
      RATE_LIMIT_AUTH: '10000/15m',
      RATE_LIMIT_AUTH_ADDRESS: '100000/15m',
      RATE_LIMIT_ANONYMOUS: '10000/15m',
      REDIS_URL: '',
      ...env,
    },
  });
  return {
    cluster,
    redis: cluster.redis as RedisServer,
    urls: cluster.members.map(({ url }) => url),
    async stop() {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
