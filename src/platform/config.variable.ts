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

export function flag(name: string, description: string, defaults: Defaults<boolean>): Variable<boolean> {
  return {
    name,
    description,
    type: 'true or false',
    schema: Joi.boolean(),
    defaults: perEnvironment(defaults),
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

/** A comma-separated list of web origins as browsers send them: scheme, host and port, nothing behind. */
export function origins(name: string, description: string, fallback: readonly string[]): Variable<readonly string[]> {
  const read: Joi.CustomValidator = (given: string, helpers) => {
    const list = given.split(',').map((part) => part.trim());
    return list.every((part) => URL.canParse(part) && new URL(part).origin === part)
      ? list
      : helpers.error('any.invalid');
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
