import Joi from 'joi';
import { invalid } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { checkVersion, command, query } from '../../kernel/operation.js';
import { type Nothing, nothing } from '../../kernel/schema.js';
import {
  checkEmailIsFree,
  checkPassword,
  email,
  exampleStaff,
  findByEmail,
  newOwner,
  ownerEvents,
  password,
  type StaffView,
  staffName,
  staffSchema,
} from '../staff/index.js';
import { restaurantCreated, restaurantUpdated } from './restaurants.events.js';
import {
  type Declared,
  PICKUP_MARGIN_SECONDS,
  restaurants,
  settingsOf,
  type TaxClass,
  TICKET_RECEIPT_SECONDS,
} from './restaurants.model.js';
import { checkCodesStay } from './restaurants.rules.js';
import { idForSignUp, signUpIsClosed, takesSignUps } from './restaurants.sign-up.js';
import {
  additives,
  allergens,
  currency,
  dayStartHour,
  exampleRestaurant,
  locale,
  pickupMarginSeconds,
  pricesIncludeTax,
  type RestaurantView,
  restaurantName,
  restaurantSchema,
  restaurantView,
  taxClasses,
  ticketReceiptSeconds,
  timeZone,
} from './restaurants.views.js';

interface Settings {
  name: string;
  currency: string;
  timeZone: string;
  locale: string;
  dayStartHour: number;
  pricesIncludeTax: boolean;
  taxClasses: TaxClass[];
  allergens: Declared[];
  additives: Declared[];
  ticketReceiptSeconds: number;
  pickupMarginSeconds: number;
}

interface SignUp {
  restaurant: Settings;
  owner: { name: string; email: string; password: string };
}

const { id: _id, version: _version, createdAt: _createdAt, ...exampleSettings } = exampleRestaurant;

export const signUp = command({
  name: 'restaurant:sign-up',
  summary: 'Sign a restaurant up, with its owner',
  description: 'Answers the restaurant and the owner, who then logs in with e-mail and password.',
  rest: { method: 'post', path: '/restaurants', status: 201 },
  permission: 'public',
  limit: 'auth',
  mayFail: ['forbidden'],
  input: Joi.object<SignUp, true>({
    restaurant: Joi.object<Settings, true>({
      name: restaurantName.required(),
      currency: currency.required(),
      timeZone: timeZone.required(),
      locale: locale.required(),
      dayStartHour: dayStartHour.default(4),
      pricesIncludeTax: pricesIncludeTax.default(true),
      taxClasses: taxClasses.default([{ code: 'standard', name: 'Tax', ratePpm: 0 }]),
      allergens: allergens.default([]),
      additives: additives.default([]),
      ticketReceiptSeconds: ticketReceiptSeconds.default(TICKET_RECEIPT_SECONDS),
      pickupMarginSeconds: pickupMarginSeconds.default(PICKUP_MARGIN_SECONDS),
    })
      .required()
      .description('The restaurant with its settings'),
    owner: Joi.object<SignUp['owner'], true>({
      name: staffName.required(),
      email: email.required(),
      password: password.required(),
    })
      .required()
      .description('The first person, who may do everything'),
  }),
  output: Joi.object<{ restaurant: RestaurantView; owner: StaffView }, true>({
    restaurant: restaurantSchema.required(),
    owner: staffSchema.required(),
  }).meta({ typeName: 'SignedUp' }),
  emits: [restaurantCreated, ...ownerEvents],
  example: {
    input: {
      restaurant: exampleSettings,
      owner: { name: 'Ana Ruiz', email: 'ana@lantern.example', password: 'four tables by the window' },
    },
    output: { restaurant: exampleRestaurant, owner: { ...exampleStaff, role: 'owner' } },
  },
  async prepare({ input, doors }) {
    const [open, taken] = await Promise.all([takesSignUps(doors), findByEmail(input.owner.email)]);
    // Who knows an address here may be repeating a sign-up that was made: the lane knows.
    if (!open && taken === undefined) throw signUpIsClosed();
    const { name, email: address, password: chosen } = input.owner;
    await checkPassword(doors, chosen, [name, address, input.restaurant.name], 'owner.password');
    const passwordHash = open ? await doors.passwords.hash(input.owner.password) : '';
    return { open, taken, passwordHash, newRestaurantId: idForSignUp(doors) };
  },
  // A known address leads to the lane of its restaurant: there a repeated sign-up finds its key and its first reply.
  scope: ({ prepared }) => ({ restaurantId: prepared.taken?.restaurantId ?? prepared.newRestaurantId }),
  async handle(ctx) {
    const { input, prepared, restaurantId } = ctx;
    if (!prepared.open) throw signUpIsClosed();
    checkEmailIsFree(prepared.taken, undefined, 'owner.email');
    if ((await ctx.lookup(restaurants, restaurantId)) !== undefined) throw signUpIsClosed();
    const restaurant = restaurantView(ctx.insert(restaurants, { _id: restaurantId, ...input.restaurant }));
    ctx.publish(restaurantCreated, { restaurant });
    const { name, email } = input.owner;
    const { passwordHash } = prepared;
    return { restaurant, owner: newOwner(ctx, { _id: newId(), name, email, passwordHash }) };
  },
});

export const getRestaurant = query({
  name: 'restaurant:get',
  summary: 'Show the restaurant with its settings',
  rest: { method: 'get', path: '/restaurant' },
  permission: 'restaurant:read',
  limit: 'read',
  input: nothing,
  cache: { ttl: 3600, tags: [restaurants] },
  output: restaurantSchema,
  example: { input: {} as Nothing, output: exampleRestaurant },
  async handle(ctx) {
    return restaurantView(await settingsOf(ctx, ctx.restaurantId));
  },
});

export const updateRestaurant = command({
  name: 'restaurant:update',
  summary: "Change the restaurant's name or settings",
  description: 'The currency cannot change, and tax classes can be added and changed but not removed.',
  rest: { method: 'patch', path: '/restaurant' },
  permission: 'restaurant:write',
  limit: 'write',
  input: Joi.object<Partial<Settings>, true>({
    name: restaurantName.optional(),
    currency: currency.optional(),
    timeZone: timeZone.optional(),
    locale: locale.optional(),
    dayStartHour: dayStartHour.optional(),
    pricesIncludeTax: pricesIncludeTax.optional(),
    taxClasses: taxClasses.optional(),
    allergens: allergens.optional(),
    additives: additives.optional(),
    ticketReceiptSeconds: ticketReceiptSeconds.optional(),
    pickupMarginSeconds: pickupMarginSeconds.optional(),
  }),
  output: restaurantSchema,
  emits: [restaurantUpdated],
  example: { input: { dayStartHour: 5 }, output: { ...exampleRestaurant, version: 2, dayStartHour: 5 } },
  async handle(ctx) {
    const { input, publish } = ctx;
    const before = await settingsOf(ctx, ctx.restaurantId);
    checkVersion(ctx.expectedVersion, before, restaurantView(before));
    if (input.currency !== undefined && input.currency !== before.currency) {
      throw invalid('currency', `cannot change: it is ${before.currency}, and all amounts are in it`);
    }
    checkCodesStay(before.taxClasses, input.taxClasses);
    checkCodesStay(before.allergens, input.allergens, 'allergens');
    checkCodesStay(before.additives, input.additives, 'additives');
    const restaurant = restaurantView(ctx.save(restaurants, { ...before, ...input }));
    publish(restaurantUpdated, { restaurant });
    return restaurant;
  },
});
