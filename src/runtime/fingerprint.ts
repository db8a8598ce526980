import type Joi from 'joi';

/** What is read of `schema.describe()`, which joi types as `any`. */
interface Described {
  metas?: readonly { secret?: boolean }[];
  keys?: Readonly<Record<string, Described>>;
  items?: readonly Described[];
  matches?: readonly { schema?: Described }[];
}

type Strip = (value: unknown) => unknown;

const known = new WeakMap<Joi.Schema, Strip | null>();

/**
 * The input as text, by which a repeated command is known as the same. Without what its schema marks `secret`: a fast
 * hash of a password, kept for a week beside its argon2 hash, would be the place to try passwords at.
 */
export function textOf(schema: Joi.Schema, input: unknown): string {
  let strip = known.get(schema);
  if (strip === undefined) {
    strip = stripOf(schema.describe() as Described) ?? null;
    known.set(schema, strip);
  }
  return JSON.stringify(strip === null ? input : strip(input));
}

/** Takes the secrets out of a value of this schema; undefined where there are none. */
function stripOf({ metas, keys = {}, items = [], matches = [] }: Described): Strip | undefined {
  if (metas?.some(({ secret }) => secret) === true) return () => undefined;
  const fields = Object.entries(keys).flatMap(([key, field]) => {
    const strip = stripOf(field);
    return strip === undefined ? [] : [[key, strip] as const];
  });
  if (fields.length > 0) return (value) => (isObject(value) ? withStripped(value, fields) : value);
  const ofItems = items.map(stripOf).find((strip) => strip !== undefined);
  if (ofItems !== undefined) return (value) => (Array.isArray(value) ? value.map(ofItems) : value);
  const branches = matches.flatMap(({ schema }) => (schema && stripOf(schema)) ?? []);
  if (branches.length === 0) return undefined;
  return (value) => branches.reduce((left, strip) => strip(left), value);
}

function withStripped(value: object, fields: readonly (readonly [string, Strip])[]): object {
  const copy: Record<string, unknown> = { ...value };
  for (const [key, strip] of fields) if (key in copy) copy[key] = strip(copy[key]);
  return copy;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
