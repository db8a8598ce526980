import type Joi from 'joi';
import { BrigadeError, type FieldError } from '../kernel/errors.js';
import { fieldOf, labelOf, measure, shown } from './budget.js';
import { type LongList, longListsOf } from './long-lists.js';
import { shapeOf } from './shape.js';
import { inSlices } from './slices.js';

/** Inputs up to here are validated in one go, and everything wrong with them is found. Most have a few dozen values. */
const MANY_VALUES = 400;
/** Outputs with a longer list are checked in slices. */
const MANY_ITEMS = 20;
/** Wrong fields an answer names. */
const MAX_ERRORS = 20;
/** Longest sentence about one of them, characters: joi repeats a text that does not match. */
const MAX_SENTENCE = 300;

const asInput = { abortEarly: false, convert: true, errors: { wrap: { label: false } } } as const;

/** The input as the schema makes it (trimmed, defaults filled in). @throws validation_failed naming the wrong fields */
export function validated<T>(schema: Joi.ObjectSchema<T>, input: unknown): T {
  const given = input ?? {};
  return validatedWhole(schema, given, measure(given, shapeOf(schema)));
}

/** The same for an input of any size: a long one is worked through in slices, so that nobody waits for it. */
export async function validatedInput<T>(schema: Joi.ObjectSchema<T>, input: unknown): Promise<T> {
  const given = input ?? {};
  const values = measure(given, shapeOf(schema));
  if (values <= MANY_VALUES) return validatedWhole(schema, given, values);
  const { lists, frame } = longListsOf(schema);
  if (lists.length === 0) return validatedWhole(schema, given, values);
  return inSlices(async (rest) => {
    const errors: FieldError[] = [];
    let whole: unknown = given;
    for (const list of lists) {
      const items = at(given, list.path);
      if (Array.isArray(items)) whole = withAt(whole, list.path, await eachValidated(items, list, errors, rest));
      if (errors.length >= MAX_ERRORS) throw refusal(errors);
    }
    const { value, error } = frame.validate(whole, { ...asInput, abortEarly: true });
    errors.push(...(error?.details ?? []).map((one) => complaint(one)));
    if (errors.length > 0) throw refusal(errors);
    return value as T;
  });
}

function validatedWhole<T>(schema: Joi.ObjectSchema<T>, given: unknown, values: number): T {
  // Of many values the first that is wrong is enough: a report on each costs more than they do.
  const { value, error } = schema.validate(given, { ...asInput, abortEarly: values > MANY_VALUES });
  if (error === undefined) return value as T;
  throw refusal(error.details.slice(0, MAX_ERRORS).map((one) => complaint(one)));
}

/** The items as the schema makes them; up to the first that is wrong in each goes into `errors`, until there are enough. */
async function eachValidated(
  items: readonly unknown[],
  { path, item }: LongList,
  errors: FieldError[],
  rest: () => Promise<void>,
): Promise<unknown[]> {
  const made: unknown[] = [];
  for (let i = 0; i < items.length && errors.length < MAX_ERRORS; i += 1) {
    await rest();
    const { value, error } = item.validate(items[i], { ...asInput, abortEarly: true });
    made.push(value);
    for (const one of error?.details ?? []) errors.push(complaint(one, [...path, i]));
  }
  return made;
}

function complaint({ path, message, context }: Joi.ValidationErrorItem, below: (string | number)[] = []): FieldError {
  const whole = [...below, ...path];
  const label = String(context?.label ?? '');
  // Alone, an item is `value` to joi, and its fields are named from there.
  const named = whole.length > 0 && message.startsWith(label);
  const said = named ? `${labelOf(whole)}${message.slice(label.length)}` : message;
  return { field: fieldOf(whole), message: shown(said.replace(/ 1 (item|character)s\b/, ' 1 $1'), MAX_SENTENCE) };
}

function refusal(errors: FieldError[]): BrigadeError {
  return new BrigadeError('validation_failed', { detail: errors.map(({ message }) => message).join('; '), errors });
}

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((inside, name) => (inside as Record<string, unknown> | undefined | null)?.[name], value);
}

function withAt(value: unknown, [name, ...rest]: readonly string[], inside: unknown): unknown {
  if (name === undefined) return inside;
  const object = value as Record<string, unknown>;
  return { ...object, [name]: withAt(object[name], rest, inside) };
}

/** Whether what we answer or announce is as declared. @throws Error saying what is not */
export async function assertShape(schema: Joi.Schema, value: unknown, what: string): Promise<void> {
  const { lists, frame } = longListsOf(schema);
  const parts = lists.flatMap(({ path, item }) => {
    const items = at(value, path);
    return Array.isArray(items) ? items.map((one, index) => ({ one, item, place: [...path, index].join('.') })) : [];
  });
  if (parts.length <= MANY_ITEMS) return assertOne(schema, value, what);
  await inSlices(async (rest) => {
    for (const { one, item, place } of parts) {
      await rest();
      assertOne(item, one, `${what} at ${place}`);
    }
  });
  assertOne(frame, value, what);
}

function assertOne(schema: Joi.Schema, value: unknown, what: string): void {
  const { error } = schema.validate(value, { convert: false });
  // Texts that were stored before inputs were composed are shown as they are.
  if (error !== undefined && error.details[0]?.type !== 'string.normalize')
    throw new Error(`The ${what} breaks its schema: ${error.message}`);
}
