import type { EventEmitter } from 'node:events';
import {
  type Document,
  type Log,
  MongoClient,
  type MongoClientOptions,
  type ServerApiVersion,
  type TopologyDescription,
  type TopologyDescriptionChangedEvent,
} from 'mongodb';
import { clientUri } from './client-uri.js';
import { withDeadline } from './deadline.js';
import { asSent } from './driver-deviations.js';
import { DRIVER_EVENTS, isSensitive } from './driver-events.js';
import { AssertionFailure, SkipTest } from './failures.js';
import type { EventKind } from './schema.js';

export interface ObservedEvent {
  /** The name of the format, such as `commandStartedEvent`. */
  readonly type: string;
  readonly kind: EventKind;
  readonly event: Document;
}

export interface ObservedLog {
  readonly level: string;
  readonly component: string;
  readonly data: Document;
}

/** Logged documents are not cut: the tests parse them. */
const MAX_LOGGED_DOCUMENT = 100_000;
const WAIT_MS = 10_000;

/** A client of a test with everything that it has told: events, logs, topologies, connections in use. */
export class ObservedClient {
  readonly events: ObservedEvent[] = [];
  readonly logs: ObservedLog[] = [];
  readonly client: MongoClient;
  topology: TopologyDescription | undefined;
  checkedOut = 0;
  private readonly ignored: ReadonlySet<string>;
  private observing = true;
  private waiting = new Set<() => void>();

  /** @param quick whether failures should be noticed soon, for tests with fail points */
  constructor(
    uri: string,
    private readonly description: Document,
    quick: boolean,
  ) {
    if (description.autoEncryptOpts) throw new SkipTest('encryption: automatic encryption');
    if (description.observeTracingMessages) throw new SkipTest('driver: has no tracing');
    this.ignored = new Set(['configureFailPoint', ...(description.ignoreCommandMonitoringEvents ?? [])]);
    const uriOptions: Document = description.uriOptions ?? {};
    this.client = new MongoClient(clientUri(uri, uriOptions), {
      monitorCommands: true,
      ...WITHOUT_CONNECTION,
      ...(quick && uriOptions.heartbeatFrequencyMS === undefined && !this.observesServers() ? QUICK : {}),
      ...(description.serverApi ? { serverApi: description.serverApi as { version: ServerApiVersion } } : {}),
      ...this.logging(),
    });
    this.observe();
  }

  /** Connects, and waits until the pool has its smallest size when the test asks for that. */
  async connect(): Promise<void> {
    await this.client.connect();
    const ms: unknown = this.description.awaitMinPoolSizeMS;
    if (typeof ms !== 'number') return;
    const size = Number(this.description.uriOptions?.minPoolSize ?? 0);
    let ready = 0;
    const emitter = this.emitter();
    await withDeadline(
      new Promise<void>((resolve) => {
        if (size === 0) resolve();
        emitter.on('connectionReady', () => ++ready >= size && resolve());
      }),
      ms,
      () => new AssertionFailure(`the pool did not reach ${size} connections within ${ms} ms`),
    );
    this.events.length = 0;
    this.logs.length = 0;
  }

  observed(kind: EventKind): ObservedEvent[] {
    return this.events.filter((event) => event.kind === kind);
  }

  /** No event is kept after this. */
  stopObserving(): void {
    this.observing = false;
  }

  /** Waits for a state that an event brings. @throws AssertionFailure after the time */
  async waitFor(condition: () => boolean, what: string, ms = WAIT_MS): Promise<void> {
    if (condition()) return;
    let tell: () => void = () => undefined;
    const happened = new Promise<void>((resolve) => {
      tell = () => condition() && resolve();
      this.waiting.add(tell);
    });
    try {
      await withDeadline(happened, ms, () => new AssertionFailure(`did not happen within ${ms} ms: ${what}`));
    } finally {
      this.waiting.delete(tell);
    }
  }

  /** Calls for each event of one of the format's types, also when it is not observed by the test. */
  onEvent(type: string, listener: (event: Document) => void): void {
    const known = DRIVER_EVENTS[type];
    if (!known) throw new SkipTest(`driver: has no ${type}`);
    this.emitter().on(known.emitted, listener);
  }

  /** A test that counts what is heard of a server wants the driver's own pace: a look under way would tell of a failure again. */
  private observesServers(): boolean {
    const observed: unknown = this.description.observeEvents;
    return Array.isArray(observed) && observed.includes('serverDescriptionChangedEvent');
  }

  private emitter(): EventEmitter {
    return this.client as unknown as EventEmitter;
  }

  private observe(): void {
    const emitter = this.emitter();
    emitter.on('connectionCheckedOut', () => this.checkedOut++);
    emitter.on('connectionCheckedIn', () => this.checkedOut--);
    emitter.on('topologyDescriptionChanged', ({ newDescription }: TopologyDescriptionChangedEvent) => {
      this.topology = newDescription;
    });
    for (const type of (this.description.observeEvents ?? []) as string[]) {
      this.onEvent(type, (event) => this.take(type, event));
    }
    // After the listeners above, so that a condition sees the event that was just taken.
    for (const { emitted } of Object.values(DRIVER_EVENTS)) emitter.on(emitted, () => this.tell());
  }

  private tell(): void {
    for (const tell of this.waiting) tell();
  }

  private take(type: string, event: Document): void {
    const kind = DRIVER_EVENTS[type]?.kind;
    if (!this.observing || !kind) return;
    if (kind === 'command') {
      const command = event as { commandName: string };
      if (this.ignored.has(command.commandName)) return;
      if (isSensitive(command) && this.description.observeSensitiveCommands !== true) return;
    }
    const kept = event.command === undefined ? event : { ...event, command: asSent(event.command) };
    this.events.push({ type, kind, event: kept });
  }

  private logging(): MongoClientOptions {
    const components: Document | undefined = this.description.observeLogMessages;
    if (!components) return {};
    const severities = Object.entries(components).map(([name, level]) => [name, driverLevel(String(level))]);
    return {
      mongodbLogComponentSeverities: { default: 'off', ...Object.fromEntries(severities) },
      mongodbLogMaxDocumentLength: MAX_LOGGED_DOCUMENT,
      mongodbLogPath: { write: (log) => this.takeLog(log) },
    };
  }

  private takeLog({ t: _time, c: component, s: level, ...data }: Log): void {
    // The driver chooses a server also to connect, which no operation of a test asks for.
    if (component === 'serverSelection' && data.operation === 'handshake') return;
    if (this.observing) this.logs.push({ component, level: level === 'warn' ? 'warning' : level, data });
  }
}

/** The driver keeps this for test runners: connecting ends with a known server, and the pool is left to the test. */
const WITHOUT_CONNECTION = { __skipPingOnConnect: true } as object;

/** Milliseconds between looks at the server. */
const QUICK = { heartbeatFrequencyMS: 500, minHeartbeatFrequencyMS: 50 };

function driverLevel(level: string): string {
  return level === 'warning' ? 'warn' : level;
}
