import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { looksLikeASetting, nearestSetting } from '../src/platform/config.names.js';
import { allVariables } from '../src/platform/config.schema.js';

const settings = allVariables().map(({ variable }) => variable.name);

/** Every page that somebody may follow, and the files of the deployment. */
const pages = [
  ...['README.md', 'CONTRIBUTING.md', 'docker-compose.yml', 'deploy/Dockerfile'],
  ...['docs', 'packages/client', 'packages/pocket-mongo'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.md') && !/node_modules|^dist/.test(name))
      .map((name) => join(folder, name))
      // These tell of what was wrong once.
      .filter((name) => name !== 'docs/field.md' && !name.startsWith('docs/adr')),
  ),
];

/** `NAME_OF_A_SETTING`, or `NAME=value`. */
function namesIn(text: string): string[] {
  const written = [...text.matchAll(/\b(?:[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b(?!_)|[A-Z]{3,}(?==))/g)].map(
    ([name]) => name,
  );
  return [...new Set(written)];
}

describe('what the documents say of settings', () => {
  it('is looked for where operators look', () => {
    expect(pages).toEqual(expect.arrayContaining(['docs/operator.md', 'README.md', 'docs/pos-integrator.md']));
    expect(namesIn('set `DEMO=false`, RATE_LIMIT_WRITE or `RATE_LIMIT_<NAME>`')).toEqual(['DEMO', 'RATE_LIMIT_WRITE']);
  });

  it.each(pages)('%s names only settings that exist', (page) => {
    const unknown = namesIn(readFileSync(page, 'utf8')).filter(
      (name) => !settings.includes(name) && looksLikeASetting(name, settings),
    );
    expect(unknown.map((name) => `${name} (${nearestSetting(name, settings)}?)`)).toEqual([]);
  });
});
