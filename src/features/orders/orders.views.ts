import Joi from 'joi';
import { currencyCodes } from '../../kernel/currency.js';
import { type Money, money } from '../../kernel/money.js';
import { quantitySchema } from '../../kernel/quantity.js';
import { id, label, moneySchema, note, time, version } from '../../kernel/schema.js';
import { type Channel, type Unit, unit } from '../menu/index.js';
import type { TaxComponent } from '../restaurants/index.js';
import {
  type Customer,
  type LineStatus,
  lineStatuses,
  type OrderDoc,
  type OrderLine,
  type OrderStatus,
  orderStatuses,
  type Stage,
  stages,
  type Totals,
} from './orders.model.js';
import { lineTotal, stageOf } from './orders.rules.js';

export interface ModifierView {
  groupId: string;
  optionId: string;
  name: string;
  price: Money;
  quantity: number;
  free?: number;
}

interface PersonView {
  id: string;
  name: string;
}

export interface LineView {
  id: string;
  itemId: string;
  categoryId: string;
  number?: string;
  name: string;
  sizeId?: string;
  sizeName?: string;
  modifiers: ModifierView[];
  quantity: number;
  unit?: Unit;
  unitPrice: Money;
  openPrice?: true;
  total: Money;
  taxClass: string;
  ratePpm: number;
  taxComponents?: TaxComponent[];
  seat?: number;
  course: number;
  status: LineStatus;
  note: string;
  allergens: string[];
  traces: string[];
  prepSeconds: number;
  firing?: number;
  firedAt?: string;
  readyAt?: string;
  servedAt?: string;
  void?: { reason: string; by: PersonView; at: string };
  addedBy: PersonView;
}

export interface TotalsView {
  subtotal: Money;
  taxes: {
    code: string;
    ratePpm: number;
    components?: { name: string; ratePpm: number; amount: Money }[];
    base: Money;
    amount: Money;
  }[];
  total: Money;
}

export interface OrderView {
  id: string;
  version: number;
  number: number;
  businessDay: string;
  channel: Channel;
  status: OrderStatus;
  stage: Stage;
  tableId?: string;
  waiterId: string;
  guestCount: number;
  customer?: Customer;
  pickupAt?: string;
  fireAt?: string;
  note: string;
  currency: string;
  pricesIncludeTax: boolean;
  lines: LineView[];
  totals: TotalsView;
  openedAt: string;
  closedAt?: string;
  cancelReason?: string;
}

export const quantity = quantitySchema().description(
  "How many, or how much: at most three decimals, as the item's `decimals` allow",
);
export const optionQuantity = Joi.number().integer().min(1).max(200).description('How many with each portion');
export const seat = Joi.number().integer().min(1).max(200).description('Seat at the table, from 1');
export const course = Joi.number().integer().min(1).max(9).description('Course, from 1');
export const lineNote = note(300).description('For the kitchen, for instance "no salt"');
export const orderNote = note().description('For everybody who works on the order, for instance an allergy');
export const guestCount = Joi.number().integer().min(0).max(500).description('Guests');
export const reason = label(200).description('Why');
export const orderStatus = Joi.string().valid(...orderStatuses);
export const lineStatus = Joi.string().valid(...lineStatuses);
export const stage = Joi.string().valid(...stages);
export const channel = Joi.string().valid('dine-in', 'takeaway', 'delivery');

export const customer = Joi.object<Customer, true>({
  name: label().required().description('Name to call out'),
  phone: label(40).description('Phone number'),
  address: label(300).description('Where to deliver'),
}).meta({ typeName: 'Customer' });

const person = Joi.object<PersonView, true>({
  id: Joi.string().allow('').required().description('Id of the person'),
  name: Joi.string().allow('').required().description('Name at that moment'),
}).meta({ typeName: 'Person' });

const modifierView = Joi.object<ModifierView, true>({
  groupId: id('the modifier group').required(),
  optionId: id('the option').required(),
  name: Joi.string().required().description('Name when it was ordered'),
  price: moneySchema.required().description('Of one, when it was ordered'),
  quantity: optionQuantity.required(),
  free: Joi.number().integer().min(1).description('How many of them cost nothing'),
}).meta({ typeName: 'OrderLineModifier' });

const ratePpm = Joi.number().integer().min(0).description('Tax rate in parts per million: 88750 is 8.875 %');
const component = { name: Joi.string().required().description('Name'), ratePpm: ratePpm.required() };

export const lineView = Joi.object<LineView, true>({
  id: id('the line').required(),
  itemId: id('the menu item').required(),
  categoryId: id("the item's category").required(),
  number: Joi.string().description('Number of the dish on the menu'),
  name: Joi.string().required().description('Name when it was ordered'),
  sizeId: id('the size'),
  sizeName: Joi.string().description('Size'),
  modifiers: Joi.array().items(modifierView).required().description('What was chosen with it'),
  quantity: quantity.required(),
  unit: unit.description('What the quantity is of; portions when not given'),
  unitPrice: moneySchema.required().description('Of one, without modifiers, when it was ordered'),
  openPrice: Joi.boolean().valid(true).description('Somebody said its price'),
  total: moneySchema.required().description('Of the line, with modifiers'),
  taxClass: Joi.string().required().description('Code of the tax class'),
  ratePpm: ratePpm.required(),
  taxComponents: Joi.array()
    .items(Joi.object<TaxComponent, true>(component))
    .description('Parts of the rate that are shown apart'),
  seat,
  course: course.required(),
  status: lineStatus.required().description('Where it is between held and served'),
  note: lineNote.required(),
  allergens: Joi.array().items(Joi.string()).required().description('Allergens it contains, with its options'),
  traces: Joi.array().items(Joi.string()).required().description('Allergens it may contain'),
  prepSeconds: Joi.number().integer().min(0).required().description('Time to prepare one, in seconds'),
  firing: Joi.number().integer().min(1).description('Number of the firing that sent it to the kitchen'),
  firedAt: time('When it was sent to the kitchen'),
  readyAt: time('When the kitchen was done with it'),
  servedAt: time('When the guests had it'),
  void: Joi.object({
    reason: reason.required(),
    by: person.required().description('Who voided it'),
    at: time('When').required(),
  }).description('Present when it was voided'),
  addedBy: person.required().description('Who ordered it'),
}).meta({ typeName: 'OrderLine' });

const taxView = Joi.object<TotalsView['taxes'][number], true>({
  code: Joi.string().required().description('Code of the tax class'),
  ratePpm: ratePpm.required(),
  components: Joi.array()
    .items(Joi.object({ ...component, amount: moneySchema.required().description('Its part of the tax') }))
    .description('The parts of the tax that are shown apart; `amount` is their sum'),
  base: moneySchema.required().description('What it was counted on, as the menu prices are'),
  amount: moneySchema.required().description('The tax'),
}).meta({ typeName: 'OrderTax' });

export const orderView = Joi.object<OrderView, true>({
  id: id('the order').required(),
  version,
  number: Joi.number().integer().min(1).required().description('Counted from 1 each business day'),
  businessDay: Joi.string().required().description('Business day, YYYY-MM-DD'),
  channel: channel.required().description('How it leaves the house'),
  status: orderStatus.required().description('Status'),
  stage: stage.required().description('How far the kitchen is with it; follows from the lines'),
  tableId: id('the table'),
  waiterId: id('the waiter').required(),
  guestCount: guestCount.required(),
  customer,
  pickupAt: time('When it is wanted'),
  fireAt: time('Of a scheduled order: when it goes to the kitchen by itself'),
  note: orderNote.required(),
  currency: Joi.string()
    .valid(...currencyCodes)
    .required()
    .description('ISO 4217'),
  pricesIncludeTax: Joi.boolean().required().description('Whether the prices include the taxes'),
  lines: Joi.array().items(lineView).required().description('In the order in which they were added'),
  totals: Joi.object<TotalsView, true>({
    subtotal: moneySchema.required().description('Sum of the lines'),
    taxes: Joi.array().items(taxView).required().description('One for each class and rate'),
    total: moneySchema.required().description('What the guests pay'),
  })
    .required()
    .description('What it comes to, without cancelled and voided lines'),
  openedAt: time('When it was placed').required(),
  closedAt: time('When it was completed or cancelled'),
  cancelReason: Joi.string().description('Why it was cancelled'),
}).meta({ typeName: 'Order' });

// Written out field by field, as these run for every line of every event: with spreads they took five times as long.
function viewLine(line: OrderLine, currency: string): LineView {
  const view: LineView = {
    id: line.id,
    itemId: line.itemId,
    categoryId: line.categoryId,
    name: line.name,
    modifiers: line.modifiers.map((modifier) => viewModifier(modifier, currency)),
    quantity: line.quantity,
    unitPrice: money(line.unitPrice, currency),
    total: money(lineTotal(line), currency),
    taxClass: line.taxClass,
    ratePpm: line.ratePpm,
    course: line.course,
    status: line.status,
    note: line.note,
    allergens: line.allergens,
    traces: line.traces ?? [],
    prepSeconds: line.prepSeconds,
    addedBy: line.addedBy,
  };
  if (line.number !== undefined) view.number = line.number;
  if (line.unit !== undefined) view.unit = line.unit;
  if (line.openPrice !== undefined) view.openPrice = line.openPrice;
  if (line.taxComponents !== undefined) view.taxComponents = line.taxComponents;
  if (line.sizeId !== undefined) view.sizeId = line.sizeId;
  if (line.sizeName !== undefined) view.sizeName = line.sizeName;
  if (line.seat !== undefined) view.seat = line.seat;
  if (line.firing !== undefined) view.firing = line.firing;
  if (line.firedAt !== undefined) view.firedAt = line.firedAt.toISOString();
  if (line.readyAt !== undefined) view.readyAt = line.readyAt.toISOString();
  if (line.servedAt !== undefined) view.servedAt = line.servedAt.toISOString();
  if (line.void !== undefined) view.void = { ...line.void, at: line.void.at.toISOString() };
  return view;
}

function viewModifier(modifier: OrderLine['modifiers'][number], currency: string): ModifierView {
  const { groupId, optionId, name, price, quantity: count, free } = modifier;
  const view: ModifierView = { groupId, optionId, name, price: money(price, currency), quantity: count };
  if (free !== undefined) view.free = free;
  return view;
}

function viewTotals({ subtotal, taxes, total }: Totals, currency: string): TotalsView {
  return {
    subtotal: money(subtotal, currency),
    taxes: taxes.map(({ code, ratePpm: rate, components, base, amount }) => ({
      code,
      ratePpm: rate,
      ...(components && { components: components.map((one) => ({ ...one, amount: money(one.amount, currency) })) }),
      base: money(base, currency),
      amount: money(amount, currency),
    })),
    total: money(total, currency),
  };
}

const views = new WeakMap<OrderDoc, OrderView>();

/** An order as the wire shows it. Documents never change, so one document has one view: it is made, and stored, once. */
export function viewOrder(doc: OrderDoc): OrderView {
  const known = views.get(doc);
  if (known !== undefined) return known;
  const view = makeView(doc);
  views.set(doc, view);
  return view;
}

function makeView(doc: OrderDoc): OrderView {
  const { currency } = doc;
  const view: OrderView = {
    id: doc._id,
    version: doc.version,
    number: doc.number,
    businessDay: doc.businessDay,
    channel: doc.channel,
    status: doc.status,
    stage: stageOf(doc.lines),
    waiterId: doc.waiterId,
    guestCount: doc.guestCount,
    note: doc.note,
    currency,
    pricesIncludeTax: doc.pricesIncludeTax,
    lines: doc.lines.map((line) => viewLine(line, currency)),
    totals: viewTotals(doc.totals, currency),
    openedAt: doc.openedAt.toISOString(),
  };
  if (doc.tableId !== undefined) view.tableId = doc.tableId;
  if (doc.customer !== undefined) view.customer = doc.customer;
  if (doc.pickupAt !== undefined) view.pickupAt = doc.pickupAt.toISOString();
  if (doc.fireAt !== undefined) view.fireAt = doc.fireAt.toISOString();
  if (doc.closedAt !== undefined) view.closedAt = doc.closedAt.toISOString();
  if (doc.cancelReason !== undefined) view.cancelReason = doc.cancelReason;
  return view;
}
