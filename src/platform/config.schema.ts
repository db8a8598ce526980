import Joi from 'joi';
import { roleNames } from '../kernel/permissions.js';
import { planNames } from '../kernel/plan.js';
import {
  choice,
  ENVIRONMENTS,
  factors,
  flag,
  folderOrNone,
  integer,
  key,
  names,
  optional,
  optionalSecret,
  origins,
  rate,
  text,
  type Variable,
} from './config.variable.js';

/**
 * The table of every setting. `loadConfig` validates against it, `env-template` writes the three `.env` files from it,
 * and the type `Config` is derived from it, so a setting is declared here or it does not exist.
 */

const MINUTE_MS = 60_000;
const DAY_SECONDS = 86_400;
const httpUrl = Joi.string().uri({ scheme: ['http', 'https'] });

/** Log levels, the most urgent first; a logger at one level writes it and those before it. */
export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'http', 'debug', 'trace'] as const;

/** A section of the settings, with the heading it has in the `.env` files. */
export interface Section {
  readonly title: string;
  readonly about: string;
  readonly variables: Readonly<Record<string, Variable<unknown>>>;
}

export const SECTIONS = {
  server: {
    title: 'Server',
    about: 'Where the process listens and keeps its files.',
    variables: {
      env: choice<(typeof ENVIRONMENTS)[number]>(
        'NODE_ENV',
        'Where the process runs; also chooses the .env file that is read.',
        ENVIRONMENTS,
        {
          default: 'development',
          production: 'production',
          test: 'test',
        },
      ),
      host: text('HOST', 'Address to listen on.', 'IP address or host name', Joi.string().hostname(), {
        default: '127.0.0.1',
        production: '0.0.0.0',
      }),
      port: integer('PORT', 'TCP port to listen on; 0 takes any free one.', {
        min: 0,
        max: 65_535,
        default: 3000,
        test: 0,
      }),
      publicUrl: optional(
        'PUBLIC_URL',
        'Address under which browsers and tablets reach the server; empty: the address it listens on.',
        'http or https URL',
        httpUrl,
      ),
      bodyLimitBytes: integer('BODY_LIMIT_BYTES', 'Largest REST request body, but of what needs more (menu import).', {
        min: 1024,
        max: 16_777_216,
        unit: 'bytes',
        default: 262_144,
      }),
      trustProxy: integer(
        'TRUST_PROXY',
        'Number of reverse proxies in front whose X-Forwarded-* headers are believed.',
        {
          min: 0,
          max: 10,
          default: 0,
        },
      ),
      dutyIntervalMs: integer(
        'DUTY_INTERVAL_MS',
        'How often the process looks for work whose time has come, such as a ticket that no screen has received.',
        { min: 50, max: MINUTE_MS, unit: 'ms', default: 1000 },
      ),
      shutdownMs: integer('SHUTDOWN_MS', 'Longest a graceful stop waits for running work before it closes.', {
        min: 0,
        max: 5 * MINUTE_MS,
        unit: 'ms',
        default: 10_000,
      }),
      cacheMegabytes: integer('CACHE_MEGABYTES', 'Memory for answers of queries, as JSON; 0 keeps none.', {
        min: 0,
        max: 65_536,
        unit: 'MB',
        default: 64,
      }),
      dataDir: text('DATA_DIR', 'Folder for the embedded database and generated secrets.', 'path', Joi.string(), {
        default: 'data',
      }),
    },
  },
  database: {
    title: 'Database',
    about: 'MongoDB, or the embedded database when no address is given.',
    variables: {
      uri: optionalSecret(
        'MONGODB_URI',
        'Address of a MongoDB replica set; empty: the embedded database in DATA_DIR.',
        'mongodb:// or mongodb+srv:// address',
        // Not Joi.uri: an address that lists several hosts is no RFC 3986 URI.
        Joi.string().pattern(/^mongodb(?:\+srv)?:\/\/\S+$/),
      ),
      name: text('MONGODB_DATABASE', 'Name of the database.', 'name', Joi.string().pattern(/^[\w-]{1,63}$/), {
        default: 'brigade',
        test: 'brigade-test',
      }),
      poolSize: integer('MONGODB_POOL_SIZE', 'Most connections this process opens.', { min: 1, max: 500, default: 20 }),
      journalRetentionDays: integer(
        'JOURNAL_RETENTION_DAYS',
        'How long journal entries stay for catch-up and for replaying retried commands.',
        { min: 1, max: 3650, unit: 'days', default: 7 },
      ),
    },
  },
  redis: {
    title: 'Redis',
    about: 'Needed by several processes that serve together.',
    variables: {
      url: optionalSecret(
        'REDIS_URL',
        'Address of Redis; empty: off, one process with its own cache and limits.',
        'redis:// or rediss:// URL',
        Joi.string().uri({ scheme: ['redis', 'rediss'] }),
      ),
      sharded: flag('REDIS_SHARDED', 'REDIS_URL is a node of a Redis Cluster (version 7 or later).', {
        default: false,
      }),
    },
  },
  socket: {
    title: 'Socket',
    about: 'Socket.IO: tablets, kitchen screens and dashboards.',
    variables: {
      path: text(
        'SOCKET_PATH',
        'Path of the Socket.IO endpoint.',
        'path with a leading slash',
        Joi.string().pattern(/^\/\S+$/),
        {
          default: '/socket.io',
        },
      ),
      pingIntervalMs: integer('SOCKET_PING_INTERVAL_MS', 'Time between heartbeats.', {
        min: 1000,
        max: 5 * MINUTE_MS,
        unit: 'ms',
        default: 25_000,
      }),
      pingTimeoutMs: integer('SOCKET_PING_TIMEOUT_MS', 'Silence after a heartbeat that ends a connection.', {
        min: 1000,
        max: 5 * MINUTE_MS,
        unit: 'ms',
        default: 20_000,
      }),
      maxPayloadBytes: integer(
        'SOCKET_MAX_PAYLOAD_BYTES',
        'Largest socket message, but of what needs more (menu import); a larger one is refused.',
        {
          min: 1024,
          max: 16_777_216,
          unit: 'bytes',
          default: 262_144,
        },
      ),
      headsIntervalMs: integer(
        'SOCKET_HEADS_INTERVAL_MS',
        "How often a socket is told its rooms' newest event numbers; after three times this long without them a screen is not up to date.",
        {
          min: 100,
          max: MINUTE_MS,
          unit: 'ms',
          default: 2000,
        },
      ),
      graceMs: integer('SOCKET_GRACE_MS', 'How long a screen whose connection broke still counts as on line.', {
        min: 0,
        max: MINUTE_MS,
        unit: 'ms',
        default: 3000,
      }),
      messagesPerSecond: integer(
        'SOCKET_MESSAGES_PER_SECOND',
        'Messages per second that one socket may send in the long run.',
        {
          min: 1,
          max: 10_000,
          default: 50,
        },
      ),
      messageBurst: integer('SOCKET_MESSAGE_BURST', 'Messages one socket may send at once, as after an hour offline.', {
        min: 1,
        max: 100_000,
        default: 200,
      }),
    },
  },
  doors: {
    title: 'Connections',
    about: 'How many may be open, and what is borne of those whose person is not known yet.',
    variables: {
      maxConnections: integer('MAX_CONNECTIONS', 'TCP connections open at once; more are refused.', {
        min: 10,
        max: 1_000_000,
        default: 20_000,
      }),
      strangersPerNetwork: integer(
        'STRANGERS_PER_NETWORK',
        'Socket connections of one address (IPv6: /64) that have shown no token yet; one more, and the oldest goes.',
        { min: 1, max: 100_000, default: 500 },
      ),
      strangers: integer('STRANGERS', 'The same of all addresses together.', { min: 1, max: 100_000, default: 2_000 }),
      strangerMs: integer('STRANGER_MS', 'How long such a connection is waited for.', {
        min: 100,
        max: MINUTE_MS,
        unit: 'ms',
        default: 5_000,
      }),
    },
  },
  jwt: {
    title: 'JWT',
    about: 'Access and refresh tokens.',
    variables: {
      secret: key('JWT_SECRET', 'Signs access tokens (HS256); changing it ends all of them.'),
      accessTtlSeconds: integer('JWT_ACCESS_TTL_SECONDS', 'Life of an access token.', {
        min: 30,
        max: DAY_SECONDS,
        unit: 'seconds',
        default: 900,
      }),
      refreshTtlSeconds: integer('JWT_REFRESH_TTL_SECONDS', 'Life of an unused refresh token.', {
        min: 60,
        max: 365 * DAY_SECONDS,
        unit: 'seconds',
        default: 30 * DAY_SECONDS,
      }),
      sessionTtlSeconds: integer('JWT_SESSION_TTL_SECONDS', 'Life of a session from its log-in, refreshed or not.', {
        min: 60,
        max: 365 * DAY_SECONDS,
        unit: 'seconds',
        default: 30 * DAY_SECONDS,
      }),
      sessionsPerPerson: integer('JWT_SESSIONS_PER_PERSON', 'Sessions of one person; one more ends the least used.', {
        min: 1,
        max: 100_000,
        default: 16,
      }),
    },
  },
  security: {
    title: 'Security',
    about: 'Origins, and the cost of password hashes (argon2id; OWASP Password Storage Cheat Sheet).',
    variables: {
      corsOrigins: origins('CORS_ORIGINS', 'Web origins that may call from a browser; empty: only the own one.', []),
      pepper: key('PIN_PEPPER', 'Keys the look-up hash of PINs; changing it makes all PINs invalid.'),
      argon2MemoryKib: integer('ARGON2_MEMORY_KIB', 'Memory of one password hash.', {
        min: 1024,
        max: 1_048_576,
        unit: 'KiB',
        default: 19_456,
        test: 1024,
      }),
      argon2Passes: integer('ARGON2_PASSES', 'Passes of one password hash.', { min: 1, max: 20, default: 2, test: 1 }),
    },
  },
  limits: {
    title: 'Rate limits',
    about: 'How often, as count/window. Per person and device behind one address unless it says otherwise.',
    variables: {
      anonymous: rate(
        'RATE_LIMIT_ANONYMOUS',
        'Requests of one address without a log-in: sign-ups, bad tokens, failed refreshes; not log-ins.',
        '100/15m',
      ),
      auth: rate(
        'RATE_LIMIT_AUTH',
        'Failed log-ins on one account from one address; twice as many from all make it wait.',
        '5/15m',
      ),
      address: rate('RATE_LIMIT_AUTH_ADDRESS', 'Failed log-ins from one address, on whatever accounts.', '300/15m'),
      read: rate('RATE_LIMIT_READ', 'Queries of one person, connections of their screens included.', '1200/1m'),
      search: rate('RATE_LIMIT_SEARCH', 'Searches of one person.', '120/1m'),
      write: rate('RATE_LIMIT_WRITE', 'Commands of one person.', '1200/1m'),
      payment: rate('RATE_LIMIT_PAYMENT', 'Commands of one person that move money.', '10/1m'),
      upload: rate('RATE_LIMIT_UPLOAD', 'Files that one person sends.', '10/1h'),
      expensive: rate('RATE_LIMIT_EXPENSIVE', 'Exports, reports and the like of one person.', '20/1h'),
      webhook: rate('RATE_LIMIT_WEBHOOK', 'Calls of one outside service.', '100/1m'),
      pins: rate('RATE_LIMIT_PINS', 'PINs that the people of one restaurant set.', '120/1h'),
      emails: rate('RATE_LIMIT_EMAILS', 'Answers to one restaurant that an e-mail address is taken.', '20/1h'),
      restaurant: rate('RATE_LIMIT_RESTAURANT', 'All queries and commands of one restaurant.', '60000/1m'),
      plans: factors(
        'RATE_LIMIT_PLANS',
        "By its restaurant's plan a person's and a restaurant's limits are so many times these.",
        planNames,
        { standard: 1, plus: 3, enterprise: 10 },
      ),
      exempt: names('RATE_LIMIT_EXEMPT', 'Roles without limits but for log-ins; empty: none.', roleNames),
    },
  },
  logging: {
    title: 'Logging',
    about: 'Console and rotating files.',
    variables: {
      level: choice<(typeof LOG_LEVELS)[number]>(
        'LOG_LEVEL',
        'Least urgent level that is written; the requests file takes all.',
        LOG_LEVELS,
        {
          default: 'debug',
          production: 'info',
          test: 'warn',
        },
      ),
      format: choice<'json' | 'pretty' | 'silent'>(
        'LOG_FORMAT',
        'Console output; files are always JSON.',
        ['json', 'pretty', 'silent'],
        {
          default: 'pretty',
          production: 'json',
          test: 'silent',
        },
      ),
      dir: folderOrNone('LOG_DIR', 'Folder of the log files; none: no files.', { default: 'logs', test: null }),
      slowMs: integer('LOG_SLOW_MS', 'What takes longer also goes to the performance file.', {
        min: 1,
        max: 10 * MINUTE_MS,
        unit: 'ms',
        default: 1000,
      }),
      maxBytes: integer('LOG_MAX_BYTES', 'Size at which a log file is closed, compressed and followed by the next.', {
        min: 1024,
        max: 1_073_741_824,
        unit: 'bytes',
        default: 20_971_520,
      }),
      maxDays: integer('LOG_MAX_DAYS', 'Age at which log files are deleted.', {
        min: 1,
        max: 3650,
        unit: 'days',
        default: 14,
      }),
      maxTotalBytes: integer(
        'LOG_MAX_TOTAL_BYTES',
        'Size of all log files together; above it the oldest compressed ones are deleted, whatever their age.',
        { min: 1024, max: 1_099_511_627_776, unit: 'bytes', default: 1_073_741_824 },
      ),
      perProcess: flag(
        'LOG_PER_PROCESS',
        'Process id in the file names: set it when several processes share LOG_DIR.',
        {
          default: false,
        },
      ),
    },
  },
  features: {
    title: 'Feature flags',
    about: 'Parts that can be switched on and off.',
    variables: {
      demo: flag(
        'FEATURE_DEMO',
        'Make the demo restaurant on an empty database. Its log-ins are known to everybody: refused in production.',
        { default: true, production: false, test: false },
        // Who says where the data belong means to keep them.
        { given: ['DATA_DIR', 'MONGODB_URI'], value: false },
      ),
      signUp: choice<'open' | 'first' | 'closed'>(
        'SIGN_UP',
        'Who may sign a restaurant up: anybody; whoever comes while there is none; nobody.',
        ['open', 'first', 'closed'],
        { default: 'open', production: 'first' },
      ),
      docs: flag('FEATURE_DOCS', 'Serve the API pages under /docs.', { default: true }),
    },
  },
  monitoring: {
    title: 'Monitoring',
    about: 'Figures for the outside.',
    variables: {
      metrics: flag('METRICS', 'Serve /metrics for Prometheus, and details of /health, on a listener of their own.', {
        default: true,
      }),
      metricsHost: text(
        'METRICS_HOST',
        'Address of that listener.',
        'IP address or host name',
        Joi.string().hostname(),
        {
          default: '127.0.0.1',
        },
      ),
      metricsPort: integer('METRICS_PORT', 'TCP port of that listener; 0, or when it is taken: any free one.', {
        min: 0,
        max: 65_535,
        default: 0,
        production: 9464,
      }),
    },
  },
} as const satisfies Record<string, Section>;

type Sections = typeof SECTIONS;
type ValueOf<V> = V extends Variable<infer T> ? T : never;

/** Every setting, validated and frozen: `config.<section>.<setting>`. */
export type Config = {
  readonly [S in keyof Sections]: {
    readonly [K in keyof Sections[S]['variables']]: ValueOf<Sections[S]['variables'][K]>;
  };
};

/** All settings in the order of the table, with the place each has in `Config`. */
export function allVariables(): { section: keyof Config; key: string; variable: Variable<unknown> }[] {
  return (Object.keys(SECTIONS) as (keyof Config)[]).flatMap((section) =>
    Object.entries<Variable<unknown>>(SECTIONS[section].variables).map(([name, variable]) => ({
      section,
      key: name,
      variable,
    })),
  );
}
