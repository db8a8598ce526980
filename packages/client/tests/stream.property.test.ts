import fc from 'fast-check';
import { type Action, type Input, Stream } from '../src/stream.js';
import type { Envelope } from '../src/wire.js';
import { ModelServer } from './model-server.js';

const allRooms = ['all', 'can:order:read', 'can:kitchen:read', 'station:1', 'user:1'];
const anyRooms = fc.subarray(allRooms, { minLength: 1 });

type Step =
  | { do: 'commit'; rooms: string[] }
  | { do: 'deliver' | 'drop' | 'duplicate' | 'answer' | 'deliver-answer' | 'drop-answer'; pick: number }
  | { do: 'connect' | 'disconnect' | 'heads' | 'forget' }
  | { do: 'restore'; lost: number; cuts: boolean }
  | { do: 'move'; rooms: string[] };

const picked = (name: 'deliver' | 'drop' | 'duplicate' | 'answer' | 'deliver-answer' | 'drop-answer') =>
  fc.record({ do: fc.constant(name), pick: fc.nat(20) });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('commit'), rooms: anyRooms }) },
  { weight: 12, arbitrary: picked('deliver') },
  { weight: 3, arbitrary: picked('drop') },
  { weight: 3, arbitrary: picked('duplicate') },
  { weight: 6, arbitrary: picked('answer') },
  { weight: 6, arbitrary: picked('deliver-answer') },
  { weight: 2, arbitrary: picked('drop-answer') },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'connect' }) },
  { weight: 2, arbitrary: fc.constant<Step>({ do: 'disconnect' }) },
  { weight: 3, arbitrary: fc.constant<Step>({ do: 'heads' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ do: 'forget' }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restore'), lost: fc.nat(5), cuts: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('move'), rooms: anyRooms }) },
);

type Question = Extract<Action, { kind: 'ask-snapshot' | 'ask-since' }>;
interface Loaded {
  epoch: string;
  seq: number;
  rooms: ReadonlySet<string>;
  reset: boolean;
  applied: Envelope[];
}

/** A client on a network that loses, doubles and reorders; the driver's part is played by the steps. */
class World {
  readonly server = new ModelServer();
  readonly stream = new Stream();
  readonly loads: Loaded[] = [];
  mayReset = false;
  online = false;
  rooms: ReadonlySet<string>;
  #messages: Input[] = [];
  #questions: Question[] = [];
  #answers: Input[] = [];

  constructor(
    rooms: readonly string[],
    private readonly pageSize: number,
  ) {
    this.rooms = new Set(rooms);
  }

  take(step: Step): void {
    switch (step.do) {
      case 'commit': {
        const event = this.server.commit(step.rooms);
        const { rooms, ...envelope } = event;
        if (this.online && rooms.some((room) => this.rooms.has(room)))
          this.#messages.push({ kind: 'envelope', envelope });
        break;
      }
      case 'deliver':
        this.#feed(remove(this.#messages, step.pick));
        break;
      case 'drop':
        remove(this.#messages, step.pick);
        break;
      case 'duplicate':
        if (this.#messages.length > 0) this.#messages.push(this.#messages[step.pick % this.#messages.length]!);
        break;
      case 'answer':
        this.#answer(step.pick);
        break;
      case 'deliver-answer':
        this.#feed(remove(this.#answers, step.pick));
        break;
      case 'drop-answer':
        this.#dropAnswer(step.pick);
        break;
      case 'heads':
        if (this.online) this.#messages.push({ kind: 'heads', heads: this.server.heads(this.rooms) });
        break;
      case 'connect':
        if (!this.online) this.#connect();
        break;
      case 'disconnect':
        this.disconnect();
        break;
      case 'forget':
        this.mayReset = true;
        this.server.forget();
        break;
      case 'restore':
        this.mayReset = true;
        if (step.cuts) this.disconnect();
        this.server.restore(step.lost);
        break;
      case 'move':
        this.mayReset = true;
        this.disconnect();
        this.rooms = new Set(step.rooms);
        break;
      default:
        step satisfies never;
    }
  }

  disconnect(): void {
    if (!this.online) return;
    this.online = false;
    this.#messages = [];
    this.#questions = [];
    // Answers of the old connection may still come out of the driver; they must be recognized as stale.
    this.#feed({ kind: 'disconnected' });
  }

  /** The network is good from here on: everything arrives, the heads are told, every question is answered. */
  settle(): void {
    if (!this.online) this.#connect();
    this.#messages.push({ kind: 'heads', heads: this.server.heads(this.rooms) });
    for (let rounds = 0; this.#messages.length + this.#questions.length + this.#answers.length > 0; rounds += 1) {
      if (rounds > 2000) throw new Error('It asks for ever');
      this.#feed(remove(this.#messages, 0));
      this.#answer(0);
      this.#feed(remove(this.#answers, 0));
    }
  }

  #connect(): void {
    this.online = true;
    this.#feed({ kind: 'connected' });
  }

  #answer(pick: number): void {
    const question = remove(this.#questions, pick);
    if (question === undefined) return;
    const { turn } = question;
    if (question.kind === 'ask-snapshot')
      this.#answers.push({ kind: 'snapshot', turn, snapshot: this.server.snapshot(this.rooms) });
    else
      this.#answers.push({
        kind: 'page',
        turn,
        page: this.server.since(this.rooms, question.epoch, question.seq, this.pageSize),
      });
  }

  /** The driver asks again when an answer is lost, as long as the question stands. */
  #dropAnswer(pick: number): void {
    const answer = remove(this.#answers, pick);
    if (answer === undefined || !('turn' in answer) || answer.turn !== this.stream.turn || !this.online) return;
    const { turn } = answer;
    if (answer.kind === 'snapshot') this.#questions.push({ kind: 'ask-snapshot', turn, why: 'start' });
    else {
      const { epoch = '', position: seq } = this.stream;
      this.#questions.push({ kind: 'ask-since', turn, epoch, seq, why: 'gap', attempt: 0 });
    }
  }

  #feed(input: Input | undefined): void {
    if (input === undefined) return;
    for (const action of this.stream.step(input)) {
      if (action.kind === 'apply') this.loads.at(-1)!.applied.push(action.envelope);
      else if (action.kind === 'load') {
        const { epoch, seq, rooms } = action.snapshot;
        this.loads.push({ epoch, seq, rooms: new Set(rooms), reset: action.reset !== undefined, applied: [] });
      } else this.#questions.push(action);
    }
  }
}

function remove<T>(list: T[], pick: number): T | undefined {
  return list.length === 0 ? undefined : list.splice(pick % list.length, 1)[0];
}

const ids = (events: readonly { id: string }[]) => events.map(({ id }) => id);

describe('the stream of events', () => {
  it('applies exactly the visible events, in order, each once, whatever the network does', () => {
    fc.assert(
      fc.property(
        anyRooms,
        fc.integer({ min: 1, max: 4 }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        (rooms, pageSize, steps) => {
          const world = new World(rooms, pageSize);
          for (const each of steps) world.take(each);
          world.settle();
          for (const { epoch, seq, rooms: seen, applied } of world.loads) {
            expect(ids(applied)).toEqual(ids(world.server.visible(seen, seq, epoch)).slice(0, applied.length));
          }
          const last = world.loads.at(-1)!;
          expect(last.epoch).toBe(world.server.epoch);
          expect(ids(last.applied)).toEqual(ids(world.server.visible(world.rooms, last.seq)));
          expect(world.stream.upToDate).toBe(true);
          expect(world.loads.slice(1).every(({ reset }) => reset)).toBe(true);
          if (!world.mayReset) expect(world.loads).toHaveLength(1);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('asks nothing of the server while every event arrives, whichever rooms it is in', () => {
    fc.assert(
      fc.property(anyRooms, fc.array(anyRooms, { maxLength: 50, size: 'max' }), (rooms, events) => {
        const world = new World(rooms, 100);
        world.settle();
        for (const to of events) {
          world.take({ do: 'commit', rooms: to });
          world.take({ do: 'deliver', pick: 0 });
          expect(world.stream.phase).toBe('live');
        }
        expect(ids(world.loads.at(-1)!.applied)).toEqual(ids(world.server.visible(world.rooms)));
      }),
    );
  });
});
