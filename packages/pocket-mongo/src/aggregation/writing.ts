import { encode } from '../bson/encode.js';
import { type Document, isDocument } from '../bson/values.js';
import type { Context } from '../engine/context.js';
import { CommandError } from '../errors.js';
import type { Environment } from '../query/environment.js';
import { compileMerge } from './merge.js';
import { compileOut } from './out.js';
import { pipelineRows } from './pipeline.js';
import { WRITING } from './stages.js';

/** Takes the results of a pipeline, which are all there before the first is written. */
type Write = (documents: readonly Buffer[]) => Promise<void>;

/** The `$merge` or `$out` that a pipeline ends with. @throws CommandError 40601 when it stands elsewhere. */
export function writingStage(pipeline: readonly Document[]): Document | undefined {
  for (const stage of pipeline.slice(0, -1))
    for (const name of WRITING)
      if (name in stage) throw new CommandError(40601, `${name} can only be the final stage in the pipeline`);
  const last = pipeline.at(-1);
  return last && WRITING.some((name) => name in last) ? last : undefined;
}

/** The pipeline without the stage that writes, which is checked. */
export function readingPart(
  context: Context,
  pipeline: readonly Document[],
  environment: Environment,
): readonly Document[] {
  const stage = writingStage(pipeline);
  if (!stage) return pipeline;
  compileWriting(context, stage, environment);
  return pipeline.slice(0, -1);
}

function compileWriting(context: Context, stage: Document, environment: Environment): Write {
  const [name = '', ...others] = Object.keys(stage);
  if (others.length > 0)
    throw new CommandError(40323, 'A pipeline stage specification object must contain exactly one field.');
  const { readConcern } = context.command;
  if (isDocument(readConcern) && readConcern.level === 'linearizable')
    throw new CommandError(72, `${name} cannot be used with a 'linearizable' read concern level`);
  if (context.transaction)
    throw new CommandError(
      263,
      `Operation not permitted in transaction :: caused by :: Aggregation stage: '${name}' cannot run within a multi-document transaction.`,
    );
  return name === '$merge' ? compileMerge(context, stage[name], environment) : compileOut(context, stage[name]);
}

/** Runs a pipeline that ends with `$merge` or `$out`: the reply is an empty cursor. */
export async function write(
  context: Context,
  collection: string | undefined,
  pipeline: readonly Document[],
): Promise<Document> {
  const { environment, pace, engine } = context;
  const stage = pipeline.at(-1) as Document;
  const work = compileWriting(context, stage, environment);
  const documents: Buffer[] = [];
  for await (const row of pace.through(pipelineRows(context, collection, pipeline.slice(0, -1), environment)))
    documents.push(encode(row));
  await work(documents);
  await engine.store.durable();
  return { cursor: { firstBatch: [], id: 0n, ns: `${context.db}.${collection ?? '$cmd.aggregate'}` }, ok: 1 };
}
