import Joi from 'joi';
import { event, holders } from '../../kernel/event.js';
import { type DeviceView, deviceSchema, exampleDevice } from './auth.views.js';

export const deviceChanged = event({
  name: 'device:changed',
  summary: 'A device was paired, changed or unpaired',
  payload: Joi.object<{ device: DeviceView }, true>({
    device: deviceSchema.required().description('The device as it is now'),
  }),
  audience: () => [holders('device:write')],
  example: { device: exampleDevice },
});
