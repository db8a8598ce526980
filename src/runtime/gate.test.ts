import type { Call, Execute, Outcome } from './execute.js';
import { Gate } from './gate.js';

let begun: Call[];
let finish: () => void;
let gate: Gate;
beforeEach(() => {
  begun = [];
  const end = new Promise<Outcome>((resolve) => {
    finish = () => resolve({ status: 200, data: {}, replayed: false });
  });
  const held: Execute = (call) => {
    begun.push(call);
    return end;
  };
  gate = new Gate(held, () => 0);
});

const call = (name: string, restaurantId: string, more: Partial<Call> = {}) =>
  ({ operation: { name, kind: 'command' }, actor: { restaurantId }, ...more }) as Call;
/** Sends so many, which stay under way until `finish`. */
const send = (count: number, one: Call) => Array.from({ length: count }, () => gate.execute(one));

it('a storm of log-ins is told so in its own words, and keeps no restaurant out', async () => {
  const logins = send(200, call('auth:login', ''));
  await expect(gate.execute(call('auth:login', ''))).rejects.toMatchObject({
    code: 'overloaded',
    details: { detail: expect.stringMatching(/auth:login/), retryAfter: expect.any(Number) },
  });
  const others = [...send(1, call('restaurant:sign-up', '')), ...send(150, call('order:place', 'one'))];
  expect(begun).toHaveLength(351);
  finish();
  await Promise.all([...logins, ...others]);
  const [after] = send(1, call('auth:login', ''));
  await expect(after).resolves.toMatchObject({ status: 200 });
});

it('what somebody sent who has left since is not begun while it is busy', async () => {
  const gone = { hasLeft: () => true };
  const early = send(1, call('order:place', 'one', gone));
  const running = send(60, call('order:place', 'one', { hasLeft: () => false }));
  await expect(gate.execute(call('order:place', 'one', gone))).rejects.toMatchObject({ code: 'overloaded' });
  expect(begun).toHaveLength(61);
  finish();
  await Promise.all([...early, ...running]);
});
