import type { Document } from '../bson/values.js';
import type { Handler } from '../engine/context.js';

/** Says what a command has said of the Stable API. */
const echo: Handler = ({ command }) => {
  const { apiVersion, apiStrict, apiDeprecationErrors } = command;
  const given: Document = { apiVersion, apiStrict, apiDeprecationErrors, ok: 1 };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
};

/** Commands with which clients test the Stable API; a MongoDB with `enableTestCommands`, as this says of itself, has them. */
export const testCommands: Readonly<Record<string, Handler>> = {
  testDeprecation: echo,
  testDeprecationInVersion2: echo,
  testRemoval: echo,
  testVersion2: echo,
  testVersions1And2: echo,
};
