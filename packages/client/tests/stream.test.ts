import { type Action, Stream } from '../src/stream.js';
import type { Envelope, Page } from '../src/wire.js';
import { ModelServer } from './model-server.js';

const mine = new Set(['all', 'can:order:read']);

/** A stream that is live at the server's present position. */
function live(server: ModelServer): Stream {
  const stream = new Stream();
  stream.step({ kind: 'connected' });
  stream.step({ kind: 'snapshot', turn: stream.turn, snapshot: server.snapshot(mine) });
  return stream;
}

const shown = (actions: readonly Action[]) =>
  actions.map((action) => (action.kind === 'apply' ? action.envelope.seq : action.kind));

const receive = (stream: Stream, envelope: Envelope) => shown(stream.step({ kind: 'envelope', envelope }));

describe('the stream, case by case', () => {
  it('needs no answer when an event was only overtaken by others', () => {
    const server = new ModelServer();
    const stream = live(server);
    const one = server.commit(['all']);
    const two = server.commit(['can:order:read']);
    const three = server.commit(['all']);
    expect(receive(stream, three)).toEqual(['ask-since']);
    const { turn } = stream;
    expect(receive(stream, one)).toEqual([1]);
    expect([stream.phase, stream.upToDate]).toEqual(['gap', false]);
    expect(receive(stream, two)).toEqual([2, 3]);
    expect([stream.phase, stream.upToDate]).toEqual(['live', true]);
    const page = server.since(mine, server.epoch, 0, 10);
    expect(stream.step({ kind: 'page', turn, page })).toEqual([]);
  });

  it('takes no event for missing that went to rooms of others', () => {
    const server = new ModelServer();
    const stream = live(server);
    server.commit(['can:kitchen:read']);
    server.commit(['can:kitchen:read']);
    expect(receive(stream, server.commit(['all']))).toEqual([3]);
  });

  it('sees that an event to all has overtaken one to another of its rooms', () => {
    const server = new ModelServer();
    const stream = live(server);
    expect(receive(stream, server.commit(['all']))).toEqual([1]);
    const overtaken = server.commit(['can:order:read']);
    expect(receive(stream, server.commit(['all']))).toEqual(['ask-since']);
    expect(receive(stream, overtaken)).toEqual([2, 3]);
  });

  it('starts over when a page jumps over what is not in the journal any more', () => {
    const server = new ModelServer();
    const stream = live(server);
    const [one, , three] = [server.commit(['all']), server.commit(['can:order:read']), server.commit(['all'])];
    stream.step({ kind: 'heads', heads: { epoch: server.epoch, heads: { all: 3 } } });
    const whole = server.since(mine, server.epoch, 0, 10);
    const page = { ...whole, events: [one, three] } as Page;
    const actions = stream.step({ kind: 'page', turn: stream.turn, page });
    expect(shown(actions)).toEqual([1, 'ask-snapshot']);
    expect(actions.at(-1)).toMatchObject({ why: 'history' });
    expect(stream.upToDate).toBe(false);
  });

  it('says how often it has asked in vain, so that its driver may slow down', () => {
    const server = new ModelServer();
    const stream = live(server);
    const epoch = server.epoch;
    stream.step({ kind: 'heads', heads: { epoch, heads: { all: 5 } } });
    const nothing: Page = { reset: false, epoch, rooms: [...mine], events: [], position: 0, more: false };
    for (const attempt of [1, 2, 3]) {
      const [action] = stream.step({ kind: 'page', turn: stream.turn, page: nothing });
      expect(action).toMatchObject({ kind: 'ask-since', seq: 0, attempt });
    }
    expect(stream.upToDate).toBe(false);
  });

  it('holds back no more than a thousand events, and loses none of the others', () => {
    const server = new ModelServer();
    const stream = live(server);
    stream.step({ kind: 'disconnected' });
    stream.step({ kind: 'connected' });
    const { epoch } = server;
    const before = server.since(mine, epoch, 0, 5000);
    const events = Array.from({ length: 1500 }, () => server.commit(['all']));
    for (const event of events) expect(receive(stream, event)).toEqual([]);
    const first = shown(stream.step({ kind: 'page', turn: stream.turn, page: before }));
    expect(first).toEqual([...events.slice(0, 1000).map(({ seq }) => seq), 'ask-since']);
    const rest = server.since(mine, epoch, stream.position, 5000);
    expect(shown(stream.step({ kind: 'page', turn: stream.turn, page: rest }))).toHaveLength(500);
    expect(stream.upToDate).toBe(true);
  });
});
