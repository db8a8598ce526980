import { documentOf, entriesOf } from '../bson/field-order.js';
import type { Document } from '../bson/values.js';
import { isOperators } from '../query/matcher.js';
import type { IndexDefinition } from '../storage/index-definition.js';
import type { Examined } from './access.js';
import { boundsText } from './bounds-text.js';
import type { Access, Plan } from './plan.js';
import type { FieldBounds } from './predicates.js';

/** What a run came to, for the stages of `executionStats`. */
export interface Ran {
  readonly examined: Examined;
  readonly returned: number;
}

/** A filter as MongoDB shows it when it has read it: every condition an operator of its own. */
export function parsedQuery(filter: Document): Document {
  const clauses: Document[] = [];
  for (const [name, condition] of entriesOf(filter)) {
    if (name === '$comment') continue;
    if (name === '$and' && Array.isArray(condition)) {
      for (const clause of condition) clauses.push(parsedQuery(clause as Document));
    } else if (name.startsWith('$')) {
      clauses.push({ [name]: condition });
    } else if (isOperators(condition)) {
      for (const [operator, operand] of entriesOf(condition))
        if (operator !== '$options') clauses.push({ [name]: { [operator]: operand } });
    } else clauses.push({ [name]: { $eq: condition } });
  }
  const filled = clauses.filter((clause) => Object.keys(clause).length > 0);
  return filled.length > 1 ? { $and: filled } : (filled[0] ?? {});
}

/** The stages that find the documents of a plan. With `ran` they carry what they did. */
export function accessStage(plan: Plan, filter: Document, ran: Ran | undefined): Document {
  const { access, exact } = plan;
  const parsed = exact ? {} : parsedQuery(filter);
  const shown = Object.keys(parsed).length > 0 ? { filter: parsed } : {};
  if (access.kind === 'scan') {
    const looked = ran ? { docsExamined: ran.examined.documents } : {};
    const direction = access.reverse ? 'backward' : 'forward';
    return { stage: 'COLLSCAN', ...shown, ...did(ran, ran?.returned), direction, ...looked };
  }
  const looked = ran ? { docsExamined: ran.examined.documents, alreadyHasObj: 0 } : {};
  const inputStage = keyStage(access, ran?.examined, plan.sorted);
  return { stage: 'FETCH', ...shown, ...did(ran, ran?.returned), ...looked, inputStage };
}

/** The stages that give the places of documents: an index scan, or several together. */
function keyStage(access: Access, examined: Examined | undefined, sorted: boolean): Document {
  const ran = examined && { examined, returned: examined.keys };
  if (access.kind === 'union') {
    const inputStages = access.branches.map((branch, i) =>
      keyStage(branch.access, examined && (examined.branches?.[i] ?? { keys: 0, documents: 0 }), branch.sorted),
    );
    return { stage: sorted ? 'SORT_MERGE' : 'OR', ...did(ran, ran?.returned), inputStages };
  }
  if (access.kind === 'scan') return { stage: 'COLLSCAN', direction: 'forward' };
  const keys = ran ? { keysExamined: ran.examined.keys, seeks: 1, dupsTested: 0, dupsDropped: 0 } : {};
  const reverse = access.kind === 'index' && access.reverse;
  return { stage: 'IXSCAN', ...did(ran, ran?.returned), ...indexShape(access.index, access.fields, reverse), ...keys };
}

/** What `explain` says of the index that a stage reads. */
export function indexShape(index: IndexDefinition, fields: readonly FieldBounds[], reverse: boolean): Document {
  const bounds = index.paths.map((path, i) => {
    const backward = (index.directions[i] === -1) !== reverse;
    return [path, boundsText(fields[i], backward)] as const;
  });
  return {
    keyPattern: index.key,
    indexName: index.name,
    isMultiKey: index.multikey,
    multiKeyPaths: documentOf(index.paths.map((path) => [path, []])),
    isUnique: index.unique,
    isSparse: index.sparse,
    isPartial: index.partial !== undefined,
    indexVersion: 2,
    direction: reverse ? 'backward' : 'forward',
    indexBounds: documentOf(bounds),
  };
}

/** The counters that every stage has. */
export function did(ran: Ran | undefined, returned: number | undefined): Document {
  if (!ran) return {};
  const works = Math.max(ran.examined.keys, ran.examined.documents) + 1;
  return {
    nReturned: returned,
    executionTimeMillisEstimate: 0,
    works,
    advanced: returned,
    needTime: Math.max(works - (returned ?? 0) - 1, 0),
    needYield: 0,
    saveState: 0,
    restoreState: 0,
    isEOF: 1,
  };
}
