import Joi from 'joi';
import { event, holders } from '../../kernel/event.js';
import { id } from '../../kernel/schema.js';
import { type DeviceView, deviceName, deviceSchema, exampleDevice } from './auth.views.js';
import { exampleUnsent, type UnsentView, unsentSchema } from './presence.views.js';

export const deviceChanged = event({
  name: 'device:changed',
  summary: 'A device was paired, changed or unpaired',
  payload: Joi.object<{ device: DeviceView }, true>({
    device: deviceSchema.required().description('The device as it is now'),
  }),
  audience: () => [holders('device:write')],
  example: { device: exampleDevice },
});

interface DeviceReturned {
  userId: string;
  name: string;
  deviceId?: string;
  deviceName?: string;
  unsent: UnsentView;
}

export const deviceReturned = event<DeviceReturned>({
  name: 'device:returned',
  summary: 'A device is back on line with commands that it could not hand over before',
  payload: Joi.object<DeviceReturned, true>({
    userId: id('who is logged in on it').required(),
    name: Joi.string().required().description('Name of the person'),
    deviceId: id('the paired device, if it is one'),
    deviceName: deviceName.optional(),
    unsent: unsentSchema.required(),
  }),
  audience: () => [holders('device:write')],
  example: { userId: '6740f1c2a1b2c3d4e5000091', name: 'Mara Lind', unsent: exampleUnsent },
});
