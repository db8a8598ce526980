import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { supportedText } from './supported.js';

/** `npm run supported -w packages/pocket-mongo [-- --check]`: writes docs/supported.md, or says that it is not up to date. */
const file = fileURLToPath(new URL('../../docs/supported.md', import.meta.url));
const text = supportedText();

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (readFileSync(file, 'utf8') !== text) {
  process.stderr.write('docs/supported.md is not up to date: npm run supported -w packages/pocket-mongo\n');
  process.exitCode = 1;
}
