import Joi from 'joi';
import type { UnitContext } from '../../kernel/context.js';
import { event, holders, user } from '../../kernel/event.js';
import { exampleCard, exampleStaff } from './staff.examples.js';
import type { StaffDoc } from './staff.model.js';
import { type StaffCard, type StaffView, staffCard, staffCardSchema, staffSchema, staffView } from './staff.views.js';

export const staffChanged = event({
  name: 'staff:changed',
  summary: 'A person was added or changed; whole, for managers and the person',
  payload: Joi.object<{ staff: StaffView }, true>({
    staff: staffSchema.required().description('The person as they are now'),
  }),
  audience: ({ staff }) => [holders('staff:write'), user(staff.id)],
  example: { staff: exampleStaff },
});

export const rosterChanged = event({
  name: 'staff:roster-changed',
  summary: 'A name, a role or who works here has changed; for the screens that show colleagues',
  payload: Joi.object<{ member: StaffCard }, true>({
    member: staffCardSchema.required().description('The person as colleagues see them now'),
  }),
  audience: () => [holders('staff:read')],
  carries: { member: 'staff' },
  example: { member: exampleCard },
});

/** Announces a person, and the roster where colleagues see a difference. Answers the view, for the reply. */
export function announce({ publish }: Pick<UnitContext, 'publish'>, after: StaffDoc, before?: StaffDoc): StaffView {
  const view = staffView(after);
  publish(staffChanged, { staff: view });
  const same =
    before !== undefined && before.name === after.name && before.role === after.role && before.active === after.active;
  if (!same) publish(rosterChanged, { member: staffCard(after) });
  return view;
}
