import type { Envelope, Heads, Page, Snapshot } from './wire.js';

/**
 * The order of events, and nothing else: no I/O, no timers. What arrives goes in, in whatever order the network made of
 * it; what is to be done comes out. Every event this client may see is applied exactly once and in the order of seq.
 *
 * - position: every event for me up to and including this seq has been applied.
 * - head: the highest seq I know to exist for me. Up to date = live, and position has reached head.
 * - turn: counts questions to the server; an answer to an earlier turn is stale and ignored.
 */
export type Input =
  | { kind: 'connected' }
  | { kind: 'disconnected' }
  | { kind: 'envelope'; envelope: Envelope }
  | { kind: 'heads'; heads: Heads }
  | { kind: 'snapshot'; turn: number; snapshot: Snapshot }
  | { kind: 'page'; turn: number; page: Page }
  /** Something may have been missed without a trace. */
  | { kind: 'doubted' }
  /** The server refuses to continue from my position for good (it does not know it, say). */
  | { kind: 'refused'; turn: number };

/** Why the replicas were loaded anew: history changed or is past the retention, or I may now see other things. */
export type ResetReason = 'history' | 'rooms';

export type Action =
  | { kind: 'apply'; envelope: Envelope }
  | { kind: 'load'; snapshot: Snapshot; reset?: ResetReason }
  | { kind: 'ask-snapshot'; turn: number; why: 'start' | ResetReason }
  /** `attempt` counts questions that brought nothing new, from 0. */
  | { kind: 'ask-since'; turn: number; epoch: string; seq: number; why: Why; attempt: number };

type Why = 'reconnect' | 'gap' | 'epoch' | 'more';

export type Phase = 'connecting' | 'snapshotting' | 'catching-up' | 'gap' | 'live';

/** Held back events beyond this number are dropped: catching up brings them again, and memory stays bounded. */
const maxHeld = 1000;

export class Stream {
  #phase: Phase = 'connecting';
  #turn = 0;
  #place: { epoch: string; position: number } | undefined;
  #rooms: ReadonlySet<string> = new Set();
  #head = 0;
  #attempt = 0;
  #resetReason: ResetReason | undefined;
  #held: Envelope[] = [];
  /** By epoch: the highest head told while I could not act on it. */
  #heldHeads = new Map<string, number>();
  #actions: Action[] = [];

  get phase(): Phase {
    return this.#phase;
  }
  get turn(): number {
    return this.#turn;
  }
  get position(): number {
    return this.#place?.position ?? 0;
  }
  get epoch(): string | undefined {
    return this.#place?.epoch;
  }
  get upToDate(): boolean {
    return this.#phase === 'live' && this.position >= this.#head;
  }

  step(input: Input): Action[] {
    this.#take(input);
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  #take(input: Input): void {
    switch (input.kind) {
      case 'connected':
        this.#connected();
        break;
      case 'disconnected':
        this.#disconnected();
        break;
      case 'envelope':
        this.#envelope(input.envelope);
        break;
      case 'heads':
        this.#heads(input.heads);
        break;
      case 'snapshot':
        this.#snapshot(input.turn, input.snapshot);
        break;
      case 'page':
        this.#page(input.turn, input.page);
        break;
      case 'doubted':
        if (this.#phase === 'live') this.#ask('gap', 'gap');
        break;
      case 'refused':
        if (input.turn === this.#turn && this.#phase !== 'connecting') this.#startOver('history');
        break;
      default:
        unreachable(input);
    }
  }

  #connected(): void {
    this.#drop();
    if (this.#place === undefined || this.#resetReason !== undefined) this.#startOver(this.#resetReason ?? 'start');
    else this.#ask('catching-up', 'reconnect');
  }

  #disconnected(): void {
    this.#drop();
    this.#turn += 1;
    this.#phase = 'connecting';
  }

  /** Whatever is held belongs to a connection that is gone; the next one starts by asking. */
  #drop(): void {
    this.#held = [];
    this.#heldHeads.clear();
    this.#attempt = 0;
  }

  #envelope(envelope: Envelope): void {
    switch (this.#phase) {
      case 'connecting':
        break;
      case 'snapshotting':
      case 'catching-up':
        this.#hold(envelope);
        break;
      case 'gap':
        this.#hold(envelope);
        this.#tryToHeal();
        break;
      case 'live':
        this.#liveEnvelope(envelope);
        break;
      default:
        unreachable(this.#phase);
    }
  }

  #liveEnvelope(envelope: Envelope): void {
    const { epoch, seq } = envelope;
    if (epoch !== this.#place?.epoch) this.#ask('catching-up', 'epoch');
    else if (seq > this.position && this.#needs(envelope) <= this.position) this.#apply(envelope);
    else if (seq > this.position) {
      this.#head = Math.max(this.#head, seq);
      this.#hold(envelope);
      this.#ask('gap', 'gap');
    }
  }

  #heads(heads: Heads): void {
    switch (this.#phase) {
      case 'connecting':
        break;
      case 'snapshotting':
      case 'catching-up':
      case 'gap':
        // They are not told again unless they move, so they must not be forgotten.
        this.#holdHead(heads.epoch, highest(heads));
        break;
      case 'live':
        this.#liveHeads(heads);
        break;
      default:
        unreachable(this.#phase);
    }
  }

  #liveHeads(heads: Heads): void {
    this.#head = heads.epoch === this.#place?.epoch ? Math.max(this.#head, highest(heads)) : this.#head;
    if (heads.epoch !== this.#place?.epoch) this.#ask('catching-up', 'epoch');
    else if (this.#head > this.position) this.#ask('gap', 'gap');
  }

  #snapshot(turn: number, snapshot: Snapshot): void {
    if (turn !== this.#turn || this.#phase !== 'snapshotting') return;
    const reset = this.#resetReason;
    this.#resetReason = undefined;
    this.#place = { epoch: snapshot.epoch, position: snapshot.seq };
    this.#rooms = new Set(snapshot.rooms);
    this.#head = snapshot.seq;
    this.#actions.push(reset === undefined ? { kind: 'load', snapshot } : { kind: 'load', snapshot, reset });
    this.#goLive();
  }

  #page(turn: number, page: Page): void {
    if (turn !== this.#turn || this.#place === undefined) return;
    if (this.#phase !== 'catching-up' && this.#phase !== 'gap') return;
    if (page.reset || page.epoch !== this.#place.epoch) this.#startOver('history');
    else if (!sameRooms(page.rooms, this.#rooms)) this.#startOver('rooms');
    else this.#continue(page);
  }

  #continue(page: Page & { reset: false }): void {
    const before = this.position;
    for (const envelope of page.events) {
      if (envelope.seq <= this.position) continue;
      // A page has all there is after a position: what it lacks is not there any more.
      if (this.#needs(envelope) > this.position) {
        this.#startOver('history');
        return;
      }
      this.#apply(envelope);
    }
    this.#moveTo(page.position);
    this.#attempt = this.position > before ? 0 : this.#attempt + 1;
    if (page.more) this.#ask(this.#phase === 'gap' ? 'gap' : 'catching-up', 'more');
    else this.#goLive();
  }

  /** Takes what was held back as if it arrived now; that may well open the next gap, and then ask again. */
  #goLive(): void {
    this.#phase = 'live';
    const epoch = this.#place?.epoch ?? '';
    const held = this.#held.sort(bySeq);
    this.#head = Math.max(this.#head, this.#heldHeads.get(epoch) ?? 0);
    const foreign = held.some((one) => one.epoch !== epoch) || [...this.#heldHeads.keys()].some((one) => one !== epoch);
    this.#held = [];
    this.#heldHeads.clear();
    for (const envelope of held) if (envelope.epoch === epoch) this.#envelope(envelope);
    if (this.upToDate) this.#attempt = 0;
    // Either a straggler from before, or history changed just after the question I was waiting for.
    if (foreign) this.#ask('catching-up', 'epoch');
    else if (this.#phase === 'live' && !this.upToDate) this.#ask('gap', 'gap');
  }

  /** In a gap: the missing event may only have been overtaken, and arrive by itself. */
  #tryToHeal(): void {
    this.#held.sort(bySeq);
    for (let next = this.#held[0]; next !== undefined; next = this.#held[0]) {
      if (next.epoch !== this.#place?.epoch) return;
      if (next.seq > this.position) {
        if (this.#needs(next) > this.position) return;
        this.#apply(next);
      }
      this.#held.shift();
    }
    if (this.position < this.#head) return;
    this.#turn += 1;
    this.#goLive();
  }

  /** The seq up to which I must be complete before this event may be applied. */
  #needs(envelope: Envelope): number {
    let needed = 0;
    for (const room of this.#rooms) needed = Math.max(needed, envelope.prev[room] ?? 0);
    return needed;
  }

  #apply(envelope: Envelope): void {
    this.#moveTo(envelope.seq);
    this.#head = Math.max(this.#head, envelope.seq);
    this.#actions.push({ kind: 'apply', envelope });
  }

  #moveTo(position: number): void {
    if (this.#place !== undefined) this.#place.position = Math.max(this.#place.position, position);
  }

  #hold(envelope: Envelope): void {
    if (this.#held.length < maxHeld) this.#held.push(envelope);
    else this.#holdHead(envelope.epoch, envelope.seq);
  }

  #holdHead(epoch: string, seq: number): void {
    this.#heldHeads.set(epoch, Math.max(seq, this.#heldHeads.get(epoch) ?? 0));
  }

  #ask(phase: 'catching-up' | 'gap', why: Why): void {
    if (this.#place === undefined) return;
    this.#phase = phase;
    this.#turn += 1;
    const { epoch, position } = this.#place;
    this.#actions.push({ kind: 'ask-since', turn: this.#turn, epoch, seq: position, why, attempt: this.#attempt });
  }

  #startOver(why: 'start' | ResetReason): void {
    this.#phase = 'snapshotting';
    this.#turn += 1;
    if (why !== 'start') this.#resetReason = why;
    this.#actions.push({ kind: 'ask-snapshot', turn: this.#turn, why });
  }
}

function bySeq(a: Envelope, b: Envelope): number {
  return a.seq - b.seq;
}

function highest(heads: Heads): number {
  return Math.max(0, ...Object.values(heads.heads));
}

function sameRooms(names: readonly string[], rooms: ReadonlySet<string>): boolean {
  return names.length === rooms.size && names.every((name) => rooms.has(name));
}

function unreachable(value: never): never {
  throw new Error(`Unreachable: ${JSON.stringify(value)}`);
}
