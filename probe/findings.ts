import { Ajv } from 'ajv';
import type { Contract, Operation, Schema } from './contract.js';
import type { Answer } from './wire.js';

/** What must not be, and how often it was; and how many probes there were. */
export class Findings {
  probes = 0;
  readonly #found = new Map<string, { count: number; detail: string }>();
  readonly #isProblem: (body: unknown) => boolean;

  constructor({ schemas }: Contract) {
    const ajv = new Ajv({ strict: false, validateFormats: false });
    const Problem: Schema = { ...schemas.Problem };
    this.#isProblem = ajv.compile({ ...Problem, components: { schemas } });
  }

  get count(): number {
    return this.#found.size;
  }

  expect(holds: boolean, what: string, detail: () => string): void {
    this.probes += 1;
    if (holds) return;
    const known = this.#found.get(what);
    if (known === undefined) this.#found.set(what, { count: 1, detail: detail().slice(0, 500) });
    else known.count += 1;
  }

  /** Whatever was sent: an answer, none of ours at fault, of a documented status, a refusal as the Problem that is documented. */
  answered(answer: Answer, operation: Operation, what: string): void {
    const { name, statuses } = operation;
    const { status, body, text } = answer;
    const detail = () => `${status} ${text}`;
    this.expect(status !== 0, `${name}: ${what}: no answer`, detail);
    if (status === 0) return;
    this.expect(status < 500 || status === 503, `${name}: ${what}: ${status}`, detail);
    this.expect(
      statuses.has(status) || status === 200,
      `${name}: ${status} is not documented`,
      () => `${what}: ${text}`,
    );
    if (status >= 400) this.expect(this.#isProblem(body), `${name}: a refusal is no Problem`, () => `${what}: ${text}`);
    if (status >= 400) this.expect(text.length < 20_000, `${name}: a refusal is ${text.length} long`, () => what);
  }

  *lines(): Generator<string> {
    for (const [what, { count, detail }] of this.#found)
      yield `${what}${count > 1 ? ` (${count} times)` : ''}\n    ${detail}`;
  }
}
