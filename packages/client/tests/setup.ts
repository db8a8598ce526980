import { Client } from '../src/client.js';
import type { ConnectOptions } from '../src/options.js';
import { ScriptedServer } from './scripted-server.js';

interface Order {
  id: string;
  status: string;
}

/** A contract of a few lines: the client knows no more of the real one. */
interface Little {
  operations: {
    'order:place': { kind: 'command'; input: { table: number }; output: Order };
    'approval:give': { kind: 'command'; input: { pin: string }; output: null };
    'menu:get': { kind: 'query'; input: Record<string, never>; output: string[] };
  };
  events: { 'order:created': { order: Order }; 'table:assigned': { table: number } };
  replicas: { orders: Order };
}

const tables = {
  operations: {
    'order:place': { kind: 'command' },
    'approval:give': { kind: 'command' },
    'menu:get': { kind: 'query' },
  },
  events: { 'order:created': { carries: { order: 'orders' } }, 'table:assigned': {} },
  replicas: { orders: { live: { field: 'status', values: ['open'] } } },
} as const;

type LittleClient = Client<Little['operations'], Little['events'], Little['replicas']>;

export interface Setup {
  server: ScriptedServer;
  url: string;
  /** Errors reported by the clients of this setup. */
  errors: { error: unknown; where: string }[];
  client(options?: Partial<ConnectOptions>): LittleClient;
  close(): Promise<void>;
}

/** A scripted server, and clients that do not dawdle. */
export async function setUp(): Promise<Setup> {
  const server = new ScriptedServer();
  const url = await server.listen();
  const errors: Setup['errors'] = [];
  const clients: LittleClient[] = [];
  return {
    server,
    url,
    errors,
    client(options = {}) {
      const client = new Client<Little['operations'], Little['events'], Little['replicas']>(tables, {
        url,
        token: 'token-1',
        transports: ['websocket'],
        reconnectMinMs: 4,
        reconnectMaxMs: 40,
        catchUpJitterMs: 2,
        // No machine is so busy that an answer takes this long: counts of messages are then exact.
        ackTimeoutMs: 2_000,
        onError: (error, where) => errors.push({ error, where }),
        ...options,
      });
      clients.push(client);
      return client;
    },
    async close() {
      for (const client of clients) client.close();
      await server.close();
    },
  };
}
