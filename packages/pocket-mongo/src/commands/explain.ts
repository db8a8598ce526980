import { hostname } from 'node:os';
import type { Document, Value } from '../bson/values.js';
import { Context, documentOf, type Handler } from '../engine/context.js';
import { badValue, CommandError } from '../errors.js';
import { checkArguments } from './arguments.js';
import { explainAggregate } from './explain-aggregate.js';
import type { Explained, Verbosity } from './explain-plan.js';
import { explainCount, explainDistinct, explainFind } from './explain-read.js';
import { explainDelete, explainFindAndModify, explainUpdate } from './explain-write.js';
import { VERSION } from './version.js';

type Explainer = (context: Context, verbosity: Verbosity) => Promise<Explained>;

const explainers: Readonly<Record<string, Explainer>> = {
  find: explainFind,
  count: explainCount,
  distinct: explainDistinct,
  aggregate: explainAggregate,
  update: explainUpdate,
  delete: explainDelete,
  findAndModify: explainFindAndModify,
  findandmodify: explainFindAndModify,
};

const VERBOSITIES: readonly Value[] = ['queryPlanner', 'executionStats', 'allPlansExecution'];

/** The plan of a command and, but for `queryPlanner`, what running it looks at. Nothing is written. */
export const explain: Handler = (context) => {
  const verbosity = context.command.verbosity ?? 'allPlansExecution';
  if (!VERBOSITIES.includes(verbosity))
    throw badValue(`Enumeration value '${String(verbosity)}' for field 'explain.verbosity' is not a valid value.`);
  return explained(context, documentOf(context.command.explain, 'explain'), verbosity as Verbosity);
};

/** An aggregate with `explain: true`. */
export function explainedInside(context: Context): Promise<Document> {
  const { explain: _, ...command } = context.command;
  return explained(context, command, 'queryPlanner');
}

async function explained(context: Context, inner: Document, verbosity: Verbosity): Promise<Document> {
  const [name = ''] = Object.keys(inner);
  const explainer = Object.hasOwn(explainers, name) ? explainers[name] : undefined;
  if (!explainer) throw new CommandError(59, `Explain failed due to unknown command: ${name}`);
  if (inner.$db !== undefined && inner.$db !== context.db)
    throw new CommandError(
      73,
      `Mismatched $db in explain command. Expected ${context.db} but got ${String(inner.$db)}`,
    );
  const { engine, request, session, transaction, writer } = context;
  const command = { ...inner, $db: context.db };
  checkArguments(command, new Map());
  const body = await explainer(
    new Context(engine, { ...request, command, sequences: new Map() }, session, transaction, writer),
    verbosity,
  );
  return {
    explainVersion: '1',
    ...body,
    command: shown(command),
    serverInfo: serverInfo(engine.address),
    ...PARAMETERS,
    ok: 1,
  };
}

/** The command without what the driver added for itself. */
function shown(command: Document): Document {
  const { lsid: _, $clusterTime: __, $readPreference: ___, ...rest } = command;
  return rest;
}

function serverInfo(address: string): Document {
  const port = Number(address.split(':')[1]);
  return { host: hostname(), port: Number.isInteger(port) ? port : 0, version: VERSION, gitVersion: 'pocket-mongo' };
}

/** MongoDB lists its planner's settings here; drivers and tools expect the field. */
const PARAMETERS = {
  serverParameters: {
    internalQueryFacetBufferSizeBytes: 104857600,
    internalQueryFacetMaxOutputDocSizeBytes: 104857600,
    internalLookupStageIntermediateDocumentMaxSizeBytes: 104857600,
    internalDocumentSourceGroupMaxMemoryBytes: 104857600,
    internalQueryMaxBlockingSortMemoryUsageBytes: 104857600,
    internalQueryProhibitBlockingMergeOnMongoS: 0,
    internalQueryMaxAddToSetBytes: 104857600,
    internalDocumentSourceSetWindowFieldsMaxMemoryBytes: 104857600,
    internalQueryFrameworkControl: 'forceClassicEngine',
    internalQueryPlannerIgnoreIndexWithCollationForRegex: 1,
  },
};
