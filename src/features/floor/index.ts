import { feature, replica } from '../../kernel/feature.js';
import {
  floorUpdated,
  staffAssigned,
  tableAssigned,
  tableStatusChanged,
  tableTransferred,
  tableUpdated,
  waiterGone,
} from './floor.events.js';
import { sections, tables } from './floor.model.js';
import { releaseFromLeaver } from './floor.reactions.js';
import { sectionSchema, sectionView, tableSchema, tableView } from './floor.views.js';
import { joinTables, splitTables } from './joining.operations.js';
import { assignSection, createSection, deleteSection, updateSection } from './section.operations.js';
import { assignTable, requestBill, setTableStatus, transferTable } from './service.operations.js';
import { createTable, deleteTable, getFloor, updateTable } from './table.operations.js';

export { demoFloor, demoTables } from './demo-floor.js';
export { floorUpdated, tableStatusChanged, tableTransferred, tableUpdated, waiterGone } from './floor.events.js';
export { tables } from './floor.model.js';
export { changeOrderWaiter, occupyTable, releaseTable } from './floor.seating.js';

export const floor = feature({
  name: 'floor',
  summary: 'Sections and tables: layout, status, who looks after them, joining and handing over',
  kinds: [sections, tables],
  operations: [
    getFloor,
    createSection,
    updateSection,
    deleteSection,
    assignSection,
    createTable,
    updateTable,
    deleteTable,
    setTableStatus,
    assignTable,
    transferTable,
    requestBill,
    joinTables,
    splitTables,
  ],
  events: [floorUpdated, tableUpdated, tableStatusChanged, tableAssigned, tableTransferred, staffAssigned, waiterGone],
  reactions: [releaseFromLeaver],
  replicas: [
    replica({
      name: 'sections',
      summary: 'The sections of the floor',
      view: sectionSchema,
      permission: 'floor:read',
      cache: { ttl: 3600, tags: [sections] },
      load: async ({ all }) => (await all(sections)).map(sectionView),
    }),
    replica({
      name: 'tables',
      summary: 'The tables with their status',
      view: tableSchema,
      permission: 'floor:read',
      cache: { ttl: 60, tags: [tables] },
      load: async ({ all }) => (await all(tables)).map(tableView),
    }),
  ],
});
