import fc from 'fast-check';
import { permissionNames, permissionsOf, type Role, roleNames } from '../../kernel/permissions.js';
import type { StaffDoc } from './staff.model.js';
import { checkMayChange, checkMayGrant, checkOwnerRemains, rightsDiffer } from './staff.rules.js';

const rights = (role: Role, more: Partial<Pick<StaffDoc, 'allow' | 'deny'>> = {}) => ({
  role,
  allow: [],
  deny: [],
  ...more,
});
const actor = (role: Role, more?: Parameters<typeof rights>[1]) => {
  const own = rights(role, more);
  return { role, permissions: permissionsOf(role, own.allow, own.deny) };
};
const forbidden = expect.objectContaining({ code: 'forbidden' });

describe('who may change whom', () => {
  it('lets only owners change owners', () => {
    expect(() => checkMayChange(actor('owner'), rights('owner'))).not.toThrow();
    expect(() => checkMayChange(actor('manager'), rights('owner'))).toThrow(forbidden);
  });

  it('lets managers change each other and everybody below', () => {
    for (const role of roleNames.filter((name) => name !== 'owner')) {
      expect(() => checkMayChange(actor('manager'), rights(role))).not.toThrow();
    }
  });

  it('keeps people with more rights out of reach, for a new PIN would lend them out', () => {
    expect(() => checkMayChange(actor('waiter', { allow: ['staff:write'] }), rights('manager'))).toThrow(forbidden);
    expect(() => checkMayChange(actor('manager', { deny: ['order:void'] }), rights('manager'))).toThrow(forbidden);
  });
});

describe('who may grant what', () => {
  it('lets only owners make owners', () => {
    expect(() => checkMayGrant(actor('owner'), rights('owner'))).not.toThrow();
    expect(() => checkMayGrant(actor('manager'), rights('owner'))).toThrow(forbidden);
  });

  it('names the field that asks too much', () => {
    const fields = (run: () => void) => {
      try {
        run();
        return [];
      } catch (error) {
        return (error as { details: { errors: { field: string }[] } }).details.errors.map(({ field }) => field);
      }
    };
    expect(fields(() => checkMayGrant(actor('manager'), rights('owner')))).toEqual(['role']);
    const allow = rights('waiter', { allow: ['restaurant:write'] });
    expect(fields(() => checkMayGrant(actor('manager'), allow))).toEqual(['allow']);
    const hiring = actor('waiter', { allow: ['staff:write'] });
    expect(fields(() => checkMayGrant(hiring, rights('manager')))).toEqual(['role']);
    expect(fields(() => checkMayGrant(actor('owner'), rights('owner', { deny: ['staff:write'] })))).toEqual(['deny']);
  });

  it('leaves people what an owner gave them', () => {
    const before = rights('waiter', { allow: ['restaurant:write'] });
    expect(() => checkMayGrant(actor('manager'), { ...before, allow: ['restaurant:write'] }, before)).not.toThrow();
  });

  it('never lets anybody but an owner hand out a right that they lack', () => {
    const role = fc.constantFrom(...roleNames);
    const list = fc.uniqueArray(fc.constantFrom(...permissionNames), { maxLength: 6 });
    const person = fc.record({ role, allow: list, deny: list });
    fc.assert(
      fc.property(person, person, person, (own, before, after) => {
        const held = permissionsOf(own.role, own.allow, own.deny);
        try {
          checkMayChange({ role: own.role, permissions: held }, before);
          checkMayGrant({ role: own.role, permissions: held }, after, before);
        } catch {
          return true;
        }
        return (
          own.role === 'owner' || [...permissionsOf(after.role, after.allow, after.deny)].every((one) => held.has(one))
        );
      }),
      { numRuns: 2_000 },
    );
  });
});

describe('the last owner', () => {
  const member = (id: string, role: Role, active = true) => ({ _id: id, role, active }) as StaffDoc;

  it('stays an owner, and stays', () => {
    const [only, manager, left] = [member('a', 'owner'), member('b', 'manager'), member('c', 'owner', false)];
    const all = [only, manager, left];
    const conflict = expect.objectContaining({ code: 'conflict' });
    expect(() => checkOwnerRemains(all, only, { role: 'owner', active: false })).toThrow(conflict);
    expect(() => checkOwnerRemains(all, only, { role: 'manager', active: true })).toThrow(conflict);
    expect(() => checkOwnerRemains(all, manager, { role: 'waiter', active: true })).not.toThrow();
    const second = member('d', 'owner');
    expect(() => checkOwnerRemains([...all, second], only, { role: 'owner', active: false })).not.toThrow();
  });
});

it('sees when rights differ', () => {
  expect(rightsDiffer(rights('waiter'), rights('waiter'))).toBe(false);
  expect(rightsDiffer(rights('waiter'), rights('waiter', { allow: ['order:read'] }))).toBe(false);
  expect(rightsDiffer(rights('waiter'), rights('waiter', { allow: ['order:void'] }))).toBe(true);
  expect(rightsDiffer(rights('waiter'), rights('waiter', { deny: ['order:read'] }))).toBe(true);
  expect(rightsDiffer(rights('owner'), rights('owner'))).toBe(false);
  expect(rightsDiffer(rights('waiter'), rights('host'))).toBe(true);
});
