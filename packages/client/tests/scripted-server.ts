import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import type { Ack, Meta, Problem } from '../src/wire.js';
import { ModelServer } from './model-server.js';

export interface Received {
  name: string;
  input: unknown;
  meta: Meta;
}

export const problem = (status: number, code: string, more: Partial<Problem> = {}): Problem => ({
  type: `urn:brigade:problem:${code}`,
  title: code,
  status,
  code,
  ...more,
});

export const refused = (status: number, code: string, more: Partial<Problem> = {}): Ack => ({
  ok: false,
  error: problem(status, code, more),
});

/** A server on a real socket that does to a client exactly what a test wants done. */
export class ScriptedServer {
  readonly journal = new ModelServer();
  readonly received: Received[] = [];
  readonly tokens: string[] = [];
  /** What handshakes said of waiting commands. */
  readonly unsent: unknown[] = [];
  rooms: ReadonlySet<string> = new Set(['all', 'can:order:read']);
  replicas: Record<string, { id: string }[]> = { orders: [] };
  /** A problem refuses the handshake; 'silence' never answers it. */
  admit: (token: string) => Problem | 'silence' | undefined = () => undefined;
  /** The answer to a message; 'silence' gives none, undefined leaves it to the server. */
  answer: (received: Received) => Ack | 'silence' | undefined = () => undefined;
  readonly #http = createServer();
  readonly #io = new Server(this.#http, { serveClient: false });

  constructor() {
    this.#io.use((socket, next) => {
      const { token, unsent } = socket.handshake.auth as { token: string; unsent?: unknown };
      this.tokens.push(token);
      if (unsent !== undefined) this.unsent.push(unsent);
      const verdict = this.admit(token);
      if (verdict === 'silence') return;
      next(verdict === undefined ? undefined : Object.assign(new Error(verdict.title), { data: verdict }));
    });
    this.#io.on('connection', (socket) => this.#serve(socket));
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#http.listen(port, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  names(): string[] {
    return this.received.map(({ name }) => name);
  }

  sent(name: string): Received[] {
    return this.received.filter((one) => one.name === name);
  }

  /** Commits an event, and sends it unless the network is to lose it. */
  publish(name: string, data: unknown, { rooms = ['all'], lose = false } = {}): void {
    const { rooms: to, ...event } = this.journal.commit(rooms);
    const envelope = Object.assign(this.journal.at(event.seq), { name, data });
    const seen = to.some((room) => this.rooms.has(room));
    if (!lose && seen) this.emit(name, { ...envelope, rooms: undefined });
  }

  emit(name: string, argument: unknown): void {
    this.#io.emit(name, argument);
  }

  tellHeads(): void {
    this.emit('sync:head', this.journal.heads(this.rooms));
  }

  /** Cuts every connection, as a broken network does. */
  cut(): void {
    for (const socket of this.#io.sockets.sockets.values()) socket.conn.close();
  }

  end(code: string): void {
    this.emit('session:ended', { code, detail: 'You were logged out' });
    this.#io.disconnectSockets(true);
  }

  async close(): Promise<void> {
    await this.#io.close();
  }

  #serve(socket: Socket): void {
    socket.onAny((name: string, input: unknown, meta: Meta, ack: (answer: Ack) => void) => {
      const tell = typeof meta === 'function' ? (meta as (answer: Ack) => void) : ack;
      const received = { name, input, meta };
      this.received.push(received);
      const answer = this.answer(received) ??
        this.#batch(name, input) ??
        this.#sync(name, input) ?? { ok: true, data: null };
      if (answer !== 'silence') tell(answer);
    });
  }

  /** Carries a batch out command by command; one without an answer leaves the whole batch without. */
  #batch(name: string, input: unknown): Ack | 'silence' | undefined {
    if (name !== 'sync:submit') return undefined;
    const { commands } = input as { commands: ({ name: string; input: unknown } & Meta)[] };
    const results: object[] = [];
    let deferred: Problem | undefined;
    for (const { name: command, input: given, key = '' } of commands) {
      const received = { name: command, input: given, meta: { key } };
      if (deferred === undefined) this.received.push(received);
      const answer = deferred ? refused(503, 'overloaded') : (this.answer(received) ?? { ok: true, data: null });
      if (answer === 'silence') return 'silence';
      if (answer.ok) results.push({ key, outcome: answer.replayed ? 'replayed' : 'applied', data: answer.data });
      else {
        const isPassing = answer.error.status === 429 || answer.error.status === 503;
        if (isPassing) deferred = answer.error;
        results.push({ key, outcome: isPassing ? 'deferred' : 'rejected', problem: answer.error });
      }
    }
    return { ok: true, data: { results } };
  }

  #sync(name: string, input: unknown): Ack | undefined {
    if (name === 'sync:snapshot') {
      return { ok: true, data: { ...this.journal.snapshot(this.rooms), replicas: this.replicas } };
    }
    if (name !== 'sync:since') return undefined;
    const { epoch, seq } = input as { epoch: string; seq: number };
    return { ok: true, data: this.journal.since(this.rooms, epoch, seq, 2) };
  }
}
