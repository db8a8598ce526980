import Joi from 'joi';
import type { BatchContext } from '../kernel/context.js';
import { fail, type Problem, toProblem } from '../kernel/errors.js';
import { batch } from '../kernel/operation.js';
import { id } from '../kernel/schema.js';

interface Submitted {
  name: string;
  input: Record<string, unknown>;
  key: string;
  expectedVersion?: number;
}

interface Submit {
  author: string;
  commands: Submitted[];
}

interface Result {
  key: string;
  outcome: 'applied' | 'replayed' | 'conflict' | 'rejected' | 'deferred';
  /** As REST would have answered it. */
  status: number;
  data?: unknown;
  problem?: Problem;
}

interface Submission {
  results: Result[];
}

const MAX_COMMANDS = 100;
/** Below what either transport takes as one message. */
const MAX_BYTES = 524_288;
/** After this long the rest of a batch is put off, ms: the device waits for its answer. */
const MAX_MS = 5_000;

const problem = Joi.object().unknown().description('Why not, as the command alone would have been answered');

const result = Joi.object<Result>({
  key: Joi.string().required().description("The command's key"),
  outcome: Joi.string()
    .valid('applied', 'replayed', 'conflict', 'rejected', 'deferred')
    .required()
    .description(
      '`applied` now; `replayed`: was carried out before; `conflict`: the thing has changed, `problem.current` is how it ' +
        'is now; `rejected`: the reason is in `problem`; `deferred`: not tried or not now, send it and all after it again',
    ),
  status: Joi.number().integer().required().description('As REST would have answered it'),
  data: Joi.any().description('What the command answered'),
  problem,
}).meta({ typeName: 'SubmitResult' });

/** What a device did while it was off line, in its order. */
export const submit = batch<Submit, Submission>({
  name: 'sync:submit',
  summary: 'Hand over what was done off line, with a result for each command',
  description:
    `At most ${MAX_COMMANDS} commands and ${MAX_BYTES / 1024} KiB. They are carried out one after the other, each as if ` +
    'sent alone: with its own permission, limit, validation and idempotency key. One that is refused does not stop those ' +
    'after it; one that cannot be carried out now (too busy, rate limit) defers itself and all after it.',
  rest: { method: 'post', path: '/sync/commands' },
  permission: 'authenticated',
  limit: 'write',
  mayFail: ['forbidden'],
  // Names and white space around the batch.
  maxBytes: MAX_BYTES + 131_072,
  input: Joi.object<Submit, true>({
    author: id('the person who gave the commands; must be who is logged in').required(),
    commands: Joi.array()
      .items(
        Joi.object<Submitted, true>({
          name: Joi.string().max(80).required().description('The command, for instance `order:place`'),
          input: Joi.object().unknown().default({}).description('Its input'),
          key: Joi.string()
            .pattern(/^(?!~)[\x21-\x7e]{1,128}$/)
            .required()
            .description('Its idempotency key'),
          expectedVersion: Joi.number().integer().min(0).description('The version the thing must still have'),
        }).meta({ typeName: 'SubmittedCommand' }),
      )
      .min(1)
      .max(MAX_COMMANDS)
      .unique('key')
      .required()
      .description('In the order in which they were given'),
  }),
  output: Joi.object<Submission, true>({
    results: Joi.array().items(result).required().description('One for each command, in their order'),
  }),
  example: {
    input: {
      author: '6740f1c2a1b2c3d4e5000091',
      commands: [
        {
          name: 'order:fire',
          input: { orderId: '6740f1c2a1b2c3d4e5000001' },
          key: '0f8fad5b-d9cb-469f-a165-70867728950e',
        },
      ],
    },
    output: {
      results: [
        {
          key: '0f8fad5b-d9cb-469f-a165-70867728950e',
          outcome: 'rejected',
          status: 404,
          problem: { type: 'urn:brigade:problem:not_found', title: 'Not found', status: 404, code: 'not_found' },
        },
      ],
    },
  },
  async handle(context) {
    const { author, commands } = context.input;
    if (author !== context.actor.userId)
      throw fail('forbidden', 'These commands were given by somebody else, who must hand them over');
    if (Buffer.byteLength(JSON.stringify(commands)) > MAX_BYTES)
      throw fail('payload_too_large', `A batch may have ${MAX_BYTES / 1024} KiB; send it in parts`);
    return { results: await carryOutAll(context, commands) };
  },
});

async function carryOutAll(context: BatchContext<Submit>, commands: readonly Submitted[]): Promise<Result[]> {
  const until = performance.now() + MAX_MS;
  const results: Result[] = [];
  let deferred: Problem | undefined;
  for (const [index, { key, ...command }] of commands.entries()) {
    if (deferred === undefined && performance.now() > until)
      deferred = toProblem(fail('timed_out', 'The rest of the batch comes next', { retryAfter: 1 }));
    if (deferred !== undefined) {
      results.push({ key, outcome: 'deferred', status: deferred.status, problem: deferred });
      continue;
    }
    const requestId = `${context.requestId}.${index}`;
    try {
      const { status, data, replayed } = await context.carryOut({ ...command, key, requestId });
      results.push({ key, outcome: replayed ? 'replayed' : 'applied', status, data });
    } catch (error) {
      const why = toProblem(error, requestId);
      const outcome = outcomeOf(why);
      if (outcome === 'deferred') deferred = why;
      results.push({ key, outcome, status: why.status, problem: why });
    }
  }
  return results;
}

function outcomeOf({ status, code, current }: Problem): Result['outcome'] {
  if (status === 429 || status === 503 || code === 'in_flight') return 'deferred';
  return code === 'version_conflict' || code === 'conflict' || current !== undefined ? 'conflict' : 'rejected';
}
