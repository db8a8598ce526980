import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createProxyServer } from 'httpxy';

/** Sessions of Socket.IO over long polling whose process is remembered. */
const MAX_SESSIONS = 100_000;

/**
 * One port in front of several processes. Connections go to them in turn; the requests of one long-polling session all go
 * to the process that opened it. For trying and for tests: in production this is nginx, HAProxy or the like.
 */
export class Balancer {
  readonly #server: Server;
  readonly #proxy = createProxyServer({ xfwd: true });
  readonly #sessions = new Map<string, string>();
  readonly #connections = new Set<Socket>();
  #targets: readonly string[] = [];
  #turn = 0;

  private constructor(private readonly socketPath: string) {
    this.#server = createServer((req, res) => {
      const target = this.#targetOf(req);
      if (target === undefined) unavailable(res);
      else void this.#proxy.web(req, res, { target }).catch(() => unavailable(res));
    });
    this.#server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
      const target = this.#targetOf(req);
      if (target === undefined) socket.destroy();
      else void this.#proxy.ws(req, socket, { target }, head).catch(() => socket.destroy());
    });
    this.#server.on('connection', (socket) => {
      this.#connections.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#connections.delete(socket));
    });
    this.#proxy.on('error', (_error, _req, res) => {
      if (res instanceof ServerResponse) unavailable(res);
      else res?.destroy();
    });
    this.#proxy.on('proxyRes', (answer, req) => this.#learnSession(req, answer));
  }

  static async listen(port: number, host: string, socketPath: string): Promise<Balancer> {
    const balancer = new Balancer(socketPath);
    await new Promise<void>((resolve, reject) => {
      balancer.#server.once('error', reject);
      balancer.#server.listen(port, host, resolve);
    });
    return balancer;
  }

  get url(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return `http://${address.includes(':') ? `[${address}]` : address}:${port}`;
  }

  /** The addresses of the processes that serve now. */
  serve(targets: readonly string[]): void {
    this.#targets = targets;
    for (const [sid, target] of this.#sessions) if (!targets.includes(target)) this.#sessions.delete(sid);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#connections) socket.destroy();
    await Promise.resolve();
  }

  #targetOf(req: IncomingMessage): string | undefined {
    const known = this.#sessions.get(sessionOf(req) ?? '');
    if (known !== undefined) return known;
    this.#turn += 1;
    return this.#targets[this.#turn % Math.max(1, this.#targets.length)];
  }

  /** The answer to a polling handshake names the session: `0{"sid":"…",…}`. */
  #learnSession(req: IncomingMessage, answer: IncomingMessage): void {
    if (!req.url?.startsWith(this.socketPath) || sessionOf(req) !== undefined) return;
    const { remotePort } = answer.socket;
    const target = this.#targets.find((one) => Number(new URL(one).port) === remotePort);
    answer.once('data', (chunk: Buffer) => {
      const sid = /"sid":"([^"]+)"/.exec(chunk.toString('latin1', 0, 200))?.[1];
      if (sid === undefined || target === undefined) return;
      if (this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(this.#sessions.keys().next().value ?? '');
      this.#sessions.set(sid, target);
    });
  }
}

function sessionOf({ url = '' }: IncomingMessage): string | undefined {
  return new URL(url, 'http://balancer').searchParams.get('sid') ?? undefined;
}

function unavailable(res: ServerResponse): void {
  if (res.headersSent) res.destroy();
  else res.writeHead(503, { 'retry-after': '1' }).end();
}
