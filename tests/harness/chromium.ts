import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { describeWhere } from './needs.js';
import { until } from './until.js';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** $CHROMIUM, or the first of these names on the PATH. */
function program(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  const found = names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path));
  return process.env.CHROMIUM || found;
}

/** `describe`, where there is a Chromium. */
export function describeWithChromium(name: string, tests: () => void): void {
  const missing = program() === undefined ? 'there is no chromium on the PATH, and no $CHROMIUM' : undefined;
  describeWhere(missing, name, tests);
}

/** A Chromium without a window, with a profile of its own; to be killed and started again. */
export class Chromium {
  readonly #profile = mkdtempSync(join(tmpdir(), 'brigade-chromium-'));
  #running: { context: BrowserContext; pid: number } | undefined;

  /** Every name that ends in .test is this machine. */
  async start(): Promise<BrowserContext> {
    const context = await chromium.launchPersistentContext(this.#profile, {
      executablePath: program() ?? 'chromium',
      args: ['--host-resolver-rules=MAP *.test 127.0.0.1'],
      // It has to start as root as well, and sees no page but ours.
      chromiumSandbox: false,
      timeout: 60_000,
    });
    context.setDefaultTimeout(60_000);
    const session = await context.browser()?.newBrowserCDPSession();
    const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
    const pid = processInfo.find(({ type }) => type === 'browser')?.id;
    if (pid === undefined) throw new Error('Chromium does not say which process it is');
    this.#running = { context, pid };
    return context;
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#running === undefined) throw new Error('Chromium is not running');
    const { pid } = this.#running;
    this.#running = undefined;
    process.kill(pid, 'SIGKILL');
    await until('Chromium is gone', () => !isAlive(pid));
  }

  /** Ends it and removes its profile. Not by SIGKILL: its own children would go on writing into the profile for a while. */
  async remove(): Promise<void> {
    await this.#running?.context.close();
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
