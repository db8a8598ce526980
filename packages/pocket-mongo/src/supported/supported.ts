import { accumulatorNames } from '../aggregation/accumulators.js';
import { stageNames } from '../aggregation/stages.js';
import { windowFunctions } from '../aggregation/window-functions.js';
import { commandNames } from '../commands/dispatch.js';
import { pushModifiers } from '../query/array-updates.js';
import { expressionOperators } from '../query/expression.js';
import { queryOperators } from '../query/matcher.js';
import { projectionOperators } from '../query/projection-parser.js';
import { updateOperators } from '../query/update.js';
import { MONGODB } from './mongodb.js';

/** One name of MongoDB's. */
interface Name {
  readonly name: string;
  /** MongoDB's version that brought it; undefined for what is older than 5.0. */
  readonly since: string | undefined;
  readonly supported: boolean;
}

/** What the code that runs them has: the tables that commands, filters and pipelines are looked up in. */
export const REGISTRIES: Readonly<Record<string, readonly string[]>> = {
  'Query operators': queryOperators,
  'Projection operators': projectionOperators,
  'Update operators': updateOperators,
  'Modifiers of $push': pushModifiers,
  'Aggregation stages': stageNames,
  'Expression operators': expressionOperators,
  Accumulators: accumulatorNames,
  'Window functions': windowFunctions,
  Commands: commandNames,
};

/** MongoDB's names by kind, with whether this server has each. */
export function supportedNames(): ReadonlyMap<string, readonly Name[]> {
  return new Map(
    Object.entries(MONGODB).map(([kind, text]) => {
      const own = new Set(REGISTRIES[kind]);
      const names = text.trim().split(/\s+/);
      return [
        kind,
        names.map((entry) => {
          const [name = '', since] = entry.split('@');
          return { name, since, supported: own.has(name) };
        }),
      ];
    }),
  );
}

const INTRODUCTION = `# What pocket-mongo supports

Every operator, stage and command of MongoDB 7.0 and 8.0. Made from the code's own tables by \`npm run supported -w
packages/pocket-mongo\`; a test runs every "yes" on a server and holds every "no" to an error that names it. A version is
the one of MongoDB that brought the name, where that is 5.0 or later. Updates also have \`$\`, \`$[]\` and \`$[name]\` in their
paths.
`;

/** The documentation's text. */
export function supportedText(): string {
  const parts = [...supportedNames()].map(([kind, names]) => {
    const yes = names.filter(({ supported }) => supported).length;
    const rows = names.map(({ name, since, supported }) => [`\`${name}\``, since ?? '', supported ? 'yes' : '**no**']);
    return `## ${kind}\n\n${yes} of ${names.length}.\n\n${table(['name', 'since', 'supported'], rows)}\n`;
  });
  return [INTRODUCTION, ...parts].join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
