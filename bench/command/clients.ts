import { io, type Socket } from 'socket.io-client';
import { answerParent } from '../children.js';

/** The tablets of both servers, in a process of their own: in each restaurant one that orders and one that listens. */
interface Restaurant {
  token: string;
  itemIds: string[];
}

interface House {
  waiter: Socket;
  itemIds: string[];
}

export interface Load {
  /** Whose server. */
  side: string;
  /** How many of its restaurants, and commands in flight in each. */
  restaurants: number;
  inFlight: number;
  seconds: number;
  /** `hold`: the order is created and nothing more; `now`: the kitchen gets its tickets. */
  fire: 'now' | 'hold';
}

export interface Measured {
  /** Milliseconds from sending to acknowledgement. */
  latencies: number[];
  refused: number;
  seconds: number;
}

const sides = new Map<string, House[]>();

async function open(url: string, token: string): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], auth: { token }, forceNew: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return socket;
}

export interface Answer {
  ok: boolean;
  replayed?: true;
  error?: { code: string; detail?: string; retryAfter?: number };
}

function orderOf({ itemIds }: House, fire: Load['fire']): object {
  const lines = [1, 2, 3].map(() => ({ itemId: itemIds[Math.floor(Math.random() * itemIds.length)], quantity: 1 }));
  return { channel: 'takeaway', customer: { name: 'Ana' }, lines, fire };
}

function placeOrder(house: House, fire: Load['fire']): Promise<Answer> {
  return house.waiter.emitWithAck('order:place', orderOf(house, fire), { key: crypto.randomUUID() });
}

async function orderUntil(house: House, end: number, fire: Load['fire'], measured: Measured): Promise<void> {
  while (performance.now() < end) {
    const started = performance.now();
    const answer = await placeOrder(house, fire);
    if (answer.ok) measured.latencies.push(performance.now() - started);
    else {
      if (measured.refused === 0) console.error('refused:', JSON.stringify(answer.error));
      measured.refused += 1;
    }
  }
}

export interface Flood {
  side: string;
  restaurants: number;
  /** Orders sent a second, however many are answered. */
  perSecond: number;
  /** How long it lasts until queues are full and answers come at their rate, and then how long it is measured. */
  leadSeconds: number;
  seconds: number;
}

export interface Flooded {
  sent: number;
  /** Acknowledged while it was measured. */
  acknowledged: number;
  /** Milliseconds from the moment an order was due to be sent to its acknowledgement. */
  latencies: number[];
  /** Refusals by code, and how many of them said when to come back. */
  refusals: Record<string, number>;
  withRetryAfter: number;
  /** From the end of the flood to the last answer, ms. */
  settledMs: number;
}

/** Open-loop arrivals: what is due is sent, as by so many tablets that know nothing of each other. */
async function flood({ side, restaurants, perSecond, leadSeconds, seconds }: Flood): Promise<Flooded> {
  const houses = (sides.get(side) ?? []).slice(0, restaurants);
  const figures: Flooded = {
    sent: 0,
    acknowledged: 0,
    latencies: [],
    refusals: {},
    withRetryAfter: 0,
    settledMs: 0,
  };
  const started = performance.now();
  const measuredFrom = started + leadSeconds * 1000;
  const end = measuredFrom + seconds * 1000;
  const answers: Promise<void>[] = [];
  const send = async (house: House, due: number) => {
    const { ok, error } = await placeOrder(house, 'now');
    const now = performance.now();
    if (ok) {
      figures.latencies.push(now - due);
      if (now >= measuredFrom && now <= end) figures.acknowledged += 1;
      return;
    }
    const { code = 'unknown', retryAfter } = error ?? {};
    figures.refusals[code] = (figures.refusals[code] ?? 0) + 1;
    if (retryAfter !== undefined) figures.withRetryAfter += 1;
  };
  while (performance.now() < end) {
    const due = ((performance.now() - started) / 1000) * perSecond;
    for (; figures.sent < due; figures.sent += 1) {
      const house = houses[figures.sent % houses.length];
      if (house !== undefined) answers.push(send(house, started + (figures.sent / perSecond) * 1000));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await Promise.all(answers);
  figures.settledMs = performance.now() - end;
  return figures;
}

interface Keyed {
  key: string;
  input: object;
  id: string;
}

/** Orders placed by the first restaurant of Brigade, oldest first. */
const keyed: Keyed[] = [];

async function placeKeyed(count: number): Promise<void> {
  const house = sides.get('brigade')?.[0];
  for (let i = 0; i < count && house !== undefined; i += 1) {
    const key = crypto.randomUUID();
    const input = orderOf(house, 'now');
    const { data } = (await house.waiter.emitWithAck('order:place', input, { key })) as { data: { id: string } };
    keyed.push({ key, input, id: data.id });
  }
}

/** Reads orders, or sends them again: the last ones, or ones that are long past. */
async function repeat({ kind, calls }: { kind: 'read' | 'fresh' | 'stored'; calls: number }): Promise<number[]> {
  const waiter = sides.get('brigade')?.[0]?.waiter;
  const chosen = kind === 'fresh' ? keyed.slice(-50) : keyed.slice(0, 100);
  const latencies: number[] = [];
  for (let i = 0; i < calls; i += 1) {
    const { key, input, id } = chosen[i % chosen.length] as Keyed;
    const started = performance.now();
    const answer = (await (kind === 'read'
      ? waiter?.emitWithAck('order:get', { orderId: id })
      : waiter?.emitWithAck('order:place', input, { key }))) as Answer;
    latencies.push(performance.now() - started);
    if (!answer.ok || (kind !== 'read' && answer.replayed !== true))
      throw new Error(`Not a replay: ${JSON.stringify(answer).slice(0, 300)}`);
  }
  return latencies;
}

answerParent({
  flood,
  placeKeyed,
  repeat,
  async connect({ side, url, restaurants }: { side: string; url: string; restaurants: Restaurant[] }) {
    const houses: House[] = [];
    for (const { token, itemIds } of restaurants) {
      const [waiter] = await Promise.all([open(url, token), open(url, token)]);
      houses.push({ waiter, itemIds });
    }
    sides.set(side, houses);
  },
  async load({ side, restaurants, inFlight, seconds, fire }: Load): Promise<Measured> {
    const measured: Measured = { latencies: [], refused: 0, seconds: 0 };
    const started = performance.now();
    const end = started + seconds * 1000;
    const houses = (sides.get(side) ?? []).slice(0, restaurants);
    const streams = houses.flatMap((house) =>
      Array.from({ length: inFlight }, () => orderUntil(house, end, fire, measured)),
    );
    await Promise.all(streams);
    return { ...measured, seconds: (performance.now() - started) / 1000 };
  },
});
