import { money } from '../../kernel/money.js';
import { type DishRow, dishes } from './demo-menu.rows.js';
import type { DaySpan } from './menu.model.js';
import type { FileItem } from './menu-file.js';

const eur = (cents: number) => money(cents, 'EUR');
const lunch: DaySpan = { weekdays: [1, 2, 3, 4, 5], from: '11:30', to: '15:00' };
const dineIn = { channels: ['dine-in' as const], dayparts: [] };

const starters: DishRow[] = [
  ['Onion soup gratinée', 950, 8, { contains: ['gluten', 'milk', 'sulphites'], traces: ['celery'] }],
  ['Burrata with tomatoes', 1350, 5, { contains: ['milk'], dietary: ['vegetarian', 'gluten_free'] }],
  ['Beef carpaccio', 1490, 6, { contains: ['milk', 'mustard'], dietary: ['gluten_free'] }],
  ['Foie gras terrine', 1850, 5, { contains: ['gluten', 'sulphites'], traces: ['nuts'] }],
  ['Six oysters Gillardeau', 2100, 7, { contains: ['molluscs', 'sulphites'], availability: dineIn }],
  ['Prawn croquettes', 1290, 9, { contains: ['crustaceans', 'gluten', 'milk', 'eggs'] }],
  ['Grilled octopus', 1590, 10, { contains: ['molluscs'], dietary: ['gluten_free', 'lactose_free'] }],
  ['Hummus and flatbread', 850, 5, { contains: ['sesame', 'gluten'], dietary: ['vegan', 'vegetarian'] }],
  ['Padrón peppers', 790, 6, { dietary: ['vegan', 'vegetarian', 'gluten_free', 'spicy'] }],
  ['Bread and salted butter', 450, 2, { contains: ['gluten', 'milk'], dietary: ['vegetarian'] }],
  ['Snails in garlic butter', 1390, 10, { contains: ['molluscs', 'milk'], traces: ['gluten'] }],
];

const salads: DishRow[] = [
  [
    'Caesar salad',
    1450,
    7,
    {
      contains: ['gluten', 'eggs', 'fish', 'milk', 'mustard'],
      groups: ['without'],
      sizes: { Small: 1050, Large: 1450 },
    },
  ],
  ['Niçoise salad', 1590, 8, { contains: ['fish', 'eggs', 'mustard'], dietary: ['gluten_free'], groups: ['without'] }],
  [
    'Goat cheese salad',
    1490,
    9,
    { contains: ['milk', 'gluten', 'nuts'], dietary: ['vegetarian'], groups: ['without'] },
  ],
  ['Lentil and beetroot salad', 1290, 6, { contains: ['mustard'], dietary: ['vegan', 'vegetarian', 'gluten_free'] }],
  ['Green salad', 650, 4, { dietary: ['vegan', 'vegetarian', 'gluten_free'], groups: ['dressing'] }],
];

const mains: DishRow[] = [
  [
    'Rib-eye, 300 g',
    3150,
    16,
    { description: 'Grilled over beech, with herb butter', contains: ['milk'], groups: ['doneness', 'side', 'sauce'] },
  ],
  ['Fillet steak, 200 g', 3390, 15, { contains: ['milk'], groups: ['doneness', 'side', 'sauce'] }],
  ['Steak frites', 2290, 13, { contains: ['milk'], groups: ['doneness', 'fries-style', 'sauce'] }],
  [
    'Côte de bœuf for two, 1 kg',
    7900,
    30,
    {
      description: 'Dry-aged for 40 days; there are only a few a night',
      contains: ['milk'],
      groups: ['doneness', 'side', 'sauce'],
      remaining: 6,
      availability: dineIn,
    },
  ],
  [
    'House burger',
    1790,
    14,
    {
      contains: ['gluten', 'milk', 'eggs', 'mustard', 'sesame'],
      groups: ['doneness', 'burger-extras', 'without', 'side'],
      channelPrices: { delivery: eur(1950) },
    },
  ],
  [
    'Veggie burger',
    1690,
    13,
    {
      contains: ['gluten', 'soybeans', 'sesame'],
      dietary: ['vegetarian'],
      groups: ['burger-extras', 'without', 'side'],
    },
  ],
  ['Roast chicken', 1950, 18, { contains: ['milk'], dietary: ['gluten_free'], groups: ['side'] }],
  ['Duck confit', 2350, 14, { contains: ['sulphites'], dietary: ['gluten_free', 'lactose_free'], groups: ['side'] }],
  ['Braised lamb shank', 2590, 12, { contains: ['celery', 'sulphites'], groups: ['side'] }],
  ['Sea bass à la plancha', 2690, 14, { contains: ['fish', 'milk'], dietary: ['gluten_free'], groups: ['side'] }],
  ['Salmon with sorrel', 2390, 12, { contains: ['fish', 'milk', 'sulphites'], groups: ['side'] }],
  ['Mussels and fries', 1890, 12, { contains: ['molluscs', 'celery', 'milk', 'sulphites'], groups: ['fries-style'] }],
  ['Aubergine parmigiana', 1690, 12, { contains: ['milk', 'gluten'], dietary: ['vegetarian'] }],
  ['Chickpea curry', 1590, 10, { contains: ['mustard'], dietary: ['vegan', 'vegetarian', 'gluten_free', 'spicy'] }],
  [
    'Lunch menu: two courses',
    1950,
    12,
    {
      description: 'First course of your choice, then the dish of the day',
      contains: ['gluten', 'milk', 'celery'],
      groups: ['lunch-starter'],
      availability: { channels: ['dine-in'], dayparts: [lunch] },
    },
  ],
  [
    'Dish of the day',
    1490,
    10,
    { contains: ['gluten', 'milk'], availability: { channels: ['dine-in', 'takeaway'], dayparts: [lunch] } },
  ],
];

const pizza = ['pizza-base', 'pizza-toppings', 'without'];
const pastaPizza: DishRow[] = [
  ['Pizza Margherita', 1250, 9, { contains: ['gluten', 'milk'], dietary: ['vegetarian'], groups: pizza }],
  ['Pizza Diavola', 1490, 9, { contains: ['gluten', 'milk'], dietary: ['spicy'], groups: pizza }],
  ['Pizza Quattro formaggi', 1550, 9, { contains: ['gluten', 'milk'], dietary: ['vegetarian'], groups: pizza }],
  ['Pizza Prosciutto e funghi', 1590, 9, { contains: ['gluten', 'milk'], groups: pizza }],
  ['Pizza Marinara', 1090, 8, { contains: ['gluten'], dietary: ['vegan', 'vegetarian'], groups: pizza }],
  ['Spaghetti carbonara', 1590, 11, { contains: ['gluten', 'eggs', 'milk'], groups: ['pasta'] }],
  ['Tagliatelle with ragù', 1650, 10, { contains: ['gluten', 'eggs', 'celery', 'milk'], groups: ['pasta', 'without'] }],
  ['Linguine with clams', 1890, 12, { contains: ['gluten', 'molluscs', 'sulphites'], groups: ['pasta', 'without'] }],
  ['Truffle ravioli', 2090, 9, { contains: ['gluten', 'eggs', 'milk'], dietary: ['vegetarian'] }],
  [
    'Penne all’arrabbiata',
    1290,
    10,
    { contains: ['gluten'], dietary: ['vegan', 'vegetarian', 'spicy'], groups: ['pasta'] },
  ],
  ["Children's pasta", 850, 8, { contains: ['gluten', 'milk'], dietary: ['vegetarian'], groups: ['pasta'], course: 1 }],
];

const desserts: DishRow[] = [
  ['Crème brûlée', 850, 5, { contains: ['milk', 'eggs'], dietary: ['vegetarian', 'gluten_free'] }],
  ['Chocolate fondant', 950, 12, { contains: ['milk', 'eggs', 'gluten'], traces: ['nuts'], dietary: ['vegetarian'] }],
  ['Tarte Tatin', 900, 6, { contains: ['gluten', 'milk', 'eggs'], dietary: ['vegetarian'] }],
  ['Tiramisu', 850, 3, { contains: ['milk', 'eggs', 'gluten'], dietary: ['vegetarian'] }],
  ['Lemon meringue tart', 890, 4, { contains: ['gluten', 'milk', 'eggs'], dietary: ['vegetarian'] }],
  ['Profiteroles', 980, 6, { contains: ['gluten', 'milk', 'eggs', 'nuts'], dietary: ['vegetarian'] }],
  [
    'Ice cream',
    0,
    3,
    {
      contains: ['milk', 'eggs'],
      traces: ['nuts', 'peanuts'],
      groups: ['ice-cream'],
      description: 'One to three scoops of your choice',
    },
  ],
  ['Fruit salad', 750, 4, { dietary: ['vegan', 'vegetarian', 'gluten_free'] }],
  ['Cheese plate', 1290, 6, { contains: ['milk', 'gluten', 'nuts'], dietary: ['vegetarian'] }],
];

export const demoDishes: FileItem[] = [
  ...dishes('starters', starters),
  ...dishes('salads', salads),
  ...dishes('mains', mains),
  ...dishes('pasta-pizza', pastaPizza),
  ...dishes('desserts', desserts),
];
