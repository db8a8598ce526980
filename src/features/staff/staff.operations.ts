import Joi from 'joi';
import { fail, invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import type { Permission, Role } from '../../kernel/permissions.js';
import { id, type Nothing, nothing } from '../../kernel/schema.js';
import { checkEmailIsFree, findByEmail } from './staff.accounts.js';
import { announce, rosterChanged, staffChanged } from './staff.events.js';
import { exampleCard, exampleStaff } from './staff.examples.js';
import { type StaffDoc, staff } from './staff.model.js';
import { checkPassword } from './staff.passwords.js';
import { checkNameOnPad, checkPin, pinDigest } from './staff.pins.js';
import { checkMayChange, checkMayGrant, checkOwnerRemains, rightsDiffer } from './staff.rules.js';
import {
  email,
  password,
  permissionList,
  pin,
  role,
  type StaffCard,
  type StaffView,
  staffCard,
  staffCardSchema,
  staffName,
  staffSchema,
  staffView,
} from './staff.views.js';

const staffId = id('the staff member').required();

export const listStaff = query({
  name: 'staff:list',
  summary: 'List the staff with their rights',
  rest: { method: 'get', path: '/staff' },
  permission: 'staff:write',
  limit: 'read',
  input: Joi.object<{ active?: boolean }, true>({
    active: Joi.boolean().description('Only those who work here (true) or have left (false)'),
  }),
  cache: { ttl: 1800, tags: [staff] },
  output: Joi.array<StaffView[]>().items(staffSchema),
  page: { key: ({ name, id }) => [name, id] },
  example: { input: { active: true }, output: [exampleStaff] },
  async handle({ input, all }) {
    const members = await all(staff);
    return members.filter(({ active }) => active === (input.active ?? active)).map(staffView);
  },
});

export const showRoster = query({
  name: 'staff:roster',
  summary: 'List names and roles of the colleagues who work here',
  rest: { method: 'get', path: '/roster' },
  permission: 'staff:read',
  limit: 'read',
  input: nothing,
  cache: { ttl: 1800, tags: [staff] },
  output: Joi.array<StaffCard[]>().items(staffCardSchema),
  page: { key: ({ name, id }) => [name, id] },
  example: { input: {} as Nothing, output: [exampleCard] },
  async handle({ all }) {
    const members = await all(staff);
    return members.filter(({ active }) => active).map(staffCard);
  },
});

export const getStaff = query({
  name: 'staff:get',
  summary: 'Show one person with their rights',
  rest: { method: 'get', path: '/staff/:staffId' },
  permission: 'staff:write',
  limit: 'read',
  input: Joi.object<{ staffId: string }, true>({ staffId }),
  cache: { ttl: 1800, tags: [staff] },
  output: staffSchema,
  example: { input: { staffId: exampleStaff.id }, output: exampleStaff },
  async handle({ input, get }) {
    return staffView(await get(staff, input.staffId));
  },
});

/** Whether an address is free says something of all restaurants' people. */
const tellsOf = (email: string | null | undefined) => (email == null ? [] : (['emails'] as const));

interface CreateStaff {
  name: string;
  role: Role;
  email?: string;
  password?: string;
  pin?: string;
  allow: Permission[];
  deny: Permission[];
}

export const createStaff = command({
  name: 'staff:create',
  summary: 'Add a person to the staff',
  description:
    'With e-mail and password, with a PIN for paired devices, with both, or with neither for now. Only an owner may add an owner, and nobody gives rights that they lack.',
  rest: { method: 'post', path: '/staff', status: 201 },
  permission: 'staff:write',
  limit: 'write',
  limitAlso: ({ pin, email }) => [...(pin === undefined ? [] : (['pins'] as const)), ...tellsOf(email)],
  input: Joi.object<CreateStaff, true>({
    name: staffName.required(),
    role: role.required().description('Role; decides the permissions'),
    email: email.optional(),
    password: password.optional(),
    pin: pin.optional(),
    allow: permissionList.default([]).description("Permissions beyond the role's"),
    deny: permissionList.default([]).description('Permissions withheld; a denial wins'),
  }),
  output: staffSchema,
  emits: [staffChanged, rosterChanged],
  example: {
    input: {
      name: 'Ana Ruiz',
      role: 'waiter',
      email: 'ana@lantern.example',
      password: 'four tables by the window',
      pin: '481516',
      allow: [],
      deny: [],
    },
    output: { ...exampleStaff, version: 1 },
  },
  async prepare({ input, doors }) {
    checkPin(input.pin);
    if (input.password !== undefined) await checkPassword(doors, input.password, [input.name, input.email]);
    const [taken, passwordHash] = await Promise.all([
      input.email === undefined ? undefined : findByEmail(input.email),
      input.password === undefined ? undefined : doors.passwords.hash(input.password),
    ]);
    return { taken, passwordHash };
  },
  async handle(ctx) {
    const { input, prepared, actor, restaurantId, doors } = ctx;
    checkMayGrant(actor, input);
    if (input.password !== undefined && input.email === undefined)
      throw invalid('email', 'is needed to log in with a password');
    checkEmailIsFree(prepared.taken);
    const _id = newId();
    if (input.pin !== undefined) checkNameOnPad(await ctx.all(staff), { _id, name: input.name });
    const member = ctx.insert(staff, {
      _id,
      name: input.name,
      role: input.role,
      allow: input.allow,
      deny: input.deny,
      active: true,
      credentialsVersion: 1,
      ...(input.email === undefined ? {} : { email: input.email }),
      ...(prepared.passwordHash === undefined ? {} : { passwordHash: prepared.passwordHash }),
      ...(input.pin === undefined ? {} : { pinDigest: pinDigest(doors, { _id, restaurantId }, input.pin) }),
    });
    return announce(ctx, member);
  },
});

interface UpdateStaff {
  staffId: string;
  name?: string;
  role?: Role;
  email?: string | null;
  allow?: Permission[];
  deny?: Permission[];
}

export const updateStaff = command({
  name: 'staff:update',
  summary: "Change a person's name, e-mail, role or rights",
  description: 'Other rights end the sockets of the person; they connect again with the new ones.',
  rest: { method: 'patch', path: '/staff/:staffId' },
  permission: 'staff:write',
  limit: 'write',
  limitAlso: ({ email }) => tellsOf(email),
  input: Joi.object<UpdateStaff, true>({
    staffId,
    name: staffName.optional(),
    role: role.optional().description('Role; decides the permissions'),
    email: email.optional().allow(null).description('E-mail address for logging in; null takes it away'),
    allow: permissionList.optional().description("Permissions beyond the role's; replaces the list"),
    deny: permissionList.optional().description('Permissions withheld; replaces the list'),
  }),
  output: staffSchema,
  emits: [staffChanged, rosterChanged],
  example: {
    input: { staffId: exampleStaff.id, role: 'waiter', allow: ['order:void'] },
    output: { ...exampleStaff, allow: ['order:void'], permissions: [...exampleStaff.permissions, 'order:void'] },
  },
  async prepare({ input }) {
    return { taken: input.email == null ? undefined : await findByEmail(input.email) };
  },
  async handle(ctx) {
    const { input, actor, prepared } = ctx;
    const before = await ctx.get(staff, input.staffId);
    checkVersion(ctx.expectedVersion, before, staffView(before));
    checkMayChange(actor, before);
    checkEmailIsFree(prepared.taken, before._id);
    const { name = before.name, role = before.role, allow = before.allow, deny = before.deny } = input;
    const after = withEmail({ ...before, name, role, allow, deny }, input.email);
    checkMayGrant(actor, after, before);
    const everybody = await ctx.all(staff);
    checkOwnerRemains(everybody, before, after);
    if (name !== before.name && before.active && before.pinDigest !== undefined) checkNameOnPad(everybody, after);
    const member = ctx.save(staff, after);
    if (rightsDiffer(before, after)) ctx.revoke({ userId: before._id });
    return announce(ctx, member, before);
  },
});

function withEmail(member: StaffDoc, address: string | null | undefined): StaffDoc {
  if (address === undefined) return member;
  if (address !== null) return { ...member, email: address };
  if (member.passwordHash !== undefined) throw invalid('email', 'is needed to log in with a password');
  const { email: _taken, ...rest } = member;
  return rest;
}

export const deactivateStaff = command({
  name: 'staff:deactivate',
  summary: 'Let a person go: they cannot log in, and their screens end at once',
  description: 'Sessions and sockets of the person end everywhere; the PIN is forgotten.',
  rest: { method: 'post', path: '/staff/:staffId/deactivation' },
  permission: 'staff:write',
  limit: 'write',
  input: Joi.object<{ staffId: string }, true>({ staffId }),
  output: staffSchema,
  emits: [staffChanged, rosterChanged],
  example: { input: { staffId: exampleStaff.id }, output: { ...exampleStaff, hasPin: false, active: false } },
  async handle(ctx) {
    const before = await ctx.get(staff, ctx.input.staffId);
    checkMayChange(ctx.actor, before);
    if (!before.active) throw fail('illegal_step', 'This person has left already', { legal: ['reactivate'] });
    checkOwnerRemains(await ctx.all(staff), before, { role: before.role, active: false });
    const { pinDigest: _freed, ...rest } = before;
    const credentialsVersion = before.credentialsVersion + 1;
    const member = ctx.save(staff, { ...rest, active: false, credentialsVersion });
    ctx.revoke({ userId: before._id });
    return announce(ctx, member, before);
  },
});

export const reactivateStaff = command({
  name: 'staff:reactivate',
  summary: 'Take a person back who had left',
  description: 'With the rights and the password of before; a PIN is set anew.',
  rest: { method: 'post', path: '/staff/:staffId/reactivation' },
  permission: 'staff:write',
  limit: 'write',
  input: Joi.object<{ staffId: string }, true>({ staffId }),
  output: staffSchema,
  emits: [staffChanged, rosterChanged],
  example: { input: { staffId: exampleStaff.id }, output: { ...exampleStaff, hasPin: false } },
  async handle(ctx) {
    const before = await ctx.get(staff, ctx.input.staffId);
    checkMayChange(ctx.actor, before);
    if (before.active) throw fail('illegal_step', 'This person works here already', { legal: ['deactivate'] });
    if (before.email !== undefined) checkEmailIsFree(await findByEmail(before.email), before._id);
    return announce(ctx, ctx.save(staff, { ...before, active: true }), before);
  },
});
