import type { Random } from './random.js';
import { sleep } from './waits.js';

/** How long people and pans take: thousandths of a real service, divided by `--speed`. */
export class Pace {
  constructor(private readonly speed: number) {}

  /** Somewhere between the two, ms at speed 1. */
  pause(random: Random, fromMs: number, toMs: number): Promise<void> {
    return sleep(random.between(fromMs, toMs) / this.speed);
  }
}
