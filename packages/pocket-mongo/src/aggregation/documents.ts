import { entriesOf, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { compileExpression, compileWithin } from '../query/expression.js';
import { compileFilter } from '../query/matcher.js';
import { perDocumentStage } from '../query/pipeline-update.js';
import { expressionRoots, rootOf, rootsOf, union } from '../query/roots.js';
import { each, type Needs, paced, type StageDefinition } from './stage.js';

/** @throws CommandError 15959 */
export function matchSpec(argument: Value): Document {
  if (!isDocument(argument)) throw new CommandError(15959, 'the match filter must be an expression in an object');
  return argument;
}

export const match: StageDefinition = {
  compile(argument, { environment }) {
    const matches = compileFilter(matchSpec(argument), environment);
    return (rows) => each(rows, (row) => (matches(row) ? row : undefined));
  },
  needs: (argument) => ({ fields: rootsOf(matchSpec(argument)), ends: false }),
};

/** A stage that turns each document into one. */
function perDocument(name: string, needs: (argument: Value) => Needs): StageDefinition {
  return {
    compile(argument, { environment }) {
      const apply = perDocumentStage(name, argument, environment);
      if (!apply) throw new CommandError(40324, `Unrecognized pipeline stage name: '${name}'`);
      return (rows) => each(rows, apply);
    },
    needs,
  };
}

const ALL: Needs = { fields: 'all', ends: false };
const rootsOfKeys = (argument: Document) => new Set(Object.keys(argument).map(rootOf));

function addFieldsNeeds(argument: Value): Needs {
  if (!isDocument(argument)) return ALL;
  const nested = Object.entries(argument).filter(
    ([key, value]) => key.includes('.') || (isDocument(value) && !Object.keys(value)[0]?.startsWith('$')),
  );
  const own = new Set(nested.map(([key]) => rootOf(key)));
  return { fields: union([own, expressionRoots(argument)]), ends: false };
}

/** True for a projection that says what is left out. */
export function isExclusion(spec: Document): boolean {
  const [, value] = Object.entries(spec).find(([key]) => key !== '_id') ?? Object.entries(spec)[0] ?? [];
  if (isDocument(value) && !Object.keys(value)[0]?.startsWith('$')) return isExclusion(value);
  return value === false || (typeof value !== 'string' && Number(value) === 0);
}

function projectNeeds(argument: Value): Needs {
  if (!isDocument(argument)) return ALL;
  if (isExclusion(argument)) return { fields: new Set(), ends: false };
  return { fields: union([rootsOfKeys(argument), new Set(['_id']), expressionRoots(argument)]), ends: true };
}

export const addFields = perDocument('$addFields', addFieldsNeeds);
export const set = perDocument('$set', addFieldsNeeds);
export const unset = perDocument('$unset', () => ({ fields: new Set(), ends: false }));
export const project = perDocument('$project', projectNeeds);
export const replaceRoot = perDocument('$replaceRoot', (argument) => ({
  fields: isDocument(argument) ? expressionRoots(argument.newRoot) : 'all',
  ends: true,
}));
export const replaceWith = perDocument('$replaceWith', (argument) => ({
  fields: expressionRoots(argument),
  ends: true,
}));

/** `$documents`: rows from an expression. */
export const documents: StageDefinition = {
  first: 'database',
  refusedIn: ['$facet'],
  compile(argument, { environment }) {
    const list = compileExpression(argument, environment)({});
    if (!Array.isArray(list)) throw new CommandError(5858203, "an array is expected for '$documents'");
    const rows = list.map((one) => {
      if (!isDocument(one)) throw new CommandError(5858200, "'$documents' needs an array of objects");
      return one;
    });
    return () => paced(rows);
  },
};

/** `$redact`: goes down into a document and keeps or cuts its parts. */
export const redact: StageDefinition = {
  compile(argument, { environment }) {
    const decide = compileWithin(argument, environment);
    const reduce = (root: Document, part: Document): Document | undefined => {
      const decision = decide(root, part);
      if (decision === 'keep') return part;
      if (decision === 'prune') return undefined;
      if (decision !== 'descend')
        throw new CommandError(
          17053,
          "$redact's expression should not return anything aside from the variables $$KEEP, $$DESCEND, and $$PRUNE",
        );
      const result: Document = {};
      for (const [name, value] of entriesOf(part)) {
        const kept = inside(root, value);
        if (kept !== undefined) put(result, name, kept);
      }
      return result;
    };
    const inside = (root: Document, value: Value): Value => {
      if (isDocument(value)) return reduce(root, value);
      if (!Array.isArray(value)) return value;
      return value.map((element) => inside(root, element)).filter((element) => element !== undefined);
    };
    return (rows) => each(rows, (row) => reduce(row, row));
  },
};
