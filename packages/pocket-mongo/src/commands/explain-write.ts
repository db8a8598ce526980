import { type Document, isDocument, truthy, type Value } from '../bson/values.js';
import { compileChange, compileUpdater, type UpdateStatement } from '../engine/change.js';
import { type Context, flag, optionalDocument, statementEnvironment } from '../engine/context.js';
import { upsertDocument } from '../engine/upsert.js';
import { CommandError } from '../errors.js';
import type { Query } from '../plan/execute.js';
import type { Found } from '../plan/found.js';
import { did } from '../plan/stages.js';
import type { Collection } from '../storage/catalog.js';
import { checkPart } from './arguments.js';
import { type Explained, explainQuery, explanationBody, type Verbosity } from './explain-plan.js';
import { arrayFiltersOf, sortOfOne } from './statements.js';

/** What an update would do, worked out on each document without writing it. */
async function explainChange(context: Context, statement: UpdateStatement, verbosity: Verbosity): Promise<Explained> {
  const collection = context.find(context.db, context.collectionName);
  const updater = compileUpdater(statement);
  const query = queryOf(statement, collection);
  const change = collection && compileChange(statement, collection, context.engine.changes.log);
  let modified = 0;
  const look = (found: Found) => {
    if (change && !change(found).bytes.equals(found.bytes)) modified++;
  };
  const explanation = await explainQuery(context, collection, query, verbosity, look);
  const matched = explanation.returned;
  const upserts = verbosity !== 'queryPlanner' && matched === 0 && statement.upsert;
  // An upsert that could not be is an error here too.
  if (upserts) upsertDocument(statement, updater);
  explanation.returned = 0;
  return explanationBody(context, explanation, verbosity, (inputStage, ran) => ({
    stage: 'UPDATE',
    ...did(ran, 0),
    ...(ran ? { nMatched: matched, nWouldModify: modified, nWouldUpsert: upserts ? 1 : 0 } : {}),
    inputStage,
  }));
}

function queryOf(statement: UpdateStatement, collection: Collection | undefined): Query {
  const { filter, hint, sort, environment, multi } = statement;
  return { filter, hint, sort, environment, limit: multi ? undefined : 1, needs: collection?.fields };
}

export function explainUpdate(context: Context, verbosity: Verbosity): Promise<Explained> {
  const given = onlyStatement(context.command.updates, 'update');
  return explainChange(
    context,
    {
      filter: optionalDocument(given.q, 'update.updates.q') ?? {},
      update: given.u,
      multi: flag(given.multi),
      upsert: flag(given.upsert),
      arrayFilters: arrayFiltersOf(given.arrayFilters),
      hint: given.hint,
      sort: sortOfOne(given.sort, given.multi),
      environment: statementEnvironment(context, given.collation, given.c),
    },
    verbosity,
  );
}

export function explainDelete(context: Context, verbosity: Verbosity): Promise<Explained> {
  const given = onlyStatement(context.command.deletes, 'delete');
  return explainRemoval(context, verbosity, {
    filter: optionalDocument(given.q, 'delete.deletes.q') ?? {},
    hint: given.hint,
    limit: truthy(given.limit) ? 1 : undefined,
    environment: statementEnvironment(context, given.collation),
  });
}

async function explainRemoval(context: Context, verbosity: Verbosity, query: Query): Promise<Explained> {
  const collection = context.find(context.db, context.collectionName);
  const explanation = await explainQuery(context, collection, query, verbosity);
  const nWouldDelete = explanation.returned;
  explanation.returned = 0;
  return explanationBody(context, explanation, verbosity, (inputStage, ran) => ({
    stage: 'DELETE',
    ...did(ran, 0),
    ...(ran ? { nWouldDelete } : {}),
    inputStage,
  }));
}

export function explainFindAndModify(context: Context, verbosity: Verbosity): Promise<Explained> {
  const { command, environment } = context;
  const filter = optionalDocument(command.query, 'findAndModify.query') ?? {};
  const sort = optionalDocument(command.sort, 'findAndModify.sort');
  if (flag(command.remove))
    return explainRemoval(context, verbosity, { filter, sort, hint: command.hint, limit: 1, environment });
  return explainChange(
    context,
    {
      filter,
      update: command.update,
      multi: false,
      upsert: flag(command.upsert),
      arrayFilters: arrayFiltersOf(command.arrayFilters),
      hint: command.hint,
      sort,
      environment,
    },
    verbosity,
  );
}

/** The statement of an update or delete that is explained: there can be but one. */
function onlyStatement(list: Value, what: string): Document {
  if (!Array.isArray(list) || list.length !== 1 || !isDocument(list[0]))
    throw new CommandError(72, `explained write batches must be of size 1, for ${what}`);
  checkPart(list[0], `${what}.${what}s`);
  return list[0];
}
