import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'dotenv';
import type Joi from 'joi';
import { isServiceAddress, looksLikeASetting, nearestSetting } from './config.names.js';
import { allVariables, type Config } from './config.schema.js';
import { generatedSecrets, SECRETS_FILE } from './config.secrets.js';
import { ENVIRONMENTS, type Environment, type Variable } from './config.variable.js';

export type { Config } from './config.schema.js';

/** What is wrong with one setting. Never holds the value of a secret. */
export interface ConfigProblem {
  /** Name in the environment, or of a file. */
  readonly variable: string;
  readonly problem: string;
  readonly expected: string;
}

/** Thrown by `loadConfig` with every problem at once, so that a deployment is repaired in one round. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((p) => `  ${p.variable}: ${p.problem}; expected ${p.expected}`);
    super(`${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} wrong:\n${lines.join('\n')}`);
    this.problems = problems;
  }
}

export interface ConfigSource {
  /** The environment; `process.env` where it is not given. */
  env?: NodeJS.ProcessEnv;
  /** Whether `.env.<NODE_ENV>` is read as well; true by default. What the environment sets wins. */
  file?: boolean;
  /** Folder of the `.env` files; the working directory by default. */
  dir?: string;
}

/** What the templates hold where a secret belongs; refused by name, for a published key is no key. */
const PLACEHOLDER = /^CHANGE_ME/i;
const SHOWN_LENGTH = 60;

const SETTINGS: readonly string[] = allVariables().map(({ variable }) => variable.name);

/**
 * Reads, checks and freezes all settings. Outside production, missing keys are made once and kept in
 * `<DATA_DIR>/secrets.json`; nothing is written while any setting is wrong.
 *
 * @throws {ConfigError} naming every wrong, missing or unknown setting
 */
export function loadConfig(source: ConfigSource = {}): Config {
  const real = withoutEmpty(source.env ?? process.env);
  const problems: ConfigProblem[] = [];
  const environment = environmentOf(real.NODE_ENV);
  const given: Record<string, string> = {
    ...readEnvFile(source, environment, problems),
    NODE_ENV: environment,
    ...real,
  };

  for (const name of Object.keys(real)) {
    if (!SETTINGS.includes(name) && looksLikeASetting(name, SETTINGS)) problems.push(noSetting(name, ''));
  }
  const values = new Map<string, unknown>();
  const missing: Variable<unknown>[] = [];
  for (const { variable } of allVariables()) {
    const text = given[variable.name];
    if (text === undefined && variable.generatedBytes !== undefined) missing.push(variable);
    else if (text === undefined) values.set(variable.name, defaultOf(variable, environment, given));
    else readValue(variable, text, values, problems);
  }
  if (environment === 'production') problems.push(...missing.map((variable) => problem(variable, 'is missing')));
  if (environment === 'production' && values.get('FEATURE_DEMO') === true) problems.push(PUBLIC_LOG_INS);
  if (problems.length > 0) throw new ConfigError(problems);

  if (missing.length > 0) addGenerated(missing, String(values.get('DATA_DIR')), values);
  return assemble(values);
}

/** An unknown environment is held to production's rules; NODE_ENV itself is reported with the rest. */
function environmentOf(name = 'development'): Environment {
  return ENVIRONMENTS.find((known) => known === name) ?? 'production';
}

/** An empty variable is an unset one, as in the templates. */
function withoutEmpty(env: NodeJS.ProcessEnv): Record<string, string> {
  const filled: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && value.trim() !== '' && !isServiceAddress(name, value)) filled[name] = value.trim();
  }
  return filled;
}

function readEnvFile(
  source: ConfigSource,
  environment: Environment,
  problems: ConfigProblem[],
): Record<string, string> {
  const name = `.env.${environment}`;
  const path = join(source.dir ?? process.cwd(), name);
  if (source.file === false || !existsSync(path)) return {};
  const given = withoutEmpty(parse(readFileSync(path)));
  for (const found of Object.keys(given)) {
    if (!SETTINGS.includes(found)) problems.push(noSetting(found, ` (in ${name})`));
  }
  if (given.NODE_ENV !== undefined && given.NODE_ENV !== environment) {
    problems.push({ variable: 'NODE_ENV', problem: `differs in ${name}`, expected: environment });
  }
  return given;
}

const PUBLIC_LOG_INS: ConfigProblem = {
  variable: 'FEATURE_DEMO',
  problem: 'is "true" in production, where its log-ins, known to everybody, would let anybody in',
  expected: 'false',
};

/** A switch that throws nothing is worse than none. */
function noSetting(name: string, where: string): ConfigProblem {
  const nearest = nearestSetting(name, SETTINGS);
  const expected = nearest === undefined ? 'it to be removed' : `${nearest}, if that is what is meant, or its removal`;
  return { variable: name, problem: `is not a setting${where}`, expected };
}

/** What holds where nobody says it; a default may give way to other settings that were given. */
function defaultOf(
  { defaults, defaultWith }: Variable<unknown>,
  environment: Environment,
  given: Readonly<Record<string, string>>,
): unknown {
  const decided = defaultWith?.given.some(
    (name) => given[name] !== undefined && given[name] !== usual(name, environment),
  );
  return decided === true ? defaultWith?.value : defaults[environment];
}

/** Who writes a setting's own default into a file, as the templates do, has not chosen anything. */
function usual(name: string, environment: Environment): string | undefined {
  const found = allVariables().find(({ variable }) => variable.name === name);
  return found === undefined ? undefined : String(found.variable.defaults[environment]);
}

function readValue(
  variable: Variable<unknown>,
  text: string,
  values: Map<string, unknown>,
  problems: ConfigProblem[],
): void {
  if (PLACEHOLDER.test(text)) {
    problems.push(problem(variable, "still holds the template's placeholder"));
    return;
  }
  const result: Joi.ValidationResult<unknown> = variable.schema.validate(text, { convert: true });
  if (result.error === undefined) values.set(variable.name, result.value);
  else
    problems.push(
      problem(variable, variable.secret ? 'is not valid (not shown)' : `is "${text.slice(0, SHOWN_LENGTH)}"`),
    );
}

function problem(variable: Variable<unknown>, what: string): ConfigProblem {
  return { variable: variable.name, problem: what, expected: variable.type };
}

function addGenerated(missing: readonly Variable<unknown>[], dataDir: string, values: Map<string, unknown>): void {
  const sizes = new Map(missing.map((variable) => [variable.name, variable.generatedBytes ?? 0]));
  const problems: ConfigProblem[] = [];
  try {
    const secrets = generatedSecrets(dataDir, sizes);
    for (const variable of missing) readValue(variable, secrets.get(variable.name) ?? '', values, problems);
  } catch (cause) {
    const what = `cannot be read or written (${cause instanceof Error ? cause.message : String(cause)})`;
    problems.push({ variable: join(dataDir, SECRETS_FILE), problem: what, expected: 'a JSON object of secrets' });
  }
  if (problems.length > 0) throw new ConfigError(problems);
}

/** The validated values in the shape of the table; the cast is safe because `Config` is derived from that table. */
function assemble(values: ReadonlyMap<string, unknown>): Config {
  const config: Record<string, Record<string, unknown>> = {};
  for (const { section, key, variable } of allVariables()) {
    const value = values.get(variable.name);
    config[section] = { ...config[section], [key]: Array.isArray(value) ? Object.freeze([...value]) : value };
  }
  for (const group of Object.values(config)) Object.freeze(group);
  return Object.freeze(config) as unknown as Config;
}
