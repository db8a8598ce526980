import { Store, type StoreOptions } from '../storage/store.js';
import { isRecoverable } from '../storage/write-failure.js';
import type { Engine } from './context.js';
import { createEngine, type EngineOptions } from './engine.js';

export interface HomeOptions {
  /** The folder of the data file. */
  readonly path: string;
  readonly store: Omit<StoreOptions, 'onFailure'>;
  readonly engine: EngineOptions;
  /** Told when the engine cannot go on. */
  readonly onFailure: (error: Error) => void;
}

/**
 * Where the engine lives. After a write for which there was no room it is put together again from the disk, as after a
 * restart: so nothing is left of what could not be written, and what was acknowledged is all there. Commands that were
 * under way on the old engine end with the error; reads go on at once, writes as soon as there is room.
 */
export class Home {
  private current: Engine;

  constructor(private readonly options: HomeOptions) {
    const store = new Store(options.path, { ...options.store, onFailure: (error) => this.failed(error) });
    this.current = createEngine(store, options.engine);
  }

  get engine(): Engine {
    return this.current;
  }

  private failed(error: Error): void {
    if (!isRecoverable(error)) {
      this.options.onFailure(error);
      return;
    }
    const old = this.current;
    old.sessions.killAll();
    void old.catalog.garbage.close();
    this.current = createEngine(old.store.again(), this.options.engine, old);
  }
}
