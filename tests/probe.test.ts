import { type Contract, fieldsOf, isId, type Operation, type Schema, withAt } from '../probe/contract.js';
import { Findings } from '../probe/findings.js';
import { contractOf } from '../src/contract/contract.js';
import { openapi } from '../src/contract/openapi.js';
import { features } from '../src/features.js';
import { fail, toProblem } from '../src/kernel/errors.js';

/** That `npm run probe` finds something where there is something: it runs against a whole server in `.ci/run`. */

const { components } = openapi(contractOf(features)) as unknown as { components: { schemas: Record<string, Schema> } };
const contract: Contract = { operations: [], schemas: components.schemas };
const operation: Operation = {
  ...{ name: 'order:fire', method: 'POST', path: '/orders/{orderId}/fire', hasBody: true, permission: 'order:write' },
  ...{ statuses: new Set([200, 400, 404, 503]), input: {}, example: {} },
};
const problem = toProblem(fail('not_found', 'No such order'));
const answer = (status: number, body: object = { ...problem, status }) => ({
  ...{ status, text: JSON.stringify(body), body: body as never },
});

it.each([
  ['no answer', { ...answer(0), text: 'the connection ended' }, 'no answer'],
  ['a fault of ours', answer(500), 'garbage: 500'],
  ['a status nobody documented', answer(418), '418 is not documented'],
  ['a refusal in another form', answer(404, { message: 'not here' }), 'a refusal is no Problem'],
  ['a refusal with more than it may have', answer(404, { ...problem, stack: 'at …' }), 'a refusal is no Problem'],
  ['a refusal that repeats the input', answer(400, { ...problem, detail: 'x'.repeat(30_000) }), 'long'],
])('%s is found', (_what, given, line) => {
  const findings = new Findings(contract);
  findings.answered(given, operation, 'garbage');
  expect([...findings.lines()].join('\n')).toContain(line);
});

it.each([200, 404, 503])('%s as documented is none', (status) => {
  const findings = new Findings(contract);
  findings.answered(answer(status), operation, 'garbage');
  expect([...findings.lines()]).toEqual([]);
  expect(findings.probes).toBeGreaterThan(1);
});

it('finds each position of an id, and puts something there', () => {
  const id: Schema = { type: 'string', pattern: '^[0-9a-f]{24}$' };
  const input: Schema = {
    properties: {
      orderId: id,
      lines: { items: { properties: { itemId: id, note: { type: 'string' } } } },
      ids: { items: id },
    },
  };
  const places = [...fieldsOf(input, contract)].filter(({ schema }) => isId(schema)).map(({ path }) => path.join('.'));
  expect(places).toEqual(['orderId', 'lines.*.itemId', 'ids.*']);
  expect(withAt({ lines: [{ note: 'a' }, { note: 'b' }] }, ['lines', '*', 'itemId'], 'x')).toEqual({
    lines: [{ note: 'a', itemId: 'x' }, { note: 'b' }],
  });
});
