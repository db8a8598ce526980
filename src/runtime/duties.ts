import type { UnitContext } from '../kernel/context.js';
import type { AnyDuty, AttendanceDeclaration } from '../kernel/duty.js';
import type { Clock } from '../kernel/time.js';
import { modelOf } from '../platform/model.js';
import { acrossRestaurants } from '../platform/tenancy.js';
import type { Perform } from './execute.js';
import type { Registry } from './registry.js';
import { idOfStored } from './stored-ids.js';

export interface DutiesOptions {
  registry: Registry;
  perform: Perform;
  clock: Clock;
  /** Between two looks, ms. */
  intervalMs: number;
  onError: (error: unknown, duty: string) => void;
}

interface Found {
  _id: string;
  restaurantId: string;
}

/** Most documents of one duty in one look. */
const PAGE = 200;
/** After a failure a document is left alone for this long, doubling up to ten minutes, ms. */
const FIRST_PAUSE_MS = 2_000;
const LONGEST_PAUSE_MS = 600_000;

/**
 * Has the declared duties done: looks for due documents across all restaurants, and for each runs the duty in its
 * restaurant's lane, where it is done only if it is still due. Every process looks; the journal's fence makes it once.
 */
export class Duties {
  readonly #due: AnyDuty[] = [];
  readonly #attendances: AttendanceDeclaration[] = [];
  readonly #failing = new Map<string, { until: number; pauseMs: number }>();
  readonly #attending = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(private readonly options: DutiesOptions) {
    for (const one of options.registry.features.flatMap((feature) => feature.duties)) {
      if (one.when === 'due') this.#due.push(one);
      else this.#attendances.push(one);
    }
  }

  start(): void {
    const look = () => {
      this.#track(this.sweep()).finally(() => {
        if (!this.#stopped) this.#timer = setTimeout(look, this.options.intervalMs);
      });
    };
    this.#timer = setTimeout(look, this.options.intervalMs);
  }

  /** Begins nothing more, and waits for what runs. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await Promise.all(this.#running);
  }

  /** One look at everything that is due. */
  async sweep(): Promise<void> {
    for (const duty of this.#due) {
      try {
        await Promise.all((await this.#find(duty)).map((found) => this.#do(duty, found)));
      } catch (error) {
        this.options.onError(error, duty.name);
      }
    }
  }

  /** Screens of this restaurant came or went. However many did within a moment, it is looked at once. */
  attend(restaurantId: string): void {
    if (this.#stopped || this.#attending.has(restaurantId)) return;
    this.#attending.add(restaurantId);
    const timer = setTimeout(() => {
      this.#attending.delete(restaurantId);
      if (!this.#stopped) void this.#track(this.#attendNow(restaurantId));
    }, ATTEND_MS);
    timer.unref();
  }

  async #attendNow(restaurantId: string): Promise<void> {
    for (const attendance of this.#attendances) {
      try {
        await this.options.perform(attendance, restaurantId, attendance.handle);
      } catch (error) {
        this.options.onError(error, attendance.name);
      }
    }
  }

  #find({ kind, due }: AnyDuty): Promise<Found[]> {
    const now = performance.now();
    const resting = [...this.#failing].filter(([, { until }]) => until > now).map(([id]) => id);
    const filter = { [due]: { $lte: this.options.clock.now() }, ...(resting.length > 0 && { _id: { $nin: resting } }) };
    return acrossRestaurants('due work is found wherever it is', async () => {
      const found = modelOf(kind)
        .find(filter)
        .sort({ [due]: 1 })
        .limit(PAGE)
        .select('restaurantId')
        .lean()
        .exec();
      return (await found) as unknown as Found[];
    });
  }

  async #do(duty: AnyDuty, { _id, restaurantId }: Found): Promise<void> {
    const { name, kind, due, handle } = duty;
    const id = idOfStored(kind, _id);
    try {
      await this.options.perform(duty, restaurantId, async (context: UnitContext) => {
        const doc = await context.lookup(kind, id);
        const at = doc === undefined ? undefined : Reflect.get(doc, due);
        // Another process was first, or the document has moved on.
        if (at instanceof Date && at <= context.now) await handle({ ...context, doc } as never);
      });
      this.#failing.delete(_id);
    } catch (error) {
      const pauseMs = Math.min(LONGEST_PAUSE_MS, (this.#failing.get(_id)?.pauseMs ?? FIRST_PAUSE_MS / 2) * 2);
      this.#failing.set(_id, { until: performance.now() + pauseMs, pauseMs });
      this.options.onError(error, name);
    }
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#running.add(work);
    await work.finally(() => this.#running.delete(work));
  }
}

/** A room full of screens comes back within about this time. */
const ATTEND_MS = 250;
