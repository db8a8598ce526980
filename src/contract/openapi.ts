import { type ErrorCode, errorTable } from '../kernel/errors.js';
import { type Contract, type ContractOperation, holdsIds, isPaged, nextCursor, resolved } from './contract.js';
import type { Json } from './json-schema.types.js';
import { inputParts } from './openapi.input.js';
import { codesOf, exampleProblem, problemStatuses } from './problems.js';

const ref = (place: string): Json => ({ $ref: `#/components/${place}` });

/** The OpenAPI 3.1 document of the REST side. */
export function openapi(contract: Contract): Json {
  const paths: Record<string, Record<string, Json>> = {};
  for (const operation of contract.operations) {
    const { method, path } = operation.declaration.rest;
    const at = path.replace(/:(\w+)/g, '{$1}');
    paths[at] = { ...paths[at], [method]: operationObject(operation, contract) };
  }
  const used = new Set(contract.operations.map(({ feature }) => feature));
  return {
    openapi: '3.1.0',
    info: {
      title: 'Brigade over REST',
      version: '1',
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/api/v1', description: 'This server' }],
    tags: contract.features
      .filter(({ name }) => used.has(name))
      .map(({ name, summary }) => ({ name, description: summary })),
    paths,
    components: {
      schemas: contract.types,
      parameters,
      headers,
      responses: {
        NotModified: {
          description: 'It is still the version named by If-None-Match',
          headers: { ETag: ref('headers/ETag'), 'X-Request-Id': ref('headers/X-Request-Id') },
        },
        ...Object.fromEntries(problemStatusList.map((status) => [responseName(status), problemResponse(status)])),
      },
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The access token of a log-in; it lives 15 minutes and is renewed with the refresh token.',
        },
      },
    },
  };
}

function operationObject(operation: ContractOperation, contract: Contract): Json {
  const { declaration, feature, output } = operation;
  const { name, kind, summary, permission, limit, rest, example } = declaration;
  const { parameters: inputs, body } = inputParts(operation, contract);
  const hasVersion = resolved(output, contract).properties?.version !== undefined;
  const canBeUnchanged = kind === 'query' && hasVersion;
  const common = [
    'parameters/RequestId',
    ...(kind === 'command' ? ['parameters/IfMatch'] : []),
    ...(canBeUnchanged ? ['parameters/IfNoneMatch'] : []),
  ];
  const success = {
    description: 'Done',
    headers: successHeaders(kind === 'command', hasVersion),
    content: {
      'application/json': {
        schema: { type: 'object', properties: { data: output, meta: metaOf(declaration) }, required: ['data'] },
        example: { data: example.output },
      },
    },
  };
  return {
    operationId: name,
    tags: [feature],
    summary,
    description: operationText(operation),
    ...(permission === 'public' ? { security: [] } : { security: [{ accessToken: [] }] }),
    parameters: [...inputs, ...common.map(ref), ...keyParameter(declaration)],
    ...(body ? { requestBody: body } : {}),
    responses: {
      [rest.status ?? 200]: success,
      ...(canBeUnchanged ? { 304: ref('responses/NotModified') } : {}),
      ...Object.fromEntries(
        problemStatuses(declaration, holdsIds(operation.input, contract)).map((status) => [
          status,
          ref(`responses/${responseName(status)}`),
        ]),
      ),
    },
    'x-permission': permission,
    'x-limit': limit,
    ...(kind === 'command' ? { 'x-emits': operation.emits } : {}),
  };
}

function keyParameter(declaration: ContractOperation['declaration']): Json[] {
  if (declaration.kind !== 'command') return [];
  const isRequired = declaration.idempotencyKey === 'required';
  return [isRequired ? { ...parameters.IdempotencyKey, required: true } : ref('parameters/IdempotencyKey')];
}

function successHeaders(isCommand: boolean, hasVersion: boolean): Json {
  const left = new Set([
    'Retry-After',
    ...(isCommand ? [] : ['Idempotency-Replayed']),
    ...(hasVersion ? [] : ['ETag']),
  ]);
  const sent = Object.keys(headers).filter((header) => !left.has(header));
  return Object.fromEntries(sent.map((header) => [header, ref(`headers/${header}`)]));
}

function operationText({ declaration, emits }: ContractOperation): string {
  const { description, name, permission } = declaration;
  const emitted = emits.map((event) => `\`${event}\``);
  return [
    ...(description ? [description] : []),
    `Permission: \`${permission}\`. Over the socket: \`${name}\`.${emitted.length > 0 ? ` Emits ${emitted.join(', ')}.` : ''}`,
  ].join('\n\n');
}

const about = {
  type: 'object',
  additionalProperties: true,
  description: 'About the answer rather than the thing; absent when there is nothing to say',
};

const metaOf = (declaration: ContractOperation['declaration']): Json =>
  isPaged(declaration) ? { ...about, properties: { nextCursor } } : about;

const parameters = {
  RequestId: {
    name: 'X-Request-Id',
    in: 'header',
    description: 'Your own name for this request; it comes back and stands in the log. Made up when absent.',
    schema: { type: 'string', pattern: '^[\\w.:-]{8,64}$' },
  },
  IdempotencyKey: {
    name: 'Idempotency-Key',
    in: 'header',
    description:
      'Any text that is unique to this command. Sent again with the same input while the journal is kept (7 days unless set otherwise, never less than one), the first answer is replayed and nothing is done twice; with another input it is key_reused.',
    schema: { type: 'string', pattern: '^(?!~)[\\x21-\\x7e]{1,128}$' },
  },
  IfMatch: {
    name: 'If-Match',
    in: 'header',
    description:
      'The version that the thing must still have (its ETag); otherwise version_conflict with its current state.',
    schema: { type: 'string' },
    example: '"3"',
  },
  IfNoneMatch: {
    name: 'If-None-Match',
    in: 'header',
    description: 'The version you have (its ETag); when it is still the same, the answer is 304 without a body.',
    schema: { type: 'string' },
    example: '"3"',
  },
};

const headers = {
  'X-Request-Id': { description: 'Search the log for this.', schema: { type: 'string' } },
  ETag: { description: 'The version of the thing answered; send it as If-Match.', schema: { type: 'string' } },
  'Idempotency-Replayed': {
    description: '`true` when this is the stored answer to an earlier command with the same key.',
    schema: { type: 'string', enum: ['true'] },
  },
  'RateLimit-Policy': { description: 'The limit and its window in seconds.', schema: { type: 'string' } },
  RateLimit: { description: 'What remains and the seconds until it is full again.', schema: { type: 'string' } },
  'X-RateLimit-Limit': { description: 'How many there are in a window.', schema: { type: 'integer' } },
  'X-RateLimit-Remaining': { description: 'How many remain in it.', schema: { type: 'integer' } },
  'X-RateLimit-Reset': { description: 'Seconds until it is full again.', schema: { type: 'integer' } },
  'Retry-After': { description: 'Seconds after which trying again makes sense.', schema: { type: 'integer' } },
};

const problemStatusList = [...new Set(Object.values(errorTable).map(({ status }) => status))];

const responseName = (status: number) => `Problem${status}`;

function problemResponse(status: number): Json {
  const codes = codesOf(status);
  const limited = status === 429 || status === 503;
  return {
    description: codes.map((code) => `\`${code}\`: ${errorTable[code].title}`).join('\n\n'),
    headers: {
      'X-Request-Id': ref('headers/X-Request-Id'),
      ...(limited ? { 'Retry-After': ref('headers/Retry-After') } : {}),
    },
    content: {
      'application/problem+json': {
        schema: ref('schemas/Problem'),
        examples: Object.fromEntries(codes.map((code: ErrorCode) => [code, { value: exampleProblem(code) }])),
      },
    },
  };
}

const introduction = `Everything a till or another system can ask of the restaurant. A success answers \`{ data, meta? }\`; an error answers
application/problem+json with a \`code\` from one closed list. A list is an array in \`data\` (\`order:list\` alone answers \`{ items, nextCursor? }\` there);
while there is more of it, \`meta.nextCursor\` is what to send as \`cursor\` for the next page. Times are ISO 8601 in UTC; money is \`{ amount, currency }\` in integer minor units. Unknown fields are refused.

The same operations are messages of the socket, where the events also arrive: see [the socket's page](/docs/events).`;
