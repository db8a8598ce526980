import { asyncapiEvents } from './asyncapi.events.js';
import { ackOf, type Message, metaType, protocolOperations, refusalType } from './asyncapi.protocol.js';
import { type Contract, type ContractOperation, holdsIds, isPaged, nextCursor } from './contract.js';
import type { Json, JsonSchema } from './json-schema.types.js';
import { codesOf, exampleProblem, problemStatuses } from './problems.js';
import { pascal, titled } from './schema-titles.js';

/** The AsyncAPI 3.0 document of the socket side, from the server's point of view: it receives operations and sends events. */
export function asyncapi(contract: Contract): Json {
  const messages = [
    ...protocolOperations(),
    ...contract.operations.map((operation) => operationMessage(operation, contract)),
    ...asyncapiEvents(contract.events),
  ];
  const used = new Set([...contract.operations, ...contract.events].map(({ feature }) => feature));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Brigade over the socket',
      version: '1',
      description: introduction,
      license: { name: 'MIT' },
      tags: [
        { name: 'protocol', description: 'The connection itself' },
        ...contract.features
          .filter(({ name }) => used.has(name))
          .map(({ name, summary }) => ({ name, description: summary })),
      ],
    },
    defaultContentType: 'application/json',
    servers: { brigade: server },
    channels: Object.fromEntries(messages.map(({ name, channel }) => [name, channel])),
    operations: Object.fromEntries(messages.map(({ name, operation }) => [name, operation])),
    components: {
      schemas: Object.fromEntries(
        Object.entries({ ...contract.types, Meta: metaType, Refusal: refusalType }).map(([name, schema]) => [
          name,
          titled(schema, name),
        ]),
      ),
      securitySchemes: {
        accessToken: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The access token of a log-in, in the handshake: `auth: { token }`.',
        },
      },
    },
  };
}

function operationMessage(
  { declaration, feature, input, output, emits: emitted }: ContractOperation,
  contract: Contract,
): Message {
  const { name, kind, summary, description, permission, limit, example } = declaration;
  const emits = emitted.length > 0 ? ` Emits ${emitted.map((event) => `\`${event}\``).join(', ')}.` : '';
  const { method, path } = declaration.rest;
  const text = [
    ...(description ? [description] : []),
    `Permission: \`${permission}\`. Over REST: \`${method.toUpperCase()} /api/v1${path}\`.${emits}`,
  ].join('\n\n');
  const statuses = problemStatuses(declaration, holdsIds(input, contract));
  return {
    name,
    channel: {
      address: name,
      messages: {
        request: {
          name,
          title: `${name} (input, meta?, ack)`,
          summary,
          headers: { $ref: '#/components/schemas/Meta' },
          payload: titled(input, `${pascal(name)}Input`),
          examples: [
            {
              name: 'example',
              headers: kind === 'command' ? { key: 'a-key-of-your-own' } : {},
              payload: example.input,
            },
          ],
        },
        reply: {
          name: `${name} ack`,
          title: 'The ack',
          payload: titled(
            ackOf(output, pascal(name), isPaged(declaration) ? pageMeta : undefined),
            `${pascal(name)}Ack`,
          ),
          examples: [
            { name: 'done', payload: { ok: true, data: example.output } },
            { name: 'refused', payload: { ok: false, error: exampleProblem('validation_failed') } },
          ],
        },
      },
    },
    operation: {
      action: 'receive',
      channel: { $ref: `#/channels/${name}` },
      title: name,
      summary,
      description: text,
      tags: [{ name: feature }],
      messages: [{ $ref: `#/channels/${name}/messages/request` }],
      reply: {
        channel: { $ref: `#/channels/${name}` },
        messages: [{ $ref: `#/channels/${name}/messages/reply` }],
      },
      'x-permission': permission,
      'x-limit': limit,
      ...(declaration.kind === 'command' && declaration.idempotencyKey !== undefined
        ? { 'x-idempotency-key': declaration.idempotencyKey }
        : {}),
      'x-problems': statuses.filter((status) => status !== 413 && status !== 415).flatMap(codesOf),
      ...(kind === 'command' ? { 'x-emits': emitted } : {}),
    },
  };
}

const pageMeta: JsonSchema = {
  title: 'PageMeta',
  type: 'object',
  description: 'Absent on the last page',
  properties: { nextCursor },
  required: ['nextCursor'],
  additionalProperties: false,
};

const server: Json = {
  // Where it really is, the served document says (`/docs/asyncapi.json`); the committed one stands for `npm start`.
  host: '127.0.0.1:3000',
  pathname: '/socket.io',
  protocol: 'ws',
  protocolVersion: 'Socket.IO 4 (Engine.IO 4)',
  description: [
    'Socket.IO on the same port as REST. The handshake carries the access token: `io(url, { auth: { token } })`.',
    'A handshake that is refused ends in `connect_error`, whose `data` is a Problem. Rooms are chosen by the server from the token alone.',
  ].join('\n\n'),
  security: [{ $ref: '#/components/securitySchemes/accessToken' }],
};

const introduction = `Everything a tablet or screen can ask, and every event it hears. The operations are those of [the REST side](/docs).

**Asking.** \`socket.emit(name, input, meta?, ack)\`; on these pages \`meta\` stands as the message's headers. The ack gets
\`{ ok: true, data }\`, with \`meta: { nextCursor }\` beside a list of which there is more, with \`replayed: true\` when a command with this key was carried out before, or
\`{ ok: false, error }\` with a Problem. A message without an ack callback is refused with a \`problem\` message.

**Hearing.** Every event arrives as a message of its name with one argument, the Envelope. \`seq\` numbers the restaurant's events
without gaps, but a screen sees only those of its rooms: \`prev\` names the last event before this one in
each of its rooms, and in every other room spoken to since. If a room of yours is named with a seq beyond your position, one is missing.

**Catching up.** Join (connect), then \`sync:snapshot\` for the state and its seq, then apply the events above it in order. After a gap or
a reconnect, \`sync:since\` answers what was missed; \`{ reset: true }\` means to take the snapshot again. \`sync:head\` comes every two
seconds (\`everyMs\`): it shows that a last event was lost, and its silence that the line is dead although nobody said so. Another \`epoch\` than before means that history changed: start over.

**Staying.** Send \`session:renew\` with a new access token before the old one ends; \`session:ended\` comes just before the server
disconnects. The package \`@brigade/client\` does all of this.`;
