import Joi from 'joi';
import { id, label, time, version } from '../../kernel/schema.js';
import {
  type SectionDoc,
  type TableDoc,
  type TableShape,
  type TableStatus,
  tableShapes,
  tableStatuses,
} from './floor.model.js';

export const position = Joi.number().integer().min(0).max(10_000).description('Place in the list, ascending');
const centimetres = (meaning: string) =>
  Joi.number().integer().min(0).max(100_000).description(`${meaning}, in centimetres of the section's floor`);

/** The fields of a table that a manager sets; inputs and view share them. */
export const layoutFields = {
  name: label(30).description('What people call it, for instance 12 or Window 2; unique in the restaurant'),
  sectionId: id('its section'),
  seats: Joi.number().integer().min(1).max(100).description('How many can sit'),
  shape: Joi.string()
    .valid(...tableShapes)
    .description('How it is drawn'),
  x: centimetres('Left edge'),
  y: centimetres('Top edge'),
  width: centimetres('Width'),
  height: centimetres('Height'),
};
export const status = Joi.string().valid(...tableStatuses);

export interface SectionView {
  id: string;
  version: number;
  name: string;
  position: number;
  waiterId?: string;
}
export const sectionSchema = Joi.object<SectionView, true>({
  id: id('the section').required(),
  version,
  name: label(40).required(),
  position: position.required(),
  waiterId: id('the waiter who looks after it'),
}).meta({ typeName: 'Section' });

export interface TableView {
  id: string;
  version: number;
  name: string;
  sectionId: string;
  seats: number;
  shape: TableShape;
  x: number;
  y: number;
  width: number;
  height: number;
  status: TableStatus;
  statusSince: string;
  billRequested: boolean;
  waiterId?: string;
  orderId?: string;
  orderWaiterId?: string;
  joinedTo?: string;
  joinedTableIds: string[];
}
export const tableSchema = Joi.object<TableView, true>({
  id: id('the table').required(),
  version,
  name: layoutFields.name.required(),
  sectionId: layoutFields.sectionId.required(),
  seats: layoutFields.seats.required(),
  shape: layoutFields.shape.required(),
  x: layoutFields.x.required(),
  y: layoutFields.y.required(),
  width: layoutFields.width.required(),
  height: layoutFields.height.required(),
  status: status.required(),
  statusSince: time('When it got that status').required(),
  billRequested: Joi.boolean().required().description('The guests have asked for the bill'),
  waiterId: id('the waiter whose table it is'),
  orderId: id('the open order here; on every table of a joined group'),
  orderWaiterId: id('the waiter whose order that is'),
  joinedTo: id('the main table of the group it is joined to'),
  joinedTableIds: Joi.array().items(id('a table joined to this one')).required(),
}).meta({ typeName: 'Table' });

export interface FloorView {
  sections: SectionView[];
  tables: TableView[];
}
export const floorSchema = Joi.object<FloorView, true>({
  sections: Joi.array().items(sectionSchema).required(),
  tables: Joi.array().items(tableSchema).required(),
}).meta({ typeName: 'Floor' });

export function sectionView({ _id, version: counted, name, position: place, waiterId }: SectionDoc): SectionView {
  return { id: _id, version: counted, name, position: place, ...(waiterId === undefined ? {} : { waiterId }) };
}

export function tableView(doc: TableDoc): TableView {
  const { _id, restaurantId: _restaurant, createdAt: _created, updatedAt: _updated, statusSince, ...shown } = doc;
  return { id: _id, ...shown, statusSince: statusSince.toISOString() };
}
