import type { BrigadeClient, Order } from '@brigade/client';
import { linesOf } from './choice.js';
import type { Pace } from './pace.js';
import type { Random } from './random.js';
import type { Rest } from './rest.js';
import type { Tally } from './tally.js';
import { polled } from './waits.js';

export interface TillSetting {
  rest: Rest;
  /** The menu as somebody's screen shows it; the till has no screen of its own. */
  menu: BrigadeClient['state'];
  random: Random;
  pace: Pace;
  tally: Tally;
}

const customers = ['Alice', 'Boris', 'Chen', 'Dana', 'Elif', 'Femi'];

/** Takes orders to take away, over REST; sends some of them twice, as a till does whose answer got lost. */
export class Till {
  constructor(private readonly setting: TillSetting) {}

  async sell(): Promise<void> {
    const { rest, random, pace, tally } = this.setting;
    const order = await this.#place();
    if (order === undefined) return;
    const isThere = await polled(`order ${order.number} to be ready for ${order.customer?.name}`, 150, () =>
      this.#isReady(order.id),
    );
    // The verdict counts it as lost.
    if (!isThere) return;
    await pace.pause(random, 20, 100);
    for (const step of ['serve', 'complete']) {
      const { data } = await rest.post<Order>(`/orders/${order.id}/${step}`, {}, `till-${order.id}-${step}`);
      if (data !== undefined) tally.acknowledged(data);
    }
  }

  /** Undefined: not yet. False: an acknowledged order is gone. */
  async #isReady(orderId: string): Promise<boolean | undefined> {
    const { rest, tally } = this.setting;
    try {
      const { stage } = await rest.get<Order>(`/orders/${orderId}`);
      return stage === 'ready' || stage === 'served' ? true : undefined;
    } catch (error) {
      tally.unexpected.push(`till: ${String(error)}`);
      return false;
    }
  }

  async #place(): Promise<Order | undefined> {
    const { rest, random, tally, menu } = this.setting;
    const mark = tally.newMark();
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      const lines = linesOf(menu, 'takeaway', random);
      const customer = { name: random.pick(customers) ?? 'Guest' };
      const body = { channel: 'takeaway', guestCount: 1, customer, note: mark, lines };
      const key = `till-${mark}-${attempt}`;
      const { data } = await rest.post<Order>('/orders', body, key);
      if (data === undefined) continue;
      tally.placed(data, mark);
      if (random.chance(0.4)) await this.#sendAgain(body, key, data);
      return data;
    }
    return undefined;
  }

  /** The same key again: the same answer, marked as a replay, and no second order. */
  async #sendAgain(body: object, key: string, first: Order): Promise<void> {
    const { rest, tally } = this.setting;
    const { data, replayed } = await rest.post<Order>('/orders', body, key);
    if (data?.id !== first.id || !replayed) tally.unexpected.push(`till: ${key} sent again made ${data?.id}`);
  }
}
