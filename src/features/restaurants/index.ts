import { feature, replica } from '../../kernel/feature.js';
import { restaurantCreated, restaurantUpdated } from './restaurants.events.js';
import { restaurants, settingsOf } from './restaurants.model.js';
import { getRestaurant, signUp, updateRestaurant } from './restaurants.operations.js';
import { restaurantSchema, restaurantView } from './restaurants.views.js';

export {
  type Channel,
  channels,
  PICKUP_MARGIN_SECONDS,
  type RestaurantDoc,
  restaurants,
  settingsOf,
  type TaxComponent,
  TICKET_RECEIPT_SECONDS,
} from './restaurants.model.js';
export { rateOn } from './restaurants.rules.js';
export {
  exampleRestaurant,
  type RestaurantView,
  restaurantName,
  restaurantSchema,
  restaurantView,
} from './restaurants.views.js';

export const restaurantsFeature = feature({
  name: 'restaurants',
  summary: 'Restaurants: signing up, and the settings everything else counts by',
  kinds: [restaurants],
  operations: [signUp, getRestaurant, updateRestaurant],
  events: [restaurantCreated, restaurantUpdated],
  replicas: [
    replica({
      name: 'restaurant',
      summary: 'The restaurant with its settings; a list of one',
      view: restaurantSchema,
      permission: 'restaurant:read',
      cache: { ttl: 3600, tags: [restaurants] },
      load: async (reads) => [restaurantView(await settingsOf(reads, reads.restaurantId))],
    }),
  ],
});
