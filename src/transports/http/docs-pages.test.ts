import express from 'express';
import request from 'supertest';
import { docsRouter } from './docs-pages.js';

const app = express().use('/docs', docsRouter());

describe('the pages of the contract', () => {
  test.each(['/docs', '/docs/events'])('%s names only files that are served, and no inline script', async (page) => {
    const { text } = await request(app).get(page).expect(200).expect('Content-Type', /html/);
    const named = [...text.matchAll(/(?:src|href)="(\/[^"]+)"/g)].map(([, path]) => String(path));
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const path of named) await request(app).get(path).expect(200).expect('X-Content-Type-Options', 'nosniff');
    expect(text.match(/<script(?![^>]*\ssrc=)|\son\w+=|style=/)).toBeNull();
  });

  test('scripts come from here alone; only the page of the events may evaluate text', async () => {
    const policyOf = async (path: string) => (await request(app).get(path)).get('Content-Security-Policy') ?? '';
    const rest = await policyOf('/docs');
    expect(rest).toContain("script-src 'self';");
    expect(rest).toContain("default-src 'none';");
    expect(await policyOf('/docs/assets/asyncapi.js')).toBe(rest);
    expect(await policyOf('/docs/events')).toBe(rest.replace("script-src 'self'", "script-src 'self' 'unsafe-eval'"));
  });

  test.each([
    ['/docs/openapi.json', 'openapi', /^3\.1\./],
    ['/docs/asyncapi.json', 'asyncapi', /^3\./],
  ])('%s is the document, and is not sent twice', async (path, field, version) => {
    const first = await request(app).get(path).expect(200).expect('Content-Type', /json/);
    expect(first.body[field]).toMatch(version);
    await request(app)
      .get(path)
      .set('If-None-Match', String(first.get('ETag')))
      .expect(304);
  });

  test('nothing else in the folders is served', async () => {
    for (const path of ['/docs/README.md', '/docs/assets/..%2f..%2fpackage.json', '/docs/assets/package.json']) {
      await request(app).get(path).expect(404);
    }
  });
});
