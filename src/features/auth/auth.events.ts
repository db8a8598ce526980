import Joi from 'joi';
import { event, roles } from '../../kernel/event.js';
import { type DeviceView, deviceSchema, exampleDevice } from './auth.views.js';

export const deviceChanged = event({
  name: 'device:changed',
  summary: 'A device was paired, changed or unpaired',
  payload: Joi.object<{ device: DeviceView }, true>({
    device: deviceSchema.required().description('The device as it is now'),
  }),
  audience: () => roles('owner', 'manager'),
  example: { device: exampleDevice },
});
