import express from 'express';
import request from 'supertest';
import { docsRouter } from './docs-pages.js';

const app = express().use('/docs', docsRouter());

interface Document {
  paths?: Record<string, Record<string, { operationId: string }>>;
  operations?: object;
}

describe('the pages of the contract', () => {
  test.each(['/docs', '/docs/events'])('%s names only files that are served, and no inline script', async (page) => {
    const { text } = await request(app).get(page).expect(200).expect('Content-Type', /html/);
    const named = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => String(path));
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const path of named) await request(app).get(path).expect(200).expect('X-Content-Type-Options', 'nosniff');
    expect(text.match(/<script(?![^>]*\ssrc=)|\son\w+=|style=/)).toBeNull();
  });

  test.each(['/docs', '/docs/events', '/docs/assets/reference.js'])(
    '%s: scripts and styles come from here alone',
    async (path) => {
      const policy = (await request(app).get(path)).get('Content-Security-Policy') ?? '';
      expect(policy).toContain("default-src 'none';");
      expect(policy).toContain("script-src 'self';");
      expect(policy).not.toMatch(/unsafe|\*/);
    },
  );

  test.each([
    [
      '/docs',
      '/docs/openapi.json',
      (document: Document) =>
        Object.values(document.paths ?? {}).flatMap((path) =>
          Object.values(path).map(({ operationId }) => operationId),
        ),
    ],
    ['/docs/events', '/docs/asyncapi.json', (document: Document) => Object.keys(document.operations ?? {})],
  ] as const)(
    '%s has everything of its document once, and every link within it has an end',
    async (page, document, namesOf) => {
      const { text } = await request(app).get(page).expect(200);
      const { body } = await request(app).get(document);
      const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => String(id));
      expect(new Set(ids).size).toBe(ids.length);
      for (const name of namesOf(body)) expect(ids).toContain(name);
      for (const name of Object.keys(body.components.schemas)) expect(ids).toContain(`schema-${name}`);
      const ends = new Set([...text.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => String(id)));
      expect([...ends].filter((end) => !ids.includes(end))).toEqual([]);
      // Sixty thousand elements took a browser eight seconds.
      expect(text.match(/<[a-z]/g)?.length).toBeLessThan(25_000);
      // Whatever a declaration says is text.
      expect(text.match(/<script(?! src="\/docs\/assets)/)).toBeNull();
    },
  );

  test('the events are where they were asked for, and its ETag says for which address', async () => {
    const at = (host: string) => request(app).get('/docs/asyncapi.json').set('Host', host).expect(200);
    const mine = await at('brigade.local:8443');
    expect(mine.body.servers.brigade).toMatchObject({ host: 'brigade.local:8443', protocol: 'ws' });
    const strange = await at('"><script>');
    expect(strange.body.servers.brigade.host).toBe('127.0.0.1:3000');
    expect(mine.get('ETag')).not.toBe(strange.get('ETag'));
  });

  test.each([
    ['/docs/openapi.json', 'openapi', /^3\.1\./],
    ['/docs/asyncapi.json', 'asyncapi', /^3\./],
  ])('%s is the document, and is not sent twice', async (path, field, version) => {
    const first = await request(app).get(path).set('Host', 'here').expect(200).expect('Content-Type', /json/);
    expect(first.body[field]).toMatch(version);
    await request(app)
      .get(path)
      .set('Host', 'here')
      .set('If-None-Match', String(first.get('ETag')))
      .expect(304);
  });

  test('nothing else in the folders is served', async () => {
    for (const path of [
      '/docs/README.md',
      '/docs/assets/..%2f..%2fpackage.json',
      '/docs/assets/package.json',
      '/docs/pages/reference.js',
    ]) {
      await request(app).get(path).expect(404);
    }
  });
});
