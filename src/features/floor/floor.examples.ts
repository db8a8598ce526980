import type { SectionView, TableView } from './floor.views.js';

/** What the documents show; a test holds them to the schemas. */
export const exampleWaiterId = '665f1c2ab7d9e31a4c000011';
export const exampleColleagueId = '665f1c2ab7d9e31a4c000012';

export const exampleSection: SectionView = {
  id: '665f1c2ab7d9e31a4c000051',
  version: 1,
  name: 'Terrace',
  position: 2,
  waiterId: exampleWaiterId,
};

export const exampleTable: TableView = {
  id: '665f1c2ab7d9e31a4c000061',
  version: 1,
  name: '12',
  sectionId: exampleSection.id,
  seats: 4,
  shape: 'square',
  x: 240,
  y: 120,
  width: 90,
  height: 90,
  status: 'available',
  statusSince: '2026-03-07T17:00:00.000Z',
  billRequested: false,
  waiterId: exampleWaiterId,
  joinedTableIds: [],
};

export const exampleOccupiedTable: TableView = {
  ...exampleTable,
  version: 2,
  status: 'occupied',
  statusSince: '2026-03-07T18:31:07.000Z',
  orderId: '665f1c2ab7d9e31a4c000071',
  orderWaiterId: exampleWaiterId,
};
