import { version } from '../version.js';
import { DEMO_PASSWORD } from './house.js';
import type { DemoLogins } from './seed.js';

export interface Welcome {
  /** Where it serves, for instance `http://127.0.0.1:3000`. */
  url: string;
  socketPath: string;
  docs: boolean;
  /** Where the metrics are served, if at all. */
  metrics: string | undefined;
  logins?: DemoLogins | undefined;
}

/** What `npm start` prints: where everything is, and in a demo how to log in. */
export function welcome({ url, socketPath, docs, metrics, logins }: Welcome): string {
  const links = [
    ['In a browser', `${url}/`],
    ['REST', `${url}/api/v1`],
    ['Socket.IO', socketPath === '/socket.io' ? url : `${url} (path ${socketPath})`],
    ...(docs
      ? [
          ['REST, described', `${url}/docs`],
          ['Events, described', `${url}/docs/events`],
        ]
      : []),
    ['Health', `${url}/health`],
    ...(metrics === undefined ? [] : [['Metrics', metrics]]),
  ];
  const lines = [
    '',
    `Brigade ${version}${logins === undefined ? '' : `: ${logins.restaurant}`}`,
    '',
    ...columns(links),
  ];
  if (logins !== undefined) lines.push('', ...loginLines(url, logins));
  return `${lines.join('\n')}\n\n`;
}

function loginLines(url: string, { people, devices }: DemoLogins): string[] {
  const waiter = people.find(({ role }) => role === 'waiter') ?? people[0];
  const body = JSON.stringify({ email: waiter?.email, password: DEMO_PASSWORD });
  return [
    'Log-ins, unless somebody changed them:',
    ...columns([
      ['Name', 'Role', 'E-mail', 'Password', 'PIN'],
      ...people.map(({ name, role, email, pin }) => [name, role, email, DEMO_PASSWORD, pin]),
    ]),
    '',
    'Paired devices, on which a PIN logs in (POST /api/v1/auth/pin with deviceToken, pin and, from /auth/pad, staffId):',
    ...columns([['Device', 'Kind', 'Device token'], ...devices.map(({ name, kind, token }) => [name, kind, token])]),
    '',
    'Try it:',
    `  curl -s ${url}/api/v1/auth/login -H 'content-type: application/json' -d '${body}'`,
  ];
}

function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = rows.reduce<number[]>(
    (widest, row) => row.map((cell, column) => Math.max(widest[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')}`.trimEnd());
}
