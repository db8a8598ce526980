import { money } from '../../kernel/money.js';
import type { CategoryView, ItemView, ModifierGroupView } from './menu.views.js';

/** What the documents show; a test holds them to the schemas. */
export const exampleCategory: CategoryView = {
  id: '665f1c2ab7d9e31a4c000021',
  version: 1,
  name: 'Mains',
  position: 3,
  taxClass: 'food',
  course: 3,
};

export const exampleGroup: ModifierGroupView = {
  id: '665f1c2ab7d9e31a4c000041',
  version: 1,
  name: 'Doneness',
  min: 1,
  max: 1,
  options: [
    {
      id: '665f1c2ab7d9e31a4c000042',
      name: 'Medium rare',
      price: money(0, 'EUR'),
      default: true,
      soldOut: false,
      nestedGroupIds: [],
    },
    {
      id: '665f1c2ab7d9e31a4c000043',
      name: 'Well done',
      price: money(0, 'EUR'),
      default: false,
      soldOut: false,
      nestedGroupIds: [],
    },
  ],
};

export const exampleItem: ItemView = {
  id: '665f1c2ab7d9e31a4c000031',
  version: 1,
  status: 'active',
  code: 'rib-eye',
  name: 'Rib-eye, 300 g',
  description: 'Grilled over beech, with herb butter',
  categoryId: exampleCategory.id,
  position: 1,
  price: money(3_150, 'EUR'),
  sizes: [],
  priceRules: [],
  taxClass: 'food',
  allergens: { contains: ['milk'], traces: ['mustard'] },
  dietary: ['gluten_free'],
  prepSeconds: 900,
  course: 3,
  modifierGroupIds: [exampleGroup.id],
  availability: {
    channels: ['dine-in', 'takeaway'],
    dayparts: [{ weekdays: [2, 3, 4, 5, 6, 7], from: '18:00', to: '23:00' }],
  },
};
