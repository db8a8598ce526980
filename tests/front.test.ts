import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { metricsOf, openHouse, Screen, startBrigade } from './harness/index.js';

/** What depends on settings of what is seen from outside. */

it('says in production only how it is, in a word, and without METRICS listens nowhere else', async () => {
  const env = { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: '0', LOG_FORMAT: 'silent', LOG_DIR: 'none' };
  const secrets = { JWT_SECRET: 'x'.repeat(40), PIN_PEPPER: 'y'.repeat(40) };
  const own = await startBrigade({ ...env, ...secrets, METRICS: 'false' });
  expect(await (await fetch(`${own.url}/health`)).json()).toEqual({ status: 'ok' });
  expect((await fetch(`${own.url}/metrics`)).status).toBe(404);
  expect(own.app.metricsUrl()).toBeUndefined();
  await own.stop();
});
it('starts with its figures on another port when theirs is taken', async () => {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  const { port } = other.address() as AddressInfo;
  const own = await startBrigade({ METRICS_PORT: String(port) });
  expect(new URL(String(own.app.metricsUrl())).port).not.toBe(String(port));
  expect(await metricsOf(own.url)).toContain('brigade_unknown_connections 0');
  await own.stop();
  await new Promise((resolve) => other.close(resolve));
});
it('but a page from here does, one that CORS_ORIGINS names, and an app in a web view', async () => {
  const origins = ['https://pos.example.com', 'capacitor://localhost', 'tauri://localhost'];
  const own = await startBrigade({ CORS_ORIGINS: origins.join(','), PUBLIC_URL: 'https://brigade.example' });
  const url = `http://127.0.0.1:${own.app.port()}`;
  const home = await openHouse({ ...own, url });
  for (const origin of [...origins, 'https://brigade.example', url]) {
    (await Screen.open(url, home.owner.token, { origin })).close();
    if (!origins.includes(origin)) continue;
    const allowed = await fetch(`${url}/api/v1/restaurant`, { headers: { origin } });
    expect(allowed.headers.get('access-control-allow-origin')).toBe(origin);
  }
  await home.close();
  await own.stop();
});
