import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { resolve } from 'node:path';
import type { Page } from 'playwright-core';

const imports = { '@brigade/client': '/client/index.js', 'socket.io-client': '/socket.io/socket.io.esm.min.js' };
const html = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`;
const folders = new Map([
  ['client', resolve('packages/client/dist')],
  ['socket.io', resolve('node_modules/socket.io-client/dist')],
]);

/** Serves the app's files: modules as they are built, and a page that knows where they are. */
export function appServer(): Server {
  return createServer(({ url = '/' }, response) => {
    const [, name = '', path = ''] = /^\/(client|socket\.io)\/([\w./-]+\.js)$/.exec(url) ?? [];
    const folder = folders.get(name);
    response.setHeader('content-type', folder === undefined ? 'text/html' : 'text/javascript');
    response.end(folder === undefined ? html : readFileSync(resolve(folder, path)));
  });
}

export interface Start {
  /** Brigade's. */
  url: string;
  login: { email: string; password: string };
  userId: string;
  kind: 'localStorage' | 'IndexedDB';
}

/** What an app does at each start. The function runs in the page. */
export const startApp = (page: Page, start: Start) =>
  page.evaluateHandle(async ({ url, login, userId, kind }) => {
    const { connect, indexedDbStorage, logIn, webStorage } = await import('@brigade/client');
    const storage = kind === 'IndexedDB' ? indexedDbStorage('brigade') : webStorage('brigade');
    // `kept`: what the storage has answered, or has said is safe.
    const seen = { kept: '{}', outcomes: [] as string[] };
    const listened = {
      async load() {
        const text = await storage.load();
        seen.kept = text ?? '{}';
        return text;
      },
      async save(text: string) {
        await storage.save(text);
        seen.kept = text;
      },
    };
    const client = connect({
      ...{ url, userId, storage: listened, reconnectMinMs: 5, reconnectMaxMs: 50 },
      token: async () => (await logIn(url, login)).token(),
    });
    client.onOutcome((outcome) => seen.outcomes.push(outcome.ok ? 'ok' : outcome.problem.code));
    return { client, seen };
  }, start);

/** The app in its page, until that is loaded again. */
export type App = Awaited<ReturnType<typeof startApp>>;

export const statusOf = (app: App) => app.evaluate(({ client }) => client.status);
export const pendingOf = (app: App) => app.evaluate(({ client }) => client.pending.map(({ name }) => name));
export const refusedOf = (app: App) => app.evaluate(({ client }) => client.refused.map(({ problem }) => problem.code));
export const outcomesOf = (app: App) => app.evaluate(({ seen }) => seen.outcomes);

/** How many commands and refusals the storage has. */
export async function storedOf(app: App): Promise<{ commands: number | undefined; refused: number | undefined }> {
  const { commands, refused } = JSON.parse(await app.evaluate(({ seen }) => seen.kept));
  return { commands: commands?.length, refused: refused?.length };
}

/** The quantities of an order's lines, as the screen has them. */
export const quantitiesOn = (app: App, orderId: string) =>
  app.evaluate(({ client }, id) => client.state.orders.get(id)?.lines.map(({ quantity }) => quantity), orderId);
