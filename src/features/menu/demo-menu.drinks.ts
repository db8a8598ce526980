import { type DishRow, dishes } from './demo-menu.rows.js';
import type { PriceRuleView } from './menu.views.js';
import type { FileItem } from './menu-file.js';

const happyHour: PriceRuleView = {
  name: 'Happy hour',
  weekdays: [1, 2, 3, 4, 5],
  from: '17:00',
  to: '19:00',
  channels: ['dine-in'],
  percentOff: 30,
};
const happy = { priceRules: [happyHour] };
const coffee = { contains: ['milk' as const], groups: ['milk', 'coffee-extras'] };

const softDrinks: DishRow[] = [
  ['Mineral water', 0, 1, { groups: ['water'], sizes: { '0.25 l': 350, '0.5 l': 480, '1 l': 650 } }],
  ['Cola', 0, 1, { sizes: { '0.3 l': 380, '0.5 l': 520 } }],
  ['Home-made lemonade', 0, 2, { sizes: { '0.3 l': 450, '0.5 l': 620 } }],
  ['Fresh orange juice', 490, 3],
  ['Apple juice', 390, 1],
  ['Espresso', 240, 2, { groups: ['coffee-extras'] }],
  ['Double espresso', 360, 2, { groups: ['coffee-extras'] }],
  ['Cappuccino', 390, 3, coffee],
  ['Flat white', 420, 3, coffee],
  ['Latte macchiato', 430, 3, coffee],
  ['Hot chocolate', 450, 4, { contains: ['milk'], groups: ['milk'] }],
  ['Tea', 380, 3],
];

const beerCocktails: DishRow[] = [
  ['Pilsner on tap', 0, 1, { contains: ['gluten'], sizes: { '0.3 l': 450, '0.5 l': 650 }, ...happy }],
  ['Wheat beer', 620, 1, { contains: ['gluten'], ...happy }],
  ['Pale ale', 590, 1, { contains: ['gluten'], ...happy }],
  ['Alcohol-free beer', 490, 1, { contains: ['gluten'], taxClass: 'food' }],
  ['Aperol spritz', 950, 3, { contains: ['sulphites'], ...happy }],
  ['Negroni', 1150, 4, { contains: ['sulphites'], ...happy }],
  ['Mojito', 1100, 5, happy],
  ['Gin and tonic', 1090, 3, { groups: ['mixer'], ...happy }],
];

const wine: DishRow[] = [
  ['House white', 0, 1, { contains: ['sulphites'], sizes: { '0.15 l': 550, '0.5 l': 1690 } }],
  ['House red', 0, 1, { contains: ['sulphites'], sizes: { '0.15 l': 550, '0.5 l': 1690 } }],
  ['House rosé', 0, 1, { contains: ['sulphites'], sizes: { '0.15 l': 550, '0.5 l': 1690 } }],
  ['Chablis', 0, 2, { contains: ['sulphites'], sizes: { '0.15 l': 890, Bottle: 4200 } }],
  ['Sancerre', 0, 2, { contains: ['sulphites'], sizes: { '0.15 l': 850, Bottle: 3900 } }],
  ['Saint-Émilion', 0, 2, { contains: ['sulphites'], sizes: { '0.15 l': 980, Bottle: 4700 } }],
  ['Champagne brut', 0, 2, { contains: ['sulphites'], sizes: { '0.1 l': 1150, Bottle: 6900 } }],
];

export const demoDrinks: FileItem[] = [
  ...dishes('soft-drinks', softDrinks),
  ...dishes('beer-cocktails', beerCocktails),
  ...dishes('wine', wine),
];
