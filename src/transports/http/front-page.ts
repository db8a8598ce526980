import { createHash } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import helmet from 'helmet';

export interface FrontPageOptions {
  socketPath: string;
  /** Whether the pages under /docs are served. */
  docs: boolean;
}

const STYLE = `
  :root { color-scheme: light dark; font: 1.05rem/1.6 system-ui, sans-serif; }
  body { max-width: 38rem; margin: 0 auto; padding: 2.5rem 1.25rem; }
  h1 { line-height: 1.2; margin: 0 0 .5rem; }
  ul { list-style: none; padding: 0; }
  li { border-top: 1px solid #8885; }
  li a { display: block; padding: .75rem 0; text-decoration: none; }
  li a:focus-visible, li a:hover { text-decoration: underline; }
  li span { display: block; opacity: .75; font-size: .9rem; color: canvastext; }
  code { font-size: .95em; }
`;

/** What somebody finds who opens the server's address in a browser, and `/api/v1` for who tries that. */
export function frontPage({ socketPath, docs }: FrontPageOptions): Router {
  const links = [
    ...(docs
      ? [
          ['/docs', 'REST, described', 'For tills, web shops and reports: every request, with examples'],
          ['/docs/events', 'Events, described', 'For tablets and screens: every message over Socket.IO'],
        ]
      : []),
    ['/api/v1', 'Where programs begin', 'The addresses of the interfaces, as JSON'],
    ['/health', 'How it is', 'Whether the server and its database work, as JSON'],
  ];
  const hash = createHash('sha256').update(STYLE).digest('base64');
  const policy = helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        ...{ defaultSrc: ["'none'"], styleSrc: [`'sha256-${hash}'`], imgSrc: ['data:'] },
        ...{ baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
      },
    },
    strictTransportSecurity: OWN_HOST_ONLY,
  });
  const page = pageOf(links, socketPath);
  const index = {
    name: 'Brigade',
    ...(docs && {
      docs: '/docs',
      openapi: '/docs/openapi.json',
      events: '/docs/events',
      asyncapi: '/docs/asyncapi.json',
    }),
    logIn: '/api/v1/auth/login',
    socketPath,
    health: '/health',
  };
  const serve: RequestHandler = (_req, res) => {
    res.locals.route = '/';
    res.type('html').set('Cache-Control', 'no-cache').send(page);
  };
  return Router({ caseSensitive: true })
    .get('/', policy, serve)
    .get('/api/v1', (_req, res) => {
      res.locals.route = '/api/v1';
      res.set('Cache-Control', 'no-store').json({ data: index });
    });
}

/** HSTS for a year, of this host: its owner's other hosts may have no TLS. */
export const OWN_HOST_ONLY = { maxAge: 31_536_000, includeSubDomains: false };

function pageOf(links: readonly (readonly string[])[], socketPath: string): string {
  const items = links.map(([href, title, about]) => `<li><a href="${href}">${title}<span>${about}</span></a></li>`);
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Brigade</title>
    <link rel="icon" href="data:,">
    <style>${STYLE}</style>
  </head>
  <body>
    <h1>Brigade</h1>
    <p>A restaurant's server: orders, kitchen, floor, menu and staff, live on every screen. It works, and it has no pages
    of its own to work with: tablets, kitchen screens and tills connect to it. They connect to the address of this page; the
    path of Socket.IO is <code>${socketPath}</code>.</p>
    <ul>
      ${items.join('\n      ')}
    </ul>
  </body>
</html>
`;
}
