import mongoose, { Schema } from 'mongoose';
import type { Revocation } from '../kernel/context.js';
import { newId } from '../kernel/ids.js';
import { Rounds } from './rounds.js';

/** A revocation as it is committed with the unit that made it. */
export interface RevocationDoc {
  _id: string;
  at: Date;
  target: Revocation;
}

/** Every process looks every few seconds; what is older was seen by all. Leaves room for clocks that differ. */
const KEPT_SECONDS = 600;
const LOOK_BACK_MS = 60_000;

const schema = new Schema(
  { _id: String, at: Date, target: Schema.Types.Mixed },
  { collection: 'revocations', versionKey: false, autoIndex: false, autoCreate: false },
);
schema.index({ at: 1 }, { expireAfterSeconds: KEPT_SECONDS });
export const revocationModel = mongoose.model('revocations', schema);

/** `at` is the machine's time, not the command's: it only bounds how far back the other processes look. */
export const revocation = (target: Revocation): RevocationDoc => ({ _id: newId(), at: new Date(), target });

export interface RevocationsOptions {
  intervalMs: number;
  /** Ends what the target names on this process. */
  apply: (target: Revocation) => void;
  /** Tells the other processes; may be lost. */
  tell?: (revocation: { _id: string; target: Revocation }) => void;
  onError: (error: unknown) => void;
}

/**
 * Revocations reach every process: at once by Redis, and in any case by the collection they are committed to, which each
 * process reads every two seconds. Each is applied once, for a person may have logged in anew since.
 */
export class Revocations {
  readonly #seen = new Map<string, number>();
  readonly #rounds: Rounds;

  constructor(private readonly options: RevocationsOptions) {
    this.#rounds = new Rounds(options.intervalMs, () => this.sweep(), options.onError);
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Of a unit that this process has committed. */
  committed(revocations: readonly RevocationDoc[]): void {
    for (const { _id, target } of revocations) {
      this.heard({ _id, target });
      this.options.tell?.({ _id, target });
    }
  }

  heard({ _id, target }: { _id: string; target: Revocation }): void {
    if (this.#seen.has(_id)) return;
    this.#seen.set(_id, performance.now());
    this.options.apply(target);
  }

  async sweep(): Promise<void> {
    const since = new Date(Date.now() - LOOK_BACK_MS);
    const found = await revocationModel
      .find({ at: { $gte: since } })
      .lean()
      .exec();
    for (const one of found as unknown as RevocationDoc[]) this.heard(one);
    const old = performance.now() - 2 * KEPT_SECONDS * 1000;
    for (const [id, seenAt] of this.#seen) if (seenAt < old) this.#seen.delete(id);
  }
}
