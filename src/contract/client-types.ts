import type { Contract } from './contract.js';
import { comment, declarationText, keyText, literal, typeText } from './typescript.js';

const head = `// Generated from the declarations by \`npm run contract\`. Do not edit.
`;

const mapTypes = `
/** How each operation is called over REST; over the socket it is the message of the same name. */
export const operations: {
  readonly [name in keyof Operations]: { readonly kind: 'command' | 'query' | 'batch'; readonly method: string; readonly path: string };
} = `;

/** The text of \`packages/client/src/generated/contract.ts\`. */
export function clientTypes(contract: Contract): string {
  const types = Object.entries(contract.types).map(([name, schema]) => `\n${declarationText(name, schema)}`);
  return [head, ...interfaces(contract), ...types, ...maps(contract)].join('');
}

function interfaces({ operations, events, replicas }: Contract): string[] {
  const operationLines = operations.map(({ declaration, input, output }) => {
    const { name, kind, summary, description, permission } = declaration;
    const text = [summary, ...(description ? [description] : []), `Permission: ${permission}.`].join('\n\n');
    return [
      `${comment(text, '  ')}  ${keyText(name)}: {`,
      `    kind: '${kind}';`,
      `    input: ${typeText(input, '    ')};`,
      `    output: ${typeText(output, '    ')};`,
      '  };',
    ].join('\n');
  });
  const eventLines = events.map(({ declaration: { name, summary }, payload, rooms }) => {
    const text = `${summary}\n\nGoes to: ${rooms.join(', ')}.`;
    return `${comment(text, '  ')}  ${keyText(name)}: ${typeText(payload, '  ')};`;
  });
  const replicaLines = replicas.map(
    ({ declaration: { name, summary }, item }) =>
      `${comment(summary, '  ')}  ${keyText(name)}: ${typeText(item, '  ')};`,
  );
  return [
    declared('What can be asked for, by name: over REST, or as a socket message.', 'Operations', operationLines),
    declared('What the server announces: the payload of each event.', 'Events', eventLines),
    declared(
      'What every screen keeps a live copy of: the type of the things in each replica.',
      'Replicas',
      replicaLines,
    ),
  ];
}

const declared = (text: string, name: string, lines: readonly string[]) =>
  `\n/** ${text} */\nexport interface ${name} {\n${lines.map((line) => `${line}\n`).join('')}}\n`;

function maps({ operations, events, replicas }: Contract): string[] {
  const operationLines = operations.map(({ declaration: { name, kind, rest } }) =>
    entry(name, [`kind: '${kind}'`, `method: '${rest.method}'`, `path: ${literal(rest.path)}`]),
  );
  const eventLines = events.map(({ declaration: { name, carries, removes } }) =>
    entry(name, [...replicaMap('carries', carries), ...replicaMap('removes', removes)]),
  );
  const replicaLines = replicas.map(({ declaration: { name, live } }) => {
    const values = live?.values.map(literal).join(', ');
    return entry(name, live ? [`live: { field: ${literal(live.field)}, values: [${values}] }`] : []);
  });
  return [
    `${mapTypes}{\n${operationLines.join('')}};\n`,
    `
/** Which payload fields hold the new state of things in a replica, or the ids of things gone from it. */
export const events: {
  readonly [name in keyof Events]: {
    readonly carries?: Readonly<Record<string, keyof Replicas>>;
    readonly removes?: Readonly<Record<string, keyof Replicas>>;
  };
} = {\n${eventLines.join('')}};\n`,
    `
/** A thing whose \`field\` has none of \`values\` has left the replica; without \`live\`, things stay until removed. */
export const replicas: {
  readonly [name in keyof Replicas]: { readonly live?: { readonly field: string; readonly values: readonly string[] } };
} = {\n${replicaLines.join('')}};\n`,
  ];
}

const entry = (name: string, members: readonly string[]) =>
  `  ${keyText(name)}: ${members.length === 0 ? '{}' : `{ ${members.join(', ')} }`},\n`;

function replicaMap(word: string, map: Readonly<Record<string, string | undefined>> | undefined): string[] {
  const pairs = Object.entries(map ?? {}).map(([field, replica]) => `${keyText(field)}: ${literal(replica)}`);
  return pairs.length === 0 ? [] : [`${word}: { ${pairs.join(', ')} }`];
}
