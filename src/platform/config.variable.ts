import Joi from 'joi';

/** Where the process runs. `test` behaves like development, but quiet, cheap and on any free port. */
export type Environment = 'development' | 'production' | 'test';

export const ENVIRONMENTS: readonly Environment[] = ['development', 'production', 'test'];

/** One setting: the name it has in the environment, what it may be, and what it is when nobody sets it. */
export interface Variable<T> {
  /** Name in the environment and in the `.env` files. */
  readonly name: string;
  /** The type in words, unit included: "integer from 0 to 65535". */
  readonly type: string;
  readonly description: string;
  /** Reads and checks the text of the environment. */
  readonly schema: Joi.Schema;
  /** The value where nothing is set; undefined means the setting is optional and then absent. */
  readonly defaults: Readonly<Record<Environment, T>>;
  /** Another default, which holds once any of these settings was given. */
  readonly defaultWith?: { readonly given: readonly string[]; readonly value: T };
  /** Its value never appears in a message or a log. */
  readonly secret: boolean;
  /** Bytes of randomness to generate where it is missing outside production; inside production it must be set. */
  readonly generatedBytes?: number;
}

/** Defaults that differ by environment; the plain one holds where no other is named. */
interface Defaults<T> {
  default: T;
  production?: T;
  test?: T;
}

function perEnvironment<T>(given: Defaults<T>): Record<Environment, T> {
  return {
    development: given.default,
    production: given.production === undefined ? given.default : given.production,
    test: given.test === undefined ? given.default : given.test,
  };
}

interface Range {
  min: number;
  max: number;
  unit?: string;
}

export function integer(name: string, description: string, range: Range & Defaults<number>): Variable<number> {
  const unit = range.unit === undefined ? '' : `, ${range.unit}`;
  return {
    name,
    description,
    type: `integer from ${range.min} to ${range.max}${unit}`,
    schema: Joi.number().integer().min(range.min).max(range.max),
    defaults: perEnvironment(range),
    secret: false,
  };
}

export function flag(
  name: string,
  description: string,
  defaults: Defaults<boolean>,
  defaultWith?: Variable<boolean>['defaultWith'],
): Variable<boolean> {
  return {
    name,
    description,
    type: 'true or false',
    schema: Joi.boolean(),
    defaults: perEnvironment(defaults),
    ...(defaultWith && { defaultWith }),
    secret: false,
  };
}

export function choice<T extends string>(
  name: string,
  description: string,
  choices: readonly T[],
  defaults: Defaults<T>,
): Variable<T> {
  return {
    name,
    description,
    type: `one of ${choices.join(', ')}`,
    schema: Joi.string().valid(...choices),
    defaults: perEnvironment(defaults),
    secret: false,
  };
}

export function text(
  name: string,
  description: string,
  type: string,
  schema: Joi.StringSchema,
  defaults: Defaults<string>,
): Variable<string> {
  return { name, description, type, schema, defaults: perEnvironment(defaults), secret: false };
}

export function optional(
  name: string,
  description: string,
  type: string,
  schema: Joi.StringSchema,
): Variable<string | undefined> {
  const absent = { development: undefined, production: undefined, test: undefined };
  return { name, description, type, schema, defaults: absent, secret: false };
}

export function optionalSecret(
  name: string,
  description: string,
  type: string,
  schema: Joi.StringSchema,
): Variable<string | undefined> {
  return { ...optional(name, description, type, schema), secret: true };
}

const UNITS = { s: 1, m: 60, h: 3_600 } as const;

/** So many in so long, as text `600/60s`, `5/15m`, `20/1h`. */
export class Rate {
  constructor(
    readonly points: number,
    /** The window. */
    readonly seconds: number,
  ) {}

  /** The rate that a text says, or undefined. */
  static from(text: string): Rate | undefined {
    const [, points, length, unit] = /^(\d{1,9})\/(\d{1,6})([smh])$/.exec(text) ?? [];
    const rate = new Rate(Number(points), Number(length) * UNITS[unit as keyof typeof UNITS]);
    return rate.points >= 1 && rate.seconds >= 1 && rate.seconds <= MAX_WINDOW_SECONDS ? rate : undefined;
  }

  toString(): string {
    const unit = this.seconds % UNITS.h === 0 ? 'h' : this.seconds % UNITS.m === 0 ? 'm' : 's';
    return `${this.points}/${this.seconds / UNITS[unit]}${unit}`;
  }
}
const MAX_WINDOW_SECONDS = 7 * 86_400;

export function rate(name: string, description: string, fallback: string): Variable<Rate> {
  const read = (given: string): Rate | undefined => Rate.from(given);
  const value = read(fallback);
  if (value === undefined) throw new Error(`${name}: ${fallback} is no rate`);
  return {
    name,
    description,
    type: 'count/window such as 600/60s, 5/15m or 20/1h',
    schema: Joi.any().custom((given: unknown, helpers) => read(String(given)) ?? helpers.error('any.invalid')),
    defaults: perEnvironment({ default: value }),
    secret: false,
  };
}

/** A comma-separated list of names from a closed list; none where it is not set. */
export function names<T extends string>(
  name: string,
  description: string,
  choices: readonly T[],
): Variable<readonly T[]> {
  const read: Joi.CustomValidator = (given: string, helpers) => {
    const list = given.split(',').map((part) => part.trim());
    return list.every((part) => choices.some((known) => known === part)) ? list : helpers.error('any.invalid');
  };
  return {
    name,
    description,
    type: `comma-separated list of ${choices.join(', ')}`,
    schema: Joi.string().custom(read),
    defaults: perEnvironment<readonly T[]>({ default: [] }),
    secret: false,
  };
}

/** A number for each name of a closed list, as text `standard:1,plus:3`; a name left out has 1. */
export class Factors<T extends string> {
  constructor(private readonly byName: Readonly<Partial<Record<T, number>>>) {}

  of(name: T): number {
    return this.byName[name] ?? 1;
  }

  toString(): string {
    return Object.entries(this.byName)
      .map(([name, factor]) => `${name}:${String(factor)}`)
      .join(',');
  }
}

export function factors<T extends string>(
  name: string,
  description: string,
  choices: readonly T[],
  fallback: Readonly<Record<T, number>>,
): Variable<Factors<T>> {
  const read = (given: string): Factors<T> | undefined => {
    const pairs = given.split(',').map((part) => /^([a-z]+):(\d{1,4}(?:\.\d{1,3})?)$/.exec(part.trim()) ?? []);
    const known = pairs.every(([, key, factor]) => choices.some((one) => one === key) && Number(factor) > 0);
    return known
      ? new Factors(Object.fromEntries(pairs.map(([, key, factor]) => [key, Number(factor)])) as never)
      : undefined;
  };
  return {
    name,
    description,
    type: `comma-separated list such as ${choices[0]}:1.5, of ${choices.join(', ')}`,
    schema: Joi.any().custom((given: unknown, helpers) => read(String(given)) ?? helpers.error('any.invalid')),
    defaults: perEnvironment({ default: new Factors<T>(fallback) }),
    secret: false,
  };
}

/** A key of our own: required in production, made once and kept in the data folder elsewhere. */
export function key(name: string, description: string): Variable<string> {
  return {
    name,
    description,
    type: 'text of at least 32 bytes',
    schema: Joi.string().min(32, 'utf8'),
    defaults: { development: '', production: '', test: '' },
    secret: true,
    generatedBytes: 48,
  };
}

/** Of a scheme of an app's own (`capacitor://localhost`, `tauri://localhost`, `app://-`) URL knows no origin. */
const APP_ORIGIN = /^(?!(?:https?|wss?|file|data|blob|javascript):)[a-z][a-z\d+.-]*:\/\/[^\s/?#@*]+$/;

const isOrigin = (text: string): boolean =>
  APP_ORIGIN.test(text) || (URL.canParse(text) && new URL(text).origin === text);

/** A comma-separated list of web origins as browsers send them: scheme, host and port, nothing behind. */
export function origins(name: string, description: string, fallback: readonly string[]): Variable<readonly string[]> {
  const read: Joi.CustomValidator = (given: string, helpers) => {
    const list = given.split(',').map((part) => part.trim());
    return list.every(isOrigin) ? list : helpers.error('any.invalid');
  };
  return {
    name,
    description,
    type: 'comma-separated list of origins such as https://pos.example.com',
    schema: Joi.string().custom(read),
    defaults: { development: fallback, production: fallback, test: fallback },
    secret: false,
  };
}

/** A folder, or null where the text is "none". */
export function folderOrNone(
  name: string,
  description: string,
  defaults: Defaults<string | null>,
): Variable<string | null> {
  return {
    name,
    description,
    type: 'path or none',
    schema: Joi.string().custom((given: string) => (given === 'none' ? null : given)),
    defaults: perEnvironment(defaults),
    secret: false,
  };
}
