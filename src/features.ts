import { auth } from './features/auth/index.js';
import { dashboard } from './features/dashboard/index.js';
import { floor } from './features/floor/index.js';
import { kitchen } from './features/kitchen/index.js';
import { menu } from './features/menu/index.js';
import { ordersFeature } from './features/orders/index.js';
import { restaurantsFeature } from './features/restaurants/index.js';
import { staffFeature } from './features/staff/index.js';
import type { Feature } from './kernel/feature.js';
import { syncFeature } from './runtime/sync.js';

const business: readonly Feature[] = [
  restaurantsFeature,
  staffFeature,
  auth,
  menu,
  floor,
  ordersFeature,
  kitchen,
  dashboard,
];

/** The one explicit list of what Brigade does. A new part of the product is one more folder and one more name here. */
export const features: readonly Feature[] = [...business, syncFeature(business)];
