import type { Server as HttpServer, IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Server, Socket } from 'socket.io';
import { networkOf } from '../../runtime/limits.js';
import { addressOf } from '../address.js';
import { isKnownLine } from '../lines.js';
import { Strangers } from '../strangers.js';
import { paceUpgrades, type Upgrade } from './pace.js';

export interface DoorwayOptions {
  trustProxy: number;
  /** Connections without a log-in: of one network, in all, and how long each may stay, ms. */
  perNetwork: number;
  inAll: number;
  patienceMs: number;
  /** Largest message of somebody who is known, bytes. */
  maxPayloadBytes: number;
  onRefused: (why: string) => void;
}

/** A connection of Engine.IO, below the socket of a namespace. */
type Conn = Socket['conn'];

interface Visitor {
  readonly network: string;
  readonly conn: Conn;
  /** The line itself, once it is a WebSocket. */
  raw?: Duplex | undefined;
  leave: () => void;
  known: boolean;
  isChanging: boolean;
  packets: number;
}

/** What somebody may send before they are known: room for a token and a device's words about itself, bytes. */
const UNKNOWN_BYTES = 16_384;
/** Packets of the same: one would do. */
const UNKNOWN_PACKETS = 20;
/** Upgrades that may wait for their turn, by what may be open: a whole chain of restaurants behind one address. */
const WAITING_FACTOR = 5;
/** A line whose connection is over is cut after this time, if the other end has not, ms. */
const LINGER_MS = 2_000;
const SWEEP_MS = 500;

/** Who is connected and not yet known: let in at a pace, kept few and small, and sent away when they say nothing. */
export class Doorway {
  readonly #open: Strangers;
  readonly #raws = new WeakMap<IncomingMessage, Duplex>();
  readonly #visitors = new WeakMap<Conn, Visitor>();
  readonly #bySid = new Map<string, Visitor>();
  #stop: () => void = () => undefined;

  constructor(private readonly options: DoorwayOptions) {
    this.#open = new Strangers({ ...options, onSentAway: options.onRefused });
  }

  /** To be called once Socket.IO is attached. */
  guard(server: HttpServer, io: Server): void {
    const { perNetwork, inAll, onRefused } = this.options;
    // In front of Engine.IO's, for what a line says must be counted from its first byte on.
    server.prependListener('upgrade', this.#begun);
    const [most, all] = [perNetwork * WAITING_FACTOR, inAll * WAITING_FACTOR];
    const caps = { perNetwork: most, inAll: all, onSentAway: () => onRefused('waiting') };
    const endPace = paceUpgrades(server, { ...caps, networkOf: (request) => this.#networkOf(request) });
    io.engine.on('connection', (conn: Conn) => this.#arrived(conn));
    const sweeps = setInterval(() => this.#open.sweep(), SWEEP_MS).unref();
    this.#stop = () => {
      endPace();
      clearInterval(sweeps);
    };
  }

  close(): void {
    this.#stop();
  }

  /** Connections open and unknown now. */
  get unknown(): number {
    return this.#open.count;
  }

  /** Somebody has shown a token; while it is looked at they are no stranger. */
  shown(conn: Conn): void {
    this.#visitors.get(conn)?.leave();
  }

  /** The token was no good: a stranger again, who may try another for a while. */
  refused(conn: Conn): void {
    const visitor = this.#visitors.get(conn);
    if (visitor !== undefined && conn.readyState === 'open') this.#count(visitor);
  }

  /** Known from now on: no limit of this door concerns them any more. */
  joined(conn: Conn): void {
    const visitor = this.#visitors.get(conn);
    if (visitor === undefined) return;
    visitor.leave();
    visitor.known = true;
    if (visitor.raw !== undefined) isKnownLine(visitor.raw);
    limitPosts(conn, this.options.maxPayloadBytes);
  }

  #networkOf({ headers, socket }: IncomingMessage): string {
    return networkOf(addressOf(headers, socket.remoteAddress, this.options.trustProxy));
  }

  readonly #begun: Upgrade = (request, raw) => {
    this.#raws.set(request, raw);
    const sid = /[?&]sid=([^&]+)/.exec(request.url ?? '')?.[1];
    const visitor = sid === undefined ? undefined : this.#bySid.get(sid);
    if (visitor !== undefined) this.#changesOver(visitor, raw);
  };

  /** From polling to a WebSocket: one at a time, and a stranger until it is done. */
  #changesOver(visitor: Visitor, raw: Duplex): void {
    if (visitor.isChanging) {
      raw.destroy();
      return;
    }
    visitor.isChanging = true;
    const leave = this.#open.arrive(visitor.network, () => raw.destroy());
    raw.once('close', () => {
      visitor.isChanging = false;
      leave();
    });
    this.#measure(raw, visitor);
    visitor.conn.once('upgrade', () => {
      leave();
      visitor.raw = raw;
      if (visitor.known) isKnownLine(raw);
    });
  }

  #arrived(conn: Conn): void {
    const { request } = conn;
    const raw = this.#raws.get(request);
    const network = this.#networkOf(request);
    const unknown = { leave: () => undefined, known: false, isChanging: false, packets: 0 };
    const visitor: Visitor = { network, conn, raw, ...unknown };
    this.#visitors.set(conn, visitor);
    this.#bySid.set(visitorId(conn), visitor);
    if (raw === undefined) limitPosts(conn, UNKNOWN_BYTES);
    else this.#measure(raw, visitor);
    const counted = () => {
      visitor.packets += 1;
      if (visitor.known) conn.off('packet', counted);
      else if (visitor.packets > UNKNOWN_PACKETS) this.#sendAway(visitor, 'packets');
    };
    conn.on('packet', counted);
    conn.once('close', () => {
      visitor.leave();
      this.#bySid.delete(visitorId(conn));
      const line = visitor.raw;
      if (line !== undefined && !line.destroyed) setTimeout(() => line.destroy(), LINGER_MS).unref();
    });
    this.#count(visitor);
  }

  #count(visitor: Visitor): void {
    visitor.leave();
    visitor.leave = this.#open.arrive(visitor.network, () => cut(visitor));
  }

  /** An unfinished message of a megabyte, a thousand times over, is what a stranger's line must not hold. */
  #measure(raw: Duplex, visitor: Visitor): void {
    let bytes = 0;
    const add = (chunk: Buffer) => {
      bytes += chunk.length;
      if (visitor.known) raw.off('data', add);
      else if (bytes > UNKNOWN_BYTES) {
        raw.off('data', add);
        raw.destroy();
        this.#sendAway(visitor, 'bytes');
      }
    };
    raw.on('data', add);
  }

  #sendAway(visitor: Visitor, why: string): void {
    visitor.leave();
    this.options.onRefused(why);
    cut(visitor);
  }
}

const visitorId = (conn: Conn): string => (conn as unknown as { id: string }).id;

/** At once, without the farewells that the other end could leave unanswered. */
function cut({ conn, raw }: Visitor): void {
  if (raw === undefined) conn.close(true);
  else raw.destroy();
}

/** Of a polling connection Engine.IO itself bounds what is posted; each transport has its own bound. */
function limitPosts(conn: Conn, bytes: number): void {
  const transport = conn.transport as unknown as { maxHttpBufferSize?: number };
  if (transport.maxHttpBufferSize !== undefined) transport.maxHttpBufferSize = bytes;
}
