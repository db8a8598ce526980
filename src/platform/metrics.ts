import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { readsMade } from './reads.js';

/** The door an operation came through. */
export type TransportName = 'http' | 'socket';

/** One finished REST request. */
export interface HttpFigures {
  readonly method: string;
  /** The route's pattern, such as `/api/v1/orders/:id`; a path would make a series per order. */
  readonly route: string;
  readonly status: number;
  readonly durationMs: number;
}

/** One finished operation, whichever transport it came through. */
export interface OperationFigures {
  readonly operation: string;
  readonly transport: TransportName;
  /** `ok`, `replayed`, or the code of the problem. */
  readonly outcome: string;
  readonly durationMs: number;
}

/** The figures of one app, each app with a registry of its own so that several can live in one process. */
export interface Metrics {
  readonly registry: Registry;
  /** Every REST request calls this once; the returned function is called once when it is answered. */
  httpStarted(): (figures: HttpFigures) => void;
  operationFinished(figures: OperationFigures): void;
  /** REST requests not carried out: their caller had gone, or they had waited too long. */
  readonly requestsShed: Counter<'why'>;
  /** Says where to read how many REST requests wait to be begun. */
  requestsWaiting(read: () => number): void;
  readonly eventsPublished: Counter<'event'>;
  /** Events handed to rooms, each once however many sockets are in them. */
  readonly broadcasts: Counter;
  /** Events handed to sockets: a broadcast to a room of twenty counts twenty. */
  readonly deliveries: Counter;
  readonly connectedSockets: Gauge<'role'>;
  /** Connections sent away before they were known, by why. */
  readonly connectionsRefused: Counter<'why'>;
  /** Says where to read how many connections are open and not yet known. */
  connectionsUnknown(read: () => number): void;
  /** Commands that wait in the lanes of this process. */
  readonly laneQueueLength: Gauge;
  /** Commands per group commit. */
  readonly commitGroupSize: Histogram;
  /** Seconds per group commit, as Prometheus counts time. */
  readonly commitDuration: Histogram;
  /** Units refused because another process took the journal's next number. */
  readonly journalConflicts: Counter;
  /** Seconds until a lane had its restaurant's lock, with several processes. */
  readonly laneWait: Histogram;
  /** Turns handed on to another process that waited. */
  readonly laneHandovers: Counter;
  /** Turns begun without the lock: Redis did not answer, or the wait was too long. */
  readonly laneUnlocked: Counter;
  /** Processes found dead, and their database sessions ended. */
  readonly deadProcesses: Counter;
  /** Errors of the connections to Redis. */
  readonly redisErrors: Counter;
  /** What could not be published; the other processes find it in the database. */
  readonly redisPublishFailures: Counter;
  /** Times this process did not hear itself through Redis and subscribed again. */
  readonly redisDeaf: Counter;
  /** 1 while Redis answers and is heard. */
  readonly redisUp: Gauge;
  /** Times this process counted rate limits by itself, for Redis did not answer at once. */
  readonly limitStalls: Counter;
  /** Bytes free on the disk of the data folder. */
  readonly diskFree: Gauge;
  /** Answers from memory, shared loads, reads, and answers dropped by a change; `outcome` as of {@link CacheEvent}. */
  readonly cacheEvents: Counter<'query' | 'outcome'>;
  /** Reads of the database that were not made, by what saved them. */
  readonly readsSaved: Counter<'by'>;
  /** Text exposition format 0.0.4, to be served as `contentType`. */
  text(): Promise<string>;
  readonly contentType: string;
}

export interface MetricsOptions {
  /** Figures of the process itself: CPU, memory, event loop, garbage collection. True by default; one app per process needs them. */
  readonly process?: boolean;
}

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const GROUP_BUCKETS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const MS_PER_SECOND = 1000;

/** Makes the registry with every figure at zero. Names and units follow https://prometheus.io/docs/practices/naming/ */
export function createMetrics(options: MetricsOptions = {}): Metrics {
  const registry = new Registry();
  if (options.process ?? true) {
    collectDefaultMetrics({ register: registry });
    // Gauges whose names end as a counter's; the same by type are beside them.
    for (const name of ['handles', 'requests', 'resources']) registry.removeSingleMetric(`nodejs_active_${name}_total`);
  }
  return {
    registry,
    ...httpMetrics(registry),
    ...operationMetrics(registry),
    ...deliveryMetrics([registry]),
    ...commitMetrics([registry]),
    ...redisMetrics([registry]),
    ...readMetrics([registry]),
    ...diskMetrics([registry]),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function httpMetrics(registry: Registry): Pick<Metrics, 'httpStarted' | 'requestsShed' | 'requestsWaiting'> {
  const registers = [registry];
  const labelNames = ['method', 'route', 'status_code'] as const;
  const duration = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the arrival of a REST request to its answer',
    labelNames,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const total = new Counter({ name: 'http_requests_total', help: 'REST requests answered', labelNames, registers });
  const inProgress = new Gauge({ name: 'http_requests_in_progress', help: 'REST requests being worked on', registers });
  return {
    requestsShed: new Counter({
      name: 'brigade_requests_shed_total',
      help: 'REST requests not carried out: gone (the caller had left), late (waited too long, answered 503)',
      labelNames: ['why'] as const,
      registers,
    }),
    requestsWaiting: gaugeRead('brigade_requests_waiting', 'REST requests that wait to be begun', registers),
    httpStarted() {
      inProgress.inc();
      return ({ method, route, status, durationMs }) => {
        const labels = { method, route, status_code: status };
        inProgress.dec();
        total.inc(labels);
        duration.observe(labels, durationMs / MS_PER_SECOND);
      };
    },
  };
}

function operationMetrics(registry: Registry): Pick<Metrics, 'operationFinished'> {
  const registers = [registry];
  const total = new Counter({
    name: 'brigade_operations_total',
    help: 'Operations finished, by transport and outcome',
    labelNames: ['operation', 'transport', 'outcome'] as const,
    registers,
  });
  const duration = new Histogram({
    name: 'brigade_operation_duration_seconds',
    help: 'Time of an operation, its wait in the lane and its commit included',
    labelNames: ['operation', 'transport'] as const,
    buckets: LATENCY_BUCKETS,
    registers,
  });
  return {
    operationFinished({ operation, transport, outcome, durationMs }) {
      total.inc({ operation, transport, outcome });
      duration.observe({ operation, transport }, durationMs / MS_PER_SECOND);
    },
  };
}

function deliveryMetrics(registers: Registry[]) {
  return {
    eventsPublished: new Counter({
      name: 'brigade_events_published_total',
      help: 'Events committed to a journal',
      labelNames: ['event'] as const,
      registers,
    }),
    broadcasts: new Counter({ name: 'brigade_broadcasts_total', help: 'Events handed to rooms', registers }),
    deliveries: new Counter({ name: 'brigade_deliveries_total', help: 'Events handed to sockets', registers }),
    connectedSockets: new Gauge({
      name: 'brigade_connected_sockets',
      help: 'Sockets connected now, by the role of who is signed in',
      labelNames: ['role'] as const,
      registers,
    }),
    ...doorwayMetrics(registers),
  };
}

function doorwayMetrics(registers: Registry[]) {
  return {
    connectionsRefused: new Counter({
      name: 'brigade_connections_refused_total',
      help: 'Connections sent away before a log-in, by why: network, all, lines, waiting, full (too many), late, bytes, packets',
      labelNames: ['why'] as const,
      registers,
    }),
    connectionsUnknown: gaugeRead(
      'brigade_unknown_connections',
      'Socket connections open whose person is not known yet',
      registers,
    ),
  };
}

/** A gauge that is read when it is asked for; the answer says where. */
function gaugeRead(name: string, help: string, registers: Registry[]): (read: () => number) => void {
  let read = () => 0;
  new Gauge({
    ...{ name, help, registers },
    collect() {
      this.set(read());
    },
  });
  return (given) => {
    read = given;
  };
}

function commitMetrics(registers: Registry[]) {
  return {
    laneQueueLength: new Gauge({ name: 'brigade_lane_queue_length', help: 'Commands waiting in lanes', registers }),
    commitGroupSize: new Histogram({
      name: 'brigade_commit_group_size',
      help: 'Commands flushed by one group commit',
      buckets: GROUP_BUCKETS,
      registers,
    }),
    commitDuration: new Histogram({
      name: 'brigade_commit_duration_seconds',
      help: 'Time of one group commit',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    journalConflicts: new Counter({
      name: 'brigade_journal_conflicts_total',
      help: 'Units refused because their journal number was taken',
      registers,
    }),
  };
}

function redisMetrics(registers: Registry[]) {
  return {
    laneWait: new Histogram({
      name: 'brigade_lane_lock_wait_seconds',
      help: 'Time until a lane had the lock that several processes share',
      buckets: LATENCY_BUCKETS,
      registers,
    }),
    laneHandovers: new Counter({
      name: 'brigade_lane_handovers_total',
      help: 'Lane locks handed on to another process that waited',
      registers,
    }),
    laneUnlocked: new Counter({
      name: 'brigade_lane_unlocked_total',
      help: 'Turns of lanes begun without the lock',
      registers,
    }),
    deadProcesses: new Counter({
      name: 'brigade_dead_processes_total',
      help: 'Processes found dead whose database sessions were ended',
      registers,
    }),
    redisErrors: new Counter({ name: 'brigade_redis_errors_total', help: 'Errors of connections to Redis', registers }),
    redisPublishFailures: new Counter({
      name: 'brigade_redis_publish_failures_total',
      help: 'Messages that could not be published; other processes find them in the database',
      registers,
    }),
    redisDeaf: new Counter({
      name: 'brigade_redis_deaf_total',
      help: 'Times the subscriber did not hear this process and was connected again',
      registers,
    }),
    redisUp: new Gauge({ name: 'brigade_redis_up', help: '1 while Redis answers and is heard', registers }),
    limitStalls: new Counter({
      name: 'brigade_limit_stalls_total',
      help: 'Times Redis did not answer at once and this process counted rate limits by itself for a second',
      registers,
    }),
  };
}

function readMetrics(registers: Registry[]) {
  new Counter({
    name: 'brigade_database_reads_total',
    help: 'Reads of the database by this process',
    labelNames: ['collection'] as const,
    registers,
    collect() {
      this.reset();
      for (const [collection, count] of readsMade()) this.inc({ collection }, count);
    },
  });
  return {
    cacheEvents: new Counter({
      name: 'brigade_cache_answers_total',
      help: 'Answers of cached queries: hit, miss, shared (joined a read under way), dropped (by a change)',
      labelNames: ['query', 'outcome'] as const,
      registers,
    }),
    readsSaved: new Counter({
      name: 'brigade_database_reads_saved_total',
      help: 'Reads of the database that memory saved: cache (answers of queries), lane (documents for commands), session',
      labelNames: ['by'] as const,
      registers,
    }),
  };
}

/** Starts the clock of one operation; call the answer once with its outcome. */
export function timed(metrics: Metrics, operation: string, transport: TransportName): (outcome: string) => number {
  const started = performance.now();
  return (outcome) => {
    const durationMs = performance.now() - started;
    metrics.operationFinished({ operation, transport, outcome, durationMs });
    return durationMs;
  };
}

function diskMetrics(registers: Registry[]): Pick<Metrics, 'diskFree'> {
  const help = 'Room on the disk of the data folder; below 32 MiB the embedded database writes no more';
  return { diskFree: new Gauge({ name: 'brigade_data_disk_free_bytes', help, registers }) };
}
