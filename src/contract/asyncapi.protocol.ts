import type { Json, JsonSchema } from './json-schema.types.js';
import { exampleProblem } from './problems.js';
import { pascal, titled } from './schema-titles.js';

/** One message of the socket: a channel, and what is done on it. */
export interface Message {
  name: string;
  channel: Json;
  operation: Json;
}

/** The `meta` of a message. */
export const metaType: JsonSchema = {
  type: 'object',
  description: 'The second argument of every operation message; may be left out',
  properties: {
    key: {
      type: 'string',
      pattern: '^(?!~)[\\x21-\\x7e]{1,128}$',
      description:
        'Idempotency key of a command: sent again with the same input while the journal is kept (7 days unless set otherwise, never less than one), the first answer is replayed',
    },
    expectedVersion: {
      type: 'integer',
      minimum: 0,
      description: 'The version that the thing must still have; otherwise version_conflict with its current state',
    },
    requestId: {
      type: 'string',
      pattern: '^[\\w.:-]{8,64}$',
      description: 'Your own name for this message, for the log',
    },
  },
  additionalProperties: false,
};

/** What the ack of a refused message gets; the same for all. */
export const refusalType: JsonSchema = {
  type: 'object',
  description: 'The ack of a message that was refused',
  properties: { ok: { const: false }, error: { $ref: '#/components/schemas/Problem' } },
  required: ['ok', 'error'],
  additionalProperties: false,
};

/** What an ack gets: the output, or a problem. `name` is the operation's in Pascal case. */
export function ackOf(output: JsonSchema, name: string, meta?: JsonSchema): JsonSchema {
  return {
    oneOf: [
      {
        title: `${name}Done`,
        type: 'object',
        properties: {
          ok: { const: true },
          data: titled(output, `${name}Output`),
          ...(meta && { meta }),
          replayed: { const: true, description: 'The stored answer to an earlier command with the same key' },
        },
        required: ['ok', 'data'],
        additionalProperties: false,
      },
      { $ref: '#/components/schemas/Refusal' },
    ],
  };
}

/** A message of the connection itself, which no feature declares. */
interface ProtocolMessage {
  name: string;
  summary: string;
  action: 'receive' | 'send';
  payload: JsonSchema;
  example: unknown;
  /** Of a message with an ack: what `data` holds. */
  reply?: { data: JsonSchema; example: unknown };
}

const text = (description: string): JsonSchema => ({ type: 'string', description });
const object = (properties: Record<string, JsonSchema>): JsonSchema => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const protocol: readonly ProtocolMessage[] = [
  {
    name: 'session:renew',
    summary: 'Go on with a newer access token of the same session, without reconnecting',
    action: 'receive',
    payload: object({ accessToken: text('The new access token') }),
    example: { accessToken: 'eyJhbGciOiJFZERTQSJ9.e30.c2ln' },
    reply: {
      data: object({ expiresAt: { type: 'string', format: 'date-time', description: 'When the new token ends' } }),
      example: { ok: true, data: { expiresAt: '2026-11-21T19:45:00.000Z' } },
    },
  },
  {
    name: 'session:unsent',
    summary: 'How many commands this device holds and could not hand over; in the handshake as `auth.unsent`',
    action: 'receive',
    payload: object({
      count: { type: 'integer', minimum: 0, description: 'How many; 0 when all are handed over' },
      ageMs: { type: 'number', minimum: 0, description: 'Age of the oldest, ms' },
    }),
    example: { count: 3, ageMs: 720_000 },
    reply: {
      data: object({ count: { type: 'integer', description: 'As the server has it now' } }),
      example: { ok: true, data: { count: 3 } },
    },
  },
  {
    name: 'sync:head',
    summary: "The last seq of each of this socket's rooms, every `everyMs`, whether they moved or not",
    action: 'send',
    payload: object({
      epoch: text('Another one than before: history changed, start over'),
      heads: {
        type: 'object',
        additionalProperties: { type: 'integer', minimum: 0 },
        description: 'Room -> seq of its last event',
      },
      everyMs: {
        type: 'integer',
        minimum: 100,
        description:
          'So often it comes: who has heard none for three times as long is not up to date, its line may be dead',
      },
    }),
    example: { epoch: '5f1c09a2b3d4', heads: { all: 12, 'can:order:read': 41 }, everyMs: 2000 },
  },
  {
    name: 'session:ended',
    summary: 'Sent just before the server disconnects',
    action: 'send',
    payload: object({ code: { $ref: '#/components/schemas/ErrorCode' }, detail: text('One sentence for the person') }),
    example: { code: 'session_ended', detail: 'The session has ended' },
  },
  {
    name: 'problem',
    summary: 'Answer to a message that came without an ack callback',
    action: 'send',
    payload: object({ message: text('Name of that message'), error: { $ref: '#/components/schemas/Problem' } }),
    example: { message: 'order:place', error: exampleProblem('malformed') },
  },
];

export function protocolOperations(): Message[] {
  return protocol.map(({ name, summary, action, payload, example, reply }) => {
    const answer: Json = reply
      ? {
          reply: {
            name: `${name} ack`,
            title: 'The ack',
            payload: titled(ackOf(reply.data, pascal(name)), `${pascal(name)}Ack`),
            examples: [{ payload: reply.example }],
          },
        }
      : {};
    return {
      name,
      channel: {
        address: name,
        messages: {
          message: {
            name,
            title: name,
            summary,
            payload: titled(payload, `${pascal(name)}Message`),
            examples: [{ payload: example }],
          },
          ...answer,
        },
      },
      operation: {
        action,
        channel: { $ref: `#/channels/${name}` },
        title: name,
        summary,
        tags: [{ name: 'protocol' }],
        messages: [{ $ref: `#/channels/${name}/messages/message` }],
        ...(reply
          ? {
              reply: {
                channel: { $ref: `#/channels/${name}` },
                messages: [{ $ref: `#/channels/${name}/messages/reply` }],
              },
            }
          : {}),
      },
    };
  });
}
