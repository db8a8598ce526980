import { entriesOf, put } from '../bson/field-order.js';
import { type Document, isDocument, type Value } from '../bson/values.js';
import { CommandError } from '../errors.js';
import { typeName } from '../query/operator.js';
import { Beat, type Rows, type Stage, type StageDefinition, type Surroundings } from './stage.js';

/** How many rows are handed to each of the pipelines at a time. */
const TURN = 64;

/** One of the pipelines: it is given rows bit by bit, and what comes out is kept. */
class Branch {
  readonly results: Value[] = [];
  private readonly waiting: Document[] = [];
  private readonly output: Iterator<Document | undefined>;
  private ended = false;
  private done = false;

  constructor(stage: Stage) {
    this.output = stage(this.input())[Symbol.iterator]();
  }

  /** Where the pipeline has read all that is there it pauses, and so comes back to us. */
  private *input(): Generator<Document | undefined> {
    for (;;) {
      const batch = this.waiting.splice(0);
      yield* batch;
      if (this.waiting.length > 0) continue;
      if (this.ended) return;
      yield undefined;
    }
  }

  give(rows: readonly Document[]): void {
    if (!this.done) this.waiting.push(...rows);
  }

  end(): void {
    this.ended = true;
  }

  /** Runs until the input is used up, or to its end when there will be no more. */
  *advance(): Generator<undefined> {
    const beat = new Beat();
    while (!this.done && (this.ended || this.waiting.length > 0)) {
      const next = this.output.next();
      if (next.done) this.done = true;
      else if (next.value) this.results.push(next.value);
      if (beat.due) yield undefined;
    }
  }
}

function facetStage(argument: Value, { compile, environment }: Surroundings): Stage {
  if (!isDocument(argument) || Object.keys(argument).length === 0)
    throw new CommandError(40169, 'the $facet specification must be a non-empty object');
  const facets = entriesOf(argument).map(([name, pipeline]) => {
    if (name.startsWith('$')) throw new CommandError(16410, "FieldPath field names may not start with '$'.");
    if (name.includes('.')) throw new CommandError(16412, "FieldPath field names may not contain '.'.");
    if (!Array.isArray(pipeline))
      throw new CommandError(40170, `arguments to $facet must be arrays, ${name} is type ${typeName(pipeline)}`);
    const stages = pipeline.map((stage) => {
      if (isDocument(stage)) return stage;
      throw new CommandError(
        40171,
        `elements of arrays in $facet spec must be non-empty objects, ${name} argument contained an element of type ${typeName(stage)}`,
      );
    });
    return [name, compile(stages, '$facet', environment)] as const;
  });
  return function* run(rows: Rows) {
    const branches = facets.map(([name, stage]) => [name, new Branch(stage)] as const);
    let batch: Document[] = [];
    for (const row of rows) {
      if (row) batch.push(row);
      if (batch.length < TURN) {
        if (!row) yield undefined;
        continue;
      }
      for (const [, branch] of branches) {
        branch.give(batch);
        yield* branch.advance();
      }
      batch = [];
    }
    const result: Document = {};
    for (const [name, branch] of branches) {
      branch.give(batch);
      branch.end();
      yield* branch.advance();
      put(result, name, branch.results);
    }
    yield result;
  };
}

/** `$facet`: several pipelines over the same rows, which are read once. Its needs are known to the pipeline. */
export const facet: StageDefinition = { compile: facetStage, refusedIn: ['$facet'] };
