import { BrigadeError } from '../kernel/errors.js';
import type { Shape } from './shape.js';

/**
 * What an input may cost before joi looks at it. Joi takes some microseconds for each value and more for each complaint,
 * compares lists pair by pair and follows whatever is nested: a megabyte of zeros where a few tax classes belong kept
 * everybody waiting for seconds. So each input is walked once, in the order in which it stands, and refused at the first
 * thing that the schema could not take anyway.
 */

/** What no schema asked for, in one input: enough that joi names a handful of misspelt fields. */
const MAX_STRANGE = 100;
/** Where a schema takes anything (a batch's commands, each of which has a budget of its own afterwards). */
const MAX_OPEN = 50_000;
const MAX_DEPTH = 20;

/** Longer names and texts of a client are not repeated to it whole. */
const SHOWN = 120;
export const shown = (text: string, most = SHOWN): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** How an error names a field: `lines.0.note`. */
export const fieldOf = (path: readonly (string | number)[]): string => shown(path.join('.'));

/** How joi names it in a sentence: `lines[0].note`. */
export const labelOf = (path: readonly (string | number)[]): string =>
  shown(
    path.reduce<string>(
      (text, step) => (typeof step === 'number' ? `${text}[${step}]` : text === '' ? step : `${text}.${step}`),
      '',
    ),
  );

/** Walks an input and answers how many values it has. @throws validation_failed naming the field that is over budget */
export function measure(input: unknown, shape: Shape): number {
  const walk = new Walk();
  walk.visit(input, shape);
  return walk.values;
}

/** Below what no schema asked for. */
const strange: Shape = { open: false, maxItems: 0, maxLength: 0, trims: false };
const anything: Shape = { ...strange, open: true };

class Walk {
  values = 0;
  #strange = 0;
  #open = 0;
  readonly #path: (string | number)[] = [];

  visit(value: unknown, shape: Shape): void {
    this.values += 1;
    if (shape === strange && ++this.#strange > MAX_STRANGE)
      this.#refuse(`and ${MAX_STRANGE} others have no place here`);
    if (shape.open && ++this.#open > MAX_OPEN) this.#refuse(`is one of more than ${MAX_OPEN} values`);
    if (typeof value === 'string') this.#text(value, shape);
    else if (typeof value !== 'object' || value === null) return;
    else if (Array.isArray(value)) this.#list(value, shape);
    else this.#object(value as Record<string, unknown>, shape);
  }

  #text(text: string, shape: Shape): void {
    // Where a list or an object is due joi needs no look at the text to refuse it.
    if (shape === strange || shape.open || text.length <= shape.maxLength) return;
    if (shape.keys !== undefined || shape.items !== undefined) return;
    if (shape.trims && text.trim().length <= shape.maxLength) return;
    this.#refuse(`length must be less than or equal to ${shape.maxLength} characters long`);
  }

  #list(list: readonly unknown[], { open, items, maxItems }: Shape): void {
    if (items !== undefined && list.length > maxItems)
      this.#refuse(`must contain less than or equal to ${maxItems} items`);
    const each = items ?? (open ? anything : strange);
    this.#descend();
    for (let i = 0; i < list.length; i += 1) {
      this.#path.push(i);
      this.visit(list[i], each);
      this.#path.pop();
    }
  }

  #object(object: Record<string, unknown>, { open, keys }: Shape): void {
    this.#descend();
    for (const name in object) {
      this.#path.push(name);
      // Joi drops it in silence, as any copy of an object would.
      if (name === '__proto__') this.#refuse('is not allowed');
      this.visit(object[name], keys?.get(name) ?? (open ? anything : strange));
      this.#path.pop();
    }
  }

  #descend(): void {
    if (this.#path.length >= MAX_DEPTH) this.#refuse('is nested too deep');
  }

  #refuse(message: string): never {
    const said = `${labelOf(this.#path) || 'The input'} ${message}`;
    const errors = [{ field: fieldOf(this.#path), message: said }];
    throw new BrigadeError('validation_failed', { detail: said, errors });
  }
}
