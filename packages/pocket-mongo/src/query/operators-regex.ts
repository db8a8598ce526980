import { BSONRegExp, type Document, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { missing, namedOperator, type Operator, type Operators, typeName } from './operator.js';
import { compileRegex } from './pcre.js';

const NAMED = {
  required: { input: 31022, regex: 31023 },
  optional: ['options'],
  notObject: 51103,
  unknown: 31024,
};

/** Compiled expressions by pattern and flags: the same one is used for every document. */
const compiled = new Map<string, RegExp>();

function compiledRegExp(pattern: string, flags: string, name: string): RegExp {
  const key = `${flags}/${pattern}`;
  let found = compiled.get(key);
  if (!found) {
    for (const flag of flags)
      if (!'imsxu'.includes(flag)) throw new CommandError(51108, `${name} invalid flag in regex options: ${flags}`);
    if (pattern.includes('\0'))
      throw new CommandError(51109, `${name}: regular expression cannot contain an embedded null byte`);
    try {
      found = compileRegex(pattern, flags);
    } catch (error) {
      if (error instanceof CommandError && error.code === 238) throw error;
      throw new CommandError(51111, `Invalid Regex in ${name}: ${error instanceof Error ? error.message : pattern}`);
    }
    if (compiled.size > 500) compiled.clear();
    compiled.set(key, found);
  }
  return found;
}

/** The input and the regular expression; undefined where one of them is null. */
function search({ input, regex, options }: Document, name: string): { input: string; regex: RegExp } | undefined {
  if (!missing(input) && typeof input !== 'string')
    throw new CommandError(51104, `${name} needs 'input' to be of type string`);
  if (!missing(regex) && typeof regex !== 'string' && !(regex instanceof BSONRegExp))
    throw new CommandError(51105, `${name} needs 'regex' to be of type string or regex`);
  if (!missing(options) && typeof options !== 'string')
    throw new CommandError(51106, `${name} needs 'options' to be of type string, found: ${typeName(options)}`);
  if (missing(regex)) return undefined;
  const own = regex instanceof BSONRegExp ? regex.options : '';
  if (own !== '' && !missing(options))
    throw new CommandError(51107, `${name} found regex option(s) specified in both 'regex' and 'option' fields`);
  const pattern = regex instanceof BSONRegExp ? regex.pattern : (regex as string);
  const made = compiledRegExp(pattern, own || ((options ?? '') as string), name);
  return missing(input) ? undefined : { input: input as string, regex: made };
}

function found(match: RegExpMatchArray): Document {
  const idx = Array.from((match.input ?? '').slice(0, match.index)).length;
  return { match: match[0], idx, captures: match.slice(1).map((capture): Value => capture ?? null) };
}

function regexOperator(nothing: () => Value, apply: (input: string, regex: RegExp) => Value): Operator {
  return namedOperator(NAMED, (values, _, name) => {
    const wanted = search(values, name);
    return wanted ? apply(wanted.input, wanted.regex) : nothing();
  });
}

export const regexOperators: Operators = {
  $regexMatch: regexOperator(
    () => false,
    (input, regex) => regex.test(input),
  ),
  $regexFind: regexOperator(
    () => null,
    (input, regex) => {
      const match = regex.exec(input);
      return match ? found(match) : null;
    },
  ),
  $regexFindAll: regexOperator(
    () => [],
    (input, regex) => Array.from(input.matchAll(new RegExp(regex, `${regex.flags}g`)), found),
  ),
};
