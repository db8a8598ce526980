import { isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { type Compiler, type Evaluate, missing, typeName } from './operator.js';

/** `$zip`: the rows of several columns. */
export function zip(argument: Value, compiler: Compiler): Evaluate {
  if (!isDocument(argument))
    throw new CommandError(34460, `$zip only supports an object as an argument, found ${typeName(argument)}`);
  for (const key of Object.keys(argument))
    if (!['inputs', 'defaults', 'useLongestLength'].includes(key))
      throw new CommandError(34464, `$zip found an unknown argument: ${key}`);
  const { inputs = [], defaults, useLongestLength = false } = argument;
  if (!Array.isArray(inputs))
    throw new CommandError(34461, `inputs must be an array of expressions, found ${typeName(inputs)}`);
  if (defaults !== undefined && !Array.isArray(defaults))
    throw new CommandError(34462, `defaults must be an array of expressions, found ${typeName(defaults)}`);
  if (typeof useLongestLength !== 'boolean')
    throw new CommandError(34463, `useLongestLength must be a bool, found ${typeName(useLongestLength)}`);
  if (inputs.length === 0) throw new CommandError(34465, '$zip requires at least one input array');
  if (defaults && !useLongestLength)
    throw new CommandError(34466, 'cannot specify defaults unless useLongestLength is true');
  if (defaults && defaults.length !== inputs.length)
    throw new CommandError(34467, 'defaults and inputs must have the same length');
  const columns = inputs.map((input) => compiler.compile(input));
  const fillers = (defaults ?? []).map((one) => compiler.compile(one));
  return (scope) => {
    const lists = columns.map((column) => column(scope));
    if (lists.some(missing)) return null;
    const arrays = lists.map(columnOf);
    const lengths = arrays.map((list) => list.length);
    const fill = fillers.map((filler) => filler(scope) ?? null);
    const length = useLongestLength ? Math.max(...lengths) : Math.min(...lengths);
    return Array.from({ length }, (_, row) =>
      arrays.map((list, i): Value => (row < list.length ? list[row] : (fill[i] ?? null))),
    );
  };
}

function columnOf(list: Value): Value[] {
  if (!Array.isArray(list))
    throw new CommandError(34468, `$zip found a non-array expression in input: ${typeName(list)}`);
  return list;
}
