import { Rest } from '../simulate/rest.js';
import { Screen } from '../simulate/screen.js';
import type { Tally } from '../simulate/tally.js';
import { sleep } from '../simulate/waits.js';

const PASSWORD = 'the house next door';

/** Another restaurant on the same processes: it must hear of itself alone, and nobody may hear of it. */
export class Neighbour {
  private constructor(readonly screen: Screen) {}

  static async open(urls: readonly string[], tally: Tally): Promise<Neighbour> {
    const url = urls.at(-1) ?? '';
    const email = `${tally.newMark()}@neighbour.example`;
    const settings = { currency: 'EUR', timeZone: 'Europe/Paris', locale: 'fr-FR' };
    const restaurant = { name: 'Chez Voisin', ...settings };
    const { problem } = await new Rest(url, () => Promise.resolve(null)).post(
      '/restaurants',
      { restaurant, owner: { name: 'Nina Neighbour', email, password: PASSWORD } },
      email,
    );
    if (problem !== undefined) throw new Error(`The neighbour cannot sign up: ${problem.code} ${problem.detail}`);
    return new Neighbour(await Screen.open('the neighbour', url, { email, password: PASSWORD }, tally));
  }

  /** Renames itself all evening. */
  async run(isOver: () => boolean): Promise<void> {
    for (let times = 1; !isOver(); times += 1) {
      await this.screen.attempt('restaurant:update', { name: `Chez Voisin ${times}` });
      await sleep(100);
    }
  }
}
