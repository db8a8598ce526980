import type { Message } from './asyncapi.protocol.js';
import type { ContractEvent } from './contract.js';
import { pascal, titled } from './schema-titles.js';

/** Every declared event as a message that the server sends. */
export function asyncapiEvents(events: readonly ContractEvent[]): Message[] {
  return events.map(({ declaration, feature, payload, rooms }) => {
    const { name, summary, carries, removes, example } = declaration;
    return {
      name,
      channel: {
        address: name,
        messages: {
          event: {
            name,
            title: name,
            summary,
            payload: {
              title: `${pascal(name)}Event`,
              allOf: [
                { $ref: '#/components/schemas/Envelope' },
                {
                  title: `${pascal(name)}Happened`,
                  type: 'object',
                  properties: { name: { const: name }, data: titled(payload, `${pascal(name)}Data`) },
                  required: ['name', 'data'],
                },
              ],
            },
            examples: [{ name: 'example', payload: exampleEnvelope(name, example, rooms) }],
          },
        },
      },
      operation: {
        action: 'send',
        channel: { $ref: `#/channels/${name}` },
        title: name,
        summary,
        description: eventText(declaration, rooms),
        tags: [{ name: feature }],
        messages: [{ $ref: `#/channels/${name}/messages/event` }],
        'x-audience': rooms,
        ...(carries ? { 'x-carries': carries } : {}),
        ...(removes ? { 'x-removes': removes } : {}),
      },
    };
  });
}

function eventText({ carries = {}, removes = {} }: ContractEvent['declaration'], rooms: readonly string[]): string {
  const carried = Object.entries(carries).map(
    ([field, replica]) => `\`${field}\` is the new state of things in the replica \`${replica}\`.`,
  );
  const removed = Object.entries(removes).map(
    ([field, replica]) => `\`${field}\` is the id of what has left the replica \`${replica}\`.`,
  );
  return [`Goes to ${listed(rooms.map(roomText))}.`, ...carried, ...removed].join(' ');
}

function roomText(room: string): string {
  if (room === 'all') return 'every screen of the restaurant';
  if (room === 'station:{id}') return 'the screens of the station concerned';
  if (room === 'user:{id}') return 'the person concerned';
  return `everyone who holds \`${room.slice('can:'.length)}\``;
}

const listed = (texts: readonly string[]) =>
  texts.length < 2 ? texts.join('') : `${texts.slice(0, -1).join(', ')} and ${texts.at(-1)}`;

function exampleEnvelope(name: string, data: unknown, rooms: readonly string[]) {
  const ids = '66f1a2b3c4d5e6f708192a3b';
  return {
    id: '66f1a2b3c4d5e6f7081900ff',
    epoch: '5f1c09a2b3d4',
    seq: 42,
    name,
    restaurantId: ids,
    at: '2026-11-21T19:30:00.000Z',
    actor: { id: '66f1a2b3c4d5e6f708192a3c', name: 'Ada' },
    data,
    prev: Object.fromEntries(rooms.map((room) => [room.replace('{id}', ids), 41])),
  };
}
