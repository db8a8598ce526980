/** Who may do what. A permission is named `thing:act`; a role is a list of them; a person may have some added or denied. */
export const roleNames = ['owner', 'manager', 'waiter', 'kitchen', 'cashier', 'host'] as const;
export type Role = (typeof roleNames)[number];

export const permissionNames = [
  'restaurant:read',
  'restaurant:write',
  'staff:read',
  'staff:write',
  'device:write',
  'menu:read',
  'menu:write',
  'menu:availability',
  'floor:read',
  'floor:write',
  'floor:assign',
  'table:status',
  'order:read',
  'order:write',
  'order:void',
  'order:transfer',
  'order:open-price',
  'kitchen:read',
  'kitchen:write',
  'ticket:write',
  'ticket:prioritise',
  'dashboard:read',
  'dashboard:write',
  'sync:read',
] as const;
export type Permission = (typeof permissionNames)[number];

/**
 * The permissions that have a room of their own: who holds one hears the events about what it lets them read. Few, for
 * each socket is in the room of every one it holds.
 */
export const heardPermissions = [
  'order:read',
  'kitchen:read',
  'staff:read',
  'staff:write',
  'device:write',
  'dashboard:read',
] as const satisfies readonly Permission[];
export type HeardPermission = (typeof heardPermissions)[number];

/** Commands with these change people, devices, prices or settings: they need a password, not only a PIN. */
export const guardedPermissions: ReadonlySet<string> = new Set<Permission>([
  'restaurant:write',
  'staff:write',
  'device:write',
  'menu:write',
]);

const everybody: Permission[] = ['restaurant:read', 'menu:read', 'floor:read', 'sync:read'];
const manager: Permission[] = permissionNames.filter((name) => name !== 'restaurant:write');

/** What each role may do when nothing is added to or taken from the person. */
export const rolePermissions: Readonly<Record<Role, readonly Permission[]>> = {
  owner: permissionNames,
  manager,
  waiter: [...everybody, 'table:status', 'order:read', 'order:write', 'order:transfer', 'kitchen:read', 'staff:read'],
  kitchen: [...everybody, 'order:read', 'kitchen:read', 'ticket:write', 'ticket:prioritise', 'menu:availability'],
  cashier: [...everybody, 'order:read', 'order:write', 'order:open-price', 'table:status'],
  host: [...everybody, 'table:status', 'floor:assign', 'order:read', 'staff:read'],
};

const plain = new Map<Role, ReadonlySet<Permission>>(roleNames.map((role) => [role, new Set(rolePermissions[role])]));

/** The permissions of one person: the role's, plus what is allowed, minus what is denied (a denial wins). */
export function permissionsOf(
  role: Role,
  allow: readonly Permission[] = [],
  deny: readonly Permission[] = [],
): ReadonlySet<Permission> {
  // Most people have exactly their role's: one set for all of them, not one for each of thousands of sockets.
  const shared = plain.get(role);
  if (shared !== undefined && allow.length === 0 && deny.length === 0) return shared;
  const granted = new Set<Permission>([...rolePermissions[role], ...allow]);
  for (const denied of deny) granted.delete(denied);
  return granted;
}
