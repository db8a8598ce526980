import { existsSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { connect } from '@brigade/client';
import { type Brigade, callRest, metricsOf, until } from './harness/index.js';
import { describeWhere } from './harness/needs.js';
import { missingForDisks, OwnProcess } from './harness/process.js';
import { openService } from './harness/service.js';

const MIB = 2 ** 20;

let server: OwnProcess | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

const RATES = { RATE_LIMIT_AUTH: '1000/15m', FEATURE_DEMO: 'false' };

describeWhere(missingForDisks(), 'a full disk', () => {
  it('is a 503 that says so and is worth another try; nobody loses an order, and it heals by itself', async () => {
    server = new OwnProcess(RATES, { bytes: 64 * MIB });
    const own = server;
    const url = await own.start();
    const service = await openService({ url } as Brigade);
    const { manager, waiter, soup } = service;
    const client = connect({ url, token: waiter.token, transports: ['websocket'], reconnectMinMs: 5 });
    await client.ready;
    const ready = async () => (await fetch(`${url}/readyz`)).status;
    const metrics = () => metricsOf(url);
    expect(await ready()).toBe(200);
    expect(await metrics()).toMatch(/^brigade_data_disk_free_bytes [1-9]/m);

    const { bavail, bsize } = statfsSync(own.file('data'));
    writeFileSync(own.file('ballast'), Buffer.alloc(bavail * bsize - 2 * MIB));
    await until('it is not ready', async () => (await ready()) === 503);
    const answers = [
      await callRest(url, waiter.token, 'order:place', { channel: 'takeaway', lines: [{ itemId: soup, quantity: 1 }] }),
      await callRest(url, service.house.owner.token, 'restaurant:update', { dayStartHour: 5 }),
      await callRest(url, undefined, 'auth:login', manager.login),
      await (await waiter.screen()).call('order:place', {
        channel: 'takeaway',
        lines: [{ itemId: soup, quantity: 1 }],
      }),
    ];
    for (const { status, problem } of answers) {
      expect({ status, problem }).toMatchObject({ status: 503, problem: { code: 'unavailable', retryAfter: 5 } });
      expect(problem?.detail).toContain('disk is full: tell whoever runs it');
    }
    expect(answers[0]?.headers?.get('retry-after')).toBe('5');
    expect(await callRest(url, manager.token, 'menu:get')).toMatchObject({ status: 200 });
    const health = (await (await fetch(`${url}/health`)).json()) as { disk: { freeBytes: number } };
    expect(health).toMatchObject({
      status: 'degraded',
      database: { ok: false, problem: expect.stringContaining('disk is full') },
    });
    expect(health.disk.freeBytes).toBeLessThan(3 * MIB);

    // An order of that moment waits on the tablet, however often it is refused.
    const sent = client.send('order:place', { channel: 'takeaway', lines: [{ itemId: soup, quantity: 3 }] });
    const refusals = () => own.output.match(/"message":"order:place 503"/g)?.length ?? 0;
    await until('the tablet was refused as the raw socket was', () => refusals() > 1);
    expect([client.pending.length, client.refused.length]).toEqual([1, 0]);
    await until('somebody was warned', () => own.output.includes('The disk of the data folder is nearly full'));

    // To the last byte: the log has no room either.
    const rest = statfsSync(own.file('data'));
    writeFileSync(own.file('rest'), Buffer.alloc(rest.bavail * rest.bsize));
    await until('the log cannot be written', async () => {
      await fetch(`${url}/livez`);
      return own.output.includes('Log file requests cannot be written: ENOSPC');
    });

    rmSync(own.file('rest'));
    rmSync(own.file('ballast'));
    const order = await sent;
    expect(order.lines[0]).toMatchObject({ quantity: 3 });
    expect(await ready()).toBe(200);
    expect(await callRest(url, undefined, 'auth:login', manager.login)).toMatchObject({ status: 200 });
    expect(await manager.must('restaurant:get')).toMatchObject({ dayStartHour: 4 });
    // Twice a second would have been twenty lines by now.
    expect(own.output.match(/disk is full: nothing can be written/g)).toHaveLength(1);
    expect(own.output).not.toContain('unexpectedly');
    const requests = own.file(`logs/requests-${new Date().toISOString().slice(0, 10)}.log`);
    const after = await callRest(url, manager.token, 'restaurant:get');
    const id = after.headers?.get('x-request-id') ?? 'none';
    const lines = await until('the log goes on', () => {
      // While the disk was full it may not have been made.
      const text = existsSync(requests) ? readFileSync(requests, 'utf8') : '';
      return text.includes(id) && text.trimEnd().split('\n');
    });
    for (const line of lines) expect(() => JSON.parse(line)).not.toThrow();
    client.close();
  }, 120_000);

  it('at the start is told in a sentence', async () => {
    server = new OwnProcess(RATES, { bytes: 16 * MIB, ballast: 15 * MIB });
    expect(await server.startInVain()).toBe(1);
    expect(server.output).toMatch(/The disk of .*data is full/);
    expect(server.output).not.toMatch(/^ +at /m);
  }, 60_000);
});
