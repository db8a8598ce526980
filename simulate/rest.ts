import type { Problem, TokenProvider } from '@brigade/client';
import type { Tally } from './tally.js';
import { sleep, waiting } from './waits.js';

export interface Answer<T> {
  status: number;
  data: T | undefined;
  problem: Problem | undefined;
  replayed: boolean;
}

const ANSWER_MS = 15_000;

/** REST as a till speaks it: by fetch, every command with a key, sent again until somebody answers. */
export class Rest {
  #token: string | undefined;

  constructor(
    private readonly url: string,
    private readonly token: TokenProvider,
    private readonly tally?: Tally,
  ) {}

  async get<T>(path: string): Promise<T> {
    const { status, data, problem } = await this.#insist<T>('GET', path, undefined, {});
    if (data === undefined) throw new Error(`GET ${path}: ${status} ${problem?.code} ${problem?.detail ?? ''}`);
    return data;
  }

  async post<T>(path: string, body: object, key: string): Promise<Answer<T>> {
    const started = performance.now();
    const answer = await this.#insist<T>('POST', path, body, { 'idempotency-key': key });
    this.tally?.took(performance.now() - started);
    if (answer.replayed && this.tally !== undefined) this.tally.replayed += 1;
    if (answer.problem !== undefined) {
      this.tally?.refusal(`till, POST ${path}`, answer.problem.code, answer.problem.detail ?? answer.problem.title);
    }
    return answer;
  }

  /** Sent as it is, the same key and all, until there is an answer that means something. */
  async #insist<T>(method: string, path: string, body: object | undefined, more: object): Promise<Answer<T>> {
    const ask = async (): Promise<Answer<T>> => {
      for (;;) {
        // Not the fetch's own time-out: one that is cut off within a compressed body never settles (Node 20).
        const answer = await Promise.race([
          this.#once<T>(method, path, body, more).catch(() => undefined),
          sleep(ANSWER_MS).then(() => undefined),
        ]);
        const { status, code, retryAfter = 0 } = answer?.problem ?? {};
        if (status === 401) this.#token = undefined;
        else if (answer !== undefined && status !== 429 && status !== 503 && code !== 'in_flight') return answer;
        await sleep(50 + retryAfter * 1000);
      }
    };
    return waiting(`the answer to ${method} ${path}`, ask());
  }

  async #once<T>(method: string, path: string, body: object | undefined, more: object): Promise<Answer<T>> {
    this.#token ??= (await this.token()) ?? undefined;
    const response = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        'accept-encoding': 'identity',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const content = (await response.json()) as { data: T };
    return {
      status: response.status,
      data: response.ok ? content.data : undefined,
      problem: response.ok ? undefined : (content as unknown as Problem),
      replayed: response.headers.get('idempotency-replayed') === 'true',
    };
  }
}
