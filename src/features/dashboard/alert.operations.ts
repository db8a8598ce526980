import Joi from 'joi';
import { fail } from '../../kernel/errors.js';
import { command, query } from '../../kernel/operation.js';
import { id } from '../../kernel/schema.js';
import { saveAlert } from './dashboard.alerts.js';
import { alertUpdated } from './dashboard.events.js';
import { type AlertDoc, alerts, liveStatuses } from './dashboard.model.js';
import { type AlertView, alertView, exampleAlert, viewAlert } from './dashboard.views.js';

interface ListAlerts {
  show: 'live' | 'resolved';
}
const LAST_RESOLVED = 100;

export const listAlerts = query<ListAlerts, AlertView[]>({
  name: 'dashboard:alerts',
  summary: 'What needs somebody now, or did of late',
  rest: { method: 'get', path: '/dashboard/alerts' },
  permission: 'dashboard:read',
  limit: 'read',
  input: Joi.object<ListAlerts, true>({
    show: Joi.string()
      .valid('live', 'resolved')
      .default('live')
      .description(`Those not yet over, or the last ${LAST_RESOLVED} that are; they are kept for 90 days`),
  }),
  output: Joi.array().items(alertView).required().description('The newest first'),
  page: { key: ({ raisedAt, id: alertId }) => [raisedAt, alertId], newestFirst: true },
  example: { input: { show: 'live' }, output: [exampleAlert] },
  async handle({ input, find }) {
    const filter = input.show === 'live' ? { status: { $in: liveStatuses } } : { status: 'resolved' };
    const limit = input.show === 'live' ? {} : { limit: LAST_RESOLVED };
    return (await find(alerts, filter, { sort: { raisedAt: -1 }, ...limit })).map(viewAlert);
  },
});

interface OneAlert {
  alertId: string;
}
const oneAlert = Joi.object<OneAlert, true>({ alertId: id('the alert').required() });

/** What somebody can do about an alert, by its status. */
const steps: Record<AlertDoc['status'], readonly string[]> = {
  open: ['acknowledge', 'resolve'],
  acknowledged: ['resolve'],
  resolved: [],
};

function checkStep({ status }: AlertDoc, step: string): void {
  if (!steps[status].includes(step)) throw fail('illegal_step', `The alert is ${status}`, { legal: steps[status] });
}

export const acknowledgeAlert = command<OneAlert, AlertView>({
  name: 'dashboard:acknowledge-alert',
  summary: 'Take an alert on: I look after it',
  rest: { method: 'post', path: '/dashboard/alerts/:alertId/acknowledgement' },
  permission: 'dashboard:write',
  limit: 'write',
  input: oneAlert,
  output: alertView,
  emits: [alertUpdated],
  example: {
    input: { alertId: exampleAlert.id },
    output: {
      ...exampleAlert,
      version: 2,
      status: 'acknowledged',
      acknowledgedAt: '2026-11-21T19:30:30.000Z',
      acknowledgedBy: '6740f1c2a1b2c3d4e5000092',
    },
  },
  async handle(ctx) {
    const alert = await ctx.get(alerts, ctx.input.alertId);
    checkStep(alert, 'acknowledge');
    const by = { acknowledgedAt: ctx.now, acknowledgedBy: ctx.actor.userId };
    return saveAlert(ctx, { ...alert, status: 'acknowledged', ...by });
  },
});

export const resolveAlert = command<OneAlert, AlertView>({
  name: 'dashboard:resolve-alert',
  summary: 'Say that an alert is over',
  rest: { method: 'post', path: '/dashboard/alerts/:alertId/resolution' },
  permission: 'dashboard:write',
  limit: 'write',
  input: oneAlert,
  output: alertView,
  emits: [alertUpdated],
  example: {
    input: { alertId: exampleAlert.id },
    output: {
      ...exampleAlert,
      version: 2,
      status: 'resolved',
      resolvedAt: '2026-11-21T19:31:00.000Z',
      resolvedBy: '6740f1c2a1b2c3d4e5000092',
      resolution: 'by_hand',
    },
  },
  async handle(ctx) {
    const alert = await ctx.get(alerts, ctx.input.alertId);
    checkStep(alert, 'resolve');
    const by = { resolvedAt: ctx.now, resolvedBy: ctx.actor.userId, resolution: 'by_hand' as const };
    return saveAlert(ctx, { ...alert, status: 'resolved', ...by });
  },
});
