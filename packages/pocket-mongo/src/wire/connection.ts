import type { Socket } from 'node:net';
import { dispatch, errorReply } from '../commands/dispatch.js';
import { appNameOf, isHello, MAX_MESSAGE_SIZE } from '../commands/server.js';
import type { Engine } from '../engine/context.js';
import { encodeReply, HEADER_SIZE, type Message, parseMessage } from './message.js';

/** One client connection: cuts the stream into messages and answers them one after another. */
export class Connection {
  private chunks: Buffer[] = [];
  private size = 0;
  private readonly queue: Message[] = [];
  private running = false;
  private appName: string | undefined;
  private idle: (() => void)[] = [];

  constructor(
    private readonly engine: Engine,
    private readonly socket: Socket,
    private readonly id: number,
  ) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    try {
      while (this.size >= HEADER_SIZE) {
        const first = this.joined(HEADER_SIZE);
        const length = first.readInt32LE(0);
        if (length < HEADER_SIZE + 5 || length > MAX_MESSAGE_SIZE) throw new Error('impossible message length');
        if (this.size < length) return;
        const whole = this.joined(length);
        this.take(whole, length);
        this.queue.push(parseMessage(whole.subarray(0, length), this.id));
      }
    } catch {
      // Nothing after a broken message can be trusted.
      this.socket.destroy();
      return;
    }
    if (!this.running) void this.work();
  }

  /** The first chunk, made at least `length` bytes long. */
  private joined(length: number): Buffer {
    const [first] = this.chunks;
    if (first && first.length >= length) return first;
    const all = Buffer.concat(this.chunks);
    this.chunks = [all];
    return all;
  }

  private take(whole: Buffer, length: number): void {
    this.size -= length;
    if (whole.length === length) this.chunks.shift();
    else this.chunks[0] = whole.subarray(length);
  }

  private async work(): Promise<void> {
    this.running = true;
    for (let message = this.queue.shift(); message; message = this.queue.shift()) {
      await this.answer(message);
    }
    this.running = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private async answer(message: Message): Promise<void> {
    const { command } = message.request;
    if (isHello(Object.keys(command)[0] ?? '')) this.appName ??= appNameOf(command);
    let reply: Awaited<ReturnType<typeof dispatch>>;
    try {
      reply = await dispatch(this.engine, message.request, this.appName);
    } catch (error) {
      reply = errorReply(error);
    }
    if (reply === 'close') {
      this.queue.length = 0;
      this.socket.destroy();
    } else if (message.wantsReply && !this.socket.destroyed) {
      this.socket.write(encodeReply(message, reply));
    }
  }

  /** Ends the connection when the command under way is answered. */
  async close(): Promise<void> {
    this.queue.length = 0;
    if (this.running) await new Promise<void>((resolve) => this.idle.push(resolve));
    await new Promise<void>((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.end(() => resolve());
      setTimeout(() => resolve(), 200).unref();
    });
    this.socket.destroy();
  }
}
