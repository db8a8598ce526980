import { connect, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';

/** A connection that sends whatever bytes a test wants. */
export class RawConnection {
  private received = Buffer.alloc(0);
  private waiting: (() => void)[] = [];
  closed = false;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.closed = true;
      this.wake();
    });
  }

  static async open(uri: string): Promise<RawConnection> {
    const host = decodeURIComponent(new URL(uri.replace('mongodb:', 'http:')).host);
    const [name = '', port] = host.split(':');
    const socket = port === undefined ? connect(name) : connect(Number(port), name);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new RawConnection(socket);
  }

  private wake(): void {
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  send(...parts: Uint8Array[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next reply; undefined when the server closes the connection instead. */
  async reply(): Promise<{ responseTo: number; document: Document; bytes: Buffer } | undefined> {
    for (;;) {
      const size = this.received.length >= 4 ? this.received.readInt32LE(0) : Number.POSITIVE_INFINITY;
      if (this.received.length >= size) {
        const message = this.received.subarray(0, size);
        this.received = this.received.subarray(size);
        const bytes = message.subarray(message.readInt32LE(12) === 2013 ? 21 : 36);
        return { responseTo: message.readInt32LE(8), document: BSON.deserialize(bytes), bytes };
      }
      if (this.closed) return undefined;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  async run(command: Document): Promise<Document | undefined> {
    this.send(message(command));
    return (await this.reply())?.document;
  }

  close(): void {
    this.socket.destroy();
  }
}

export function header(length: number, requestId: number, opCode: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeInt32LE(length, 0);
  bytes.writeInt32LE(requestId, 4);
  bytes.writeInt32LE(opCode, 12);
  return bytes;
}

/** A message of kind OP_MSG with these flags and sections, as they are. */
export function framed(flags: number, sections: Uint8Array, requestId = 1, opCode = 2013): Buffer {
  const bits = Buffer.alloc(4);
  bits.writeUInt32LE(flags >>> 0, 0);
  return Buffer.concat([header(20 + sections.length, requestId, opCode), bits, sections]);
}

export function bodySection(bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0]), bytes]);
}

/** A document sequence; `size` may lie. */
export function sequenceSection(name: string, documents: readonly Uint8Array[], size?: number): Buffer {
  const contents = Buffer.concat([Buffer.from(`${name}\0`), ...documents]);
  const length = Buffer.alloc(4);
  length.writeInt32LE(size ?? contents.length + 4, 0);
  return Buffer.concat([Buffer.from([1]), length, contents]);
}

export function message(command: Document, requestId = 1): Buffer {
  return framed(0, bodySection(BSON.serialize({ ...command, $db: command.$db ?? 'test' })), requestId);
}

/** BSON by hand: elements as they are, with their length in front and a zero behind. */
export function rawDocument(...elements: Uint8Array[]): Buffer {
  const contents = Buffer.concat(elements);
  const bytes = Buffer.alloc(contents.length + 5);
  bytes.writeInt32LE(bytes.length, 0);
  contents.copy(bytes, 4);
  return bytes;
}

export function element(type: number, name: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${name}\0`), value]);
}

export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value, 0);
  return bytes;
}

/** A document of so many levels: { a: { a: ... 1 } }. */
export function nested(levels: number): Buffer {
  const core = rawDocument(element(0x10, 'a', int32(1)));
  const around = levels - 1;
  const fronts: Buffer[] = [];
  for (let left = around; left > 0; left--)
    fronts.push(int32(core.length + left * WRAPPING), Buffer.from([0x03, 0x61, 0]));
  return Buffer.concat([...fronts, core, Buffer.alloc(around)]);
}

/** Bytes that a document around another one adds: its length, type and name of its only field, its end. */
const WRAPPING = 4 + 1 + 2 + 1;
