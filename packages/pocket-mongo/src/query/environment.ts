import { BINARY, type Ordering } from '../bson/ordering.js';
import type { Value } from '../bson/values.js';

/** What a command gives to all filters, expressions and sorts it holds: the same for its whole run. */
export interface Environment {
  /** The command's `let`, and the variables of stages around. */
  readonly variables: Readonly<Record<string, Value>>;
  readonly ordering: Ordering;
  /** `$$NOW`: one moment for the whole command. */
  readonly now: Date;
}

/** No variables, no collation; for filters that are no part of a command, like those of partial indexes. */
export const PLAIN: Environment = {
  variables: {},
  ordering: BINARY,
  get now() {
    return new Date();
  },
};

/** As PLAIN, for filters of a collection or an index with a collation of its own. */
export function plainWith(ordering: Ordering): Environment {
  if (ordering === BINARY) return PLAIN;
  return {
    variables: {},
    ordering,
    get now() {
      return new Date();
    },
  };
}

export function withVariables(environment: Environment, more: Readonly<Record<string, Value>>): Environment {
  const { ordering, now } = environment;
  return { ordering, now, variables: { ...environment.variables, ...more } };
}
