import type { Pace } from './pace.js';
import type { Random } from './random.js';
import type { Screen } from './screen.js';
import type { Tally } from './tally.js';

export interface ManagerSetting {
  screen: Screen;
  random: Random;
  pace: Pace;
  tally: Tally;
}

/** How many items at most are sold out or counted at a time. */
const SCARCE = 4;

/** Takes items off the menu and brings them back, counts portions, and voids what a waiter asks to be voided. */
export class Manager {
  readonly #scarce: string[] = [];

  constructor(private readonly setting: ManagerSetting) {}

  async voidLine(orderId: string, lineId: string): Promise<void> {
    const { screen, tally } = this.setting;
    const order = await screen.attempt('order:void-line', { orderId, lineId, reason: 'Not what was ordered' });
    if (order !== undefined) tally.acknowledged(order);
  }

  async run(isOver: () => boolean): Promise<void> {
    const { random, pace } = this.setting;
    while (!isOver()) {
      await pace.pause(random, 400, 1_500);
      if (this.#scarce.length >= SCARCE) await this.#bringBack();
      else await this.#makeScarce();
    }
    while (this.#scarce.length > 0) await this.#bringBack();
  }

  /** 86, or the last three portions: ten guests may want them, and three get them. */
  async #makeScarce(): Promise<void> {
    const { screen, random } = this.setting;
    const item = random.pick([...screen.state.menuItems.values()].filter(({ id }) => !this.#scarce.includes(id)));
    if (item === undefined) return;
    this.#scarce.push(item.id);
    const state = random.chance(0.5) ? { available: false } : { available: true, remaining: random.between(1, 6) };
    await screen.attempt('menu:set-availability', { itemId: item.id, ...state });
  }

  async #bringBack(): Promise<void> {
    const itemId = this.#scarce.shift();
    if (itemId !== undefined) await this.setting.screen.attempt('menu:set-availability', { itemId, available: true });
  }
}
