import { decode, decodeLeaving } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import { type Document, Double } from '../bson/values.js';
import type { Request } from '../engine/context.js';
import { CommandError } from '../errors.js';
import { crc32c } from './checksum.js';

export const HEADER_SIZE = 16;
const OP_MSG = 2013;
const OP_QUERY = 2004;
const OP_REPLY = 1;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
const EXHAUST_ALLOWED = 0x10000;
/** Flags in the lower half that a server must understand or refuse. */
const REQUIRED_FLAGS = 0xffff;

/** Times that clients hand on: this server is alone and knows them. */
const GOSSIP: ReadonlySet<string> = new Set(['$clusterTime']);

export interface Message {
  readonly requestId: number;
  readonly opCode: number;
  readonly request: Request;
  /** The client waits for an answer. */
  readonly wantsReply: boolean;
  /** The client takes further replies without asking for them. */
  readonly exhaustAllowed: boolean;
}

/** Codes after which nothing more is believed of a connection: opcode, flags and checksum. */
const FATAL: ReadonlySet<number> = new Set([17, 223, 288]);

/** A message whose contents do not hold together: the error is its answer. */
export interface BrokenMessage extends Pick<Message, 'requestId' | 'opCode' | 'wantsReply'> {
  readonly failure: CommandError;
}

/** Reads a complete message. @throws CommandError 17, 223, 288; the connection is then closed. */
export function readMessage(bytes: Buffer, connectionId: number): Message | BrokenMessage {
  try {
    return parseMessage(bytes, connectionId);
  } catch (error) {
    if (!(error instanceof CommandError) || FATAL.has(error.code) || bytes.readInt32LE(12) !== OP_MSG) throw error;
    const wantsReply = (bytes.readUInt32LE(HEADER_SIZE) & MORE_TO_COME) === 0;
    return { requestId: bytes.readInt32LE(4), opCode: OP_MSG, wantsReply, failure: error };
  }
}

/** @throws CommandError where the bytes do not hold together. */
function parseMessage(bytes: Buffer, connectionId: number): Message {
  const requestId = bytes.readInt32LE(4);
  const opCode = bytes.readInt32LE(12);
  if (opCode === OP_MSG) return parseMsg(bytes, requestId, connectionId);
  if (opCode === OP_QUERY) return parseQuery(bytes, requestId, connectionId);
  throw new CommandError(17, `unsupported opcode ${opCode}`);
}

function parseMsg(bytes: Buffer, requestId: number, connectionId: number): Message {
  const flags = bytes.readUInt32LE(HEADER_SIZE);
  if ((flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0)
    throw new CommandError(223, `Message contains illegal flags value: Ob${flags.toString(2)}`);
  const end = bytes.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  if (end < bytes.length && (end < HEADER_SIZE + 4 || crc32c(bytes.subarray(0, end)) !== bytes.readUInt32LE(end)))
    throw new CommandError(288, 'OP_MSG checksum does not match contents');
  let at = HEADER_SIZE + 4;
  let body: Buffer | undefined;
  const sequences = new Map<string, Buffer[]>();
  while (at < end) {
    const kind = bytes[at++] as number;
    if (kind > 1) throw new CommandError(40432, `Unknown section kind ${kind}`);
    const size = at + 4 > end ? 0 : bytes.readInt32LE(at);
    if (size < 5 || at + size > end) throw new CommandError(22, 'a section of OP_MSG does not fit into the message');
    const section = bytes.subarray(at, at + size);
    if (kind === 1) readSequence(section, sequences);
    else if (body) throw new CommandError(40430, 'Multiple body sections in message');
    else body = section;
    at += size;
  }
  if (!body) throw new CommandError(40587, 'OP_MSG messages must have a body');
  const command = decodeLeaving(body, GOSSIP);
  for (const name of sequences.keys())
    if (Object.hasOwn(command, name))
      throw new CommandError(40433, `Duplicate field between body and document sequence ${name}`);
  const request = { command, body, sequences, connectionId };
  const wantsReply = (flags & MORE_TO_COME) === 0;
  return { requestId, opCode: OP_MSG, request, wantsReply, exhaustAllowed: (flags & EXHAUST_ALLOWED) !== 0 };
}

function readSequence(section: Buffer, sequences: Map<string, Buffer[]>): void {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new CommandError(22, 'a document sequence without a name');
  const documents: Buffer[] = [];
  let at = nameEnd + 1;
  while (at < section.length) {
    const size = section.length - at >= 4 ? section.readInt32LE(at) : 0;
    if (size < 5 || at + size > section.length) throw new CommandError(22, 'a document sequence that is cut off');
    documents.push(section.subarray(at, at + size));
    at += size;
  }
  const name = section.utf8Slice(4, nameEnd);
  if (sequences.has(name)) throw new CommandError(40431, `Duplicate document sequence: ${name}`);
  sequences.set(name, documents);
}

/** The old message with which drivers say hello. */
function parseQuery(bytes: Buffer, requestId: number, connectionId: number): Message {
  const nameEnd = bytes.indexOf(0, HEADER_SIZE + 4);
  if (nameEnd < 0) throw new CommandError(9, 'OP_QUERY without a collection name');
  const at = nameEnd + 1 + 8;
  if (at > bytes.length) throw new CommandError(9, 'OP_QUERY that is cut off');
  const ns = bytes.utf8Slice(HEADER_SIZE + 4, nameEnd);
  const body = bytes.subarray(at);
  const command = { ...decode(bytes, at), $db: ns.split('.')[0] };
  return {
    requestId,
    opCode: OP_QUERY,
    request: { command, body, sequences: new Map(), connectionId },
    wantsReply: true,
    exhaustAllowed: false,
  };
}

let nextRequestId = 1;

/** The bytes of a reply in the form of its question. */
export function encodeReply(message: Pick<Message, 'requestId' | 'opCode'>, reply: Document): Buffer {
  const isQuery = message.opCode === OP_QUERY;
  const head = HEADER_SIZE + (isQuery ? 20 : 5);
  // As MongoDB says it: clients of languages that tell numbers apart look for a double.
  const bytes = encode({ ...reply, ok: new Double(Number(reply.ok)) }, head);
  bytes.fill(0, 0, head);
  bytes.writeInt32LE(bytes.length, 0);
  bytes.writeInt32LE(nextRequestId, 4);
  bytes.writeInt32LE(message.requestId, 8);
  bytes.writeInt32LE(isQuery ? OP_REPLY : OP_MSG, 12);
  // OP_REPLY: flags "await capable", no cursor, one document.
  if (isQuery) {
    bytes.writeInt32LE(8, HEADER_SIZE);
    bytes.writeInt32LE(1, HEADER_SIZE + 16);
  }
  nextRequestId = (nextRequestId + 1) & 0x7fffffff;
  return bytes;
}

/** Marks an encoded reply as one that others follow. @returns the id that the next one answers */
export function announceMore(reply: Buffer): number {
  reply.writeUInt32LE(MORE_TO_COME, HEADER_SIZE);
  return reply.readInt32LE(4);
}
