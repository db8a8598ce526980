import { Decoder, Encoder, type Packet } from 'socket.io-parser';
import { type BrigadeError, fail } from '../../kernel/errors.js';
import { isCostlyJson, TOO_COSTLY } from '../json-cost.js';

/** As many as Socket.IO's own client may send. */
const MAX_ATTACHMENTS = 10;
/** Connects to a namespace that does not exist are answered this often on one line. */
const MAX_ASTRAY = 3;
/** Type, id and name of a message: `217["order:place",…`. */
const HEAD = /^2(\d{0,15})\["([\w:-]{1,80})"/;

type Listener = (packet: Packet) => void;

/** Stands where a message's arguments stood that nobody looks at; the message is answered with the error. */
export class Unread {
  constructor(readonly why: BrigadeError) {}
}

/**
 * Reads what clients send: Socket.IO's own decoder, but for what would cost everybody. Nothing here takes bytes, and
 * putting attachments back into a message walks all of it before anybody has looked at it: they are dropped as they come.
 * What is too long for its operation, or made to be slow to parse, is not parsed. All three are answered in words. And
 * there is one namespace: who goes on asking for others is hung up on.
 */
class TextOnlyDecoder {
  readonly #decoder = new Decoder();
  #attachments = 0;
  #astray = 0;
  #unread: BrigadeError | undefined;

  constructor(private readonly maxBytesOf: (name: string) => number) {}

  /** As `Decoder`'s, so far as the server uses it. */
  on(event: 'decoded', listener: Listener): void {
    this.#decoder.on(event, (packet) => listener(this.#judged(packet)));
  }

  removeListener(event: 'decoded'): void {
    this.#decoder.off(event);
  }

  destroy(): void {
    this.#decoder.destroy();
  }

  /** @throws Error for what is no packet; the server then ends the connection */
  add(data: unknown): void {
    if (typeof data !== 'string') {
      if (this.#attachments === 0) throw new Error('Binary data that belongs to no message');
      this.#attachments -= 1;
      return;
    }
    if (this.#attachments > 0) throw new Error('A message before the attachments of the last one');
    this.#decoder.add(this.#readable(data));
  }

  /** The packet as far as it is read: its arguments are left out when they are not. */
  #readable(data: string): string {
    const [binary, attachments] = /^5(\d{1,2})-/.exec(data) ?? [];
    this.#attachments = Number(attachments ?? 0);
    if (this.#attachments > MAX_ATTACHMENTS) throw new Error('Too many attachments');
    const text = binary === undefined ? data : `2${data.slice(binary.length)}`;
    const [head, id, name = ''] = HEAD.exec(text.slice(0, 200)) ?? [];
    this.#unread = this.#refusal(text, name, binary !== undefined);
    if (this.#unread === undefined) return text;
    if (head === undefined) throw this.#unread;
    return `2${id}["${name}"]`;
  }

  #refusal(text: string, name: string, isBinary: boolean): BrigadeError | undefined {
    if (isBinary) return fail('malformed', 'Binary attachments are not taken: send the input as JSON');
    const max = this.maxBytesOf(name);
    if (text.length > max) return fail('payload_too_large', `A message ${name} may have ${max / 1024} KiB`);
    return isCostlyJson(text) ? fail('malformed', TOO_COSTLY) : undefined;
  }

  #judged(packet: Packet): Packet {
    if (packet.nsp !== '/' && ++this.#astray > MAX_ASTRAY) throw new Error('There is one namespace: /');
    return this.#unread === undefined ? packet : { ...packet, data: [packet.data[0], new Unread(this.#unread)] };
  }
}

/** For `new Server({ parser })`. `maxBytesOf` says how large a message of a name may be. */
export function textOnly(maxBytesOf: (name: string) => number): object {
  return {
    Encoder,
    Decoder: class extends TextOnlyDecoder {
      constructor() {
        super(maxBytesOf);
      }
    },
  };
}
