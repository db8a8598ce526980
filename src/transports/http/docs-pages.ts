import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import compression from 'compression';
import { type Response, Router } from 'express';
import helmet from 'helmet';
import { OWN_HOST_ONLY } from './front-page.js';

const require = createRequire(import.meta.url);

const swaggerUi = (path: string) => join(dirname(require.resolve('swagger-ui-dist/package.json')), path);
const asyncapiComponent = (path: string) =>
  join(dirname(require.resolve('@asyncapi/react-component/package.json')), path);

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

/** What is served, below `/docs`, and where it lies. Looked up when it is asked for: most servers never are. */
const files: Readonly<Record<string, (folder: string) => string>> = {
  '/': (folder) => join(folder, 'pages/rest.html'),
  '/events': (folder) => join(folder, 'pages/events.html'),
  '/openapi.json': (folder) => join(folder, 'openapi.json'),
  '/asyncapi.json': (folder) => join(folder, 'asyncapi.json'),
  '/assets/rest.js': (folder) => join(folder, 'pages/rest.js'),
  '/assets/events.js': (folder) => join(folder, 'pages/events.js'),
  '/assets/swagger-ui.css': () => swaggerUi('swagger-ui.css'),
  '/assets/swagger-ui-bundle.js': () => swaggerUi('swagger-ui-bundle.js'),
  '/assets/asyncapi.css': () => asyncapiComponent('styles/default.min.css'),
  '/assets/asyncapi.js': () => asyncapiComponent('browser/standalone/without-parser.js'),
};

/**
 * Relaxed on these pages only. Scripts come from here alone. Both libraries set styles on elements, and swagger-ui draws
 * its icons from data URLs. AsyncAPI's component compiles schemas while it loads (ajv, through `new Function`), even in
 * the build without a parser: so the page of the events, and it alone, may evaluate text.
 */
const policy = (scripts: readonly string[]) =>
  helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: scripts,
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    strictTransportSecurity: OWN_HOST_ONLY,
  });

/** The contract to read: `/` for REST, `/events` for the socket, and both documents as JSON. To be mounted at `/docs`. */
export function docsRouter({ folder = contractFolder() }: DocsOptions = {}): Router {
  const router = Router();
  const strict = policy(["'self'"]);
  const evaluating = policy(["'self'", "'unsafe-eval'"]);
  router.use(compression());
  for (const [path, locate] of Object.entries(files)) {
    router.get(path, path === '/events' ? evaluating : strict, (_req, res: Response, next) => {
      res.locals.route = `/docs${path}`;
      // Always asked for again, and answered 304 by its ETag: an upgrade shows at once.
      res.sendFile(
        locate(folder),
        { dotfiles: 'allow', cacheControl: false, headers: { 'Cache-Control': 'no-cache' } },
        (error) => {
          if (error) next(error);
        },
      );
    });
  }
  return router;
}
