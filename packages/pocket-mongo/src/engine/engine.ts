import { Catalog } from '../storage/catalog.js';
import { ChangeLog } from '../storage/change-log.js';
import { CHANGE_LOG_BOUNDS, type ChangeLogOptions } from '../storage/change-log-options.js';
import { DocumentWriter } from '../storage/documents.js';
import type { Store } from '../storage/store.js';
import { ChangeStreams } from './change-streams.js';
import { ClusterClock } from './clock.js';
import type { Engine } from './context.js';
import { Cursors } from './cursors.js';
import { FailPoints } from './fail-points.js';
import { Operations } from './operations.js';
import { Sessions } from './sessions.js';
import { Snapshots } from './snapshots.js';

export interface EngineOptions {
  readonly address: string;
  readonly connections: () => number;
  readonly transactionLifetimeMs: number;
  readonly changeLog?: ChangeLogOptions;
}

/** All parts of the engine over an open store. Of a previous engine stays what has nothing to do with its store. */
export function createEngine(store: Store, options: EngineOptions, previous?: Engine): Engine {
  const clock = previous?.clock ?? new ClusterClock();
  const log = new ChangeLog(store, clock, options.changeLog ?? CHANGE_LOG_BOUNDS);
  const catalog = new Catalog(store, log);
  return {
    store,
    catalog,
    documents: new DocumentWriter(catalog, log),
    sessions: new Sessions(store, options.transactionLifetimeMs, log, catalog),
    clock,
    changes: new ChangeStreams(log),
    cursors: new Cursors(),
    snapshots: new Snapshots(store, clock),
    failPoints: previous?.failPoints ?? new FailPoints(),
    operations: previous?.operations ?? new Operations(),
    startedAt: previous?.startedAt ?? Date.now(),
    address: options.address,
    connections: options.connections,
  };
}
