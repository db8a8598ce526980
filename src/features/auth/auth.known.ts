import type { Doors } from '../../kernel/context.js';
import type { Doc, Kind } from '../../kernel/documents.js';
import { modelOf } from '../../platform/model.js';
import { withinRestaurant } from '../../platform/tenancy.js';
import { findByEmail } from '../staff/index.js';
import { devices, sessions } from './auth.model.js';
import { readDeviceToken, readRefreshToken } from './auth.rules.js';

/**
 * What a token proves about the device that shows it: that it once was logged in as this account, or is paired in its
 * restaurant. Undefined when it proves nothing.
 */
export async function knownAs(email: string, token: string, doors: Doors): Promise<string | undefined> {
  const sessionId = readRefreshToken(doors, token)?.sessionId;
  const deviceId = readDeviceToken(doors, token);
  if (sessionId === undefined && deviceId === undefined) return undefined;
  const person = await findByEmail(email);
  if (person === undefined) return undefined;
  return withinRestaurant(person.restaurantId, async () => {
    if (sessionId !== undefined)
      return (await exists(sessions, { _id: sessionId, userId: person._id })) ? `session ${sessionId}` : undefined;
    return (await exists(devices, { _id: deviceId, active: true })) ? `device ${deviceId}` : undefined;
  });
}

const exists = async <T extends Doc>(kind: Kind<T>, filter: object): Promise<boolean> =>
  (await modelOf(kind).findOne(filter, { _id: 1 }).lean().exec()) !== null;
