import Joi from 'joi';
import type { Unsent } from '../../kernel/presence.js';
import { time } from '../../kernel/schema.js';

export interface UnsentView {
  count: number;
  since: string;
}

export const unsentSchema = Joi.object<UnsentView, true>({
  count: Joi.number().integer().min(1).required().description('How many'),
  since: time('When the oldest was given').required(),
})
  .description('Commands that the device holds and has not been able to hand over, as it last said')
  .meta({ typeName: 'Unsent' });

export const viewUnsent = ({ count, since }: Unsent): UnsentView => ({ count, since: since.toISOString() });

export const exampleUnsent: UnsentView = { count: 3, since: '2026-11-21T19:12:00.000Z' };
