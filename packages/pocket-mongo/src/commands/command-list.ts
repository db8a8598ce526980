import type { Document } from '../bson/values.js';
import { DEPRECATED_COMMANDS, STABLE_COMMANDS } from './api-version.js';

/** Commands that are about the whole server. */
export const ADMIN_ONLY: ReadonlySet<string> = new Set([
  'bulkWrite',
  'configureFailPoint',
  'currentOp',
  'fsync',
  'getCmdLineOpts',
  'getDefaultRWConcern',
  'getLog',
  'getParameter',
  'killOp',
  'listDatabases',
  'logRotate',
  'renameCollection',
  'replSetGetConfig',
  'replSetGetStatus',
  'setDefaultRWConcern',
  'setParameter',
  'top',
]);

/** What `listCommands` says of each command. */
export function describeCommands(names: readonly string[]): Document {
  return Object.fromEntries(
    [...names].sort().map((name) => [
      name,
      {
        help: '',
        requiresAuth: false,
        secondaryOk: false,
        adminOnly: ADMIN_ONLY.has(name),
        apiVersions: STABLE_COMMANDS.has(name) ? ['1'] : [],
        deprecatedApiVersions: DEPRECATED_COMMANDS.has(name) ? ['1'] : [],
      },
    ]),
  );
}
