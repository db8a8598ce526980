import type { Value } from '../bson/values.js';

/** What an expression sees: the document it stands on and the variables around it. */
export interface Scope {
  root: Value;
  current: Value;
  variables: Readonly<Record<string, Value>>;
}

export type Evaluate = (scope: Scope) => Value;
/** An operator compiles its argument once; `compile` handles what is nested in it. */
export type Operator = (argument: Value, compile: (expression: Value) => Evaluate) => Evaluate;
