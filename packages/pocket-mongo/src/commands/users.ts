import type { Document } from '../bson/values.js';
import type { Handler } from '../engine/context.js';
import { CommandError, notImplemented, searchNotEnabled } from '../errors.js';

/** MongoDB's commands that have no meaning in a server without users, and why; they are refused with 238. */
const REFUSED: Readonly<Record<string, readonly string[]>> = {
  'users and passwords': [
    'createUser',
    'updateUser',
    'dropUser',
    'dropAllUsersFromDatabase',
    'grantRolesToUser',
    'revokeRolesFromUser',
    'createRole',
    'updateRole',
    'dropRole',
    'dropAllRolesFromDatabase',
    'grantPrivilegesToRole',
    'revokePrivilegesFromRole',
    'grantRolesToRole',
    'revokeRolesFromRole',
    'saslStart',
    'saslContinue',
    'authenticate',
  ],
  'a replica set of more than one member': [
    'replSetInitiate',
    'replSetReconfig',
    'replSetStepDown',
    'replSetFreeze',
    'replSetMaintenance',
    'replSetSyncFrom',
    'replSetResizeOplog',
  ],
  'a script in the database': ['mapReduce'],
  'a lock of all writes': ['fsyncUnlock'],
  'an index filter or a query setting': [
    'planCacheSetFilter',
    'planCacheListFilters',
    'planCacheClearFilters',
    'setQuerySettings',
    'removeQuerySettings',
  ],
  'the end of the server by a command; its application closes it': ['shutdown'],
  'another feature compatibility version': ['setFeatureCompatibilityVersion'],
};

const SEARCH = new Set(['createSearchIndexes', 'dropSearchIndex', 'updateSearchIndex']);

/** What a command that is none here is answered. */
export function unknownCommand(name: string): CommandError {
  if (SEARCH.has(name)) return searchNotEnabled(name);
  const [what] = Object.entries(REFUSED).find(([, names]) => names.includes(name)) ?? [];
  return what === undefined ? new CommandError(59, `no such command: '${name}'`) : notImplemented(`${name}: ${what}`);
}

const connectionStatus: Handler = ({ command }) => {
  const authInfo: Document = { authenticatedUsers: [], authenticatedUserRoles: [] };
  if (command.showPrivileges === true) authInfo.authenticatedUserPrivileges = [];
  return { authInfo, ok: 1 };
};

/** There are no users and no roles. */
export const userCommands: Readonly<Record<string, Handler>> = {
  usersInfo: () => ({ users: [], ok: 1 }),
  rolesInfo: () => ({ roles: [], ok: 1 }),
  connectionStatus,
  logout: () => ({ ok: 1 }),
  invalidateUserCache: () => ({ ok: 1 }),
};
