import Joi from 'joi';
import type { Present } from '../../kernel/presence.js';
import { id, label, secret, time, version } from '../../kernel/schema.js';
import { exampleRestaurant, type RestaurantView, restaurantSchema } from '../restaurants/index.js';
import { exampleStaff, type StaffView, staffSchema } from '../staff/index.js';
import { type DeviceDoc, type DeviceKind, deviceKinds, type PinPadDoc, type SessionDoc } from './auth.model.js';
import { type UnsentView, unsentSchema, viewUnsent } from './presence.views.js';

export const deviceName = label(60).description('Name of the device, as people call it');
export const deviceKind = Joi.string<DeviceKind>()
  .valid(...deviceKinds)
  .description('What it is used for');
export const stationIds = Joi.array<string[]>()
  .items(id('a kitchen station'))
  .max(50)
  .unique()
  .description('Kitchen stations whose tickets its screen shows; none for an expo or any other screen');

export interface DeviceView {
  id: string;
  version: number;
  name: string;
  kind: DeviceKind;
  stationIds: string[];
  active: boolean;
  createdAt: string;
}

const deviceFields = {
  id: id('the device').required(),
  version,
  name: deviceName.required(),
  kind: deviceKind.required(),
  stationIds: stationIds.required(),
  active: Joi.boolean().required().description('False once it is unpaired'),
  createdAt: time('When it was paired').required(),
};

export const deviceSchema = Joi.object<DeviceView, true>(deviceFields).meta({ typeName: 'Device' });

export const deviceView = (device: DeviceDoc): DeviceView => ({
  id: device._id,
  version: device.version,
  name: device.name,
  kind: device.kind,
  stationIds: device.stationIds,
  active: device.active,
  createdAt: device.createdAt.toISOString(),
});

/** A device as its manager sees it. */
export interface ListedDevice extends DeviceView {
  lastLoginAt?: string;
  lockedUntil?: string;
  online: boolean;
  unsent?: UnsentView;
}

export const listedDeviceSchema = Joi.object<ListedDevice, true>({
  ...deviceFields,
  lastLoginAt: time('Last log-in with a PIN').optional(),
  lockedUntil: time('Until when it takes no PIN, after too many wrong ones').optional(),
  online: Joi.boolean().required().description('Whether it is connected'),
  unsent: unsentSchema.optional(),
}).meta({ typeName: 'ListedDevice' });

export function listedDevice(device: DeviceDoc, pad: PinPadDoc | undefined, present: readonly Present[]): ListedDevice {
  const here = present.filter(({ deviceId }) => deviceId === device._id);
  const unsent = here.find((one) => one.unsent !== undefined)?.unsent;
  return {
    ...deviceView(device),
    ...(pad?.lastLoginAt === undefined ? {} : { lastLoginAt: pad.lastLoginAt.toISOString() }),
    ...(pad?.lockedUntil === undefined ? {} : { lockedUntil: pad.lockedUntil.toISOString() }),
    online: here.length > 0,
    ...(unsent === undefined ? {} : { unsent: viewUnsent(unsent) }),
  };
}

const how = Joi.string<'password' | 'pin'>().valid('password', 'pin');

export interface SessionView {
  id: string;
  how: 'password' | 'pin';
  deviceId?: string;
  current: boolean;
  startedAt: string;
  refreshedAt: string;
  expiresAt: string;
}

export const sessionSchema = Joi.object<SessionView, true>({
  id: id('the session').required(),
  how: how.required().description('How the person logged in'),
  deviceId: id('the paired device').optional(),
  current: Joi.boolean().required().description('Whether it is the one that asks'),
  startedAt: time('Log-in').required(),
  refreshedAt: time('Last refresh').required(),
  expiresAt: time('End, unless it is refreshed before').required(),
}).meta({ typeName: 'Session' });

export const sessionView = (session: SessionDoc, currentId: string): SessionView => ({
  id: session._id,
  how: session.how,
  ...(session.deviceId === undefined ? {} : { deviceId: session.deviceId }),
  current: session._id === currentId,
  startedAt: session.createdAt.toISOString(),
  refreshedAt: session.rotatedAt.toISOString(),
  expiresAt: session.expiresAt.toISOString(),
});

/** What a client keeps to stay logged in. */
export interface TokensView {
  accessToken: string;
  accessExpiresAt: string;
  refreshToken: string;
  refreshExpiresAt: string;
  sessionId: string;
}

const tokenFields = {
  accessToken: secret(Joi.string().required().description('For `Authorization: Bearer` and the socket handshake')),
  accessExpiresAt: time('End of the access token').required(),
  refreshToken: secret(Joi.string().required().description('Good for one refresh')),
  refreshExpiresAt: time('End of the session, unless it is refreshed before').required(),
  sessionId: id('the session').required(),
};

export const tokensSchema = Joi.object<TokensView, true>(tokenFields).meta({ typeName: 'Tokens' });

export interface LoginView extends TokensView {
  restaurantId: string;
  user: StaffView;
}

export const loginSchema = Joi.object<LoginView, true>({
  ...tokenFields,
  restaurantId: id('the restaurant').required(),
  user: staffSchema.required(),
}).meta({ typeName: 'Login' });

export interface MeView {
  user: StaffView;
  restaurant: RestaurantView;
  sessionId: string;
  how: 'password' | 'pin';
  confirmedUntil?: string;
  device?: DeviceView;
  stationIds: string[];
}

export const meSchema = Joi.object<MeView, true>({
  user: staffSchema.required(),
  restaurant: restaurantSchema.required(),
  sessionId: id('the session').required(),
  how: how.required().description('How the person logged in; with a PIN not all of their permissions count'),
  confirmedUntil: time('Until when they all do, after `auth:confirm-password`').optional(),
  device: deviceSchema.optional(),
  stationIds: stationIds.required(),
}).meta({ typeName: 'Me' });

export const exampleDevice: DeviceView = {
  id: '66f1a2b3c4d5e6f708192d01',
  version: 1,
  name: 'Grill screen',
  kind: 'kitchen',
  stationIds: ['66f1a2b3c4d5e6f708192e01'],
  active: true,
  createdAt: '2026-05-01T09:10:00.000Z',
};

export const exampleTokens: TokensView = {
  accessToken: 'eyJhbGciOiJIUzI1NiIs...',
  accessExpiresAt: '2026-05-01T17:15:00.000Z',
  refreshToken: '66f1a2b3c4d5e6f708192f01.1.9d4e1c...',
  refreshExpiresAt: '2026-05-31T17:00:00.000Z',
  sessionId: '66f1a2b3c4d5e6f708192f01',
};

export const exampleLogin: LoginView = { ...exampleTokens, restaurantId: exampleRestaurant.id, user: exampleStaff };
export const exampleMe: MeView = {
  user: exampleStaff,
  restaurant: exampleRestaurant,
  sessionId: exampleTokens.sessionId,
  how: 'password',
  stationIds: [],
};
