import type { Actor } from '../../kernel/context.js';
import { fail, invalid } from '../../kernel/errors.js';
import { type Permission, permissionsOf, type Role } from '../../kernel/permissions.js';
import type { StaffDoc } from './staff.model.js';

type Rank = Pick<Actor, 'role' | 'permissions'>;
type Rights = Pick<StaffDoc, 'role' | 'allow' | 'deny'>;

const rightsOf = ({ role, allow, deny }: Rights) => permissionsOf(role, allow, deny);

/**
 * Whether this person may be changed by the actor: an owner only by an owner, and anybody only by one who holds every
 * permission they hold. Else whoever resets the PIN of a person with more rights would have those rights.
 * @throws forbidden
 */
export function checkMayChange(actor: Rank, member: Rights): void {
  if (actor.role === 'owner') return;
  if (member.role === 'owner') throw fail('forbidden', 'Only an owner may change an owner');
  const beyond = [...rightsOf(member)].filter((permission) => !actor.permissions.has(permission));
  if (beyond.length > 0) throw fail('forbidden', `This person has rights that you lack: ${beyond.join(', ')}`);
}

/**
 * Whether the actor may give these rights: only an owner makes an owner or ends a manager being one, and nobody gives a permission that they lack.
 * What the person had before may stay.
 * @throws forbidden, naming the field; validation_failed for an owner with a denial
 */
export function checkMayGrant(actor: Rank, after: Rights, before?: Rights): void {
  if (after.role === 'owner' && after.deny.length > 0)
    throw invalid('deny', 'must be empty: an owner may do everything');
  if (actor.role === 'owner') return;
  if (after.role === 'owner') throw refused('role', 'Only an owner may make an owner');
  // Else a manager would make another a waiter, set their PIN, and act in their name once they are a manager again.
  if (before?.role === 'manager' && after.role !== 'manager')
    throw refused('role', 'Only an owner may take the role of manager away');
  const had: ReadonlySet<Permission> = before === undefined ? new Set() : rightsOf(before);
  const beyond = [...rightsOf(after)].filter(
    (permission) => !had.has(permission) && !actor.permissions.has(permission),
  );
  if (beyond.length === 0) return;
  const field = beyond.some((permission) => after.allow.includes(permission)) ? 'allow' : 'role';
  throw refused(field, `You cannot give rights that you lack: ${beyond.join(', ')}`);
}

/** @throws conflict when nobody would be left who owns the restaurant */
export function checkOwnerRemains(
  members: readonly StaffDoc[],
  before: StaffDoc,
  after: { role: Role; active: boolean },
): void {
  const isOwner = (member: { role: Role; active: boolean }) => member.role === 'owner' && member.active;
  if (!isOwner(before) || isOwner(after)) return;
  if (members.some((member) => member._id !== before._id && isOwner(member))) return;
  throw fail('conflict', 'This is the last active owner: make another owner first');
}

/** Whether two sets of rights differ in what the person may do or in which rooms they are. */
export function rightsDiffer(before: Rights, after: Rights): boolean {
  const [had, has] = [rightsOf(before), rightsOf(after)];
  return before.role !== after.role || had.size !== has.size || [...has].some((permission) => !had.has(permission));
}

const refused = (field: string, message: string) => fail('forbidden', message, { errors: [{ field, message }] });
