import { type Money, money } from '../../kernel/money.js';
import { demoDishes } from './demo-menu.dishes.js';
import { demoDrinks } from './demo-menu.drinks.js';
import type { FileGroup, FileOption, MenuFile } from './menu-file.js';

/** The menu of the demo restaurant, as `menu:import` takes it: prices in EUR, tax classes `food` and `alcohol`. */
const eur = (cents: number): Money => money(cents, 'EUR');

/** `['Name', cents]`; the first option of a required group is chosen by default. */
type Row = readonly [name: string, cents: number, nested?: string];

/** What an option brings into the dish, by its name. */
const brings: Readonly<Record<string, string[]>> = {
  Peppercorn: ['milk', 'sulphites'],
  Béarnaise: ['eggs', 'milk'],
  'Blue cheese': ['milk'],
  'With parmesan': ['milk'],
  Caesar: ['eggs', 'fish', 'milk', 'mustard'],
  'Honey and mustard': ['mustard'],
  'Fried egg': ['eggs'],
  Cheddar: ['milk'],
  'Buffalo mozzarella': ['milk'],
  Anchovies: ['fish'],
  'Whole milk': ['milk'],
  'Semi-skimmed': ['milk'],
  Soy: ['soybeans'],
  Almond: ['nuts'],
};

function group(code: string, name: string, [min, max]: readonly [number, number], rows: readonly Row[]): FileGroup {
  const options = rows.map(
    ([option, cents, nested], index): FileOption => ({
      ...{ name: option, price: eur(cents), default: min > 0 && index < min },
      ...(nested === undefined ? {} : { nestedGroups: [nested] }),
      ...(brings[option] && { allergens: { contains: brings[option], traces: [] } }),
    }),
  );
  return { code, name, min, max, options };
}

const modifierGroups: FileGroup[] = [
  group(
    'doneness',
    'How would you like it?',
    [1, 1],
    [
      ['Medium rare', 0],
      ['Rare', 0],
      ['Medium', 0],
      ['Medium well', 0],
      ['Well done', 0],
    ],
  ),
  group(
    'side',
    'Side',
    [1, 1],
    [
      ['Fries', 0, 'fries-style'],
      ['Mixed salad', 0, 'dressing'],
      ['Gratin dauphinois', 150],
      ['Seasonal vegetables', 0],
      ['Truffle mash', 250],
    ],
  ),
  group(
    'fries-style',
    'Fries',
    [0, 2],
    [
      ['Extra crisp', 0],
      ['With parmesan', 150],
      ['With truffle oil', 200],
    ],
  ),
  group(
    'dressing',
    'Dressing',
    [1, 1],
    [
      ['House vinaigrette', 0],
      ['Caesar', 0],
      ['Honey and mustard', 0],
      ['No dressing', 0],
    ],
  ),
  group(
    'sauce',
    'Sauce',
    [0, 2],
    [
      ['Peppercorn', 250],
      ['Béarnaise', 250],
      ['Blue cheese', 300],
      ['Chimichurri', 200],
    ],
  ),
  group(
    'burger-extras',
    'Extras',
    [0, 4],
    [
      ['Bacon', 200],
      ['Cheddar', 150],
      ['Fried egg', 150],
      ['Avocado', 250],
      ['Gluten-free bun', 150],
    ],
  ),
  group(
    'without',
    'Without',
    [0, 5],
    [
      ['No onions', 0],
      ['No garlic', 0],
      ['No coriander', 0],
      ['No nuts', 0],
      ['No cheese', 0],
    ],
  ),
  group(
    'pizza-base',
    'Base',
    [1, 1],
    [
      ['Classic', 0],
      ['Wholemeal', 100],
      ['Gluten-free', 250],
    ],
  ),
  group(
    'pizza-toppings',
    'Extra toppings',
    [0, 6],
    [
      ['Buffalo mozzarella', 300],
      ['Prosciutto', 350],
      ['Anchovies', 200],
      ['Olives', 150],
      ['Mushrooms', 150],
      ['Rocket', 150],
      ['Spicy salami', 250],
      ['Grilled vegetables', 200],
    ],
  ),
  group(
    'pasta',
    'Pasta',
    [1, 1],
    [
      ['As on the menu', 0],
      ['Wholemeal penne', 0],
      ['Gluten-free penne', 200],
    ],
  ),
  group(
    'milk',
    'Milk',
    [1, 1],
    [
      ['Whole milk', 0],
      ['Semi-skimmed', 0],
      ['Oat', 50],
      ['Soy', 50],
      ['Almond', 60],
    ],
  ),
  group(
    'coffee-extras',
    'Coffee extras',
    [0, 3],
    [
      ['Extra shot', 80],
      ['Decaffeinated', 0],
      ['Vanilla syrup', 60],
      ['Own cup', -20],
    ],
  ),
  group(
    'water',
    'Still or sparkling',
    [1, 1],
    [
      ['Still', 0],
      ['Sparkling', 0],
    ],
  ),
  group(
    'mixer',
    'Mixer',
    [1, 1],
    [
      ['Tonic', 0],
      ['Mediterranean tonic', 50],
      ['Ginger beer', 50],
      ['Soda', 0],
    ],
  ),
  group(
    'ice-cream',
    'Scoops',
    [1, 3],
    [
      ['Vanilla', 350],
      ['Chocolate', 350],
      ['Strawberry', 350],
      ['Pistachio', 400],
      ['Lemon sorbet', 350],
    ],
  ),
  group(
    'lunch-starter',
    'First course of the lunch menu',
    [1, 1],
    [
      ['Soup of the day', 0],
      ['Mixed salad', 0, 'dressing'],
    ],
  ),
];

export const demoMenu: MenuFile = {
  format: 'brigade-menu/1',
  categories: [
    { code: 'starters', name: 'Starters', position: 1, taxClass: 'food', course: 1 },
    { code: 'salads', name: 'Salads', position: 2, taxClass: 'food', course: 1 },
    { code: 'mains', name: 'Mains', position: 3, taxClass: 'food', course: 2 },
    { code: 'pasta-pizza', name: 'Pasta and pizza', position: 4, taxClass: 'food', course: 2 },
    { code: 'desserts', name: 'Desserts', position: 5, taxClass: 'food', course: 3 },
    { code: 'soft-drinks', name: 'Hot and soft drinks', position: 6, taxClass: 'food', course: 1 },
    { code: 'beer-cocktails', name: 'Beer and cocktails', position: 7, taxClass: 'alcohol', course: 1 },
    { code: 'wine', name: 'Wine', position: 8, taxClass: 'alcohol', course: 1 },
  ],
  modifierGroups,
  items: [...demoDishes, ...demoDrinks],
};
