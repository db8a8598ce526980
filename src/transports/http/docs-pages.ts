import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import { type Request, Router } from 'express';
import helmet from 'helmet';
import { OWN_HOST_ONLY } from './front-page.js';
import { type AsyncApi, eventsPage } from './reference/events.js';
import { type OpenApi, restPage } from './reference/rest.js';

/** `docs/contract`, four folders above this file once built (`dist/src/transports/http`), three from the sources. */
function contractFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  const built = join(here, '../../../../docs/contract');
  return existsSync(built) ? built : join(here, '../../../docs/contract');
}

export interface DocsOptions {
  /** Where the contract lies; the repository's `docs/contract` unless given. */
  folder?: string;
}

interface Served {
  type: string;
  file: string;
  /** Makes a page of the document. */
  page?: (document: never) => string;
}

/** What is served, below `/docs`, and what it is made of. */
const served: Readonly<Record<string, Served>> = {
  '/': { type: 'html', file: 'openapi.json', page: (document: OpenApi) => restPage(document) },
  '/events': { type: 'html', file: 'asyncapi.json', page: (document: AsyncApi) => eventsPage(document) },
  '/openapi.json': { type: 'json', file: 'openapi.json' },
  '/asyncapi.json': { type: 'json', file: 'asyncapi.json' },
  '/assets/reference.css': { type: 'css', file: 'pages/reference.css' },
  '/assets/reference.js': { type: 'js', file: 'pages/reference.js' },
};

interface Kept {
  body: string;
  etag: string;
}

/** The contract to read: `/` for REST, `/events` for the socket, and both documents as JSON. To be mounted at `/docs`. */
export function docsRouter({ folder = contractFolder() }: DocsOptions = {}): Router {
  const router = Router();
  router.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: {
          ...{ defaultSrc: ["'none'"], scriptSrc: ["'self'"], styleSrc: ["'self'"], imgSrc: ['data:'] },
          ...{ baseUri: ["'none'"], formAction: ["'none'"], frameAncestors: ["'none'"] },
        },
      },
      strictTransportSecurity: OWN_HOST_ONLY,
    }),
    compression(),
  );
  for (const [path, what] of Object.entries(served)) {
    // Made when it is first asked for: most servers never are.
    let kept: Promise<Kept> | undefined;
    router.get(path, async (req, res) => {
      res.locals.route = `/docs${path}`;
      kept ??= make(folder, what).catch((error: unknown) => {
        kept = undefined;
        throw error;
      });
      const { body, etag } = path === '/asyncapi.json' ? atThisServer(await kept, req) : await kept;
      // Always asked for again, and answered 304 by its ETag: an upgrade shows at once.
      res.set({ 'Cache-Control': 'no-cache', ETag: etag }).type(what.type).send(body);
    });
  }
  return router;
}

const COMMITTED = '"host": "127.0.0.1:3000"';
const HOST = /^[\w.-]+(:\d+)?$|^\[[\da-f:.]+\](:\d+)?$/i;

/** The document names a server; it is the one that was asked, not that of the committed file. */
function atThisServer({ body, etag }: Kept, req: Request): Kept {
  const host = req.get('host') ?? '';
  if (!HOST.test(host)) return { body, etag };
  const here = body.replace(COMMITTED, `"host": ${JSON.stringify(host)}`);
  const secure = req.protocol === 'https';
  return {
    body: secure ? here.replace('"protocol": "ws"', '"protocol": "wss"') : here,
    etag: `${etag.slice(0, -1)}:${secure ? 'wss' : 'ws'}:${host}"`,
  };
}

async function make(folder: string, { file, page }: Served): Promise<Kept> {
  const text = await readFile(join(folder, file), 'utf8');
  const body = page === undefined ? text : page(JSON.parse(text) as never);
  return { body, etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"` };
}
