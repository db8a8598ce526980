import { BrigadeError, type ErrorCode, errorTable, type Problem, toProblem } from '../kernel/errors.js';
import type { Operation } from '../kernel/operation.js';
import type { JsonSchema } from './json-schema.types.js';

const codes = Object.keys(errorTable) as ErrorCode[];

/** The error body of both transports, as `Problem` in `kernel/errors.ts` declares it. */
export const problemTypes: Readonly<Record<'ErrorCode' | 'Problem', JsonSchema>> = {
  ErrorCode: {
    type: 'string',
    enum: codes,
    description: 'The closed list of errors; the code alone decides the status',
  },
  Problem: {
    type: 'object',
    description: 'An error: RFC 9457 problem details. REST answers it as application/problem+json, a socket in its ack',
    properties: {
      type: { type: 'string', description: '`urn:brigade:problem:` and the code' },
      title: { type: 'string', description: 'The same for every error of this code' },
      status: { type: 'integer', description: 'The HTTP status, over the socket too' },
      code: { $ref: '#/components/schemas/ErrorCode' },
      detail: { type: 'string', description: 'One sentence for the person in front of the screen' },
      errors: {
        type: 'array',
        description: 'The fields at fault',
        items: {
          type: 'object',
          properties: {
            field: { type: 'string', description: 'Path in the input, for instance `lines.0.quantity`' },
            message: { type: 'string' },
          },
          required: ['field', 'message'],
          additionalProperties: false,
        },
      },
      legal: {
        type: 'array',
        items: { type: 'string' },
        description:
          'The steps that would be legal now (with illegal_step). Of an order and its lines a step is the operation ' +
          "`order:{step}`, but `start`, `ready` and `recall` are the kitchen's: `ticket:{step}`",
      },
      current: { description: 'The thing as it is now (with version_conflict and conflict)' },
      retryAfter: { type: 'number', description: 'Seconds after which trying again makes sense (429 and 503)' },
      requestId: { type: 'string', description: 'Search the log for this' },
    },
    required: ['type', 'title', 'status', 'code'],
    additionalProperties: false,
  },
};

/** The codes of one HTTP status, as the error table has them. */
export function codesOf(status: number): ErrorCode[] {
  return codes.filter((code) => errorTable[code].status === status);
}

/** The HTTP statuses of the errors an operation can answer. `namesThings`: its input holds ids, which may be unknown. */
export function problemStatuses(
  { kind, permission, limit, mayFail = [], rest }: Operation,
  namesThings: boolean,
): number[] {
  const hasBody = rest.method !== 'get' && rest.method !== 'delete';
  const named = permission !== 'public' && permission !== 'authenticated';
  const declared = new Set<number>(mayFail.map((code) => errorTable[code].status));
  return [
    400,
    ...(permission !== 'public' || limit === 'auth' || declared.has(401) ? [401] : []),
    ...(named || declared.has(403) ? [403] : []),
    ...(namesThings ? [404] : []),
    ...(kind === 'command' ? [409] : []),
    ...(hasBody ? [413, 415] : []),
    ...(kind === 'command' ? [422] : []),
    ...[429, 500, 503],
  ];
}

/** What an error of this code looks like at its barest. */
export function exampleProblem(code: ErrorCode): Problem {
  return toProblem(new BrigadeError(code), '018f3b7e-5f0c-7c4e-9d1a-2b6d6b1f0a11');
}
