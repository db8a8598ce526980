import { execFile, execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Brigade, startBrigade } from './harness/index.js';
import { describeWhere } from './harness/needs.js';
import { openService, type Service } from './harness/service.js';

const script = fileURLToPath(new URL('foreign/tablet.py', import.meta.url));

/** A Python that has what the tablet imports: Debian's python3-socketio, python3-websocket and python3-jsonschema. */
function python(): string | undefined {
  return [process.env.PYTHON ?? '', 'python3', '/usr/bin/python3'].find((program) => {
    try {
      execFileSync(program, ['-c', 'import socketio, websocket, jsonschema'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });
}

const program = python();
const missing =
  program === undefined ? 'there is no python3 with python3-socketio, -websocket and -jsonschema' : undefined;

describeWhere(missing, 'a tablet in another language, from the published documents alone', () => {
  let brigade: Brigade;
  let service: Service;
  beforeAll(async () => {
    brigade = await startBrigade();
    service = await openService(brigade);
    await service.table();
    await service.table();
  });
  afterAll(async () => {
    await service?.house.close();
    await brigade?.stop();
  });

  it('logs in, orders, hears, misses nothing while away, and is told what is wrong', async () => {
    const { email, password } = service.waiter.login;
    const { stdout } = await promisify(execFile)(program as string, [
      '-W',
      'ignore',
      script,
      brigade.url,
      email,
      password,
    ]);
    expect(JSON.parse(stdout.trim().split('\n').at(-1) ?? '')).toEqual({
      placed: expect.any(Number),
      replayed: true,
      refused: 'validation_failed',
      overRest: [201, 201],
      missed: expect.arrayContaining(['order:created', 'kitchen:ticket-created', 'table:status-changed']),
      inOrder: true,
      handshake: 'token_invalid',
      faults: [],
    });
  });
});
