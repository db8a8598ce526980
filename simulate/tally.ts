import type { Order } from '@brigade/client';

/** Refusals that belong to a service: somebody else was faster, something is sold out. */
const expected = ['illegal_step', 'conflict', 'version_conflict', 'sold_out', 'unavailable_item'];

interface Acknowledged {
  id: string;
  /** As it is said in the order's note; unique for each order that somebody meant to place. */
  mark: string;
  /** The newest version that was acknowledged to anybody. */
  version: number;
}

/** A command that was acknowledged, as its journal entry names it. */
export interface Answered {
  author: string;
  key: string;
  name: string;
}

/** What was acknowledged to the cast, and how fast. */
export class Tally {
  readonly orders = new Map<string, Acknowledged>();
  readonly commandsAnswered: Answered[] = [];
  readonly unexpected: string[] = [];
  readonly refused = new Map<string, number>();
  /** The last refusal of each code, for when something goes on being refused. */
  readonly lastRefused = new Map<string, string>();
  replayed = 0;
  readonly #durations: number[] = [];
  #marks = 0;

  constructor(private readonly prefix: string) {}

  get commands(): number {
    return this.#durations.length;
  }

  /** For the note of a new order: by it a second order out of one intention is found. */
  newMark(): string {
    this.#marks += 1;
    return `${this.prefix}-${this.#marks}`;
  }

  isMark(note: string): boolean {
    return note.startsWith(`${this.prefix}-`);
  }

  placed(order: Pick<Order, 'id' | 'version'>, mark: string): void {
    this.orders.set(order.id, { id: order.id, mark, version: order.version });
  }

  acknowledged(order: Pick<Order, 'id' | 'version'>): void {
    const known = this.orders.get(order.id);
    if (known !== undefined) known.version = Math.max(known.version, order.version);
  }

  answered(command: Answered): void {
    this.commandsAnswered.push(command);
  }

  took(ms: number): void {
    this.#durations.push(ms);
  }

  /** Whether a refusal is part of the service; the others are faults. */
  refusal(name: string, code: string, detail: string): void {
    this.lastRefused.set(code, `${name}: ${detail}`);
    if (expected.includes(code)) this.refused.set(code, (this.refused.get(code) ?? 0) + 1);
    else this.unexpected.push(`${name}: ${code}: ${detail}`);
  }

  /** Time from sending a command to its acknowledgement, in ms, retries and outages included. */
  quantile(q: number): number {
    const sorted = [...this.#durations].sort((a, b) => a - b);
    const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
    return Math.round(value * 10) / 10;
  }
}
