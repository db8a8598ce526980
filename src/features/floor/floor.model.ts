import type { Doc } from '../../kernel/documents.js';
import { quota } from '../../kernel/plan.js';
import { model } from '../../platform/model.js';

export const tableStatuses = ['available', 'reserved', 'occupied', 'dirty', 'out_of_service'] as const;
export type TableStatus = (typeof tableStatuses)[number];

export const tableShapes = ['round', 'square', 'rectangle', 'stool'] as const;
export type TableShape = (typeof tableShapes)[number];

export interface SectionDoc extends Doc {
  name: string;
  position: number;
  /** Who looks after it; new tables in it start with the same. */
  waiterId?: string;
}

export interface TableDoc extends Doc {
  name: string;
  sectionId: string;
  seats: number;
  shape: TableShape;
  /** Of the top left corner, and the size, in centimetres of the section's floor. */
  x: number;
  y: number;
  width: number;
  height: number;
  status: TableStatus;
  statusSince: Date;
  billRequested: boolean;
  /** Whose table it is. */
  waiterId?: string;
  /** The open order here; on every table of a joined group. */
  orderId?: string;
  /** Whose order that is; another's than the table's when a colleague helps out. */
  orderWaiterId?: string;
  /** The main table of the group it is joined to. */
  joinedTo?: string;
  /** On a main table: the others of its group. */
  joinedTableIds: string[];
}

export const sections = model<SectionDoc>({
  collection: 'floor_sections',
  title: 'section',
  hold: 'all',
  quota: quota('sections', 100),
  fields: { name: String, position: Number, waiterId: String },
  indexes: [[{ restaurantId: 1 }]],
});

export const tables = model<TableDoc>({
  collection: 'floor_tables',
  title: 'table',
  hold: 'all',
  quota: quota('tables', 1_000),
  fields: {
    name: String,
    sectionId: String,
    seats: Number,
    shape: String,
    x: Number,
    y: Number,
    width: Number,
    height: Number,
    status: String,
    statusSince: Date,
    billRequested: Boolean,
    waiterId: String,
    orderId: String,
    orderWaiterId: String,
    joinedTo: String,
    joinedTableIds: [String],
  },
  indexes: [[{ restaurantId: 1, name: 1 }, { unique: true }]],
});
