import { io, type Socket } from 'socket.io-client';
import { features } from '../../src/features.js';
import type { Problem } from '../../src/kernel/errors.js';
import type { Envelope } from '../../src/kernel/event.js';
import type { Role } from '../../src/kernel/permissions.js';
import type { Brigade } from './server.js';
import { until } from './until.js';

/** What a client saw: `data` of a success, `problem` of a failure. */
export interface Answer {
  status: number;
  // Tests look into answers of every operation; the contract test checks their shapes.
  // biome-ignore lint/suspicious/noExplicitAny: see above
  data: any;
  problem: Problem | undefined;
  replayed: boolean;
  meta?: { nextCursor?: string } | undefined;
  headers?: Headers;
}

export interface CallOptions {
  key?: string;
  expectedVersion?: number;
}

export type Transport = 'rest' | 'socket';
export const transports: readonly Transport[] = ['rest', 'socket'];

const operations = new Map(features.flatMap((feature) => feature.operations).map((one) => [one.name as string, one]));

/** Calls an operation over REST, building its route from the declaration. */
export async function callRest(
  url: string,
  token: string | undefined,
  name: string,
  input: object = {},
  options: CallOptions = {},
): Promise<Answer> {
  const operation = operations.get(name);
  if (operation === undefined) throw new Error(`No operation ${name}`);
  const rest: Record<string, unknown> = { ...input };
  const path = operation.rest.path.replace(/:(\w+)/g, (_all, field: string) => {
    const value = rest[field];
    delete rest[field];
    return encodeURIComponent(String(value));
  });
  const { method } = operation.rest;
  const inQuery = method === 'get' || method === 'delete';
  const query = new URLSearchParams();
  if (inQuery)
    for (const [field, value] of Object.entries(rest))
      for (const one of [value].flat()) query.append(field, String(one));
  const response = await fetch(`${url}/api/v1${path}${query.size > 0 ? `?${query}` : ''}`, {
    method: method.toUpperCase(),
    headers: {
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(inQuery ? {} : { 'content-type': 'application/json' }),
      ...(options.key === undefined ? {} : { 'idempotency-key': options.key }),
      ...(options.expectedVersion === undefined ? {} : { 'if-match': `"${options.expectedVersion}"` }),
    },
    ...(inQuery ? {} : { body: JSON.stringify(rest) }),
  });
  const body = (await response.json()) as { data?: unknown; meta?: Answer['meta'] };
  return {
    status: response.status,
    data: response.ok ? body.data : undefined,
    meta: body.meta,
    problem: response.ok ? undefined : (body as Problem),
    replayed: response.headers.get('idempotency-replayed') === 'true',
    headers: response.headers,
  };
}

/** One connected screen: sends messages and remembers every event it got. */
export class Screen {
  readonly events: Envelope<never>[] = [];
  readonly heads: { epoch: string; heads: Record<string, number> }[] = [];
  ended: { code: string } | undefined;

  private constructor(readonly socket: Socket) {
    socket.onAny((name: string, body: unknown) => {
      if (name === 'sync:head') this.heads.push(body as never);
      else if (name === 'session:ended') this.ended = body as { code: string };
      else if (name !== 'problem') this.events.push(body as Envelope<never>);
    });
  }

  /** `extraHeaders`: as a browser says where a page comes from. @throws the handshake's Problem */
  static async open(url: string, token: string, extraHeaders: Record<string, string> = {}): Promise<Screen> {
    const manual = { reconnection: false, forceNew: true, extraHeaders };
    const socket = io(url, { transports: ['websocket'], auth: { token }, ...manual });
    const screen = new Screen(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', (error: Error & { data?: Problem }) => reject(error.data ?? error));
    });
    return screen;
  }

  async call(name: string, input: object = {}, options: CallOptions = {}): Promise<Answer> {
    const answer = (await this.socket.timeout(10_000).emitWithAck(name, input, options)) as
      | { ok: true; data: unknown; meta?: Answer['meta']; replayed?: true }
      | { ok: false; error: Problem };
    if (!answer.ok) return { status: answer.error.status, data: undefined, problem: answer.error, replayed: false };
    const status = operations.get(name)?.rest.status ?? 200;
    const { data, meta, replayed } = answer;
    return { status, data, meta, problem: undefined, replayed: replayed === true };
  }

  named(name: string): Envelope<never>[] {
    return this.events.filter((event) => event.name === name);
  }

  /** Waits for the first event of this name (that passes the test) and answers its payload. */
  // biome-ignore lint/suspicious/noExplicitAny: payloads of every event; the contract test checks their shapes
  async saw(name: string, test: (data: any) => boolean = () => true): Promise<any> {
    return (await until(`a screen saw ${name}`, () => this.named(name).find(({ data }) => test(data)))).data;
  }

  close(): void {
    this.socket.disconnect();
  }
}

/** Somebody logged in. */
export class Person {
  #screen: Promise<Screen> | undefined;

  constructor(
    readonly url: string,
    readonly userId: string,
    readonly token: string,
    readonly refreshToken: string,
    readonly login: { email: string; password: string },
  ) {}

  /** The person's own socket, opened at the first use, and again when it was ended (a test moved the clock). */
  async screen(): Promise<Screen> {
    if (this.#screen === undefined || (await this.#screen).socket.disconnected)
      this.#screen = Screen.open(this.url, this.token);
    return this.#screen;
  }

  rest(name: string, input: object = {}, options: CallOptions = {}): Promise<Answer> {
    return callRest(this.url, this.token, name, input, options);
  }

  async via(transport: Transport, name: string, input: object = {}, options: CallOptions = {}): Promise<Answer> {
    return transport === 'rest' ? this.rest(name, input, options) : (await this.screen()).call(name, input, options);
  }

  /** Calls over REST and expects success. */
  // biome-ignore lint/suspicious/noExplicitAny: as in Answer
  async must(name: string, input: object = {}, options: CallOptions = {}): Promise<any> {
    const { data, problem } = await this.rest(name, input, options);
    if (problem !== undefined) throw new Error(`${name}: ${JSON.stringify(problem)}`);
    return data;
  }

  async leave(): Promise<void> {
    if (this.#screen !== undefined) (await this.#screen).close();
  }
}

let counter = 0;
function unique(): string {
  counter += 1;
  return `${Date.now().toString(36)}${counter}`;
}

const PASSWORD = 'correct horse battery staple';

export async function logIn(url: string, email: string, password: string): Promise<Person> {
  const { data, problem } = await callRest(url, undefined, 'auth:login', { email, password });
  if (problem !== undefined) throw new Error(`auth:login: ${JSON.stringify(problem)}`);
  return new Person(url, data.user.id, data.accessToken, data.refreshToken, { email, password });
}

export interface House {
  restaurantId: string;
  owner: Person;
  /** Hires somebody of this role and logs them in. */
  hire(role: Role): Promise<Person>;
  /** Disconnects everybody's sockets. */
  close(): Promise<void>;
}

/** Signs a restaurant up and logs its owner in. Every call makes another restaurant. */
export async function openHouse({ url }: Brigade, settings: object = {}): Promise<House> {
  const email = `owner-${unique()}@example.com`;
  const input = {
    restaurant: {
      name: 'Chez Test',
      currency: 'EUR',
      timeZone: 'Europe/Paris',
      locale: 'fr-FR',
      dayStartHour: 4,
      pricesIncludeTax: true,
      taxClasses: [
        { code: 'food', name: 'Food', ratePpm: 100_000 },
        { code: 'alcohol', name: 'Alcohol', ratePpm: 200_000 },
      ],
      ...settings,
    },
    owner: { name: 'Olive Owner', email, password: PASSWORD },
  };
  const { data, problem } = await callRest(url, undefined, 'restaurant:sign-up', input);
  if (problem !== undefined) throw new Error(`restaurant:sign-up: ${JSON.stringify(problem)}`);
  const owner = await logIn(url, email, PASSWORD);
  const people = [owner];
  return {
    restaurantId: data.restaurant.id,
    owner,
    async hire(role) {
      const account = { email: `${role}-${unique()}@example.com`, password: PASSWORD };
      await owner.must('staff:create', { name: `Some ${role}`, role, ...account });
      const person = await logIn(url, account.email, account.password);
      people.push(person);
      return person;
    },
    async close() {
      for (const person of people) await person.leave();
    },
  };
}
