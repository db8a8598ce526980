import { asNumber, type Document, isDocument, type Value } from '../bson/values.js';
import type { Engine, Handler } from '../engine/context.js';
import { SESSION_LIFETIME_MS } from '../engine/sessions.js';
import { badValue, CommandError } from '../errors.js';
import { typeName } from '../query/operator.js';

interface Parameter {
  get(engine: Engine): Value;
  /** Left out where it cannot be set while the server runs. */
  set?(engine: Engine, value: Value, name: string): void;
}

/** The parameters of MongoDB that mean something here. */
const PARAMETERS: Readonly<Record<string, Parameter>> = {
  featureCompatibilityVersion: { get: () => ({ version: '8.0' }) },
  localLogicalSessionTimeoutMinutes: { get: () => SESSION_LIFETIME_MS / 60_000 },
  enableTestCommands: { get: () => true },
  requireApiVersion: { get: () => false },
  authenticationMechanisms: { get: () => [] },
  transactionLifetimeLimitSeconds: {
    get: ({ sessions }) => sessions.transactionLifetimeMs / 1000,
    set: ({ sessions }, value, name) => {
      sessions.transactionLifetimeMs = least(1, value, name) * 1000;
    },
  },
  minSnapshotHistoryWindowInSeconds: {
    get: ({ snapshots }) => snapshots.windowMs / 1000,
    set: ({ snapshots }, value, name) => {
      snapshots.windowMs = least(0, value, name) * 1000;
    },
  },
  cursorTimeoutMillis: {
    get: ({ cursors }) => BigInt(cursors.idleMs),
    set: ({ cursors }, value, name) => {
      cursors.idleMs = least(1, value, name);
    },
  },
};

function least(minimum: number, value: Value, name: string): number {
  const number = asNumber(value);
  if (number === undefined)
    throw badValue(`Unable to coerce value to correct type for parameter ${name}: ${typeName(value)}`);
  if (number < minimum)
    throw badValue(`Invalid value for parameter ${name}: ${number} is not greater than or equal to ${minimum}`);
  return Math.trunc(number);
}

/** The parameters that a command names: its fields but its own name and what any command has. */
function named(command: Document, what: string): string[] {
  return Object.keys(command).filter((name) => name !== what && Object.hasOwn(PARAMETERS, name));
}

export const getParameter: Handler = ({ engine, command }) => {
  const { getParameter: what } = command;
  const details = isDocument(what) && what.showDetails === true;
  const all = what === '*' || (isDocument(what) && what.allParameters === true);
  const names = all ? Object.keys(PARAMETERS) : named(command, 'getParameter');
  if (names.length === 0) throw new CommandError(72, 'no option found to get');
  const found = names.map((name) => {
    const { get, set } = PARAMETERS[name] as Parameter;
    const value = get(engine);
    return [name, details ? { value, settableAtRuntime: set !== undefined, settableAtStartup: false } : value];
  });
  return { ...Object.fromEntries(found), ok: 1 };
};

/** MongoDB sets one at a time, the first one it is given. */
export const setParameter: Handler = ({ engine, command }) => {
  const name = Object.keys(command).find((one) => one !== 'setParameter' && !one.startsWith('$') && one !== 'lsid');
  if (name === undefined) throw new CommandError(72, 'no option found to set, use help:true to see options ');
  const parameter = Object.hasOwn(PARAMETERS, name) ? PARAMETERS[name] : undefined;
  if (!parameter)
    throw new CommandError(72, `attempted to set unrecognized parameter [${name}], use help:true to see options `);
  if (!parameter.set)
    throw new CommandError(20, `not allowed to change [${name}] at runtime, use help:true to see options `);
  const was = parameter.get(engine);
  parameter.set(engine, command[name], name);
  return { was, ok: 1 };
};
