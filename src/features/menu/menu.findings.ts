import { BrigadeError, type FieldError } from '../../kernel/errors.js';

/** Says that something is wrong with a field. */
export type Complain = (field: string, message: string) => void;

/** Gathers everything that is wrong with an input, so that the person corrects it in one go. */
export class Findings {
  readonly #errors: FieldError[] = [];

  /** Complaints about the fields below a path. */
  at(path: string): Complain {
    return (field, message) => this.#errors.push({ field: path === '' ? field : `${path}.${field}`, message });
  }

  /** @throws validation_failed when there were complaints */
  refuse(): void {
    const [first, ...others] = this.#errors;
    if (first === undefined) return;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    throw new BrigadeError('validation_failed', {
      detail: `${first.field}: ${first.message}${more}`,
      errors: this.#errors,
    });
  }
}
