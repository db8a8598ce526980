import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import type { Environment } from './environment.js';
import { type Compiler, checkNamed, type Evaluate, missing, type Named, typeName } from './operator.js';
import { compileSort } from './sort.js';

const NAMED: Named = { required: { input: 2942502, sortBy: 2942503 }, notObject: 2942500, unknown: 2942501 };

/** `$sortArray`: by the whole elements, or by their fields. */
export function sortArray(argument: Value, compiler: Compiler, name: string): Evaluate {
  const given = checkNamed(argument, NAMED, name);
  const input = compiler.compile(given.input);
  const order = elementOrder(given.sortBy, compiler.environment);
  return (scope) => {
    const list = input(scope);
    if (missing(list)) return null;
    if (!Array.isArray(list))
      throw new CommandError(
        2942504,
        `The input argument to $sortArray must be an array, but was of type: ${typeName(list)}`,
      );
    return list.map((element) => element ?? null).sort(order);
  };
}

function elementOrder(sortBy: Value, environment: Environment): (a: Value, b: Value) => number {
  if (isDocument(sortBy)) {
    if (Object.keys(sortBy).length === 0)
      throw new CommandError(2942505, 'The sortBy pattern of $sortArray must not be empty');
    const { compare } = compileSort(sortBy, environment);
    return (a, b) => compare(a as Document, b as Document);
  }
  const direction = asNumber(sortBy);
  if (direction !== 1 && direction !== -1)
    throw new CommandError(2942507, 'Illegal key in $sort specification: the sort order must be 1 or -1');
  return (a, b) => environment.ordering.compare(a, b) * direction;
}
