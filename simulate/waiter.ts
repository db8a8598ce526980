import type { Order, OrderLine, Table } from '@brigade/client';
import { linesOf } from './choice.js';
import type { Manager } from './manager.js';
import type { Pace } from './pace.js';
import type { Random } from './random.js';
import type { Screen } from './screen.js';
import type { Tally } from './tally.js';

export interface Party {
  guests: number;
}

export interface WaiterSetting {
  screen: Screen;
  random: Random;
  pace: Pace;
  tally: Tally;
  manager: Manager;
  /** The other waiters, who take over and help out. */
  colleagues: () => readonly Waiter[];
}

type Change = 'order:add-lines' | 'order:repeat' | 'order:change-line' | 'order:cancel-line';
type Step = Change | 'order:fire' | 'order:hold' | 'order:serve' | 'order:transfer';

const isOnBill = ({ status }: OrderLine): boolean => status !== 'cancelled' && status !== 'voided';

/** Looks after parties from the door to the clean table. Decides by what the own tablet shows. */
export class Waiter {
  readonly #random: Random;

  constructor(private readonly setting: WaiterSetting) {
    this.#random = setting.random;
  }

  get userId(): string {
    return this.setting.screen.userId;
  }

  /** One party: seated, served course by course, gone, the table clean again. */
  async serve(party: Party): Promise<void> {
    const { pace, screen } = this.setting;
    const orderId = await this.#seat(party);
    const plan = this.#incidents(orderId);
    for (;;) {
      const order = screen.state.orders.get(orderId);
      if (order === undefined) break;
      const lines = order.lines.filter(isOnBill);
      await pace.pause(this.#random, 20, 120);
      const incident = plan.shift();
      if (incident !== undefined) await incident();
      else if (lines.some(({ status }) => status === 'ready')) await this.step('order:serve', { orderId });
      else if (lines.every(({ status }) => status === 'served')) await this.#finish(order);
      else if (lines.every(({ status }) => status === 'served' || status === 'held')) await this.#fireNext(order);
      else await screen.until(`order ${order.number} to move`, () => this.#isPast(orderId, order.version));
    }
  }

  /** A step with an order; then waits until the own tablet shows it. */
  async step<N extends Step>(name: N, input: Parameters<typeof this.setting.screen.attempt<N>>[1]): Promise<void> {
    const { screen, tally, pace } = this.setting;
    const after = (await screen.attempt(name, input)) as Order | undefined;
    if (after === undefined) return pace.pause(this.#random, 20, 60);
    tally.acknowledged(after);
    await screen.until(`order ${after.number} to show ${name}`, () => this.#isPast(after.id, after.version - 1));
  }

  #isPast(orderId: string, version: number): boolean {
    const order = this.setting.screen.state.orders.get(orderId);
    return order === undefined || order.version > version;
  }

  /** Takes a free table that is large enough; another waiter may be faster, then the next one. */
  async #seat({ guests }: Party): Promise<string> {
    const { screen, tally, pace } = this.setting;
    const mark = tally.newMark();
    for (;;) {
      const table = await screen.until(`a table for ${guests}`, () => this.#freeTable(guests));
      await pace.pause(this.#random, 10, 40);
      const lines = Array.from({ length: guests }, (_, seat) =>
        linesOf(screen.state, 'dine-in', this.#random, seat + 1),
      ).flat();
      const order = await screen.attempt('order:place', {
        ...(this.#random.chance(0.5) ? { id: this.#random.id() } : {}),
        channel: 'dine-in',
        tableId: table.id,
        guestCount: guests,
        note: mark,
        lines: lines.map((line) => (this.#random.chance(0.5) ? { ...line, id: this.#random.id() } : line)),
        ...this.#firstCourse(lines),
      });
      if (order === undefined) {
        await pace.pause(this.#random, 50, 200);
        continue;
      }
      tally.placed(order, mark);
      await screen.until(`order ${order.number} to show`, () => this.#isPast(order.id, order.version - 1));
      await screen.until(`order ${order.number} to be there`, () => screen.state.orders.has(order.id));
      return order.id;
    }
  }

  #freeTable(guests: number): Table | undefined {
    const free = [...this.setting.screen.state.tables.values()]
      .filter(({ status, seats }) => status === 'available' && seats >= guests)
      .sort((one, other) => one.seats - other.seats);
    return this.#random.pick(free.slice(0, 5));
  }

  #firstCourse(lines: readonly { itemId: string }[]): { fire?: 'hold'; fireCourses?: number[] } {
    if (this.#random.chance(0.1)) return { fire: 'hold' };
    const { menuItems } = this.setting.screen.state;
    const courses = lines.map(({ itemId }) => menuItems.get(itemId)?.course ?? 1);
    return this.#random.chance(0.8) ? { fireCourses: [Math.min(...courses)] } : {};
  }

  async #fireNext(order: Order): Promise<void> {
    const held = order.lines.filter(({ status }) => status === 'held');
    const next = Math.min(...held.map(({ course }) => course));
    await this.step('order:fire', { orderId: order.id, courses: [next] });
  }

  async #finish({ id, number, tableId }: Order): Promise<void> {
    const { screen, pace, tally } = this.setting;
    if (tableId !== undefined && this.#random.chance(0.5)) {
      await screen.attempt('table:request-bill', { tableId, requested: true });
      await pace.pause(this.#random, 20, 80);
    }
    const closed = await screen.attempt('order:complete', { orderId: id });
    if (closed === undefined) return pace.pause(this.#random, 20, 60);
    tally.acknowledged(closed);
    await screen.until(`order ${number} to be gone`, () => !screen.state.orders.has(id));
    if (closed.tableId !== undefined) await this.#clean(closed.tableId);
  }

  /** The table, and what was joined to it. */
  async #clean(tableId: string): Promise<void> {
    const { screen, pace } = this.setting;
    await screen.until('the table to be dirty', () => screen.state.tables.get(tableId)?.status !== 'occupied');
    const joined = screen.state.tables.get(tableId)?.joinedTableIds ?? [];
    if (joined.length > 0) await screen.attempt('table:split', { tableId });
    for (const id of [tableId, ...joined]) {
      await pace.pause(this.#random, 30, 120);
      await screen.attempt('table:set-status', { tableId: id, status: 'available' });
    }
  }

  /** What happens to a party beside eating, each with its own likelihood. */
  #incidents(orderId: string): (() => Promise<void>)[] {
    const likely: [number, (order: Order) => Promise<void>][] = [
      [0.35, (order) => this.#addMore(order)],
      [0.15, (order) => this.#bothAddMore(order)],
      [0.1, (order) => this.#changeNote(order)],
      [0.15, (order) => this.#cancelHeld(order)],
      [0.08, (order) => this.#voidOne(order)],
      [0.05, (order) => this.#holdAgain(order)],
      [0.08, (order) => this.#handOver(order)],
      [0.06, (order) => this.#moveTable(order)],
      [0.1, (order) => this.#anotherRound(order)],
      [0.06, (order) => this.#moveLine(order)],
      [0.08, (order) => this.#joinTable(order)],
    ];
    return likely
      .filter(([likelihood]) => this.#random.chance(likelihood))
      .map(([, happen]) => async () => {
        const order = this.setting.screen.state.orders.get(orderId);
        if (order !== undefined) await happen(order);
      });
  }

  async #addMore({ id }: Order): Promise<void> {
    const lines = linesOf(this.setting.screen.state, 'dine-in', this.#random);
    if (lines.length > 0) await this.step('order:add-lines', { orderId: id, lines });
  }

  /** Two waiters add to one table at once: both additions stay. */
  async #bothAddMore(order: Order): Promise<void> {
    const colleague = this.#random.pick(this.setting.colleagues());
    await Promise.all([this.#addMore(order), colleague?.helpOut(order)]);
  }

  async helpOut(order: Order): Promise<void> {
    const { screen } = this.setting;
    await screen.until(`order ${order.number} of a colleague`, () => this.#isPast(order.id, order.version - 1));
    await this.#addMore(order);
  }

  async #changeNote(order: Order): Promise<void> {
    const line = this.#random.pick(order.lines.filter(isOnBill));
    if (line === undefined || line.status === 'served') return;
    await this.step('order:change-line', { orderId: order.id, lineId: line.id, note: 'well done, please' });
  }

  async #cancelHeld(order: Order): Promise<void> {
    const held = this.#random.pick(order.lines.filter(({ status }) => status === 'held'));
    if (held !== undefined) await this.step('order:cancel-line', { orderId: order.id, lineId: held.id });
  }

  async #voidOne(order: Order): Promise<void> {
    const fired = order.lines.filter(({ status }) => status === 'fired' || status === 'preparing');
    const line = this.#random.pick(fired);
    if (line !== undefined) await this.setting.manager.voidLine(order.id, line.id);
  }

  async #holdAgain(order: Order): Promise<void> {
    const fired = order.lines.filter(({ status }) => status === 'fired').map(({ id }) => id);
    if (fired.length > 0) await this.step('order:hold', { orderId: order.id, lineIds: fired });
  }

  /** The table or only the order goes over to a colleague; whoever began goes on serving it. */
  async #handOver(order: Order): Promise<void> {
    const waiterId = this.#random.pick(this.setting.colleagues())?.userId;
    if (waiterId === undefined) return;
    if (order.tableId === undefined || this.#random.chance(0.5)) {
      await this.step('order:transfer', { orderId: order.id, waiterId });
    } else await this.setting.screen.attempt('table:transfer', { tableId: order.tableId, waiterId });
  }

  async #moveTable(order: Order): Promise<void> {
    const table = this.#freeTable(order.guestCount);
    if (table === undefined || order.tableId === undefined) return;
    const { version } = order;
    await this.step('order:transfer', { orderId: order.id, tableId: table.id });
    const moved = this.setting.screen.state.orders.get(order.id);
    if (moved !== undefined && moved.version > version && moved.tableId === table.id) await this.#clean(order.tableId);
  }

  async #anotherRound({ id, lines }: Order): Promise<void> {
    const line = this.#random.pick(lines.filter(isOnBill));
    if (line !== undefined) await this.step('order:repeat', { orderId: id, lineIds: [line.id] });
  }

  /** A guest changes over to another table, with what was ordered: the kitchen makes nothing anew. */
  async #moveLine({ id, lines }: Order): Promise<void> {
    const { screen, tally } = this.setting;
    const line = this.#random.pick(lines.filter(isOnBill));
    const other = this.#random.pick([...screen.state.orders.values()].filter(({ channel }) => channel === 'dine-in'));
    if (line === undefined || other === undefined || other.id === id) return;
    const moved = await screen.attempt('order:move-lines', { orderId: id, lineIds: [line.id], toOrderId: other.id });
    for (const order of moved === undefined ? [] : [moved.from, moved.to]) tally.acknowledged(order);
    if (moved !== undefined) await screen.until('the move', () => this.#isPast(id, moved.from.version - 1));
  }

  async #joinTable({ tableId }: Order): Promise<void> {
    const free = this.#freeTable(1);
    if (tableId === undefined || free === undefined) return;
    await this.setting.screen.attempt('table:join', { tableId, tableIds: [free.id] });
  }
}
