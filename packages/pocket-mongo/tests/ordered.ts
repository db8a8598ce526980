import { BSON } from 'mongodb';
import { bodySection, framed, type RawConnection } from './raw.js';

/**
 * Documents as JSON text, there and back without JavaScript's own order of names in between: an object would put names
 * like "10" first.
 */
export function bytesOf(json: string): Uint8Array {
  // No name in the tests begins with this sign.
  return BSON.serialize(toMap(JSON.parse(json.replace(/"([^"]*)"\s*:/g, '"#$1":'))) as Map<string, unknown>);
}

function toMap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toMap);
  if (typeof value !== 'object' || value === null) return value;
  return new Map(Object.entries(value).map(([name, inner]) => [name.slice(1), toMap(inner)]));
}

/** The text of a document. Values that JSON lacks are shown by their type number. */
export function textOf(bytes: Uint8Array): string {
  return `{${fields(bytes)
    .map(({ name, text }) => `${JSON.stringify(name)}:${text}`)
    .join(',')}}`;
}

function fields(bytes: Uint8Array): { name: string; text: string }[] {
  return [...BSON.onDemand.parseToElements(bytes)].map(([type, nameAt, nameLength, at, length]) => {
    const value = bytes.subarray(at, at + length);
    const name = Buffer.from(bytes.subarray(nameAt, nameAt + nameLength)).toString();
    return { name, text: textOfValue(type, value) };
  });
}

function textOfValue(type: number, value: Uint8Array): string {
  if (type === 0x03) return textOf(value);
  if (type === 0x04)
    return `[${fields(value)
      .map(({ text }) => text)
      .join(',')}]`;
  const plain = BSON.deserialize(element(type, value)).v as unknown;
  return ['number', 'string', 'boolean'].includes(typeof plain) || plain === null
    ? JSON.stringify(plain)
    : `"type ${type}"`;
}

function element(type: number, value: Uint8Array): Buffer {
  const bytes = Buffer.concat([Buffer.alloc(4), Buffer.from([type, 0x76, 0]), value, Buffer.alloc(1)]);
  bytes.writeInt32LE(bytes.length, 0);
  return bytes;
}

/** Runs a command given as text; the reply without what differs each time. */
export async function run(connection: RawConnection, command: string): Promise<string> {
  connection.send(framed(0, bodySection(bytesOf(command))));
  const reply = await connection.reply();
  if (!reply) throw new Error(`no reply to ${command}`);
  return textOf(reply.bytes)
    .replace(/,"\$clusterTime":\{[^}]*\{[^}]*\}\}/, '')
    .replace(/,"operationTime":"type 17"/, '');
}
