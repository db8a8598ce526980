import { rolePermissions } from '../../kernel/permissions.js';
import type { StaffCard, StaffView } from './staff.views.js';

export const exampleStaff: StaffView = {
  id: '66f1a2b3c4d5e6f708192a01',
  version: 3,
  name: 'Ana Ruiz',
  email: 'ana@lantern.example',
  role: 'waiter',
  allow: [],
  deny: [],
  permissions: [...rolePermissions.waiter],
  hasPassword: true,
  hasPin: true,
  active: true,
  createdAt: '2026-05-01T09:00:00.000Z',
};

export const exampleCard: StaffCard = { id: exampleStaff.id, name: 'Ana Ruiz', role: 'waiter', active: true };
