import type { Socket } from 'node:net';
import type { Document } from '../bson/values.js';
import { dispatch, errorReply } from '../commands/dispatch.js';
import { appNameOf, isHello, MAX_MESSAGE_SIZE } from '../commands/server.js';
import { awaitMs, isAwaiting, TOPOLOGY_VERSION } from '../commands/topology-version.js';
import type { Engine } from '../engine/context.js';
import { announceMore, type BrokenMessage, encodeReply, HEADER_SIZE, type Message, readMessage } from './message.js';

/** So many requests may wait for the answer to the one before, and of large ones so many bytes. */
const MAX_QUEUE = 100;
const MAX_QUEUE_BYTES = 16 * 1024 * 1024;

/** One client connection: cuts the stream into messages and answers them one after another. */
export class Connection {
  private chunks: Buffer[] = [];
  private size = 0;
  private readonly queue: { readonly message: Message | BrokenMessage; readonly size: number }[] = [];
  private queuedBytes = 0;
  private running = false;
  private appName: string | undefined;
  private idle: (() => void)[] = [];
  private closing = false;
  /** Lets a `hello` that waits go on. */
  private endWait: () => void = () => undefined;

  constructor(
    private readonly home: { readonly engine: Engine },
    private readonly socket: Socket,
    readonly id: number,
  ) {
    socket.on('data', (chunk) => this.receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.endWait());
  }

  private get engine(): Engine {
    return this.home.engine;
  }

  private receive(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    try {
      while (this.size >= HEADER_SIZE) {
        const first = this.joined(HEADER_SIZE);
        const length = first.readInt32LE(0);
        if (length < HEADER_SIZE + 5 || length > MAX_MESSAGE_SIZE) throw new Error('impossible message length');
        if (this.size < length) break;
        const whole = this.joined(length);
        this.take(whole, length);
        this.queue.push({ message: readMessage(whole.subarray(0, length), this.id), size: length });
        this.queuedBytes += length;
      }
    } catch {
      // Nothing after a broken message can be trusted.
      this.socket.destroy();
      return;
    }
    // A client that asks faster than it is answered is read no further.
    if (this.queue.length > MAX_QUEUE || this.queuedBytes > MAX_QUEUE_BYTES) this.socket.pause();
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
    for (let next = this.queue.shift(); next; next = this.queue.shift()) {
      const { message, size } = next;
      try {
        if ('failure' in message) this.write(message, errorReply(message.failure));
        else await this.answer(message);
      } catch (error) {
        this.write(message, errorReply(error));
      }
      if (this.socket.writableNeedDrain) await this.drained();
      this.queuedBytes -= size;
      if (this.queue.length === 0 && this.socket.isPaused()) this.socket.resume();
    }
    this.running = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  private write(message: Message | BrokenMessage, reply: Document): void {
    if (message.wantsReply && !this.socket.destroyed) this.socket.write(encodeReply(message, reply));
  }

  /** Replies that the client does not read must not pile up. */
  private async drained(): Promise<void> {
    const { socket } = this;
    if (socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        socket.off('drain', done);
        socket.off('close', done);
        resolve();
      };
      socket.on('drain', done);
      socket.on('close', done);
    });
  }

  private async answer(message: Message): Promise<void> {
    if (isHello(Object.keys(message.request.command)[0] ?? '')) return await this.answerHello(message);
    this.write(message, await this.replyTo(message));
  }

  private async replyTo(message: Message, wait?: () => Promise<void>): Promise<Document> {
    let reply: Awaited<ReturnType<typeof dispatch>>;
    try {
      reply = await dispatch(this.engine, message.request, this.appName, wait);
    } catch (error) {
      reply = errorReply(error);
    }
    if (reply === 'close') {
      this.queue.length = 0;
      this.socket.destroy();
      return {};
    }
    reply.$clusterTime = this.engine.clock.clusterTime;
    return reply;
  }

  /** A `hello` may wait for a change, and be answered again and again: so drivers notice at once that a server is gone. */
  private async answerHello(message: Message): Promise<void> {
    let { command } = message.request;
    this.appName ??= appNameOf(command);
    const streams = message.exhaustAllowed && message.wantsReply && isAwaiting(command);
    let { requestId } = message;
    for (;;) {
      const asked = command;
      const reply = await this.replyTo(message, () => this.awaitChange(asked));
      if (!streams || reply.ok !== 1 || this.closing) return this.write({ ...message, requestId }, reply);
      if (this.socket.destroyed) return;
      const bytes = encodeReply({ requestId, opCode: message.opCode }, reply);
      requestId = announceMore(bytes);
      this.socket.write(bytes);
      if (this.socket.writableNeedDrain) await this.drained();
      // From now on the client knows the version that it was told.
      command = { ...command, topologyVersion: TOPOLOGY_VERSION };
    }
  }

  /** Waits as long as a `hello` says, or until the connection ends. @throws CommandError if it says it wrongly */
  private async awaitChange(command: Document): Promise<void> {
    const milliseconds = awaitMs(command);
    if (milliseconds === 0 || this.closing || this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Ends the connection when the command under way is answered. */
  async close(): Promise<void> {
    this.queue.length = 0;
    this.closing = true;
    this.endWait();
    if (this.running) await new Promise<void>((resolve) => this.idle.push(resolve));
    await new Promise<void>((resolve) => {
      if (this.socket.destroyed) resolve();
      else this.socket.end(() => resolve());
      setTimeout(() => resolve(), 200).unref();
    });
    this.socket.destroy();
  }
}
