import Joi from 'joi';
import { contractOf } from '../src/contract/contract.js';
import { openapi } from '../src/contract/openapi.js';
import { event, everyone } from '../src/kernel/event.js';
import { feature } from '../src/kernel/feature.js';
import { newId } from '../src/kernel/ids.js';
import { command } from '../src/kernel/operation.js';
import { permissionsOf } from '../src/kernel/permissions.js';
import { type Brigade, startBrigade } from './harness/index.js';

/** What moves money is declared so; until payments are there, by this command. */

const done: number[] = [];
const paid = event({
  name: 'till:paid',
  summary: 'Money moved',
  payload: Joi.object<{ amount: number }, true>({ amount: Joi.number().required() }),
  audience: () => everyone,
  example: { amount: 1 },
});
const pay = command({
  name: 'till:pay',
  summary: 'Move money',
  rest: { method: 'post', path: '/till/pay', status: 201 },
  permission: 'order:write',
  limit: 'payment',
  idempotencyKey: 'required',
  input: Joi.object<{ amount: number }, true>({ amount: Joi.number().integer().required() }),
  output: Joi.object<{ amount: number }, true>({ amount: Joi.number().required() }),
  emits: [paid],
  example: { input: { amount: 1 }, output: { amount: 1 } },
  handle({ input, publish }) {
    done.push(input.amount);
    publish(paid, input);
    return input;
  },
});

let brigade: Brigade;
beforeAll(async () => {
  brigade = await startBrigade();
});
afterAll(() => brigade?.stop());

const cashier = () => ({
  ...{ kind: 'staff' as const, userId: newId(), name: 'Cashier', restaurantId: newId(), role: 'cashier' as const },
  ...{ permissions: permissionsOf('cashier'), sessionId: '', stationIds: [] },
});
const send = (actor: ReturnType<typeof cashier>, amount: number, key?: string) =>
  brigade.app.execute({ operation: pay, input: { amount }, actor, requestId: newId(), ip: '192.0.2.1', key });

it('without a key is refused by name, and nothing is done', async () => {
  await expect(send(cashier(), 11)).rejects.toMatchObject({
    status: 400,
    code: 'validation_failed',
    details: { errors: [{ field: 'Idempotency-Key', message: expect.stringContaining('meta.key') }] },
  });
  expect(done).not.toContain(11);
});

it('with one it is done once, however often it is sent', async () => {
  const actor = cashier();
  const key = newId();
  const first = await send(actor, 22, key);
  expect(first).toMatchObject({ status: 201, replayed: false });
  for (let i = 0; i < 3; i += 1) expect(await send(actor, 22, key)).toEqual({ ...first, replayed: true });
  await expect(send(actor, 23, key)).rejects.toMatchObject({ status: 422, code: 'key_reused' });
  expect(done.filter((amount) => amount === 22 || amount === 23)).toEqual([22]);
});

it('counts against the limit of payments', async () => {
  const actor = cashier();
  for (let i = 0; i < 10; i += 1) await send(actor, 33, newId());
  await expect(send(actor, 33, newId())).rejects.toMatchObject({
    code: 'rate_limited',
    details: { retryAfter: expect.any(Number) },
  });
});

it('the contract says that the key is required', () => {
  const till = feature({ name: 'till', summary: 'A till', operations: [pay], events: [paid] });
  const document = openapi(contractOf([till])) as { paths: Record<string, { post: { parameters: object[] } }> };
  const parameters = document.paths['/till/pay']?.post.parameters;
  expect(parameters).toContainEqual(expect.objectContaining({ name: 'Idempotency-Key', in: 'header', required: true }));
});
