import { createHmac } from 'node:crypto';
import type { Random } from '../simulate/random.js';
import { type Contract, fieldsOf, isId, type Operation, withAt } from './contract.js';
import type { Findings } from './findings.js';
import { hostileTexts, oddities } from './hostile.js';
import { type House, roles } from './house.js';
import { Caller, transports } from './wire.js';

/** What every part of the probe is given. */
export interface Probe {
  url: string;
  contract: Contract;
  house: House;
  other: House;
  findings: Findings;
  random: Random;
  short: boolean;
}

/** These end the session that asks, or change what it asks with. */
const ENDS_SESSIONS = new Set([
  'auth:logout',
  'auth:end-session',
  'staff:set-password',
  'staff:deactivate',
  'staff:set-pin',
]);

/** Malformed input: each field of each operation with what does not belong there. */
export async function malformed({ contract, house, findings, random, short }: Probe): Promise<void> {
  for (const operation of contract.operations.filter(({ name }) => !ENDS_SESSIONS.has(name))) {
    const fields = [...fieldsOf(operation.input, contract)].map(({ path }) => path);
    const drawn = short ? [random.pick(fields), random.pick(fields)] : fields;
    const places = [['surprise'], ['__proto__'], ...drawn.filter((path) => path !== undefined)];
    for (const path of places) {
      for (const odd of short ? [random.pick(oddities), random.pick(oddities)] : oddities) {
        const input = withAt(operation.example, path, odd);
        const what = `${path.join('.')} is ${JSON.stringify(odd)?.slice(0, 40)}`;
        for (const transport of transports)
          findings.answered(
            await house.people.owner.send(transport, operation, input),
            operation,
            `${what} (${transport})`,
          );
      }
    }
  }
}

const LARGE = 200_000;
const SMALL = 12_000;

/** Costly input: in the place of each first field, and of the whole input. Nobody else may wait for it. */
export async function costly({ url, contract, house, findings, random, short }: Probe): Promise<void> {
  const { owner } = house.people;
  const other = new Caller(url, house.people.waiter.token);
  const cheap = contract.operations.find(({ name }) => name === 'restaurant:get') as Operation;
  const texts = [...hostileTexts(LARGE), ...hostileTexts(SMALL)];
  for (const operation of contract.operations.filter(({ hasBody }) => hasBody)) {
    const { name, method } = operation;
    const path = operation.path.replace(/\{\w+\}/g, 'f'.repeat(24));
    const fields = Object.keys(operation.input.properties ?? {}).filter(
      (field) => !operation.path.includes(`{${field}}`),
    );
    for (const [what, json] of short
      ? [random.pick(texts), random.pick(texts)].filter((one) => one !== undefined)
      : texts) {
      const field = random.pick(fields) ?? 'surprise';
      const body = `{${JSON.stringify(field)}:${json}}`;
      const sent = transports.map((transport) =>
        transport === 'rest' ? owner.raw(method, path, body) : owner.socket(name, body),
      );
      const [own, ...answers] = await Promise.all([other.rest(cheap, {}), ...sent]);
      findings.answered(own, cheap, `asked beside ${name}`);
      for (const answer of answers) {
        findings.answered(answer, operation, `${field} is ${what}`);
        findings.expect(answer.status >= 400, `${name}: ${field} may be ${what}`, () => answer.text);
      }
    }
  }
}

/** Another restaurant's ids in every position of an id: nothing of it comes back, and nothing of it changes. */
export async function foreignIds({ contract, house, other, findings, random, short }: Probe): Promise<void> {
  const before = await stateOf(contract, other);
  for (const operation of contract.operations) {
    for (const { path, schema } of fieldsOf(operation.input, contract)) {
      if (!isId(schema)) continue;
      for (const id of short ? [random.pick(other.ids) ?? ''] : other.ids) {
        const input = withAt(operation.example, path, id);
        for (const transport of transports) {
          const answer = await house.people.owner.send(transport, operation, input);
          const where = `${operation.name}: a foreign id in ${path.join('.')}`;
          findings.answered(answer, operation, `a foreign id in ${path.join('.')}`);
          findings.expect(!answer.text.includes(other.marker), `${where} shows what is not theirs`, () => answer.text);
        }
      }
    }
  }
  const after = await stateOf(contract, other);
  findings.expect(before === after, 'another restaurant was changed', () => `${before}\n${after}`);
}

/** What a restaurant holds, but for the time of asking. */
async function stateOf(contract: Contract, { people }: House): Promise<string> {
  const snapshot = contract.operations.find(({ name }) => name === 'sync:snapshot') as Operation;
  const { body } = await people.owner.rest(snapshot, {});
  const { replicas } = (body?.data ?? {}) as { replicas?: Record<string, unknown> };
  const { 'dashboard:alerts': _alerts, ...rest } = replicas ?? {};
  return JSON.stringify(rest);
}

/** Every role against every operation: refused exactly where the documents name a permission that it lacks. */
export async function permissionMatrix({ contract, house, findings }: Probe): Promise<void> {
  for (const role of roles) {
    for (const operation of contract.operations.filter(({ name }) => !ENDS_SESSIONS.has(name))) {
      const { name, permission, example } = operation;
      const open = permission === 'public' || permission === 'authenticated' || house.permissions[role].has(permission);
      for (const transport of transports) {
        const answer = await house.people[role].send(
          transport,
          operation,
          open ? { ...example, surprise: 1 } : example,
        );
        findings.answered(answer, operation, `as ${role} (${transport})`);
        const isRefused = answer.status === 403 && answer.body?.code === 'forbidden';
        const what = `${name}: ${role} is ${isRefused ? '' : 'not '}refused over ${transport}`;
        // Who may is stopped by the unknown field; who may not must be stopped before anybody looks at the input.
        findings.expect(isRefused !== open || (open && answer.status === 400), what, () => answer.text);
      }
    }
  }
}

const encoded = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');

/** Tokens that somebody made, cut or joined. */
export async function forgedTokens({ url, contract, house, other, findings }: Probe): Promise<void> {
  const token = house.people.owner.token ?? '';
  const [head = '', claims = '', signature = ''] = token.split('.');
  const [, theirClaims = ''] = (other.people.owner.token ?? '').split('.');
  const payload = JSON.parse(Buffer.from(claims, 'base64url').toString()) as Record<string, unknown>;
  const signed = (header: object, body: string, key: string, hash = 'sha256') => {
    const text = `${encoded(header)}.${body}`;
    return `${text}.${createHmac(hash, key).update(text).digest('base64url')}`;
  };
  const HS = { alg: 'HS256', typ: 'JWT' };
  const weak = ['', 'secret', 'password', 'brigade', 'changeme', 'jwt', '0', 'null'];
  const forged: [string, string][] = [
    ...weak.map((key): [string, string] => [`signed with "${key}"`, signed(HS, claims, key)]),
    ...['none', 'None', 'NONE', ''].map((alg): [string, string] => [
      `of alg "${alg}"`,
      `${encoded({ alg })}.${claims}.`,
    ]),
    ...['RS256', 'ES256', 'PS256', 'HS512'].map((alg): [string, string] => [
      `of ${alg}`,
      signed({ alg }, claims, 'key'),
    ]),
    ['HS384 for HS256', signed({ alg: 'HS384' }, claims, 'secret', 'sha384')],
    ['with a kid of a file', signed({ ...HS, kid: '/dev/null' }, claims, '')],
    ['with a kid of another', signed({ ...HS, kid: "x' union select 'key" }, claims, 'key')],
    ['with its own key', signed({ ...HS, jwk: { kty: 'oct', k: 'a2V5' } }, claims, 'key')],
    ['with the address of a key', signed({ ...HS, jku: 'http://127.0.0.1:1/keys' }, claims, 'key')],
    ['of another, under this signature', `${head}.${theirClaims}.${signature}`],
    ['cut short', `${head}.${claims}.${signature.slice(0, -4)}`],
    ['without a signature', `${head}.${claims}.`],
    ['of two parts', `${head}.${claims}`],
    ['joined', `${token}.${token}`],
    ['that has expired', signed(HS, encoded({ ...payload, exp: 1 }), 'key')],
    ['that never ends', signed(HS, encoded({ ...payload, exp: 9e12 }), 'key')],
    ['that is for refreshing', house.refreshToken],
    ['of 10 kB', 'x'.repeat(10_000)],
  ];
  const operation = contract.operations.find(({ name }) => name === 'auth:me') as Operation;
  for (const [what, made] of forged) {
    const forger = new Caller(url, made);
    for (const transport of transports) {
      const answer = await forger.send(transport, operation, {});
      findings.answered(answer, operation, `a token ${what} (${transport})`);
      findings.expect(answer.status === 401, `a token ${what} is taken over ${transport}`, () => answer.text);
    }
    const renewed = await house.people.owner.socket('session:renew', JSON.stringify({ accessToken: made }));
    findings.expect([400, 401].includes(renewed.status), `a token ${what} renews a session`, () => renewed.text);
  }
}
