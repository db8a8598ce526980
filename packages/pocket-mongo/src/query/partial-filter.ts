import { entriesOf } from '../bson/field-order.js';
import { BSONRegExp, type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { compileFilter, isOperators } from './matcher.js';

/** Of these the planner of MongoDB can tell whether a query asks for no more than what the index holds. */
const ALLOWED = new Set(['$eq', '$gt', '$gte', '$lt', '$lte', '$in', '$all', '$type']);

/**
 * The filter of a partial index: MongoDB takes only some conditions there, and an index that is made here should be one
 * that can be made there. @throws CommandError 67, and as any filter that is wrong
 */
export function checkPartialFilter(filter: Document): void {
  compileFilter(filter);
  checkClause(filter);
}

function checkClause(filter: Document): void {
  for (const [key, condition] of entriesOf(filter)) {
    if (key === '$and' || key === '$or') {
      // `compileFilter` has seen to it that they are a list of documents.
      for (const clause of Array.isArray(condition) ? condition : []) if (isDocument(clause)) checkClause(clause);
    } else if (key.startsWith('$') && key !== '$comment') throw unsupported(key);
    else if (condition instanceof BSONRegExp) throw unsupported('$regex');
    else if (isOperators(condition)) checkOperators(condition);
  }
}

function checkOperators(condition: Document): void {
  for (const [operator, operand] of entriesOf(condition)) {
    if (!isAllowed(operator, operand)) throw unsupported(operator);
  }
}

function isAllowed(operator: string, operand: Value): boolean {
  return operator === '$exists' ? truthy(operand) : ALLOWED.has(operator);
}

function unsupported(what: string): CommandError {
  return new CommandError(67, `Expression not supported in partial index: ${what}`);
}
