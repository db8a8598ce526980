import type { Ticket } from '@brigade/client';
import type { Pace } from './pace.js';
import type { Random } from './random.js';
import type { Screen } from './screen.js';

export interface CookSetting {
  screen: Screen;
  random: Random;
  pace: Pace;
}

/** How likely a bumped ticket is called back. */
const RECALL = 0.04;

/** A station's screen and whoever stands before it: marks tickets received and seen, makes and bumps them. */
export class Cook {
  readonly #working = new Set<string>();

  constructor(private readonly setting: CookSetting) {
    setting.screen.client.onChange('tickets', () => this.#take());
    this.#take();
  }

  /** Nothing is left on the screen, and nothing in hand. */
  get isIdle(): boolean {
    return this.#working.size === 0 && this.setting.screen.state.tickets.size === 0;
  }

  /** Every ticket that is new on the screen. */
  #take(): void {
    const { screen } = this.setting;
    const fresh = [...screen.state.tickets.keys()].filter((id) => !this.#working.has(id));
    if (fresh.length === 0) return;
    for (const id of fresh) this.#working.add(id);
    void screen.attempt('ticket:received', { ticketIds: fresh });
    for (const id of fresh) void this.#make(id).finally(() => this.#leave(id));
  }

  #leave(id: string): void {
    this.#working.delete(id);
    // Recalled by somebody else in the meantime.
    if (this.setting.screen.state.tickets.has(id)) this.#take();
  }

  async #make(ticketId: string): Promise<void> {
    const { screen, random, pace } = this.setting;
    await pace.pause(random, 20, 80);
    await screen.attempt('ticket:seen', { ticketIds: [ticketId] });
    for (let ticket = this.#shown(ticketId); ticket !== undefined; ticket = this.#shown(ticketId)) {
      const after = await this.#step(ticket);
      if (after === undefined) await pace.pause(random, 20, 60);
      else await screen.until(`ticket of order ${ticket.orderNumber} to move`, () => this.#isPast(after));
      if (after?.status === 'done' && random.chance(RECALL)) await this.#recall(ticketId);
    }
  }

  #shown(ticketId: string): Ticket | undefined {
    return this.setting.screen.state.tickets.get(ticketId);
  }

  #isPast({ id, version }: Ticket): boolean {
    const ticket = this.#shown(id);
    return ticket === undefined || ticket.version >= version;
  }

  async #step({ id: ticketId, status, lines }: Ticket): Promise<Ticket | undefined> {
    const { screen, random, pace } = this.setting;
    const isNews = lines.every(({ change }) => change === 'cancel' || change === 'change');
    if (isNews || status === 'ready') {
      await pace.pause(random, 30, 150);
      return screen.attempt('ticket:bump', { ticketId });
    }
    if (status === 'queued' && random.chance(0.9)) {
      await pace.pause(random, 30, 200);
      return screen.attempt('ticket:start', { ticketId });
    }
    await pace.pause(random, 100, 500);
    const line = random.chance(0.2) ? lines.find((one) => one.status === 'preparing') : undefined;
    return screen.attempt('ticket:ready', { ticketId, ...(line === undefined ? {} : { lineIds: [line.lineId] }) });
  }

  async #recall(ticketId: string): Promise<void> {
    const { screen, random, pace } = this.setting;
    await pace.pause(random, 50, 200);
    const back = await screen.attempt('ticket:recall', { ticketId });
    if (back !== undefined) await screen.until('the recalled ticket', () => this.#shown(ticketId) !== undefined);
  }
}

/** Stands at the pass: sees all stations, lets a ticket go first now and then, asks for the counts of the day. */
export async function runPass({ screen, random, pace }: CookSetting, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await pace.pause(random, 300, 1_200);
    const queued = random.pick([...screen.state.tickets.values()].filter(({ status }) => status === 'queued'));
    if (queued !== undefined && random.chance(0.5)) {
      await screen.attempt('ticket:prioritise', { ticketId: queued.id, priority: 1 });
    }
    if (random.chance(0.3)) await screen.ask('kitchen:all-day', {});
  }
}
