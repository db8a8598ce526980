import Joi from 'joi';
import { event, everyone } from '../../kernel/event.js';
import { exampleRestaurant, type RestaurantView, restaurantSchema } from './restaurants.views.js';

const payload = Joi.object<{ restaurant: RestaurantView }, true>({
  restaurant: restaurantSchema.required().description('The restaurant with its settings'),
});

export const restaurantCreated = event({
  name: 'restaurant:created',
  summary: 'A restaurant signed up',
  payload,
  audience: () => everyone,
  carries: { restaurant: 'restaurant' },
  example: { restaurant: exampleRestaurant },
});

export const restaurantUpdated = event({
  name: 'restaurant:updated',
  summary: 'The name or the settings of the restaurant have changed',
  payload,
  audience: () => everyone,
  carries: { restaurant: 'restaurant' },
  example: { restaurant: { ...exampleRestaurant, version: 2, dayStartHour: 5 } },
});
