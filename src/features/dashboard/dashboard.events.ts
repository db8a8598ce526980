import Joi from 'joi';
import { event, holders, type Room, user } from '../../kernel/event.js';
import { type AlertView, alertView, exampleAlert } from './dashboard.views.js';

interface OneAlert {
  alert: AlertView;
}

/** The managers, and the waiters whose orders it is about. */
const audience = ({ alert }: OneAlert): Room[] => [holders('dashboard:read'), ...alert.waiterIds.map(user)];
const payload = Joi.object<OneAlert, true>({ alert: alertView.required().description('The alert as it is now') });

export const alertRaised = event<OneAlert>({
  name: 'dashboard:alert',
  summary: 'Something in the house needs somebody now',
  payload,
  audience,
  carries: { alert: 'alerts' },
  example: { alert: exampleAlert },
});

export const alertUpdated = event<OneAlert>({
  name: 'dashboard:alert-updated',
  summary: 'Somebody took an alert on, or it is over',
  payload,
  audience,
  carries: { alert: 'alerts' },
  example: {
    alert: {
      ...exampleAlert,
      version: 2,
      status: 'resolved',
      resolvedAt: '2026-11-21T19:30:40.000Z',
      resolution: 'received',
    },
  },
});
