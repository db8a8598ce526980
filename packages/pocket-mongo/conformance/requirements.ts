import type { Document } from 'mongodb';
import { InvalidTest } from './failures.js';
import { canonical } from './matcher.js';
import { onlyKeys } from './parse.js';
import type { RunOnRequirement } from './schema.js';

/** What the server says of itself. */
export interface ServerFacts {
  /** Major, minor, patch. */
  readonly version: readonly number[];
  readonly topology: 'single' | 'replicaset' | 'sharded';
  /** A parameter's value; undefined when the server does not know it. */
  parameter(name: string): Promise<unknown>;
}

/**
 * Why tests with these requirements cannot run, or undefined when they can: one of the requirements must be met.
 * Of several that are not, the reason is the one that is nearest to being met.
 */
export async function unmet(
  requirements: readonly RunOnRequirement[] | undefined,
  facts: ServerFacts,
): Promise<string | undefined> {
  if (!requirements) return undefined;
  const reasons: string[][] = [];
  for (const requirement of requirements) {
    const missing = await missingOf(requirement, facts);
    if (missing.length === 0) return undefined;
    reasons.push(missing);
  }
  reasons.sort((one, other) => one.length - other.length);
  return reasons[0]?.join(', ') ?? 'no requirement';
}

/** Files whose tests count the members of a replica set of three, or let the primary step down for another. */
const SEVERAL_MEMBERS = [
  'logging-replicaset.json',
  'rediscover-quickly-after-step-down.json',
  'replicaset-emit-topology-changed-before-close.json',
];

/** Why a file cannot run on a set of one member, which its requirements do not tell. */
export function needsMembers(file: string): string | undefined {
  const name = file.split('/').at(-1) ?? '';
  return SEVERAL_MEMBERS.includes(name) ? 'topology: replica set of several members' : undefined;
}

const KEYS: readonly (keyof RunOnRequirement)[] = [
  'minServerVersion',
  'maxServerVersion',
  'topologies',
  'serverless',
  'serverParameters',
  'auth',
  'authMechanism',
  'csfle',
  'minLibmongocryptVersion',
];

async function missingOf(requirement: RunOnRequirement, facts: ServerFacts): Promise<string[]> {
  onlyKeys(requirement, KEYS, 'runOnRequirements');
  const { minServerVersion: min, maxServerVersion: max, topologies, serverless, serverParameters, auth } = requirement;
  const missing: string[] = [];
  if (topologies && !topologies.includes(facts.topology)) missing.push(`topology: ${topologies.join(' or ')}`);
  if (min !== undefined && compareVersions(facts.version, versionOf(min)) < 0)
    missing.push(`server version: at least ${min}`);
  if (max !== undefined && compareVersions(facts.version, versionOf(max)) > 0)
    missing.push(`server version: at most ${max}`);
  if (serverless === 'require') missing.push('topology: serverless');
  // This runner never logs in, so where it can work at all there is no authentication.
  if (auth === true) missing.push('auth: enabled');
  if (requirement.authMechanism !== undefined && !(await supportsMechanism(requirement.authMechanism, facts)))
    missing.push(`auth: ${requirement.authMechanism}`);
  if ((requirement.csfle ?? false) !== false || requirement.minLibmongocryptVersion !== undefined)
    missing.push('encryption: csfle');
  for (const [name, wanted] of Object.entries(serverParameters ?? {})) {
    if (canonical(await facts.parameter(name)) !== canonical(wanted))
      missing.push(`server version: parameter ${name} = ${String(wanted)}`);
  }
  return missing;
}

async function supportsMechanism(name: string, { parameter }: ServerFacts): Promise<boolean> {
  const mechanisms = await parameter('authenticationMechanisms');
  return Array.isArray(mechanisms) && mechanisms.some((one) => String(one).toLowerCase() === name.toLowerCase());
}

/** @throws InvalidTest when it is no version of one to three numbers */
function versionOf(text: string): number[] {
  const numbers = /^(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(text);
  if (!numbers) throw new InvalidTest(`no version: ${text}`);
  return numbers.slice(1, 4).map((number) => Number(number ?? 0));
}

function compareVersions(one: readonly number[], other: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (one[i] ?? 0) - (other[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a command's reply names the topology that tests are written for. */
export function topologyOf(hello: Document): ServerFacts['topology'] {
  if (hello.msg === 'isdbgrid') return 'sharded';
  return typeof hello.setName === 'string' ? 'replicaset' : 'single';
}
