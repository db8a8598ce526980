import { type Document, MongoClient } from 'mongodb';
import { createServer, type PocketMongo } from 'pocket-mongo';
import { type ServerFacts, topologyOf } from './requirements.js';

/** A pocket-mongo server in memory, with a client that no test observes. */
export class Deployment {
  private constructor(
    private readonly server: PocketMongo,
    readonly uri: string,
    readonly client: MongoClient,
    readonly facts: ServerFacts,
  ) {}

  /** @param onError told when the engine fails later */
  static async start(onError: (error: Error) => void): Promise<Deployment> {
    const server = await createServer({ memory: true, port: 0, onError });
    const [address] = server.uri.split('?');
    const direct = new MongoClient(server.uri);
    try {
      const hello = await direct.db('admin').command({ hello: 1 });
      // As a member of its set, not as a single server: the driver then does all that it does with a replica set.
      const uri = hello.setName ? `${address}?replicaSet=${hello.setName}` : server.uri;
      const client = new MongoClient(uri, { minPoolSize: 1 });
      await client.connect();
      return new Deployment(server, uri, client, await factsOf(client, hello));
    } finally {
      await direct.close();
    }
  }

  /** Takes back what a test has set on the server. */
  async reset(failPoints: Iterable<string>, killSessions: boolean): Promise<void> {
    const admin = this.client.db('admin');
    for (const name of failPoints) await admin.command({ configureFailPoint: name, mode: 'off' });
    if (killSessions) await admin.command({ killAllSessions: [] });
  }

  async close(): Promise<void> {
    await this.client.close();
    await this.server.close();
  }
}

async function factsOf(client: MongoClient, hello: Document): Promise<ServerFacts> {
  const admin = client.db('admin');
  const { versionArray } = await admin.command({ buildInfo: 1 });
  const parameters = new Map<string, Promise<unknown>>();
  const ask = async (name: string): Promise<unknown> => {
    try {
      return (await admin.command({ getParameter: 1, [name]: 1 }))[name];
    } catch {
      // A parameter that the server does not know has no value.
      return undefined;
    }
  };
  return {
    version: (versionArray as number[]).slice(0, 3),
    topology: topologyOf(hello),
    parameter(name) {
      const known = parameters.get(name) ?? ask(name);
      parameters.set(name, known);
      return known;
    },
  };
}
