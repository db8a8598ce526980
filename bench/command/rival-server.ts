import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import jwt from 'jsonwebtoken';
import mongoose from 'mongoose';
import { Server } from 'socket.io';
import { features } from '../../src/features.js';
import { newId } from '../../src/kernel/ids.js';
import { createRegistry } from '../../src/runtime/registry.js';
import { answerParent } from '../children.js';
import { RivalCounter, RivalOrder, RivalTicket } from './rival-orders.js';

/**
 * The usual stack, written with care: Express, mongoose, joi and Socket.IO. An order is validated by the very schema
 * Brigade uses, priced from a menu held in memory, created, emitted to the restaurant's room and acknowledged. There is no
 * transaction, no journal, no idempotency and no log line: killed at the wrong moment it loses or doubles orders. An order
 * that goes to the kitchen gets its number of the day from a counter and a ticket for each station, as Brigade's does;
 * one that is held is a single `create`.
 */
interface Item {
  id: string;
  name: string;
  categoryId: string;
  price: number;
}
interface LineInput {
  itemId: string;
  quantity: number;
  note: string;
}
interface OrderInput {
  channel: string;
  guestCount: number;
  customer?: { name: string };
  note: string;
  lines: LineInput[];
  fire?: 'now' | 'hold';
}
interface Person {
  id: string;
  name: string;
  restaurantId: string;
}
type Ack = (answer: object) => void;

const schema = createRegistry(features).operations.get('order:place')?.input;
if (schema === undefined) throw new Error('No operation order:place');
const SECRET = newId().repeat(3);
const menus = new Map<string, Map<string, Item>>();
const stations = ['Starters', 'Mains', 'Desserts', 'Drinks'];

await mongoose.connect(process.argv[2] ?? '', { dbName: process.argv[3] ?? '', maxPoolSize: 20 });
for (const model of [RivalOrder, RivalTicket, RivalCounter]) await model.init();
const app = express();
app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }));
const http = createServer(app);
const io = new Server(http, { serveClient: false });

io.use((socket, next) => {
  try {
    socket.data = jwt.verify(String((socket.handshake.auth as { token?: unknown }).token), SECRET) as Person;
    next();
  } catch {
    next(new Error('unauthenticated'));
  }
});
io.on('connection', (socket) => {
  const person = socket.data as Person;
  void socket.join(`restaurant:${person.restaurantId}`);
  socket.on('order:place', (input: unknown, _meta: unknown, ack: Ack) => {
    placeOrder(person, input).then(
      (data) => ack({ ok: true, data }),
      (error: unknown) => ack({ ok: false, error: { code: 'failed', detail: String(error) } }),
    );
  });
});

const euros = (amount: number) => ({ amount, currency: 'EUR' });

async function placeOrder(person: Person, given: unknown): Promise<object> {
  const input = validOrder(given);
  const { restaurantId } = person;
  const fired = input.fire !== 'hold';
  const now = new Date();
  const lines = input.lines.map((line) => priceLine(person, line, fired ? now : undefined));
  const sum = lines.reduce((total, line) => total + line.total.amount, 0);
  const tax = Math.round((sum * 100_000) / 1_100_000);
  const draft = {
    ...input,
    restaurantId,
    status: 'open',
    waiterId: person.id,
    currency: 'EUR',
    pricesIncludeTax: true,
    lines,
    totals: {
      subtotal: euros(sum),
      taxes: [{ code: 'food', ratePpm: 100_000, base: euros(sum), amount: euros(tax) }],
      total: euros(sum),
    },
    openedAt: now,
    number: fired ? await nextNumber(restaurantId, now) : null,
  };
  const order = (await RivalOrder.create(draft)).toObject();
  io.to(`restaurant:${restaurantId}`).emit('order:created', { order });
  if (fired) await openTickets(person, { ...draft, id: String(order._id) });
  return order;
}

function validOrder(given: unknown): OrderInput {
  const { value, error } = schema?.validate(given, { abortEarly: false }) ?? {};
  if (error !== undefined) throw error;
  return value as OrderInput;
}

function priceLine({ restaurantId, id, name }: Person, line: LineInput, firedAt: Date | undefined) {
  const item = menus.get(restaurantId)?.get(line.itemId);
  if (item === undefined) throw new Error(`No such item: ${line.itemId}`);
  return {
    ...line,
    id: newId(),
    categoryId: item.categoryId,
    name: item.name,
    unitPrice: euros(item.price),
    total: euros(item.price * line.quantity),
    taxClass: 'food',
    ratePpm: 100_000,
    course: 1,
    status: firedAt === undefined ? 'held' : 'fired',
    allergens: [],
    prepSeconds: 600,
    ...(firedAt !== undefined && { firedAt }),
    addedBy: { id, name },
  };
}

async function nextNumber(restaurantId: string, now: Date): Promise<number> {
  const _id = `${restaurantId}:${now.toISOString().slice(0, 10)}`;
  const counter = await RivalCounter.findOneAndUpdate(
    { _id },
    { $inc: { last: 1 } },
    { upsert: true, returnDocument: 'after' },
  ).lean();
  return counter?.last ?? 1;
}

type Placed = Omit<OrderInput, 'lines'> & {
  id: string;
  number: number | null;
  openedAt: Date;
  lines: ReturnType<typeof priceLine>[];
};

async function openTickets(person: Person, order: Placed): Promise<void> {
  const byStation = new Map<string, Placed['lines']>();
  for (const line of order.lines) byStation.set(line.categoryId, [...(byStation.get(line.categoryId) ?? []), line]);
  const made = await RivalTicket.insertMany(
    [...byStation].map(([stationId, lines]) => ({
      restaurantId: person.restaurantId,
      orderId: order.id,
      orderNumber: order.number,
      stationId,
      waiterName: person.name,
      customerName: order.customer?.name,
      channel: order.channel,
      guestCount: order.guestCount,
      orderNote: order.note,
      lines: lines.map(({ id, ...line }) => ({ ...line, lineId: id, status: 'queued' })),
      status: 'queued',
      sentAt: order.openedAt,
      dueAt: order.openedAt,
    })),
  );
  for (const ticket of made) {
    io.to(`restaurant:${person.restaurantId}`).emit('ticket:created', { ticket: ticket.toObject() });
  }
}

function openRestaurant(): object {
  const restaurantId = newId();
  const items = Array.from({ length: 80 }, (_, i) => ({
    id: newId(),
    name: `Dish ${i}`,
    categoryId: stations[i % stations.length] ?? '',
    price: 900 + i * 25,
  }));
  menus.set(restaurantId, new Map(items.map((item) => [item.id, item])));
  const token = jwt.sign({ id: newId(), name: 'Olive Owner', restaurantId }, SECRET);
  return { token, itemIds: items.map(({ id }) => id) };
}

answerParent({
  async start() {
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  },
  restaurants: (count: number) => Array.from({ length: count }, openRestaurant),
  cpuMicros() {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
process.on('SIGTERM', () => process.exit(0));
