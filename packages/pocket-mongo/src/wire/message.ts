import { decode } from '../bson/decode.js';
import { encode } from '../bson/encode.js';
import type { Document } from '../bson/values.js';
import type { Request } from '../engine/context.js';
import { CommandError } from '../errors.js';

export const HEADER_SIZE = 16;
const OP_MSG = 2013;
const OP_QUERY = 2004;
const OP_REPLY = 1;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** Flags in the lower half that a server must understand or refuse. */
const REQUIRED_FLAGS = 0xffff;

export interface Message {
  readonly requestId: number;
  readonly opCode: number;
  readonly request: Request;
  /** The client waits for an answer. */
  readonly wantsReply: boolean;
}

/** Reads a complete message. @throws CommandError where its bytes do not hold together; the connection is then closed. */
export function parseMessage(bytes: Buffer, connectionId: number): Message {
  const requestId = bytes.readInt32LE(4);
  const opCode = bytes.readInt32LE(12);
  if (opCode === OP_MSG) return parseMsg(bytes, requestId, connectionId);
  if (opCode === OP_QUERY) return parseQuery(bytes, requestId, connectionId);
  throw new CommandError(9, `unsupported opcode ${opCode}`);
}

function parseMsg(bytes: Buffer, requestId: number, connectionId: number): Message {
  const flags = bytes.readUInt32LE(HEADER_SIZE);
  if ((flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0)
    throw new CommandError(9, 'unknown required flag in OP_MSG');
  const end = bytes.length - (flags & CHECKSUM_PRESENT ? 4 : 0);
  let at = HEADER_SIZE + 4;
  let body: Buffer | undefined;
  const sequences = new Map<string, Buffer[]>();
  while (at < end) {
    const kind = bytes[at++];
    const size = bytes.readInt32LE(at);
    if (size < 5 || at + size > end) throw new CommandError(9, 'a section of OP_MSG is longer than the message');
    const section = bytes.subarray(at, at + size);
    if (kind === 0 && !body) body = section;
    else if (kind === 1) readSequence(section, sequences);
    else throw new CommandError(9, `unexpected section of kind ${kind} in OP_MSG`);
    at += size;
  }
  if (!body) throw new CommandError(9, 'OP_MSG without a body');
  const request = { command: decode(body), body, sequences, connectionId };
  return { requestId, opCode: OP_MSG, request, wantsReply: (flags & MORE_TO_COME) === 0 };
}

function readSequence(section: Buffer, sequences: Map<string, Buffer[]>): void {
  const nameEnd = section.indexOf(0, 4);
  if (nameEnd < 0) throw new CommandError(9, 'a document sequence without a name');
  const documents: Buffer[] = [];
  let at = nameEnd + 1;
  while (at < section.length) {
    const size = section.length - at >= 4 ? section.readInt32LE(at) : 0;
    if (size < 5 || at + size > section.length) throw new CommandError(9, 'a document sequence that is cut off');
    documents.push(section.subarray(at, at + size));
    at += size;
  }
  sequences.set(section.utf8Slice(4, nameEnd), documents);
}

/** The old message with which drivers say hello. */
function parseQuery(bytes: Buffer, requestId: number, connectionId: number): Message {
  const nameEnd = bytes.indexOf(0, HEADER_SIZE + 4);
  if (nameEnd < 0) throw new CommandError(9, 'OP_QUERY without a collection name');
  const at = nameEnd + 1 + 8;
  const ns = bytes.utf8Slice(HEADER_SIZE + 4, nameEnd);
  const body = bytes.subarray(at);
  const command = { ...decode(bytes, at), $db: ns.split('.')[0] };
  return {
    requestId,
    opCode: OP_QUERY,
    request: { command, body, sequences: new Map(), connectionId },
    wantsReply: true,
  };
}

let nextRequestId = 1;

/** The bytes of a reply in the form of its question. */
export function encodeReply(message: Pick<Message, 'requestId' | 'opCode'>, reply: Document): Buffer {
  const isQuery = message.opCode === OP_QUERY;
  const head = HEADER_SIZE + (isQuery ? 20 : 5);
  const bytes = encode(reply, head);
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
