import Joi from 'joi';
import { type Permission, permissionNames, permissionsOf, type Role, roleNames } from '../../kernel/permissions.js';
import { id, label, secret, time, version } from '../../kernel/schema.js';
import type { StaffDoc } from './staff.model.js';

export const staffName = label(80).description('Name as colleagues and receipts show it');

export const email = Joi.string()
  .normalize('NFKC')
  .trim()
  .lowercase()
  .email({ tlds: { allow: false } })
  .max(254)
  .description('E-mail address for logging in; not case-sensitive');

/**
 * Length only, and no rules of composition (NIST SP 800-63B, 3.1.1.2); the upper bound limits the work of hashing. What
 * everybody tries first is refused where one is set: see staff.passwords.ts.
 */
export const password = secret(
  Joi.string().min(8).max(128).description('Password, 8 to 128 characters; not one that is tried first'),
);

export const pin = secret(
  Joi.string()
    .pattern(/^\d{4,8}$/)
    .description(
      'PIN of 4 to 8 digits for logging in on a paired device; when it is set, none that is tried first (1234, 1111, 1987)',
    )
    .messages({ 'string.pattern.base': '{{#label}} must be 4 to 8 digits' }),
);

export const role = Joi.string<Role>().valid(...roleNames);
export const permissionList = Joi.array<Permission[]>()
  .items(Joi.string<Permission>().valid(...permissionNames))
  .unique();

/** A person as managers, and they themselves, see them. Digests and hashes never leave. */
export interface StaffView {
  id: string;
  version: number;
  name: string;
  email?: string;
  role: Role;
  allow: Permission[];
  deny: Permission[];
  permissions: Permission[];
  hasPassword: boolean;
  hasPin: boolean;
  active: boolean;
  createdAt: string;
}

export const staffSchema = Joi.object<StaffView, true>({
  id: id('the staff member').required(),
  version,
  name: staffName.required(),
  email: email.optional(),
  role: role.required().description('Role; decides the permissions'),
  allow: permissionList.required().description("Permissions beyond the role's"),
  deny: permissionList.required().description('Permissions withheld; a denial wins'),
  permissions: permissionList.required().description('What this person may do, all told'),
  hasPassword: Joi.boolean().required().description('Whether a password is set'),
  hasPin: Joi.boolean().required().description('Whether a PIN is set'),
  active: Joi.boolean().required().description('False for people who have left: they cannot log in'),
  createdAt: time('When the person was added').required(),
}).meta({ typeName: 'StaffMember' });

export function staffView(member: StaffDoc): StaffView {
  const held = permissionsOf(member.role, member.allow, member.deny);
  return {
    id: member._id,
    version: member.version,
    name: member.name,
    ...(member.email === undefined ? {} : { email: member.email }),
    role: member.role,
    allow: member.allow,
    deny: member.deny,
    permissions: permissionNames.filter((name) => held.has(name)),
    hasPassword: member.passwordHash !== undefined,
    hasPin: member.pinDigest !== undefined,
    active: member.active,
    createdAt: member.createdAt.toISOString(),
  };
}

/** What colleagues' screens show of a person. */
export interface StaffCard {
  id: string;
  name: string;
  role: Role;
  active: boolean;
}

export const staffCardSchema = Joi.object<StaffCard, true>({
  id: id('the staff member').required(),
  name: staffName.required(),
  role: role.required().description('Role'),
  active: Joi.boolean().required().description('False for people who have left'),
}).meta({ typeName: 'StaffCard' });

export const staffCard = ({ _id, name, role, active }: StaffDoc): StaffCard => ({ id: _id, name, role, active });
