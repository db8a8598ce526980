import Joi from 'joi';
import { event, everyone } from '../../kernel/event.js';
import { id } from '../../kernel/schema.js';
import {
  exampleColleagueId,
  exampleOccupiedTable,
  exampleSection,
  exampleTable,
  exampleWaiterId,
} from './floor.examples.js';
import type { TableStatus } from './floor.model.js';
import { type SectionView, sectionSchema, status, type TableView, tableSchema } from './floor.views.js';

const tableList = Joi.array().items(tableSchema);

/** The layout: what changed; what is not named stayed as it was. */
export interface FloorUpdated {
  sections?: SectionView[];
  tables?: TableView[];
  removedSectionIds?: string[];
  removedTableIds?: string[];
}
export const floorUpdated = event({
  name: 'floor:updated',
  summary: 'Sections or tables were added, changed or removed, or lost their waiter',
  payload: Joi.object<FloorUpdated, true>({
    sections: Joi.array().items(sectionSchema).description('Added or changed'),
    tables: tableList.description('Added or changed'),
    removedSectionIds: Joi.array().items(id('a section that is gone')),
    removedTableIds: Joi.array().items(id('a table that is gone')),
  }),
  audience: () => everyone,
  carries: { sections: 'sections', tables: 'tables' },
  removes: { removedSectionIds: 'sections', removedTableIds: 'tables' },
  example: { tables: [exampleTable] },
});

export const tableUpdated = event({
  name: 'table:updated',
  summary: 'Tables were joined or split, the bill was asked for, or their order got another waiter',
  payload: Joi.object<{ tables: TableView[] }, true>({ tables: tableList.min(1).required() }),
  audience: () => everyone,
  carries: { tables: 'tables' },
  example: { tables: [{ ...exampleOccupiedTable, version: 3, billRequested: true }] },
});

export interface TableStatusChanged {
  table: TableView;
  from: TableStatus;
}
export const tableStatusChanged = event({
  name: 'table:status-changed',
  summary:
    'A table was taken, freed, cleaned, reserved or put out of service; one event for each table of a joined group',
  payload: Joi.object<TableStatusChanged, true>({
    table: tableSchema.required(),
    from: status.required().description('Its status before'),
  }),
  audience: () => everyone,
  carries: { table: 'tables' },
  example: { table: exampleOccupiedTable, from: 'available' },
});

export const tableAssigned = event({
  name: 'table:assigned',
  summary: 'Tables were given to a waiter, or to nobody',
  payload: Joi.object<{ tables: TableView[]; waiterId?: string }, true>({
    tables: tableList.min(1).required(),
    waiterId: id('the waiter; absent when they are nobody’s now'),
  }),
  audience: () => everyone,
  carries: { tables: 'tables' },
  example: { tables: [exampleTable], waiterId: exampleWaiterId },
});

export interface TableTransferred {
  table: TableView;
  joined: TableView[];
  fromWaiterId?: string;
  toWaiterId: string;
  orderId?: string;
}
export const tableTransferred = event({
  name: 'table:transferred',
  summary: 'A table, with its open order if there is one, went over to another waiter',
  payload: Joi.object<TableTransferred, true>({
    table: tableSchema.required(),
    joined: tableList.required().description('The tables joined to it, which go along'),
    fromWaiterId: id('the waiter who had it'),
    toWaiterId: id('the waiter who has it now').required(),
    orderId: id('the open order that goes along'),
  }),
  audience: () => everyone,
  carries: { table: 'tables', joined: 'tables' },
  example: {
    table: { ...exampleOccupiedTable, version: 3, waiterId: exampleColleagueId, orderWaiterId: exampleColleagueId },
    joined: [],
    fromWaiterId: exampleWaiterId,
    toWaiterId: exampleColleagueId,
    orderId: '665f1c2ab7d9e31a4c000071',
  },
});

export interface StaffAssigned {
  section: SectionView;
  tables: TableView[];
  waiterId?: string;
}
export const staffAssigned = event({
  name: 'staff:assigned',
  summary: 'A section with all its tables was given to a waiter, or to nobody',
  payload: Joi.object<StaffAssigned, true>({
    section: sectionSchema.required(),
    tables: tableList.required().description('The tables whose waiter changed with it'),
    waiterId: id('the waiter; absent when it is nobody’s now'),
  }),
  audience: () => everyone,
  carries: { section: 'sections', tables: 'tables' },
  example: { section: exampleSection, tables: [exampleTable], waiterId: exampleWaiterId },
});

/** What somebody who has left looked after. */
export interface WaiterGone {
  staffId: string;
  name: string;
  sectionNames: string[];
  /** Their own, and those with an open order of theirs. */
  tableNames: string[];
}

/** For reactions: somebody has left; their sections and tables are nobody's now. */
export const waiterGone = event({
  name: 'floor:waiter-gone',
  summary: 'Somebody has left; what they looked after is nobody’s now (for reactions only)',
  payload: Joi.object<WaiterGone, true>({
    staffId: id('who has left').required(),
    name: Joi.string().required().description('Their name'),
    sectionNames: Joi.array().items(Joi.string()).required().description('Their sections'),
    tableNames: Joi.array()
      .items(Joi.string())
      .required()
      .description('Their tables, and those with an open order of theirs'),
  }),
  audience: () => [],
  example: { staffId: exampleWaiterId, name: 'Mara Lind', sectionNames: ['Terrace'], tableNames: ['12'] },
});
