import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SECTIONS, type Section } from './config.schema.js';
import { ENVIRONMENTS, type Environment, type Variable } from './config.variable.js';

/**
 * Writes `.env.development`, `.env.production` and `.env.test` from the table of settings (`npm run env`), so that the
 * files cannot say anything else than what boot checks. `--check` writes nothing and fails when a file is stale.
 */

const ABOUT: Readonly<Record<Environment, readonly string[]>> = {
  development: ['Missing keys are made once and kept in DATA_DIR/secrets.json.'],
  production: [
    'Boot refuses every CHANGE_ME by name. Better than writing secrets here, in a file under version control, is to set',
    'them in the environment. A key: node -p "crypto.randomBytes(48).toString(\'base64url\')"',
  ],
  test: ['Missing keys are made once and kept in DATA_DIR/secrets.json.'],
};

/** The text of `.env.<environment>`: every setting under its section, with what it means, its type and its default. */
export function envTemplate(environment: Environment): string {
  const head = [
    `Brigade's settings for ${environment}. Made by "npm run env" from src/platform/config.schema.ts.`,
    'What the environment sets wins over this file; an empty value means the setting is not set.',
    ...ABOUT[environment],
  ];
  const sections = Object.values<Section>(SECTIONS).map((section) => sectionText(section, environment));
  return [comment(head), ...sections].join('\n\n').concat('\n');
}

function sectionText(section: Section, environment: Environment): string {
  const rule = '-'.repeat(Math.max(3, 76 - section.title.length));
  const heading = comment([`--- ${section.title} ${rule}`, section.about]);
  const variables = Object.values(section.variables).map((variable) => variableText(variable, environment));
  return [heading, ...variables].join('\n\n');
}

function variableText(variable: Variable<unknown>, environment: Environment): string {
  const generated = variable.generatedBytes !== undefined;
  const value = valueText(variable.defaults[environment]);
  const placeholder = generated && environment === 'production' ? `CHANGE_ME_${variable.name}` : '';
  const fallback = generated
    ? placeholder === ''
      ? 'made at the first start'
      : 'none, must be set'
    : value || 'empty';
  const other = variable.defaultWith;
  const differs = other !== undefined && valueText(other.value) !== value;
  const unless = differs ? `; ${valueText(other.value)} where ${other.given.join(' or ')} is set` : '';
  const about = [
    variable.description,
    `Type: ${variable.type}. Default: ${fallback}${unless}.${variable.secret ? ' Secret.' : ''}`,
  ];
  return `${comment(about)}\n${variable.name}=${generated ? placeholder : differs ? '' : value}`;
}

/** As `loadConfig` would read it back. */
function valueText(value: unknown): string {
  if (value === null) return 'none';
  if (Array.isArray(value)) return value.join(',');
  return value === undefined ? '' : String(value);
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`).join('\n');
}

/** Names of the stale files among the three in `dir`; with `write`, brings them up to date. */
export function syncEnvFiles(dir: string, write: boolean): string[] {
  const stale: string[] = [];
  for (const environment of ENVIRONMENTS) {
    const name = `.env.${environment}`;
    const wanted = envTemplate(environment);
    if (readIfThere(join(dir, name)) === wanted) continue;
    stale.push(name);
    if (write) writeFileSync(join(dir, name), wanted);
  }
  return stale;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function run(check: boolean): void {
  const stale = syncEnvFiles(process.cwd(), !check);
  const names = stale.join(', ');
  if (stale.length === 0) process.stdout.write('The .env files are up to date.\n');
  else if (!check) process.stdout.write(`Written: ${names}\n`);
  else {
    process.stderr.write(`Stale: ${names}; run "npm run env".\n`);
    process.exitCode = 1;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) run(process.argv.includes('--check'));
