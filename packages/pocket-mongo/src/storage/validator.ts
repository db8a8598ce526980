import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError, notImplemented } from '../errors.js';
import { type Environment, PLAIN } from '../query/environment.js';
import { explainMismatch } from '../query/explain-mismatch.js';
import { compileFilter } from '../query/matcher.js';

/** Checks new states of documents against a collection's `validator`. */
export interface Validator {
  /**
   * `before` is the state that an update changes; with `validationLevel: 'moderate'` one that was invalid already may
   * stay so. @throws CommandError 121 with `errInfo`.
   */
  check(after: Document, before: (() => Document) | undefined): void;
}

const LEVELS: readonly Value[] = ['off', 'strict', 'moderate'];
const ACTIONS: readonly Value[] = ['error', 'warn'];
/** They need all documents, an order of them, or code that runs in the server. */
const NOT_IN_VALIDATORS = new Set(['$text', '$where', '$near', '$nearSphere', '$geoNear', '$sampleRate']);

/**
 * Compiles the options `validator`, `validationLevel` and `validationAction` of a collection; undefined where nothing is
 * to be checked. `validationAction: 'warn'` lets everything pass (MongoDB would write to its log).
 * @throws CommandError for an option or a filter that MongoDB refuses: 2, 9, 14.
 */
export function compileValidator(options: Document, environment: Environment = PLAIN): Validator | undefined {
  const { validator, validationLevel = 'strict', validationAction = 'error' } = options;
  checkChoice(validationLevel, 'validationLevel', LEVELS);
  checkChoice(validationAction, 'validationAction', ACTIONS);
  if (validator === undefined) return undefined;
  if (!isDocument(validator))
    throw new CommandError(14, "BSON field 'validator' is the wrong type, expected type 'object'");
  refuseOperators(validator);
  const match = compileFilter(validator, environment);
  if (Object.keys(validator).length === 0 || validationLevel === 'off' || validationAction === 'warn') return undefined;
  return {
    check(after, before) {
      if (match(after)) return;
      if (validationLevel === 'moderate' && before && !match(before())) return;
      const errInfo = {
        failingDocumentId: after._id,
        details: explainMismatch(validator, after, environment),
      };
      throw new CommandError(121, 'Document failed validation', [], { errInfo });
    },
  };
}

/**
 * The validator of a stored collection. One that cannot be used any more, because another version of this server took it,
 * keeps no database from opening: until `collMod` sets another one it refuses all writes, as MongoDB does.
 */
export function storedValidator(options: Document, environment: Environment): Validator | undefined {
  try {
    return compileValidator(options, environment);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const code = error instanceof CommandError ? error.code : 2;
    return {
      check() {
        throw new CommandError(
          code,
          `The stored validator of the collection cannot be used, so nothing can be written until collMod sets another: ${why}`,
        );
      },
    };
  }
}

function checkChoice(given: Value, name: string, choices: readonly Value[]): void {
  if (typeof given !== 'string')
    throw new CommandError(14, `BSON field '${name}' is the wrong type, expected type 'string'`);
  if (given === 'errorAndLog') throw notImplemented('validationAction errorAndLog');
  if (!choices.includes(given))
    throw new CommandError(2, `Enumeration value '${given}' for field '${name}' is not a valid value.`);
}

function refuseOperators(filter: Value): void {
  if (Array.isArray(filter)) for (const clause of filter) refuseOperators(clause);
  if (!isDocument(filter)) return;
  for (const [name, value] of Object.entries(filter)) {
    if (NOT_IN_VALIDATORS.has(name)) throw new CommandError(2, `${name} is not allowed in this context`);
    if (name !== '$expr' && name !== '$jsonSchema') refuseOperators(value);
  }
}
