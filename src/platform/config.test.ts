import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, ConfigError, type ConfigProblem, loadConfig } from './config.js';
import { allVariables } from './config.schema.js';
import { envTemplate, syncEnvFiles } from './env-template.js';

const SECRETS = { JWT_SECRET: 'j'.repeat(32), PIN_PEPPER: 'p'.repeat(32) };
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'brigade-config-'));
});

afterEach(() => {
  rmSync(dir, { recursive: true });
});

function load(env: NodeJS.ProcessEnv): Config {
  return loadConfig({ env: { DATA_DIR: join(dir, 'data'), ...env }, file: false });
}

function refusal(action: () => unknown): ConfigError {
  try {
    action();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

function problemsOf(env: NodeJS.ProcessEnv): Record<string, ConfigProblem> {
  const { problems } = refusal(() => load(env));
  return Object.fromEntries(problems.map((problem) => [problem.variable, problem]));
}

describe('defaults', () => {
  test('development listens on this machine alone', () => {
    const config = load({});
    expect(config.server).toMatchObject({ env: 'development', host: '127.0.0.1', port: 3000, shutdownMs: 10_000 });
    expect(config.features.signUp).toBe('open');
    expect(config.jwt.accessTtlSeconds).toBe(900);
    expect(config.socket.headsIntervalMs).toBe(2000);
    expect(config.database).toEqual({ uri: undefined, name: 'brigade', poolSize: 20, journalRetentionDays: 7 });
    expect(config.logging).toMatchObject({ dir: 'logs', slowMs: 1000, maxBytes: 20 * 1024 * 1024, maxDays: 14 });
  });

  test('production listens everywhere, writes JSON and makes no demo', () => {
    const config = load({ NODE_ENV: 'production', ...SECRETS });
    expect(config.server.host).toBe('0.0.0.0');
    expect(config.logging.format).toBe('json');
    expect(config.features).toMatchObject({ demo: false, signUp: 'first' });
    expect(config.jwt.secret).toBe(SECRETS.JWT_SECRET);
  });

  test('a test writes no log files and takes any port', () => {
    const config = load({ NODE_ENV: 'test' });
    expect(config.logging).toMatchObject({ dir: null, format: 'silent' });
    expect(config.server.port).toBe(0);
  });

  test('each default is a value that its own check accepts', () => {
    for (const { variable } of allVariables()) {
      for (const value of Object.values(variable.defaults)) {
        if (value === undefined || value === null || Array.isArray(value) || variable.generatedBytes !== undefined)
          continue;
        expect({ name: variable.name, error: variable.schema.validate(value).error }).toEqual({ name: variable.name });
      }
    }
  });
});

describe('what the environment sets', () => {
  test('is read in its own type', () => {
    const config = load({
      PORT: '8080',
      FEATURE_DOCS: 'false',
      CORS_ORIGINS: 'https://pos.example.com, http://localhost:5173',
      MONGODB_URI: 'mongodb://a:27017,b:27017/?replicaSet=rs0',
      HOST: '::1',
      LOG_DIR: 'none',
    });
    expect(config.server.port).toBe(8080);
    expect(config.server.host).toBe('::1');
    expect(config.features.docs).toBe(false);
    expect(config.security.corsOrigins).toEqual(['https://pos.example.com', 'http://localhost:5173']);
    expect(config.database.uri).toBe('mongodb://a:27017,b:27017/?replicaSet=rs0');
    expect(config.logging.dir).toBeNull();
  });

  test('is frozen to the bottom', () => {
    const config = load({ CORS_ORIGINS: 'https://pos.example.com' });
    for (const value of [config, ...Object.values(config), config.security.corsOrigins]) {
      expect(Object.isFrozen(value)).toBe(true);
    }
  });

  test('counts as not set when it is empty', () => {
    expect(load({ PORT: '', MONGODB_URI: ' ', NODE_ENV: '' }).server).toMatchObject({ port: 3000, env: 'development' });
  });
});

describe('problems', () => {
  test('are all told at once, each with what is expected', () => {
    const problems = problemsOf({
      PORT: 'abc',
      HOST: '!',
      FEATURE_DEMO: 'perhaps',
      CORS_ORIGINS: '*',
      LOG_LEVEL: 'loud',
    });
    expect(Object.keys(problems).sort()).toEqual(['CORS_ORIGINS', 'FEATURE_DEMO', 'HOST', 'LOG_LEVEL', 'PORT']);
    expect(problems.PORT).toEqual({ variable: 'PORT', problem: 'is "abc"', expected: 'integer from 0 to 65535' });
    expect(problems.LOG_LEVEL!.expected).toContain('fatal, error, warn');
    const { message } = refusal(() => load({ PORT: '70000', TRUST_PROXY: '-1' }));
    expect(message).toContain('2 settings are wrong');
    expect(message).toContain('PORT: is "70000"; expected integer from 0 to 65535');
    expect(message).toContain('TRUST_PROXY: is "-1"');
  });

  test.each(['https://a.example/', 'https://a.example/path', 'a.example', 'https://a.example,,https://b.example'])(
    'an origin is not %s',
    (origin) => {
      expect(Object.keys(problemsOf({ CORS_ORIGINS: origin }))).toEqual(['CORS_ORIGINS']);
    },
  );

  test.each(['600', '0/1m', '5/0s', '-1/1m', '5/15', '5/8d', '5/200h', '1.5/1m'])('a rate is not %s', (text) => {
    const problems = problemsOf({ RATE_LIMIT_WRITE: text });
    expect(problems.RATE_LIMIT_WRITE!.expected).toContain('600/60s');
  });

  test('plans and roles of rate limits are those that exist', () => {
    const names = ['RATE_LIMIT_EXEMPT', 'RATE_LIMIT_PLANS'];
    expect(Object.keys(problemsOf({ RATE_LIMIT_EXEMPT: 'boss', RATE_LIMIT_PLANS: 'royal:2' })).sort()).toEqual(names);
    expect(Object.keys(problemsOf({ RATE_LIMIT_EXEMPT: 'owner,', RATE_LIMIT_PLANS: 'plus:0' })).sort()).toEqual(names);
    const { limits } = load({
      RATE_LIMIT_EXEMPT: 'owner, manager',
      RATE_LIMIT_PLANS: 'plus:1.5',
      RATE_LIMIT_READ: '5/15m',
    });
    expect(limits.exempt).toEqual(['owner', 'manager']);
    expect([limits.plans.of('plus'), limits.plans.of('standard')]).toEqual([1.5, 1]);
    expect(limits.read).toEqual({ points: 5, seconds: 900 });
  });

  test('never hold the value of a secret', () => {
    const secrets = allVariables().filter(({ variable }) => variable.secret);
    expect(secrets.length).toBeGreaterThan(3);
    const env = Object.fromEntries(secrets.map(({ variable }) => [variable.name, 'hunter2']));
    const { message, problems } = refusal(() => load(env));
    expect(problems.map((problem) => problem.variable).sort()).toEqual(Object.keys(env).sort());
    expect(message).not.toContain('hunter2');
  });

  test('are counted in bytes for a key', () => {
    expect(Object.keys(problemsOf({ JWT_SECRET: 'x'.repeat(31) }))).toEqual(['JWT_SECRET']);
    expect(load({ JWT_SECRET: 'é'.repeat(16) }).jwt.secret).toHaveLength(16);
  });

  test('include missing keys in production, and in an environment nobody knows', () => {
    expect(Object.keys(problemsOf({ NODE_ENV: 'production' }))).toEqual(['JWT_SECRET', 'PIN_PEPPER']);
    expect(Object.keys(problemsOf({ NODE_ENV: 'staging' }))).toEqual(['NODE_ENV', 'JWT_SECRET', 'PIN_PEPPER']);
  });

  test('leave no trace in the data folder', () => {
    problemsOf({ PORT: 'abc' });
    expect(existsSync(join(dir, 'data'))).toBe(false);
  });
});

describe('the demo, whose log-ins are known', () => {
  const demoOf = (env: NodeJS.ProcessEnv) => loadConfig({ env: { ...SECRETS, ...env }, dir }).features.demo;

  test('is for a development start that names no place for the data', () => {
    expect(demoOf({})).toBe(true);
    expect(demoOf({ DATA_DIR: join(dir, 'house') })).toBe(false);
    expect(demoOf({ MONGODB_URI: 'mongodb://127.0.0.1:27017' })).toBe(false);
    expect(demoOf({ DATA_DIR: join(dir, 'house'), FEATURE_DEMO: 'true' })).toBe(true);
    expect(demoOf({ FEATURE_DEMO: 'false' })).toBe(false);
  });

  test('is the same with the templates, which name each default', () => {
    writeFileSync(join(dir, '.env.development'), envTemplate('development'));
    expect(demoOf({})).toBe(true);
    expect(demoOf({ DATA_DIR: join(dir, 'house') })).toBe(false);
    writeFileSync(join(dir, '.env.development'), 'DATA_DIR=house\n');
    expect(demoOf({})).toBe(false);
  });

  test('is refused in production', () => {
    const problems = problemsOf({ NODE_ENV: 'production', ...SECRETS, FEATURE_DEMO: 'true' });
    expect(problems).toMatchObject({ FEATURE_DEMO: { expected: 'false' } });
  });
});

describe('a name that is no setting', () => {
  test.each([
    ['DEMO', 'FEATURE_DEMO'],
    ['DOCS', 'FEATURE_DOCS'],
    ['FEATURE_DEMOS', 'FEATURE_DEMO'],
    ['FEATURES_DEMO', 'FEATURE_DEMO'],
    ['feature_demo', 'FEATURE_DEMO'],
    ['RATE_LIMIT_WIRTE', 'RATE_LIMIT_WRITE'],
    ['RATELIMIT_WRITE', 'RATE_LIMIT_WRITE'],
    ['PROT', 'PORT'],
    ['METRIC', 'METRICS'],
    ['DATADIR', 'DATA_DIR'],
    ['CORS_ORIGIN', 'CORS_ORIGINS'],
    ['MONGODB_URL', 'MONGODB_URI'],
    ['MONGO_URI', 'MONGODB_URI'],
    ['REDIS_URI', 'REDIS_URL'],
    ['JWT_SECRET_FILE', 'JWT_SECRET'],
    ['LOG_MAX_SIZE', 'LOG_MAX_BYTES'],
    ['SIGNUP', 'SIGN_UP'],
  ])('but looks like one stops the boot: %s', (name, meant) => {
    const problem = problemsOf({ [name]: 'false' })[name];
    expect(problem).toMatchObject({ problem: 'is not a setting' });
    expect(problem?.expected).toContain(`${meant},`);
  });

  test('is told where it does nothing any more', () => {
    writeFileSync(join(dir, '.env.test'), 'SMTP_URL=smtp://mail.example\nSENTRY_DSN=https://a.example/1\n');
    const { problems } = refusal(() => loadConfig({ env: { NODE_ENV: 'test', DATA_DIR: dir }, dir }));
    expect(problems.map(({ variable }) => variable)).toEqual(['SMTP_URL', 'SENTRY_DSN']);
  });

  test("and belongs to somebody else's program is left alone", () => {
    const foreign = {
      ...{ PATH: '/bin', HOME: '/root', HOSTNAME: 'a', PWD: '/', SHLVL: '1', LANG: 'C', TZ: 'UTC', TERM: 'xterm' },
      ...{ USER: 'a', LOGNAME: 'a', SHELL: '/bin/sh', EDITOR: 'vi', MAIL: '/a', OLDPWD: '/', CI: 'true', DEBUG: '*' },
      ...{ npm_config_cache: '/a', npm_lifecycle_event: 'start', npm_package_json: '/a', INIT_CWD: '/', NODE: '/a' },
      ...{ NODE_OPTIONS: '--no-warnings', NODE_PATH: '/a', NODE_EXTRA_CA_CERTS: '/a', NODE_VERSION: '22' },
      ...{ http_proxy: 'http://a', NO_COLOR: '1', FORCE_COLOR: '0', COLORTERM: 'truecolor' },
      ...{
        JOURNAL_STREAM: '8:1',
        CACHE_DIRECTORY: '/a',
        LOGS_DIRECTORY: '/a',
        INVOCATION_ID: 'a',
        NOTIFY_SOCKET: '/a',
      },
      ...{ REDIS_PORT: 'tcp://10.0.0.7:6379', REDIS_SERVICE_HOST: '10.0.0.7', REDIS_PORT_6379_TCP_ADDR: '10.0.0.7' },
      ...{ CACHE_SERVICE_PORT_HTTP: '80', LOG_PORT: 'tcp://10.0.0.8:80', METRICS_PORT_80_TCP_PROTO: 'tcp' },
      ...{ KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_PORT: 'tcp://10.0.0.1:443' },
      ...{ REDIS_PASSWORD: 'a', MONGODB_ROOT_PASSWORD: 'a', MONGODB_SPEC_TESTS: '/a', TEST_MONGODB_URI: 'a' },
      ...{ COMPOSE_PROJECT_NAME: 'brigade', DOCKER_HOST: 'a', SSH_AUTH_SOCK: '/a', XDG_DATA_DIRS: '/a' },
    };
    expect(load(foreign)).toEqual(load({}));
  });
});

describe('generated keys', () => {
  const file = () => join(dir, 'data', 'secrets.json');

  test('are made once, for the owner alone', () => {
    const first = load({});
    expect(Buffer.from(first.jwt.secret, 'base64url')).toHaveLength(48);
    expect(first.security.pepper).not.toBe(first.jwt.secret);
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, 'data')).mode & 0o777).toBe(0o700);
    expect(load({})).toEqual(first);
  });

  test('give way to the environment, and only missing ones are added', () => {
    expect(load({ JWT_SECRET: SECRETS.JWT_SECRET }).jwt.secret).toBe(SECRETS.JWT_SECRET);
    expect(Object.keys(JSON.parse(readFileSync(file(), 'utf8')))).toEqual(['PIN_PEPPER']);
    const { pepper } = load({ JWT_SECRET: SECRETS.JWT_SECRET }).security;
    expect(load({}).security.pepper).toBe(pepper);
    expect(Object.keys(JSON.parse(readFileSync(file(), 'utf8'))).sort()).toEqual(['JWT_SECRET', 'PIN_PEPPER']);
  });

  test('that came back readable for everyone are closed again', () => {
    load({});
    chmodSync(file(), 0o644);
    load({});
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  test.each(['hunter2', '{"JWT_SECRET": "hunter2', '["hunter2"]', '{"JWT_SECRET": 7}'])(
    '%s in their file is refused unseen',
    (text) => {
      load({});
      writeFileSync(file(), text);
      const error = refusal(() => load({}));
      expect(error.problems.map((problem) => problem.variable)).toEqual([file()]);
      expect(error.message).not.toContain('hunter2');
    },
  );

  test('too short in their file are refused by name', () => {
    load({});
    writeFileSync(file(), JSON.stringify({ JWT_SECRET: 'short', PIN_PEPPER: SECRETS.PIN_PEPPER }));
    expect(Object.keys(problemsOf({}))).toEqual(['JWT_SECRET']);
  });
});

describe('.env files', () => {
  const loadIn = (env: NodeJS.ProcessEnv) => loadConfig({ env: { DATA_DIR: join(dir, 'data'), ...env }, dir });

  test('are read for their environment, and the environment wins', () => {
    writeFileSync(join(dir, '.env.development'), 'PORT=4000\nHOST=0.0.0.0\nPUBLIC_URL=\n');
    writeFileSync(join(dir, '.env.test'), 'PORT=5000\n');
    expect(loadIn({ HOST: '127.0.0.2' }).server).toMatchObject({ port: 4000, host: '127.0.0.2', publicUrl: undefined });
    expect(loadIn({ NODE_ENV: 'test' }).server.port).toBe(5000);
    expect(load({}).server.port).toBe(3000);
  });

  test('may not hold a name that is no setting, nor another environment', () => {
    writeFileSync(join(dir, '.env.development'), 'PROT=4000\nNODE_ENV=production\n');
    const { problems } = refusal(() => loadIn({}));
    expect(problems.map((problem) => problem.variable)).toEqual(['PROT', 'NODE_ENV']);
  });

  test('at the root are the ones the table makes', () => {
    for (const environment of ['development', 'production', 'test'] as const) {
      expect(readFileSync(`.env.${environment}`, 'utf8')).toBe(envTemplate(environment));
    }
  });

  test('are written where stale, and reported without writing by a check', () => {
    const all = ['.env.development', '.env.production', '.env.test'];
    expect(syncEnvFiles(dir, false)).toEqual(all);
    expect(existsSync(join(dir, '.env.test'))).toBe(false);
    expect(syncEnvFiles(dir, true)).toEqual(all);
    writeFileSync(join(dir, '.env.test'), 'PORT=1\n');
    expect(syncEnvFiles(dir, false)).toEqual(['.env.test']);
  });

  test('say of every setting its meaning, type, default and section', () => {
    for (const environment of ['development', 'production', 'test'] as const) {
      const text = envTemplate(environment);
      for (const { variable } of allVariables()) {
        expect(text).toMatch(new RegExp(`^# .+\\n# Type: .+ Default: .+\\n${variable.name}=`, 'm'));
      }
      const headings = [...text.matchAll(/^# --- (.+?) -+$/gm)].map((match) => match[1]);
      expect(headings).toEqual([
        'Server',
        'Database',
        'Redis',
        'Socket',
        'Connections',
        'JWT',
        'Security',
        'Rate limits',
        'Logging',
        'Feature flags',
        'Monitoring',
      ]);
    }
  });

  test('as committed mean the defaults', () => {
    for (const environment of ['development', 'test']) {
      const env = { NODE_ENV: environment, DATA_DIR: join(dir, 'data') };
      expect(loadConfig({ env, dir: process.cwd() })).toEqual(loadConfig({ env, file: false }));
    }
  });

  test('as committed for production: boot names every placeholder at once', () => {
    const { problems, message } = refusal(() => loadConfig({ env: { NODE_ENV: 'production' }, dir: process.cwd() }));
    const placeholders = [...readFileSync('.env.production', 'utf8').matchAll(/^(\w+)=CHANGE_ME/gm)].map(
      (match) => match[1],
    );
    expect(placeholders).toEqual(['JWT_SECRET', 'PIN_PEPPER']);
    expect(problems.map((problem) => problem.variable)).toEqual(placeholders);
    for (const name of placeholders) expect(message).toContain(`${name}: still holds the template's placeholder`);
    expect(loadConfig({ env: { NODE_ENV: 'production', ...SECRETS }, dir: process.cwd() }).server.env).toBe(
      'production',
    );
  });
});
