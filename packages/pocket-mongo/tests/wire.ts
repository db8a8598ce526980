import { connect, type Socket } from 'node:net';
import { type Document, deserialize, serialize } from 'bson';

/** Where a server's URI leads: a socket path, or a port. */
export function addressOf(uri: string): { path: string } | { host: string; port: number } {
  const host = decodeURIComponent((uri.slice('mongodb://'.length).split('/?')[0] as string).replace(/\/$/, ''));
  const tcp = /^127\.0\.0\.1:(\d+)$/.exec(host);
  return tcp ? { host: '127.0.0.1', port: Number(tcp[1]) } : { path: host };
}

/** A connection that sends commands as they are, without a driver's sessions, retries and checks. */
export class Wire {
  private received = Buffer.alloc(0);
  private readonly waiting: { resolve: (reply: Document) => void; reject: (error: Error) => void }[] = [];
  private nextId = 1;

  private constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => this.take(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const { reject } of this.waiting.splice(0)) reject(new Error('the connection was closed'));
    });
  }

  static async open(uri: string): Promise<Wire> {
    const socket = connect(addressOf(uri) as { path: string });
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    return new Wire(socket);
  }

  private take(chunk: Buffer): void {
    this.received = Buffer.concat([this.received, chunk]);
    while (this.received.length >= 4 && this.received.length >= this.received.readInt32LE(0)) {
      const size = this.received.readInt32LE(0);
      const reply = deserialize(this.received.subarray(21, size), { promoteLongs: false, useBigInt64: false });
      this.received = this.received.subarray(size);
      this.waiting.shift()?.resolve(reply);
    }
  }

  /** Sends a command as one OP_MSG and waits for its reply, whether it is an error or not. */
  command(command: Document): Promise<Document> {
    const body = serialize(command, { ignoreUndefined: true });
    const head = Buffer.alloc(21);
    head.writeInt32LE(21 + body.length, 0);
    head.writeInt32LE(this.nextId++, 4);
    head.writeInt32LE(2013, 12);
    const reply = new Promise<Document>((resolve, reject) => this.waiting.push({ resolve, reject }));
    this.socket.write(Buffer.concat([head, body]));
    return reply;
  }

  close(): void {
    this.socket.destroy();
  }
}
