import { entriesOf } from '../bson/field-order.js';
import { BSONRegExp, type Document, isDocument, type Value } from '../bson/values.js';
import type { Environment } from './environment.js';
import { compileExpression } from './expression.js';
import { compileFilter, isOperators } from './matcher.js';
import { typeName } from './operators-basic.js';
import { visitPath } from './path.js';
import { compileSchema } from './schema.js';

/** One condition of a filter: a logical operator with its clauses, or an operator on a path. */
interface Condition {
  /** A filter of this condition alone. */
  readonly filter: Document;
  readonly operatorName: string;
  readonly path: string | undefined;
  readonly operand: Value;
}

/** Why operators fail, and why they fail below a negation. */
const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  $in: ['no matching value found in array', 'matching value found in array'],
  $nin: ['matching value found in array', 'no matching value found in array'],
  $ne: ['comparison succeeded', 'comparison failed'],
  $type: ['type did not match', 'type did match'],
  $exists: ['path does not exist', 'path does exist'],
  $regex: ['regular expression did not match', 'regular expression did match'],
  $mod: ['$mod did not evaluate to expected remainder', '$mod did evaluate to expected remainder'],
  $size: ['array length was not equal to given size', 'array length was equal to given size'],
  $all: ['array did not contain all specified values', 'array did contain all specified values'],
  $elemMatch: ['array did not satisfy the child predicate', 'array did satisfy the child predicate'],
  $alwaysFalse: ['expression always evaluates to false', 'expression always evaluates to false'],
  $alwaysTrue: ['expression always evaluates to true', 'expression always evaluates to true'],
};
const BITS = ['bitwise operator failed to match', 'bitwise operator matched successfully'] as const;
const COMPARISON = ['comparison failed', 'comparison succeeded'] as const;

/** Says, as MongoDB's document validation does, why a document does not match a filter. */
export function explainMismatch(filter: Document, document: Document, environment: Environment): Document {
  return explainAll(conditionsOf(filter), filter, document, environment);
}

function explainAll(
  conditions: readonly Condition[],
  whole: Document,
  document: Document,
  environment: Environment,
): Document {
  const [first, second] = conditions;
  if (first && !second) return explainOne(first, document, environment);
  const clauses = conditions.map((condition) => condition.filter);
  return { operatorName: '$and', ...unsatisfied(clauses.length > 0 ? clauses : [whole], document, environment) };
}

function conditionsOf(filter: Document): Condition[] {
  return entriesOf(filter).flatMap(([key, condition]): Condition[] => {
    if (key === '$comment') return [];
    if (key.startsWith('$'))
      return [{ filter: { [key]: condition }, operatorName: key, path: undefined, operand: condition }];
    if (!isOperators(condition)) {
      const operatorName = condition instanceof BSONRegExp ? '$regex' : '$eq';
      return [{ filter: { [key]: condition }, operatorName, path: key, operand: condition }];
    }
    return entriesOf(condition)
      .filter(([operatorName]) => operatorName !== '$options')
      .map(([operatorName, operand]) => {
        const options = operatorName === '$regex' && '$options' in condition ? { $options: condition.$options } : {};
        return { filter: { [key]: { [operatorName]: operand, ...options } }, operatorName, path: key, operand };
      });
  });
}

function unsatisfied(clauses: readonly Value[], document: Document, environment: Environment): Document {
  const clausesNotSatisfied = clauses.filter(isDocument).flatMap((clause, index): Document[] => {
    if (compileFilter(clause, environment)(document)) return [];
    return [{ index, details: explainMismatch(clause, document, environment) }];
  });
  return { clausesNotSatisfied };
}

function explainOne(condition: Condition, document: Document, environment: Environment): Document {
  const { operatorName, operand, path, filter } = condition;
  if (path !== undefined) return explainLeaf(condition, document, false);
  switch (operatorName) {
    case '$and':
    case '$or':
      return { operatorName, ...unsatisfied(operand as Value[], document, environment) };
    case '$nor':
      return { operatorName, clausesSatisfied: satisfied(operand as Value[], document, environment) };
    case '$jsonSchema': {
      const { about, failures } = compileSchema(operand);
      return { operatorName, ...about, schemaRulesNotSatisfied: failures(document) };
    }
    case '$expr': {
      const expressionResult = compileExpression(operand, environment)(document) ?? null;
      return { operatorName, specifiedAs: filter, reason: 'expression did not match', expressionResult };
    }
    default:
      return { operatorName, specifiedAs: filter, reason: (REASONS[operatorName] ?? COMPARISON)[0] };
  }
}

function satisfied(clauses: readonly Value[], document: Document, environment: Environment): Document[] {
  return clauses.filter(isDocument).flatMap((clause, index): Document[] => {
    if (!compileFilter(clause, environment)(document)) return [];
    const [only, second] = conditionsOf(clause);
    const details: Document =
      only?.path !== undefined && !second
        ? explainLeaf(only, document, true)
        : { operatorName: second ? '$and' : (only?.operatorName ?? '$and'), specifiedAs: clause };
    return [{ index, details }];
  });
}

function explainLeaf(
  { operatorName, filter, path = '', operand }: Condition,
  document: Document,
  negated: boolean,
): Document {
  if (operatorName === '$not' && isDocument(operand)) {
    const inner = conditionsOf({ [path]: operand }).map((condition) => explainLeaf(condition, document, !negated));
    return { operatorName, details: inner.length === 1 ? inner[0] : { operatorName: '$and', clausesSatisfied: inner } };
  }
  const values = valuesAt(document, path);
  const result: Document = { operatorName, specifiedAs: filter };
  if (operatorName === '$exists') return { ...result, reason: reasonOf('$exists', values.length > 0) };
  if (values.length === 0) return { ...result, reason: 'field was missing' };
  const considered: Document = values.length === 1 ? { consideredValue: values[0] } : { consideredValues: [...values] };
  if (operatorName !== '$type') return { ...result, reason: reasonOf(operatorName, negated), ...considered };
  const types = [...new Set(values.map(typeName))];
  return {
    ...result,
    reason: reasonOf('$type', negated),
    ...considered,
    ...(types.length === 1 ? { consideredType: types[0] } : { consideredTypes: types }),
  };
}

function reasonOf(operatorName: string, negated: boolean): string {
  const reasons = operatorName.startsWith('$bits') ? BITS : (REASONS[operatorName] ?? COMPARISON);
  return reasons[negated ? 1 : 0];
}

function valuesAt(document: Document, path: string): Value[] {
  const values: Value[] = [];
  visitPath(document, path.split('.'), 0, (leaf) => {
    if (leaf !== undefined) values.push(leaf);
    return false;
  });
  return values;
}
