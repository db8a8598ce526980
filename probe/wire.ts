import { io, type Socket } from 'socket.io-client';
import type { Operation } from './contract.js';

/** What came back: of REST its status and body, of the socket the same from its ack. */
export interface Answer {
  status: number;
  text: string;
  body: { code?: string; [field: string]: unknown } | undefined;
}

export const transports = ['rest', 'socket'] as const;
export type Transport = (typeof transports)[number];

const ANSWER_MS = 20_000;
const NO_ANSWER: Answer = { status: 0, text: '', body: undefined };

/** Speaks both transports as somebody, or as nobody. Takes JSON as a text, for no client of ours would write some of it. */
export class Caller {
  #socket: Socket | undefined;
  #nextAck = 1_000_000;

  constructor(
    private readonly url: string,
    readonly token: string | undefined,
  ) {}

  send(transport: Transport, operation: Operation, input: unknown): Promise<Answer> {
    return transport === 'rest' ? this.rest(operation, input) : this.socket(operation.name, JSON.stringify(input));
  }

  /** Fields of the path, the query and the body, as the documents put them. */
  rest(operation: Operation, input: unknown): Promise<Answer> {
    const rest: Record<string, unknown> = { ...(input as object) };
    const path = operation.path.replace(/\{(\w+)\}/g, (_all, name: string) => {
      const value = rest[name] ?? '';
      delete rest[name];
      return encodeURIComponent(textOf(value).slice(0, 1_000)) || '-';
    });
    if (operation.hasBody) return this.raw(operation.method, path, JSON.stringify(rest));
    const query = Object.entries(rest).flatMap(([name, value]) =>
      [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(one))}`),
    );
    return this.raw(operation.method, `${path}?${query.slice(0, 900).join('&')}`.slice(0, 12_000));
  }

  async raw(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
    try {
      const response = await fetch(`${this.url}/api/v1${path}`, {
        method,
        headers: {
          ...(this.token === undefined ? {} : { authorization: `Bearer ${this.token}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body }),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      const text = await response.text();
      return { status: response.status, text, body: parsed(text) };
    } catch (error) {
      return { ...NO_ANSWER, text: String((error as Error).cause ?? error) };
    }
  }

  /** @throws the Problem of a refused handshake */
  async connected(): Promise<Socket> {
    if (this.#socket?.connected === true) return this.#socket;
    this.#socket?.disconnect();
    const auth = this.token === undefined ? {} : { token: this.token };
    const socket = io(this.url, { transports: ['websocket'], auth, reconnection: false, forceNew: true });
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: unknown }) => reject(error.data ?? error));
    });
    return socket;
  }

  /** One message as a text, `{…}` or `{…},{meta}`. */
  async socket(name: string, json: string): Promise<Answer> {
    const socket = await this.connected().catch((problem: unknown) => problem as Answer['body']);
    if (!isSocket(socket)) {
      const status = Number(socket?.status ?? 0);
      return { status, text: JSON.stringify(socket), body: socket };
    }
    this.#nextAck += 1;
    const id = this.#nextAck;
    return new Promise((resolve) => {
      const acks = (socket as unknown as { acks: Record<number, (said: Acked) => void> }).acks;
      const done = (answer: Answer) => {
        clearTimeout(timer);
        socket.off('disconnect', gone);
        resolve(answer);
      };
      const gone = (reason: string) => done({ ...NO_ANSWER, text: `the connection ended: ${reason}` });
      const timer = setTimeout(() => done({ ...NO_ANSWER, text: 'no answer' }), ANSWER_MS);
      socket.once('disconnect', gone);
      acks[id] = (said) => {
        const status = said.ok ? 200 : Number(said.error?.status ?? 0);
        done({ status, text: JSON.stringify(said), body: said.ok ? { data: said.data } : said.error });
      };
      socket.io.engine.write(`2${id}["${name}",${json}]`);
    });
  }

  close(): void {
    this.#socket?.disconnect();
  }
}

interface Acked {
  ok: boolean;
  data?: unknown;
  error?: Answer['body'];
}

const isSocket = (thing: unknown): thing is Socket =>
  typeof thing === 'object' && thing !== null && 'io' in thing && 'emit' in thing;

/** A lone surrogate cannot stand in an address. */
const textOf = (value: unknown): string =>
  Buffer.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toString();

function parsed(text: string): Answer['body'] {
  try {
    return JSON.parse(text) as Answer['body'];
  } catch {
    return undefined;
  }
}
