import { feature, replica } from '../../kernel/feature.js';
import { endSessions, proposePin, setPassword, setPin } from './credentials.operations.js';
import { rosterChanged, staffChanged } from './staff.events.js';
import { staff } from './staff.model.js';
import {
  createStaff,
  deactivateStaff,
  getStaff,
  listStaff,
  reactivateStaff,
  showRoster,
  updateStaff,
} from './staff.operations.js';
import { staffCard, staffCardSchema } from './staff.views.js';

export { checkMayEnd, checkMaySet, provenHash } from './credentials.operations.js';
export { checkEmailIsFree, findByEmail } from './staff.accounts.js';
export { rosterChanged } from './staff.events.js';
export { exampleStaff } from './staff.examples.js';
export { type StaffDoc, staff } from './staff.model.js';
export { newOwner } from './staff.owner.js';
export { checkPassword } from './staff.passwords.js';
export { holdersOf, isPinOf } from './staff.pins.js';
export { email, password, pin, role, type StaffView, staffName, staffSchema, staffView } from './staff.views.js';

/** What {@link newOwner} announces. */
export const ownerEvents = [staffChanged, rosterChanged] as const;

export const staffFeature = feature({
  name: 'staff',
  summary: 'The people who work here: their roles, rights and ways to log in',
  kinds: [staff],
  operations: [
    listStaff,
    showRoster,
    getStaff,
    createStaff,
    updateStaff,
    setPin,
    proposePin,
    endSessions,
    setPassword,
    deactivateStaff,
    reactivateStaff,
  ],
  events: [staffChanged, rosterChanged],
  replicas: [
    replica({
      name: 'staff',
      summary: 'Names and roles of the people who work here, and of those who have left',
      view: staffCardSchema,
      permission: 'staff:read',
      cache: { ttl: 1800, tags: [staff] },
      load: async ({ all }) => (await all(staff)).map(staffCard),
    }),
  ],
});
