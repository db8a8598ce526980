import Joi from 'joi';
import { event, everyone } from '../kernel/event.js';
import { feature, replica } from '../kernel/feature.js';
import { command } from '../kernel/operation.js';
import { clientTypes } from './client-types.js';
import { contractOf } from './contract.js';

interface Note {
  id: string;
  text: string;
  state: 'open' | 'done';
}

const note = Joi.object<Note, true>({
  id: Joi.string().required(),
  text: Joi.string().allow('').required().description('What is to be remembered'),
  state: Joi.string().valid('open', 'done').required(),
})
  .description('A note on the board')
  .meta({ typeName: 'Note' });

const example: Note = { id: 'n1', text: "Chef's birthday", state: 'open' };

const noteWritten = event<{ note: Note }>({
  name: 'note:written',
  summary: 'A note was written',
  payload: Joi.object<{ note: Note }, true>({ note: note.required() }),
  audience: () => everyone,
  carries: { note: 'notes' },
  example: { note: example },
});

const board = feature({
  name: 'board',
  summary: 'Notes',
  operations: [
    command({
      name: 'note:write',
      summary: 'Write a note',
      rest: { method: 'post', path: '/notes' },
      permission: 'authenticated',
      limit: 'write',
      input: Joi.object<{ text: string; copies: number; tags?: (string | number)[] }, true>({
        text: Joi.string().required(),
        copies: Joi.number().default(1).description('How many */ of them'),
        tags: Joi.array().items(Joi.string(), Joi.number()),
      }),
      output: Joi.array<Note[]>().items(note),
      emits: [noteWritten],
      example: { input: { text: 'a', copies: 1 }, output: [example] },
      handle: () => [example],
    }),
  ],
  events: [noteWritten],
  replicas: [
    replica<Note>({
      name: 'notes',
      summary: 'Every open note',
      view: note,
      permission: 'sync:read',
      load: async () => [],
      live: { field: 'state', values: ['open'] },
    }),
  ],
});

const text = clientTypes(contractOf([board]));

test.each([
  [
    'operations',
    `  /**
   * Write a note
   *
   * Permission: authenticated.
   */
  'note:write': {
    kind: 'command';
    input: {
      text: string;
      /** How many *\\/ of them */
      copies?: number;
      tags?: (string | number)[];
    };
    output: Note[];
  };
`,
  ],
  [
    'events',
    `  /**
   * A note was written
   *
   * Goes to: all.
   */
  'note:written': {
    /** A note on the board */
    note: Note;
  };
`,
  ],
  ['replicas', `  /** Every open note */\n  notes: Note;\n`],
  [
    'named types',
    `
/** A note on the board */
export interface Note {
  id: string;
  /** What is to be remembered */
  text: string;
  state: 'open' | 'done';
}
`,
  ],
  ['the table of operations', `  'note:write': { kind: 'command', method: 'post', path: '/notes' },\n`],
  ['the table of events', `  'note:written': { carries: { note: 'notes' } },\n`],
  ['the table of replicas', `  notes: { live: { field: 'state', values: ['open'] } },\n`],
])('%s', (_name, expected) => {
  expect(text).toContain(expected);
});

test('the same declarations give the same text', () => {
  expect(clientTypes(contractOf([board]))).toBe(text);
});
