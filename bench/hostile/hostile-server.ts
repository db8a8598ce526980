import { monitorEventLoopDelay } from 'node:perf_hooks';
import { newId } from '../../src/kernel/ids.js';
import { addDishes, logIn, openBrigade, signUp } from '../brigade.js';
import { answerParent } from '../children.js';

/** On the embedded database. Says how long its event loop was held. */
const dataDir = process.argv[2] ?? '';
const { listen, run } = await openBrigade({
  DATA_DIR: dataDir,
  LOG_DIR: `${dataDir}/logs`,
  JWT_SECRET: newId().repeat(3),
  PIN_PEPPER: newId().repeat(3),
  RATE_LIMIT_EXPENSIVE: '100000/1m',
});

const RESOLUTION_MS = 1;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();

answerParent({
  async open() {
    const owner = await signUp(run, 'Hostile', 'owner@example.com');
    const category = await run<{ id: string }>(owner, 'menu:create-category', { name: 'Food', taxClass: 'food' });
    const [itemId] = await addDishes(run, owner, () => category.id, 1);
    return { url: await listen(), token: await logIn(run, 'owner@example.com'), itemId };
  },
  /** Longest hold since the last asking, ms. */
  held() {
    const ms = delay.max / 1e6 - RESOLUTION_MS;
    delay.reset();
    return Math.max(0, ms);
  },
});
